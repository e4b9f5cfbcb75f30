import pytest
from school_files import a_book, a_context, a_csv, reading, reasons, shown

from shnor_analysis.errors import InputRefused, UsageProblem
from shnor_analysis.language import render_problem
from shnor_analysis.sources import open_file
from shnor_analysis.sources.mapping import MAPPINGS_FOLDER, headers_sha256, read_mapping, read_mappings
from shnor_analysis.sources.mapping_form import propose_mappings, write_mapping

HEADERS = [
    "№ п/п",
    "Код школы",
    "ФИО директора",
    "Предмет",
    "Параллель",
    "Всего писали",
    "% «2»",
    "% «3»",
    "% «4»",
    "% «5»",
    "Дата",
]
ROWS = [
    [1, "sch660005", "Светлова А. Б.", "Математика", "5 класс", 40, "10,0", "40,0", "40,0", "10,0", "01.03.2021"],
    [2, "sch660007", "Яснов Б. В.", "Русский язык", "5 класс", 20, "0,0", "50,0", "40,0", "10,0", "03.03.2021"],
]  # fmt: skip
TITLE = [["Мониторинг Светлоярска"], []]


@pytest.fixture
def form(tmp_path):
    return a_book(tmp_path / "мониторинг 2021.xlsx", [*TITLE, HEADERS, *ROWS])


def mapped(form, folder, *, language="ru", table=None, constants='assessment = "internal"'):
    path = write_mapping(propose_mappings(form, table=table)[0], folder, title=form.stem, language=language)
    text = path.read_text(encoding="utf-8").replace("[constants]", f"[constants]\n{constants}")
    path.write_text(text, encoding="utf-8")
    return path


def edited(form, folder, *changes):
    path = mapped(form, folder)
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def wrong(path):
    with pytest.raises(InputRefused) as error:
        read_mapping(path)
    return error.value.problems


def test_a_form_that_no_layout_knows_is_refused_until_it_is_mapped(form, tmp_path):
    with pytest.raises(InputRefused) as error:
        open_file(form)
    assert [problem.code for problem in error.value.problems] == ["not_recognised"]
    mapped(form, tmp_path)
    done = reading(form, mappings=read_mappings(tmp_path / MAPPINGS_FOLDER))
    assert shown(
        done.tables["school_results"],
        "school_id",
        "assessment",
        "subject",
        "grade",
        "tested_n",
        "mark_2_n",
        "mark_5_n",
    ) == [
        ("sch660005", "internal", "mathematics", 5, 40, 4, 4),
        ("sch660007", "internal", "russian", 5, 20, 0, 2),
    ]
    assert not done.card.is_verified_layout
    assert done.card.report.startswith("mapped_")


def test_next_years_file_of_the_same_form_comes_in_by_itself(form, tmp_path):
    mapped(form, tmp_path)
    headers = [f" {HEADERS[0].upper()} ", *HEADERS[1:-1], "Дата_x0002_"]
    row = [
        1,
        "sch660005",
        "Светлова А. Б.",
        "Математика",
        "5 класс",
        10,
        "10,0",
        "40,0",
        "40,0",
        "10,0",
        "01.03.2022",
    ]
    later = a_csv(tmp_path / "свод.csv", [["Светлоярск, 2022"], [], headers, row], encoding="cp1251")
    done = reading(later, mappings=read_mappings(tmp_path / MAPPINGS_FOLDER))
    assert shown(done.tables["school_results"], "school_id", "school_year", "mark_3_n") == [
        ("sch660005", 2022, 4)
    ]


def test_a_form_is_known_by_its_headers_whatever_dirt_stands_around_them():
    assert headers_sha256(["Код школы", "% «2»"]) == headers_sha256([" КОД_ШКОЛЫ_x0002_ ", "% «2»"])
    assert headers_sha256(["Код школы", "2"]) != headers_sha256(["2", "Код школы"])


def test_another_form_does_not_come_in_through_the_mapping(form, tmp_path):
    mapped(form, tmp_path)
    other = a_book(tmp_path / "другая.xlsx", [[*HEADERS[:-1], "Дата отчёта"], *ROWS])
    with pytest.raises(InputRefused) as error:
        open_file(other, mappings=read_mappings(tmp_path / MAPPINGS_FOLDER))
    assert [problem.code for problem in error.value.problems] == ["not_recognised"]


def test_persons_of_a_mapped_form_are_neither_proposed_nor_stored(form, tmp_path):
    text = mapped(form, tmp_path).read_text(encoding="utf-8")
    assert "Светлова" not in text
    assert "# Например: sch660005 | sch660007" in text
    assert "10,0" not in text
    assert (
        '# Данные о людях: колонка не читается и не хранится.\nheader = "ФИО директора"\nfield = ""' in text
    )
    done = reading(form, mappings=read_mappings(tmp_path / MAPPINGS_FOLDER))
    assert reasons(done)["personal_dropped"].fields["columns"] == "«ФИО директора»"
    assert "Светлова" not in str([table.to_dict() for table in done.tables.values()])


def test_a_snils_column_under_a_harmless_header_is_never_stored(tmp_path):
    headers = ["Логин", "Код участника", "Класс", "Предмет", "Балл", "Оценка", "Примечание"]
    rows = [["sch660005", "50001", "5А", "Математика", 12, 4, "112-233-445 95"]]
    path = a_book(tmp_path / "работа.xlsx", [headers, *rows])
    mapped(
        path,
        tmp_path,
        constants='assessment = "internal"\ngrade = 5\nsubject = "mathematics"'.replace(
            '\nsubject = "mathematics"', ""
        ),
    )
    done = reading(path, mappings=read_mappings(tmp_path / MAPPINGS_FOLDER), school_year=2021)
    assert shown(done.tables["pupil_results"], "points", "mark", "grade", "class_id") == [(12, 4, 5, "5А")]
    assert reasons(done)["personal_dropped"].fields["columns"] == "«Примечание»"
    assert "112-233" not in str([table.to_dict() for table in done.tables.values()])


@pytest.mark.parametrize(
    ("headers", "row", "kinds"),
    [
        (["2", "3", "4", "5"], ["10,0", "40,0", "40,0", "10,0"], {"mark_2_share": "percent"}),
        (["2", "3", "4", "5"], [0.1, 0.4, 0.4, 0.1], {"mark_2_share": "share"}),
        (["2", "3", "4", "5"], [4, 16, 16, 4], {"mark_2_n": "whole"}),
    ],
)
def test_percentages_shares_and_counts_are_told_apart_by_their_values(tmp_path, headers, row, kinds):
    path = a_book(
        tmp_path / "отметки.xlsx",
        [["Код школы", "Предмет", "Класс", "Писали", *headers], ["sch660005", "МА", 5, 40, *row]],
    )
    (proposal,) = propose_mappings(path)
    assert {column.field: column.kind for column in proposal.columns if column.header == "2"} == kinds
    mapped(path, tmp_path)
    done = reading(path, mappings=read_mappings(tmp_path / MAPPINGS_FOLDER), school_year=2021)
    (result,) = done.tables["school_results"].to_dict("records")
    assert (result["mark_2_n"], result["mark_5_n"]) == (4, 4)


def test_published_figures_of_areas_are_mapped(tmp_path):
    rows = [
        ["Уровень", "Территория", "Предмет", "Класс", "Писали", "2", "3", "4", "5"],
        ["Регион", "Светлоярский край", "Математика", 5, 8000, "12,5", "37,5", "35,0", "15,0"],
        ["Муниципалитет", "Светлоярск", "Математика", 5, 800, "10,0", "40,0", "37,5", "12,5"],
    ]
    path = a_book(tmp_path / "уровни.xlsx", rows)
    mapped(path, tmp_path)
    done = reading(path, mappings=read_mappings(tmp_path / MAPPINGS_FOLDER), school_year=2021)
    columns = ("area_level", "area_id", "mark_2_share", "result_source", "grade")
    assert shown(done.tables["area_results"], *columns) == [
        ("region", "Светлоярский край", 0.125, "published", 5),
        ("municipality", "Светлоярск", 0.1, "published", 5),
    ]


def test_two_row_headers_of_circumstances_are_mapped(tmp_path):
    rows = [
        ["Код", "Дети", None, "Педагоги", None],
        [None, "Неполные семьи, %", "Малоимущие, %", "Вакансии, %", "Зарплата"],
        ["sch660005", 20, 30, 5, 51000],
        ["sch660007", 10, 15, 0, 52000],
    ]
    path = a_book(tmp_path / "контекст.xlsx", rows)
    text = mapped(path, tmp_path, constants="").read_text(encoding="utf-8")
    (tmp_path / MAPPINGS_FOLDER / next((tmp_path / MAPPINGS_FOLDER).iterdir()).name).write_text(
        text.replace(
            'header = "Зарплата"\nabove = "Педагоги"\nfield = ""\nkind = ""',
            'header = "Зарплата"\nabove = "Педагоги"\nfield = "factor.pay_rub"\nkind = "number"',
        ),
        encoding="utf-8",
    )
    done = reading(path, mappings=read_mappings(tmp_path / MAPPINGS_FOLDER), school_year=2021)
    table = done.tables["factors"]
    assert shown(
        table[table["school_id"] == "sch660005"].sort_values("factor"), "factor", "value", "source_cells"
    ) == [
        ("incomplete_families_share", 0.2, "B3"),
        ("low_income_share", 0.3, "C3"),
        ("pay_rub", 51000, "E3"),
        ("vacancies_share", 0.05, "D3"),
    ]


def test_everything_wrong_with_a_mapping_is_said_at_once_in_both_languages(form, tmp_path):
    path = edited(
        form,
        tmp_path,
        ('field = "tested_n"  # Писали работу', 'field = "writers"'),
        ('field = "grade"  # Класс программы\nkind = "grade"', 'field = "grade"\nkind = "percent"'),
        ('assessment = "internal"\n', 'assessment = "internal"\nschool_year = 2021\n'),
        (
            'field = ""\nkind = ""\n\n[[columns]]\n# Например: Мате',
            'field = "school_id"\nkind = "text"\n\n[[columns]]\n# Например: Мате',
        ),
    )
    problems = wrong(path)
    assert [problem.code for problem in problems] == [
        "mapping_field_personal",
        "mapping_kind_wrong",
        "mapping_field_unknown",
        "mapping_field_repeated",
        "mapping_constant_wrong",
        "mapping_field_missing",
    ]
    said = [[render_problem(problem, language) for problem in problems] for language in ("ru", "en")]
    assert said[0][0] == (
        f"файл «{path.name}»: Колонка «ФИО директора» — данные о людях, их нельзя отнести ни к какому полю. Найдено: "
        '«school_id». Напишите field = "". Учеников различают по кодам, не по именам.'
    )
    assert said[0][4] == (
        f"файл «{path.name}»: Постоянное значение не подходит к таблице, неверно или уже задано колонкой. Найдено: "
        "«school_year = 2021». Исправьте раздел [constants]. Год и дата у каждого файла свои: их называют параметры "
        "--year и --date."
    )
    assert said[0][5] == (
        f"файл «{path.name}»: Для таблицы school_results не хватает обязательных полей. Найдено: «tested_n». "
        "Отнесите к ним колонки (field) или впишите значения в раздел [constants]."
    )
    assert said[1][1] == (
        f"file “{path.name}”: The cells of the column “Параллель” cannot be read in this way. Found: “percent”. "
        "Allowed: grade. Correct kind."
    )
    assert said[1][3] == (
        f"file “{path.name}”: The columns “Код школы” and “ФИО директора” are given the same field. Found: “school_id”. "
        'Leave the field to one of them and write field = "" for the other.'
    )


def test_a_mapping_with_changed_headers_or_unknown_words_is_refused(form, tmp_path):
    path = edited(form, tmp_path, ('header = "Всего писали"', 'header = "Писали всего"'))
    assert [problem.code for problem in wrong(path)] == ["mapping_headers_changed"]
    path.write_text(
        path.read_text(encoding="utf-8").replace('table = "school_results"', 'table = "rating"'),
        encoding="utf-8",
    )
    (problem,) = wrong(path)
    assert (problem.code, problem.found) == ("mapping_table_unknown", "rating")
    path.write_text('title = "x"\nnote = "y"\n', encoding="utf-8")
    assert [problem.code for problem in wrong(path)] == ["mapping_key_unknown", "mapping_key_missing"]
    path.write_text("title =", encoding="utf-8")
    assert [problem.code for problem in wrong(path)] == ["mapping_broken"]


def test_what_a_person_corrected_is_not_overwritten(form, tmp_path):
    mapped(form, tmp_path)
    with pytest.raises(UsageProblem) as error:
        write_mapping(propose_mappings(form)[0], tmp_path, title="x", language="ru")
    assert error.value.problems[0].code == "mapping_exists"


def test_a_known_report_needs_no_mapping(tmp_path):
    headers = ["Логин", "ОО", "Программа", "Год вступления"]
    path = a_csv(tmp_path / "участие.csv", [headers, ["sch660005", "СОШ 5", "500+", 2022]])
    with pytest.raises(UsageProblem) as error:
        propose_mappings(path)
    assert render_problem(error.value.problems[0], "ru") == (
        "файл «участие.csv»: Этот файл узнаётся и так, сопоставлять нечего. Найдено: «Участие в программах». Загрузите "
        "его: shnor ingest ФАЙЛ."
    )


def test_a_proposal_in_english_explains_itself_in_english(form, tmp_path):
    text = mapped(form, tmp_path, language="en").read_text(encoding="utf-8")
    assert text.startswith(
        "# What the columns of file “мониторинг 2021” mean, sheet “Лист1”, header row 3.\n"
    )
    assert 'field = "tested_n"  # Tested' in text


def test_corrections_reach_mapped_files(form, tmp_path):
    from shnor_analysis.sources import read_corrections

    mapping = read_mapping(mapped(form, tmp_path))
    folder = tmp_path / "corrections"
    folder.mkdir()
    (folder / "a.toml").write_text(
        f'[[correction]]\nwhat = "опечатка"\nreport = "{mapping.layout.code}"\ntable = "school_results"\n'
        'where = { school_id = "sch660007" }\ncolumn = "tested_n"\nwas = 20\nbecomes = 21\nwhy = "протокол"\n'
        'who = "методист"\n',
        encoding="utf-8",
    )
    done = reading(form, mappings=(mapping,), context=a_context(corrections=read_corrections(folder)))
    assert done.tables["school_results"]["tested_n"].tolist() == [40, 21]
    assert reasons(done)["correction_applied"].n == 1
