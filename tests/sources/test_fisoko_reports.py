"""The five reports of ФИС ОКО, from the cells to the tables, and the dirt that they come with."""

from __future__ import annotations

import pytest
import xlwt
from fisoko_files import (
    FACTS,
    MARK_HEADER,
    SCHOOL,
    TOWN,
    a_workbook,
    comparison,
    individual,
    items,
    marks,
    regional,
    scores,
)
from school_files import KEY, a_book, a_csv, reading

from shnor_analysis.errors import InputRefused
from shnor_analysis.sources import open_file
from shnor_analysis.sources.pseudonyms import pseudonym

MARK_COLUMNS = ["mark_2_n", "mark_3_n", "mark_4_n", "mark_5_n"]


def reasons(read):
    return {reason.code: dict(reason.fields) for reason in read.accounting.reasons()}


def school_row(read):
    row = read.tables["school_results"].iloc[0]
    procedure = [row[name] for name in ("school_year", "assessment", "subject", "grade", "season")]
    return row["school_id"], procedure, [int(row[name]) for name in MARK_COLUMNS]


EXPECTED = ("sch660005", [2021, "vpr", "mathematics", 5, "spring"], [5, 15, 10, 10])


def test_statistics_of_marks_give_the_school_and_the_areas_above_it(tmp_path):
    read = reading(a_book(tmp_path / "marks.xlsx", marks()))
    assert school_row(read) == EXPECTED
    areas = read.tables["area_results"]
    assert list(areas["area_level"]) == ["russia", "region", "municipality"]
    assert list(areas["area_id"]) == ["Вся выборка", "Светлоярский край", TOWN]
    assert list(areas["source_cells"]) == ["A8:G8", "A9:G9", "A10:G10"]
    assert areas.loc[2, "mark_2_share"] == pytest.approx(0.123)
    assert list(areas["counts_rebuilt"]) == [False, False, True]
    assert read.card.report == "mark_statistics"
    assert not read.card.is_verified_layout
    assert not read.card.has_personal


def test_comparison_with_the_journal_keeps_numbers_and_shares(tmp_path):
    table = reading(a_book(tmp_path / "c.xlsx", comparison())).tables["mark_comparisons"]
    row = table.iloc[0]
    assert (row["area_level"], row["area_id"], row["tested_n"]) == ("school", "sch660005", 40)
    assert [row[f"{name}_n"] for name in ("lowered", "confirmed", "raised")] == [7, 25, 8]
    assert row["confirmed_share"] == pytest.approx(0.625)
    assert row["source_cells"] == "A8:C12"


def test_distribution_of_points_keeps_schools_and_counts_the_areas_left_out(tmp_path):
    read = reading(a_book(tmp_path / "s.xlsx", scores()))
    table = read.tables["score_counts"]
    assert list(table["points"]) == [0, 1, 2, 3, 4]
    assert list(table["score_n"]) == [1, 9, 10, 10, 10]
    assert [reason.n for reason in read.accounting.reasons() if reason.code == "area_rows_not_kept"] == [1]


def test_completion_of_items_has_a_row_an_item_and_group(tmp_path):
    table = reading(a_book(tmp_path / "i.xlsx", items())).tables["item_summaries"]
    school = table[table["area_level"] == "school"]
    assert list(school["item"]) == ["1", "2.1"]
    assert list(school["solved_share"]) == pytest.approx([0.655, 0.5125])
    assert list(school["tested_n"]) == [40, 40]
    assert list(school["source_cells"]) == ["F9", "F10"]
    assert set(table["area_level"]) == {"russia", "municipality", "school"}


def test_individual_results_store_pseudonyms_and_no_codes(tmp_path):
    read = reading(a_book(tmp_path / "p.xlsx", individual()))
    pupil = pseudonym(KEY, "pupil", "sch660005", "2021", "50001")
    assert list(read.tables["pupil_results"]["pupil_id"]) == [pupil]
    assert list(read.tables["pupil_results"]["points_max"]) == [20]
    assert dict(read.tables["item_results"][["item", "points"]].to_numpy()) == {"1": 1, "2": 0, "3.1": 2}
    assert reasons(read)["item_cells_absent"]
    assert read.card.has_personal
    for table in read.tables.values():
        assert "50001" not in table.to_csv()


def test_two_reports_in_one_workbook_both_count_and_other_sheets_are_named(tmp_path):
    sheets = {"Отметки": marks(), "Баллы": scores(), "Заметки": [("а", "б")], "Пустой": []}
    read = reading(a_workbook(tmp_path / "two.xlsx", sheets))
    assert set(read.tables) == {"school_results", "area_results", "score_counts"}
    assert read.card.report == "mark_statistics+score_distribution"
    assert reasons(read)["sheet_left_out"] == {"sheet": "Заметки"}
    assert reasons(read)["sheet_empty"] == {"sheet": "Пустой"}


def test_hidden_sheet_is_read_only_as_a_known_report_and_always_named(tmp_path):
    sheets = {"Отметки": marks(), "Баллы": scores(), "Черновик": [("а", "б")]}
    read = reading(a_workbook(tmp_path / "hidden.xlsx", sheets, hidden=("Баллы", "Черновик")))
    assert len(read.tables["score_counts"]) == 5
    assert reasons(read)["sheet_hidden_read"] == {"sheet": "Баллы"}
    assert reasons(read)["sheet_hidden_left_out"] == {"sheet": "Черновик"}


def dirty_header():
    header = ("Группы_участников ", "Кол-во\u00a0ОО", "_x0002_Количество участников", 2.0, "3 ", "4 (%)", 5)
    return marks(header=header, title=" СТАТИСТИКА  ПО  ОТМЕТКАМ_x000D_ ")


def two_row_header():
    upper = ("Группы участников", "Кол-во ОО", "Кол-во участников", "Распределение отметок, %")
    return [
        row
        for line in marks()
        for row in ((upper, (None, None, None, 2, 3, 4, 5)) if line == MARK_HEADER else (line,))
    ]


def percent_signs():
    school = (SCHOOL, 1, "40", "12,50 %", "37,5%", "25.0", " 25 ")
    return marks(school)


def merged_facts():
    title = "Статистика по отметкам"
    facts = (("Предмет: Математика",), ("Дата проведения", None, "2021-03-01"), ("ВПР 2021. 5 класс",))
    return [(title,), *facts, MARK_HEADER, (SCHOOL, 1, 40, 12.5, 37.5, 25, 25)]


def facts_far_away():
    return [*[()] * 20, *marks((SCHOOL, 1, 40, 12.5, 37.5, 25, 25))]


@pytest.mark.parametrize(
    "rows",
    [dirty_header, two_row_header, percent_signs, merged_facts, facts_far_away],
    ids=lambda make: make.__name__,
)
def test_dirt_changes_nothing(rows, tmp_path):
    assert school_row(reading(a_book(tmp_path / "Отметки 5 класс.xlsx", rows()))) == EXPECTED


@pytest.mark.parametrize(("encoding", "delimiter"), [("cp1251", ";"), ("utf-8", "\t"), ("utf-8-sig", ",")])
def test_text_files_read_as_workbooks_do(encoding, delimiter, tmp_path):
    folder = tmp_path / "Выгрузки за март"
    folder.mkdir()
    path = a_csv(folder / "отметки школы.csv", marks(), encoding=encoding, delimiter=delimiter)
    assert school_row(reading(path)) == EXPECTED


def test_old_workbook_reads_as_a_new_one(tmp_path):
    book = xlwt.Workbook()
    page = book.add_sheet("Отметки")
    for row, cells in enumerate(marks()):
        for column, value in enumerate(cells):
            page.write(row, column, value)
    book.save(tmp_path / "отметки.xls")
    assert school_row(reading(tmp_path / "отметки.xls")) == EXPECTED


def test_name_of_the_file_says_nothing(tmp_path):
    read = reading(a_book(tmp_path / "Выполнение заданий 9 класс.xlsx", marks()))
    assert read.card.report == "mark_statistics"
    assert school_row(read) == EXPECTED


def test_card_beside_the_file_fills_what_the_file_does_not_say(tmp_path):
    path = a_book(tmp_path / "marks.xlsx", marks(facts=FACTS[1:3]))
    path.with_suffix(".toml").write_text(
        'grade = 5\nsubject = "mathematics"\nowner = "ЦОКО"\n', encoding="utf-8"
    )
    read = reading(path)
    assert school_row(read) == EXPECTED
    assert read.card.owner == "ЦОКО"


def test_options_come_after_the_card(tmp_path):
    path = a_book(tmp_path / "marks.xlsx", marks(facts=FACTS[1:3]))
    assert school_row(reading(path, grade=5, subject="mathematics")) == EXPECTED


def test_autumn_work_belongs_to_the_school_year_that_it_opens(tmp_path):
    facts = (FACTS[0], ("Дата:", "20.09.2020"), ("ВПР 2020. 5 класс",), ())
    _, procedure, _ = school_row(reading(a_book(tmp_path / "autumn.xlsx", marks(facts=facts))))
    assert procedure == [2021, "vpr", "mathematics", 5, "autumn"]


def test_regional_table_takes_season_from_its_year_unless_two_were_possible(tmp_path):
    row = ("Математика", "sch660005", "МБОУ СОШ № 5", 40, "12,5", "37,5", 25, 25)
    spring = reading(a_book(tmp_path / "a.xlsx", regional((2021, 5, *row))))
    autumn = reading(a_book(tmp_path / "b.xlsx", regional((2022, 5, *row))), season="autumn")
    assert school_row(spring) == EXPECTED
    assert school_row(autumn)[1] == [2023, "vpr", "mathematics", 5, "autumn"]


def test_sums_and_notes_below_a_table_are_left_out_and_counted(tmp_path):
    row = (2021, 5, "Математика", "sch660005", "МБОУ СОШ № 5", 40, "12,5", "37,5", 25, 25)
    total = ("Итого", None, None, None, None, 40, "12,5", "37,5", 25, 25)
    read = reading(a_book(tmp_path / "a.xlsx", regional(row, total, (), ("* без школ-интернатов",))))
    assert school_row(read) == EXPECTED
    assert {"sum_rows_left_out", "note_rows_left_out"} <= set(reasons(read))


def test_percentages_that_fit_several_numbers_keep_only_shares(tmp_path):
    school = (SCHOOL, 1, 4000, "12,5", "37,5", 25, 25)
    read = reading(a_book(tmp_path / "big.xlsx", marks(school)))
    row = read.tables["school_results"].iloc[0]
    assert not row["counts_rebuilt"]
    assert row[MARK_COLUMNS].isna().all()
    assert row["mark_2_share"] == pytest.approx(0.125)
    assert "counts_ambiguous" in reasons(read)


def test_names_of_areas_in_other_words_are_the_register_s(tmp_path):
    rows = [("Вся выборка", *SHARES), ("Светлоярский край", *SHARES), ("город  Светлоярск", *SHARES)]
    areas = reading(a_book(tmp_path / "a.xlsx", marks(*rows))).tables["area_results"]
    assert list(areas["area_id"]) == ["Вся выборка", "Светлоярский край", TOWN]


SHARES = (1, 200, "12,5", "37,5", "25", "25")


def test_areas_told_by_order_alone_are_said_in_the_accounting(tmp_path):
    rows = [("Вся выборка", *SHARES), ("Край 66", *SHARES), ("АТЕ 12", *SHARES)]
    read = reading(a_book(tmp_path / "a.xlsx", marks(*rows)))
    assert list(read.tables["area_results"]["area_level"]) == ["russia", "region", "municipality"]
    assert "«Край 66», «АТЕ 12»" in reasons(read)["groups_by_order"]["groups"]


def test_columns_with_names_are_dropped_with_a_line(tmp_path):
    header = ("Код участника", "ФИО", "Класс", 1, "Первичный балл", "Отметка")
    path = a_book(tmp_path / "p.xlsx", individual(("50001", "Иванова А. Б.", "5А", 1, 3, 2), header=header))
    read = reading(path)
    assert reasons(read)["personal_dropped"]["columns"] == "«ФИО»"
    assert all("Иванова" not in table.to_csv() for table in read.tables.values())


def test_formatted_blanks_to_the_end_of_the_sheet_are_no_danger(tmp_path):
    import openpyxl
    from openpyxl.styles import Font

    path = a_book(tmp_path / "formatted.xlsx", marks())
    book = openpyxl.load_workbook(path)
    book.active["Z1048576"].font = Font(bold=True)
    book.save(path)
    assert school_row(reading(path)) == EXPECTED


def test_errors_in_columns_that_are_not_read_are_counted_not_refused(tmp_path):
    header = (*MARK_HEADER, "Рост")
    rows = marks((SCHOOL, 1, 40, 12.5, 37.5, 25, 25, "#DIV/0!"), header=header)
    read = reading(a_book(tmp_path / "a.xlsx", rows))
    assert school_row(read) == EXPECTED
    assert "error_cells_unused" in reasons(read)
    assert reasons(read)["columns_not_read"]["columns"] == "«Рост»"


def test_file_with_one_bad_sheet_gives_nothing_and_all_its_problems(tmp_path):
    sheets = {
        "Отметки": marks((SCHOOL, 1, 40, 12.5, 37.5, 25, 55)),
        "Баллы": scores((SCHOOL, "х", 20, 20, 20, 20, 20)),
    }
    with pytest.raises(InputRefused) as refused:
        reading(a_workbook(tmp_path / "both.xlsx", sheets))
    assert {(problem.sheet, problem.code) for problem in refused.value.problems} == {
        ("Отметки", "percent_sum_wrong"),
        ("Баллы", "not_whole"),
    }


def test_register_comes_before_results(tmp_path):
    register = [
        ("Логин", "Наименование", "Вид", "Муниципалитет", "Регион"),
        ("sch660001", "СОШ № 1", "сош", "А", "Б"),
    ]
    first = open_file(a_book(tmp_path / "z.xlsx", register))
    second = open_file(a_book(tmp_path / "a.xlsx", marks()))
    assert first.order < second.order
