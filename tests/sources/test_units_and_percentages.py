"""A number with a percent sign, typed or by its format, and numbers of people: never a hundredfold, never mistaken."""

import openpyxl
import pytest
import xlwt
from school_files import a_book, reading, reasons, shown

from shnor_analysis.language import render

HEADER = ("Год", "Класс", "Предмет", "Логин", "Кол-во участников", "2", "3", "4", "5")
KEYS = (2021, 5, "Математика", "sch660005", 40)
COUNTS = ("mark_2_n", "mark_3_n", "mark_4_n", "mark_5_n")
MARKS_OF_FORTY = [(5, 15, 10, 10)]
FORMATS = ["0%", "0.00%", '0.0" доля";-0.0%', "[Red]0.0%"]
PASSPORT = ("Логин", "Учебный год", "Численность обучающихся")


def formatted(path, rows, cells, code="0.0%"):
    book = openpyxl.load_workbook(a_book(path, rows))
    for name in cells:
        book.active[name].number_format = code
    book.save(path)
    return path


def factors(path):
    table = reading(path).tables["factors"]
    return {(row.school_id, row.factor): row.value for row in table.itertuples() if row.factor != "pupils_n"}


@pytest.mark.parametrize("code", FORMATS)
def test_percent_formats_beside_plain_percentages_mean_the_same(code, tmp_path):
    rows = [HEADER, (*KEYS, 0.125, 37.5, "25 %", 0.25)]
    path = formatted(tmp_path / "a.xlsx", rows, ["F2", "I2"], code)
    assert shown(reading(path).tables["school_results"], *COUNTS) == MARKS_OF_FORTY


def test_percent_formats_are_found_among_many_styles(tmp_path):
    rows = [HEADER, (*KEYS, 0.125, 37.5, 25, 0.25)]
    book = openpyxl.load_workbook(a_book(tmp_path / "a.xlsx", rows))
    page = book.active
    for decimals in range(1, 30):
        page.cell(40 + decimals, 30, "x").number_format = f"0.{'0' * decimals}%"
    page["F2"].number_format = page["I2"].number_format = "0.0%"
    book.save(tmp_path / "a.xlsx")
    assert shown(reading(tmp_path / "a.xlsx").tables["school_results"], *COUNTS) == MARKS_OF_FORTY


def test_a_percent_sign_in_quotes_is_no_percent_format(tmp_path):
    rows = [HEADER, (*KEYS, 12.5, 37.5, 25, 25)]
    path = formatted(tmp_path / "a.xlsx", rows, ["F2", "G2", "H2", "I2"], '0.0"%"')
    assert shown(reading(path).tables["school_results"], *COUNTS) == MARKS_OF_FORTY


def test_percent_formats_of_an_old_workbook_count_too(tmp_path):
    book = xlwt.Workbook()
    page = book.add_sheet("a")
    percent = xlwt.easyxf(num_format_str="0.00%")
    for row, cells in enumerate([HEADER, (*KEYS, 0.125, 37.5, 0.25, 25)]):
        for column, value in enumerate(cells):
            is_percent = row == 1 and column in {5, 7}
            page.write(row, column, value, *([percent] if is_percent else []))
    book.save(tmp_path / "a.xls")
    assert shown(reading(tmp_path / "a.xls").tables["school_results"], *COUNTS) == MARKS_OF_FORTY


def test_a_passport_with_both_ways_of_writing_percentages_in_one_column(tmp_path):
    rows = [
        (*PASSPORT, "Неполные семьи, %", "Подвоз, %"),
        ("sch660005", "2020/2021", 400, 0.2, 0.005),
        ("sch660007", "2020/2021", 800, 11.25, 0.5),
    ]
    found = factors(formatted(tmp_path / "a.xlsx", rows, ["D2", "E2"]))
    assert found == pytest.approx(
        {
            ("sch660005", "incomplete_families_share"): 0.2,
            ("sch660007", "incomplete_families_share"): 0.1125,
            ("sch660005", "commute_share"): 0.005,
            ("sch660007", "commute_share"): 0.005,
        }
    )


PEOPLE = {
    "in the header": [(*PASSPORT, "Ученики с ОВЗ, чел.")],
    "in the header above": [(*PASSPORT, "Обучающиеся, чел."), (None, None, None, "Ученики с ОВЗ")],
    "in a row of units": [(*PASSPORT, "Ученики с ОВЗ"), (None, None, None, "чел.")],
}


@pytest.mark.parametrize("way", PEOPLE)
def test_numbers_of_pupils_become_shares_of_all_pupils(way, tmp_path):
    path = a_book(tmp_path / "a.xlsx", [*PEOPLE[way], ("sch660005", "2020/2021", 400, 20)])
    assert factors(path) == {("sch660005", "special_needs_share"): 0.05}
    assert "read_as_people" in reasons(reading(path))


def test_of_numbers_and_percentages_the_percentages_are_read(tmp_path):
    rows = [
        (*PASSPORT, "Ученики с ОВЗ", None),
        (None, None, None, "чел.", "%"),
        ("sch660005", "2020/2021", 400, 20, 5),
    ]
    path = a_book(tmp_path / "a.xlsx", rows)
    assert shown(reading(path).tables["factors"], "factor", "value", "source_cells") == [
        ("pupils_n", 400, "C3"),
        ("special_needs_share", 0.05, "E3"),
    ]


def test_numbers_of_teachers_are_not_read_as_shares_of_pupils(tmp_path):
    rows = [(*PASSPORT, "Вакансии, чел."), ("sch660005", "2020/2021", 400, 3)]
    done = reading(a_book(tmp_path / "a.xlsx", rows))
    assert done.tables["factors"]["factor"].tolist() == ["pupils_n"]
    told = reasons(done)["factor_of_people_not_read"].fields
    assert render("reason.factor_of_people_not_read", "ru", **told) == (
        "лист «Лист1»: колонка «Вакансии, чел.» даёт число людей, а долю из него получить не из чего; она не прочитана"
    )


def test_marks_given_as_numbers_and_percentages_side_by_side(tmp_path):
    header = (*HEADER[:5], "2", None, "3", None, "4", None, "5", None)
    units = (*[None] * 5, *["чел.", "%"] * 4)
    rows = [header, units, (*KEYS, 5, 12.5, 15, 37.5, 10, 25, 10, 25)]
    done = reading(a_book(tmp_path / "a.xlsx", rows))
    assert shown(done.tables["school_results"], *COUNTS) == MARKS_OF_FORTY
    assert reasons(done)["columns_not_read"].fields["columns"] == "«2, чел.», «3, чел.», «4, чел.», «5, чел.»"
