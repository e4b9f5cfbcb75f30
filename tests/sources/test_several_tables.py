"""More than one table in a file: one under another on a sheet, and unknown forms on several sheets."""

import pytest
from fisoko_files import comparison, marks
from school_files import a_book, a_context, reading, shown

from shnor_analysis.errors import InputRefused
from shnor_analysis.sources import open_file, propose_mappings, read_mappings, read_tables
from shnor_analysis.sources.mapping import MAPPINGS_FOLDER
from shnor_analysis.sources.mapping_form import write_mappings

HEADER = ("Логин", "Кол-во участников", "2", "3", "4", "5")
ROW = ("sch660005", 40, 12.5, 37.5, 25, 25)
TITLE = "ВПР, {}, 5 класс, весна 2021 г."


def of(subject, rows):
    return [("Предмет:", subject) if row[:1] == ("Предмет:",) else row for row in rows]


STACKED = {
    "reports of ФИС ОКО": [*marks(), (), *of("Русский язык", marks())],
    "tables of a region": [
        (TITLE.format("математика"),), HEADER, ROW, ("Итого", *ROW[1:]), ("Примечание",), (),
        (TITLE.format("русский язык"),), HEADER, ROW,
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", STACKED)
def test_tables_one_under_another_have_each_their_own_title(form, tmp_path):
    table = reading(a_book(tmp_path / "a.xlsx", STACKED[form])).tables["school_results"]
    assert shown(table, "subject", "mark_2_n") == [("mathematics", 5), ("russian", 5)]


def test_comparisons_one_under_another_are_two(tmp_path):
    rows = [*comparison(), (), *of("Русский язык", comparison(lowered=8, confirmed=24, percent=(20, 60, 20)))]
    table = reading(a_book(tmp_path / "a.xlsx", rows)).tables["mark_comparisons"]
    assert shown(table, "subject", "lowered_n", "source_cells") == [
        ("mathematics", 7, "A8:C12"),
        ("russian", 8, "A21:C25"),
    ]


def test_a_header_repeated_for_print_is_one_table(tmp_path):
    rows = [(TITLE.format("математика"),), HEADER, ROW, HEADER, ("sch660007", *ROW[1:])]
    table = reading(a_book(tmp_path / "a.xlsx", rows)).tables["school_results"]
    assert shown(table, "school_id", "source_cells") == [("sch660005", "A3:F3"), ("sch660007", "A5:F5")]


def test_a_title_says_nothing_about_the_table_below_the_next_title(tmp_path):
    rows = [(TITLE.format("математика"),), HEADER, ROW, ("Русский язык",), HEADER, ROW]
    with pytest.raises(InputRefused) as refused:
        reading(a_book(tmp_path / "a.xlsx", rows))
    assert {problem.code for problem in refused.value.problems} == {"missing_school_year", "missing_grade"}


def test_a_regional_table_of_comparisons_is_a_row_a_school(tmp_path):
    parts = ("Понизили", "Подтвердили", "Повысили")
    header = ("Год", "Класс", "Предмет", "Логин", "Кол-во участников", *parts)
    for name, cells in (("percent", (17.5, 62.5, 20)), ("people", (7, 25, 8))):
        path = a_book(tmp_path / f"{name}.xlsx", [header, (2021, 5, "РУ", "sch660005", 40, *cells)])
        table = reading(path).tables["mark_comparisons"]
        assert shown(table, "area_level", "area_id", "lowered_n", "confirmed_n", "raised_n") == [
            ("school", "sch660005", 7, 25, 8)
        ]


def test_an_option_or_card_names_the_assessment_of_a_table_that_does_not(tmp_path):
    path = a_book(tmp_path / "a.xlsx", [HEADER, ROW])
    facts = {"school_year": 2021, "grade": 5, "subject": "mathematics", "season": "spring"}
    table = reading(path, assessment="vpr", **facts).tables["school_results"]
    assert shown(table, "assessment", "mark_2_n") == [("vpr", 5)]
    path.with_suffix(".toml").write_text('assessment = "vpr"\n', encoding="utf-8")
    assert len(reading(path, **facts).tables["school_results"]) == 1


KEYS = ("Школа (логин)", "Предмет", "Класс", "Учебный год")
SCHOOL = ("sch660005", "Математика", 5, "2020/2021")
FORMS = {
    "Титул": [("Справка",), ("о школах",)],
    "Отметки": [("Год", "Класс", "Предмет", *HEADER), (2021, 5, "Математика", *ROW)],
    "Анкета": [("Шифр", "Учебный год", "Качество кадров"), ("sch660005", "2020/2021", 0.5)],
    "Сверка": [(*KEYS, "Писали", "Ниже журнала, %", "Как в журнале, %", "Выше журнала, %"),
               (*SCHOOL, 40, 17.5, 62.5, 20)],
    "Баллы": [(*KEYS, "Писали", "Балл", "Учеников с баллом"), (*SCHOOL, 4, 0, 1), (*SCHOOL, 4, 1, 3)],
    "Задания": [(*KEYS, "Шифр ученика", "Задание №", "Балл за задание"), (*SCHOOL, "770077", "1", 1)],
}  # fmt: skip


@pytest.fixture
def workbook(tmp_path):
    from fisoko_files import a_workbook

    return a_workbook(tmp_path / "много.xlsx", FORMS)


def test_every_unknown_sheet_gets_its_own_mapping(workbook, tmp_path):
    proposals = propose_mappings(workbook)
    assert {one.sheet: one.table for one in proposals} == {
        "Анкета": "factors",
        "Сверка": "mark_comparisons",
        "Баллы": "score_counts",
        "Задания": "item_results",
    }
    paths = write_mappings(proposals, tmp_path, title="много", language="ru")
    assert not any("770077" in path.read_text(encoding="utf-8") for path in paths)


def test_a_draft_that_lacks_fields_stops_its_own_form_alone(workbook, tmp_path):
    write_mappings(propose_mappings(workbook), tmp_path, title="много", language="ru")
    mappings = read_mappings(tmp_path / MAPPINGS_FOLDER)
    other = a_book(tmp_path / "marks.xlsx", FORMS["Отметки"])
    assert open_file(other, mappings=mappings).recognised
    with pytest.raises(InputRefused) as refused:
        open_file(workbook, mappings=mappings)
    assert [(problem.code, problem.found) for problem in refused.value.problems] == [
        ("mapping_field_missing", "factor.*")
    ]


def test_mapped_sheets_of_every_kind_come_in_together(workbook, tmp_path):
    write_mappings(propose_mappings(workbook), tmp_path, title="много", language="ru")
    known = [one for one in read_mappings(tmp_path / MAPPINGS_FOLDER) if not one.problems]
    done = read_tables(
        open_file(workbook, mappings=tuple(known)), a_context(season="spring", assessment="vpr")
    )
    assert shown(done.tables["mark_comparisons"], "area_level", "area_id", "lowered_n") == [
        ("school", "sch660005", 7)
    ]
    assert shown(done.tables["score_counts"], "points", "score_n", "score_share") == [
        (0, 1, 0.25),
        (1, 3, 0.75),
    ]
    assert shown(done.tables["item_results"], "item", "points") == [("1", 1)]
    assert "770077" not in done.tables["item_results"].to_csv()
