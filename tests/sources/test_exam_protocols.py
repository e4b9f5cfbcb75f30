import json

import pytest
from school_files import KEY, a_book, a_context, a_csv, reading, reasons, shown

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render
from shnor_analysis.sources.pseudonyms import pseudonym

OGE = [
    "Логин",
    "ОО",
    "Предмет",
    "Дата",
    "Класс",
    "Фамилия",
    "Имя",
    "Отчество",
    "Код участника",
    "Первичный балл",
    "Отметка",
]
OGE_ROWS = [
    [
        "sch660005",
        "СОШ 5",
        "Русский язык",
        "24.05.2021",
        "9А",
        "Светлова",
        "Анна",
        "Борисовна",
        "900001",
        25,
        4,
    ],
    [
        "sch660005",
        "СОШ 5",
        "Математика",
        "27.05.2021",
        "9А",
        "Светлова",
        "Анна",
        "Борисовна",
        "900001",
        14,
        3,
    ],
    ["sch660040", "ООШ 40", "Математика", "27.05.2021", "9Б", "Яснов", "Борис", "Петрович", "900001", 7, 2],
]
EGE = [
    "Логин",
    "ОО",
    "Предмет",
    "Дата",
    "Фамилия",
    "Имя",
    "Отчество",
    "СНИЛС",
    "Первичный балл",
    "Тестовый балл",
    "Отметка",
]
EGE_ROWS = [
    ["sch660005", "СОШ 5", "Математика профильная", "02.06.2022", "Светлова", "Анна", "Борисовна", "112-233-445 95", 12, 64, ""],
    ["sch660005", "СОШ 5", "Математика базовая", "03.06.2022", "Яснов", "Борис", "Петрович", "087-654-323 04", 15, "", 4],
    ["sch660005", "СОШ 5", "Математика (базовый уровень)", "03.06.2022", "Ясная", "Вера", "Петровна", "660-005-123 31", 5, 2, ""],
]  # fmt: skip


def everything(done):
    tables = {
        name: json.loads(table.to_json(orient="split", date_format="iso"))
        for name, table in done.tables.items()
    }
    return json.dumps([tables, str(done.card), str(done.accounting)], ensure_ascii=False)


def test_a_protocol_of_oge_gives_pupils_under_pseudonyms(tmp_path):
    done = reading(a_book(tmp_path / "ОГЭ 2021.xlsx", [OGE, *OGE_ROWS]))
    results = done.tables["pupil_results"]
    five, forty = (pseudonym(KEY, "pupil", school, "2021", "900001") for school in ("sch660005", "sch660040"))
    assert shown(results, "pupil_id", "assessment", "subject", "grade", "season", "points", "mark") == [
        (five, "oge", "russian", 9, "spring", 25, 4),
        (five, "oge", "mathematics", 9, "spring", 14, 3),
        (forty, "oge", "mathematics", 9, "spring", 7, 2),
    ]
    assert shown(done.tables["pupils"], "pupil_id", "class_id") == [(five, "9А"), (forty, "9Б")]


def test_names_of_pupils_are_dropped_with_a_line_and_stored_nowhere(tmp_path):
    done = reading(a_csv(tmp_path / "протокол.csv", [OGE, *OGE_ROWS], encoding="cp1251"))
    dropped = reasons(done)["personal_dropped"]
    assert (dropped.n, done.card.has_personal) == (3, True)
    assert render("reason.personal_dropped", "ru", **dropped.fields) == (
        "колонки с данными о людях не прочитаны: «Фамилия», «Имя», «Отчество»"
    )
    assert render("reason.personal_dropped", "en", **dropped.fields).startswith(
        "columns about persons were not read"
    )
    kept = everything(done)
    assert not [name for name in ("Светлова", "Борисовна", "Яснов", "900001") if name in kept]


def test_the_basic_paper_of_ege_has_a_mark_and_the_advanced_one_test_points(tmp_path):
    done = reading(a_book(tmp_path / "ЕГЭ.xlsx", [EGE, *EGE_ROWS]))
    results = done.tables["pupil_results"].astype({"test_points": "Int64"})
    assert shown(
        results.fillna({"mark": 0, "test_points": 0}), "assessment", "subject", "grade", "test_points", "mark"
    ) == [
        ("ege", "mathematics", 11, 64, 0),
        ("ege_base", "mathematics", 11, 0, 4),
        ("ege_base", "mathematics", 11, 0, 2),
    ]


def test_rows_without_a_code_are_pupils_of_their_own_and_counted(tmp_path):
    done = reading(a_book(tmp_path / "ЕГЭ.xlsx", [EGE, *EGE_ROWS]))
    assert done.tables["pupils"]["pupil_id"].nunique() == 3
    assert reasons(done)["pupil_codes_made"].n == 3


def test_who_did_not_come_gives_no_result(tmp_path):
    absent = [*EGE_ROWS[0][:8], "", "", ""]
    done = reading(a_book(tmp_path / "ЕГЭ.xlsx", [EGE, *EGE_ROWS, absent]))
    assert (len(done.tables["pupil_results"]), len(done.tables["pupils"])) == (3, 3)
    assert reasons(done)["exam_rows_empty"].n == 1


def test_snils_is_stored_nowhere(tmp_path):
    kept = everything(reading(a_book(tmp_path / "ЕГЭ.xlsx", [EGE, *EGE_ROWS])))
    assert not [number for number in ("112-233-445", "11223344595", "СНИЛС ребёнка") if number in kept]
    assert "«СНИЛС»" in kept


def test_snils_in_place_of_the_pupil_code_is_refused(tmp_path):
    rows = [
        [*row[:8], number, *row[9:]] for row, number in zip(OGE_ROWS, ("112-233-445 95",) * 3, strict=True)
    ]
    with pytest.raises(InputRefused) as error:
        reading(a_book(tmp_path / "ОГЭ.xlsx", [OGE, *rows]))
    assert "personal_in_used" in {problem.code for problem in error.value.problems}
    assert "112-233-445" not in str([(problem.found, problem.fields) for problem in error.value.problems])


def test_pupils_are_not_read_without_a_key(tmp_path):
    with pytest.raises(InputRefused) as error:
        reading(a_book(tmp_path / "ОГЭ.xlsx", [OGE, *OGE_ROWS]), context=a_context(key=None))
    assert "key_needed" in {problem.code for problem in error.value.problems}
