import pytest
from school_files import SCHOOLS, a_book, a_context, a_csv, empty, reading, reasons, shown

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render, render_problem


def refused(path, **kwargs):
    with pytest.raises(InputRefused) as error:
        reading(path, **kwargs)
    return error.value.problems


REGISTER = ["Логин", "Наименование", "Вид", "Муниципалитет", "Регион", "Сельская", "Директор"]


def a_register(path, *logins):
    rows = [
        [login, f"СОШ № {n}", "СОШ", "Светлоярск", "Светлоярский край", "нет", "Светлова А. Б."]
        for n, login in enumerate(logins)
    ]
    return a_csv(path, [REGISTER, *rows], encoding="cp1251")


def test_a_register_is_read_without_the_names_of_directors(tmp_path):
    done = reading(
        a_register(tmp_path / "реестр школ.csv", "sch660005", "sch660007"),
        context=a_context(schools=empty("schools")),
    )
    assert shown(done.tables["schools"], "school_id", "kind", "is_rural") == [
        ("sch660005", "school", False),
        ("sch660007", "school", False),
    ]
    assert render("reason.personal_dropped", "ru", **reasons(done)["personal_dropped"].fields) == (
        "колонки с данными о людях не прочитаны: «Директор»"
    )
    assert done.card.has_personal


def test_a_school_that_stands_twice_is_refused_in_both_languages(tmp_path):
    path = a_register(tmp_path / "реестр.csv", "sch660005", "sch660007", "SCH660005")
    (problem,) = refused(path, context=a_context(schools=empty("schools")))
    assert render_problem(problem, "ru") == (
        "файл «реестр.csv», лист «реестр», ячейка A4: Школа sch660005 стоит в файле больше одного раза: A2, A4. "
        "Оставьте одну строку на школу. Прежнее название или логин впишите в таблицу school_aliases (бланк: shnor "
        "template school_aliases)."
    )
    assert render_problem(problem, "en") == (
        "file “реестр.csv”, sheet “реестр”, cell A4: School sch660005 stands in the file more than once: A2, A4. "
        "Keep one row a school. Enter a former name or login in the table school_aliases (form: shnor template "
        "school_aliases)."
    )


ALIAS_HEADERS = ["Логин", "Другое обозначение", "Вид обозначения", "Действует с", "Действует по", "Преемник"]


def test_aliases_and_mergers_are_read(tmp_path):
    rows = [
        ["sch660007", "Гимназия «Радуга»", "название", "", "", ""],
        ["sch660040", "sch660040", "логин", "", "31.08.2021", "sch660012"],
    ]
    done = reading(
        a_csv(tmp_path / "обозначения.csv", [ALIAS_HEADERS, *rows]),
        context=a_context(aliases=empty("school_aliases")),
    )
    table = done.tables["school_aliases"]
    assert shown(table, "school_id", "alias_kind") == [("sch660007", "name"), ("sch660040", "login")]
    assert table["valid_to"].dt.strftime("%Y-%m-%d").tolist()[1] == "2021-08-31"
    assert table["successor_id"].tolist()[1] == "sch660012"


def test_a_merger_needs_its_day_and_may_not_run_in_a_circle(tmp_path):
    rows = [
        ["sch660040", "sch660040", "логин", "", "", "sch660012"],
        ["sch660012", "sch660012", "логин", "", "31.08.2021", "sch660040"],
        ["sch660007", "sch660007", "логин", "", "31.08.2021", "sch660099"],
    ]
    problems = refused(
        a_csv(tmp_path / "обозначения.csv", [ALIAS_HEADERS, *rows]),
        context=a_context(aliases=empty("school_aliases")),
    )
    assert {(problem.code, problem.cell) for problem in problems} == {
        ("successor_without_date", "F2"),
        ("successor_is_itself", "F2"),
        ("successor_is_itself", "F3"),
        ("school_unknown", "F4"),
    }
    assert "не указано, по какой день она действовала" in render_problem(
        next(problem for problem in problems if problem.code == "successor_without_date"), "ru"
    )


PASSPORT = [
    ["Социальный паспорт школ города Светлоярска"],
    [],
    ["Логин", "ОО", "Учебный год", "Численность обучающихся", "Семьи, %", None, "Учителя, %", None, "Возраст котельной, лет", "Подвоз, %", "Льготное питание", "Директор"],
    [None, None, None, None, "Неполные семьи", "Малообеспеченные семьи", "Вакансии", "Молодые учителя", None, None, None, None],
    ["sch660005", "СОШ 5", "2020/2021", 512, "22,5", 31, 0.5, 18, 12, "0,5", 0.25, "Светлова А. Б."],
    ["sch660007", "СОШ 7", "2020/2021", 801, "10,0", 9, None, 25, 3, "0", 0.1, "Яснов Б. В."],
]  # fmt: skip


def test_a_social_passport_becomes_a_row_an_indicator_with_its_own_cell(tmp_path):
    done = reading(a_book(tmp_path / "паспорт 2021.xlsx", PASSPORT))
    table = done.tables["factors"]
    of_five = table[table["school_id"] == "sch660005"].set_index("factor")
    assert of_five["value"].to_dict() == pytest.approx(
        {
            "pupils_n": 512,
            "incomplete_families_share": 0.225,
            "low_income_share": 0.31,
            "vacancies_share": 0.005,
            "young_teachers_share": 0.18,
            "boiler_age_years": 12,
            "commute_share": 0.005,
            "lunch_share": 0.25,
        }
    )
    assert of_five.loc["vacancies_share", "source_cells"] == "G5"
    assert set(table["school_year"]) == {2021}
    assert len(table) == 15
    assert reasons(done)["factor_cells_empty"].n == 1
    assert "Светлова" not in str(done.tables)


BIAS = ["Год", "Логин", "Муниципалитет", "ОО", "4 РУ", "4 МА", "5 РУ", "5 МА", "Количество маркеров"]


def test_markers_of_biased_results_become_rows_of_a_list(tmp_path):
    rows = [
        [2019, "sch660005", "Светлоярск", "СОШ 5", 1, 0, 0, 1, 2],
        [2021, "sch660007", "Светлоярск", "Гимназия 7", "", "", "", "", 0],
        [2022, "sch660040", "Светлоярск", "ООШ 40", "", 1, "", "", 1],
    ]
    done = reading(a_book(tmp_path / "bias.xlsx", [BIAS, *rows]), season="spring")
    assert shown(
        done.tables["listings"], "school_id", "school_year", "list", "subject", "grade", "markers_n"
    ) == [
        ("sch660005", 2019, "biased_results", "russian", 4, 2),
        ("sch660012", 2022, "biased_results", "mathematics", 4, 1),
        ("sch660005", 2019, "biased_results", "mathematics", 5, 2),
    ]
    assert reasons(done)["schools_without_markers"].n == 1
    assert not done.card.is_verified_layout


def test_a_wrong_number_of_markers_is_refused_in_both_languages(tmp_path):
    path = a_book(
        tmp_path / "bias.xlsx",
        [BIAS, [2019, "sch660005", "Светлоярск", "СОШ 5", 1, 0, 0, 1, 3]],
        sheet="bias",
    )
    (problem,) = refused(path)
    assert render_problem(problem, "ru") == (
        "файл «bias.xlsx», лист «bias», ячейка I2: Количество маркеров не равно числу отмеченных колонок. Найдено: «3». "
        "Допустимо: 2. Исправьте отметки или количество и загрузите файл снова."
    )
    assert render_problem(problem, "en") == (
        "file “bias.xlsx”, sheet “bias”, cell I2: The number of markers is not the number of marked columns. Found: “3”. "
        "Allowed: 2. Correct the marks or the number and import the file again."
    )


def test_lists_and_programmes_are_read(tmp_path):
    lists = [
        ["Год", "Логин", "ОО", "Перечень", "Кто утвердил", "Документ"],
        [2023, "sch660005", "СОШ 5", "ШНОР", "Рособрнадзор", "№ 1 от 01.02.2023"],
        ["2022/2023", "sch660040", "ООШ 40", "Школы с низкими результатами", "Рособрнадзор", ""],
    ]
    done = reading(a_csv(tmp_path / "перечни.csv", lists, delimiter=","))
    assert shown(done.tables["listings"], "school_id", "school_year", "list") == [
        ("sch660005", 2023, "low_results"),
        ("sch660012", 2023, "low_results"),
    ]
    joined = [
        ["Логин", "ОО", "Программа", "Год вступления", "С даты", "По дату"],
        ["sch660005", "СОШ 5", "500+", 2022, "01.02.2022", "31.12.2022"],
    ]
    done = reading(a_csv(tmp_path / "участие.csv", joined, delimiter="\t"))
    assert shown(done.tables["participation"], "school_id", "programme", "cohort_year") == [
        ("sch660005", "500+", 2022)
    ]


def test_dates_of_a_programme_that_contradict_its_year_or_each_other_are_told_all_at_once(tmp_path):
    header = ["Логин", "ОО", "Программа", "Год вступления", "С даты", "По дату"]
    rows = [
        ["sch660005", "СОШ 5", "500+", 2030, "01.02.2024", ""],
        ["sch660007", "СОШ 7", "500+", 2024, "01.10.2023", "01.09.2023"],
        ["sch660012", "СОШ 12", "500+", 2024, "01.10.2024", "31.12.2024"],
    ]
    found = refused(a_csv(tmp_path / "участие.csv", [header, *rows], delimiter="\t"))
    assert [(one.code, one.cell, one.found) for one in found] == [
        ("programme_date_of_other_year", "E2", "01.02.2024"),
        ("programme_ends_before", "F3", "01.09.2023"),
    ]


MARKS = [
    "Год",
    "Класс",
    "Предмет",
    "Муниципалитет",
    "Логин",
    "ОО",
    "Кол-во участников",
    "2",
    "3",
    "4",
    "5",
    "Сезон",
]


@pytest.mark.parametrize(
    ("year", "season", "owner"),
    [
        (2021, "", "sch660040"),
        (2022, "весна", "sch660012"),
        (2022, "осень", "sch660012"),
        (2020, "осень", "sch660040"),
    ],
)
def test_a_merged_school_keeps_its_results_before_and_its_successor_has_those_after(
    tmp_path, year, season, owner
):
    marks = ["10,00", "40,00", "30,00", "20,00"]
    row = [year, 5, "Математика", "Светлоярск", "sch660040", "ООШ 40", 20, *marks, season]
    done = reading(a_book(tmp_path / "marks.xlsx", [MARKS, row]))
    (found,) = shown(done.tables["school_results"], "school_id", "school_year", "mark_2_n")
    assert found == (owner, year + (season == "осень"), 2)


def test_regional_points_become_counts(tmp_path):
    rows = [
        ["Год", "Класс", "Предмет", "Муниципалитет", "Логин", "ОО", "Кол-во участников", 0, 1, 2, 3],
        [2021, 5, "Математика", "Светлоярск", "sch660005", "СОШ 5", 8, "12,5", "25", "50", "12,5"],
    ]
    done = reading(a_book(tmp_path / "scores.xlsx", rows))
    assert shown(done.tables["score_counts"], "points", "score_n", "score_share") == [
        (0, 1, 0.125),
        (1, 2, 0.25),
        (2, 4, 0.5),
        (3, 1, 0.125),
    ]


def test_rows_of_other_municipalities_of_the_region_are_left_out_and_counted(tmp_path):
    own = [
        2021,
        5,
        "Математика",
        "г. Светлоярск",
        "sch660005",
        "СОШ 5",
        20,
        "10,00",
        "40,00",
        "30,00",
        "20,00",
        "",
    ]
    other = [
        2021,
        5,
        "Математика",
        "Дальний район",
        "sch661234",
        "СОШ 1",
        20,
        "10,00",
        "40,00",
        "30,00",
        "20,00",
        "",
    ]
    done = reading(a_book(tmp_path / "marks.xlsx", [MARKS, other, own, other]))
    assert shown(done.tables["school_results"], "school_id", "source_cells") == [("sch660005", "A3:L3")]
    assert reasons(done)["rows_of_other_municipalities"].n == 2


def test_an_unknown_school_of_the_own_municipality_stays_a_problem(tmp_path):
    own = [
        2021,
        5,
        "Математика",
        "г. Светлоярск",
        "sch660005",
        "СОШ 5",
        20,
        "10,00",
        "40,00",
        "30,00",
        "20,00",
        "",
    ]
    new = [
        2021,
        5,
        "Математика",
        "г. Светлоярск",
        "sch661234",
        "СОШ 1",
        20,
        "10,00",
        "40,00",
        "30,00",
        "20,00",
        "",
    ]
    assert [problem.cell for problem in refused(a_book(tmp_path / "marks.xlsx", [MARKS, own, new]))] == ["E3"]


def test_an_unknown_school_is_refused_with_its_cell(tmp_path):
    row = [
        2021,
        5,
        "Математика",
        "Светлоярск",
        "sch66OO12",
        "СОШ 12",
        20,
        "10,00",
        "40,00",
        "30,00",
        "20,00",
        "",
    ]
    (problem,) = refused(
        a_book(tmp_path / "marks.xlsx", [MARKS, row], sheet="marks"), context=a_context(schools=SCHOOLS)
    )
    assert (problem.code, problem.cell, problem.found) == ("school_unknown", "E2", "sch66OO12")
    assert problem.fields["candidates"] == "sch660012 (МБОУ СОШ № 12)"
