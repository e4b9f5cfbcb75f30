"""Files with one defect each, named for it; every function writes its file into a folder and returns the path."""

from __future__ import annotations

import io
import zipfile

import xlwt
from fisoko_files import (
    COUNTRY_ROW,
    FACTS,
    PUPIL_ROW,
    REGION_ROW,
    SCHOOL,
    SCHOOL_ROW,
    TOWN_ROW,
    a_workbook,
    comparison,
    individual,
    items,
    marks,
    regional,
    scores,
)
from msoffcrypto.format.ooxml import OOXMLFile
from school_files import a_csv

SHEET = "Статистика по отметкам"
REGIONAL_ROWS = (
    (2021, 5, "Математика", "sch660005", "МБОУ СОШ № 5", 40, "12,5", "37,5", 25, 25),
    (2021, 5, "Математика", "sch660007", "Гимназия № 7", 40, "12,5", "37,5", 25, 25),
)


def _marks_file(folder, name, *rows, **how):
    return a_workbook(folder / name, {SHEET: marks(*rows, **how)})


def _with_school(folder, name, *school_row):
    return _marks_file(folder, name, COUNTRY_ROW, REGION_ROW, TOWN_ROW, school_row)


def only_a_cover_sheet(folder):
    return a_workbook(
        folder / "only_a_cover_sheet.xlsx", {"Титул": [("Справка за год",), ("Составил", "отдел")]}
    )


def missing_columns(folder):
    rows = [(*row[:5],) if len(row) == 7 else row for row in marks()]
    return a_workbook(folder / "missing_columns.xlsx", {SHEET: rows})


def no_rows(folder):
    return a_workbook(folder / "no_rows.xlsx", {SHEET: marks()[:7]})


def mark_of_seven(folder):
    rows = individual((*PUPIL_ROW[:-1], 7))
    return a_workbook(folder / "mark_of_seven.xlsx", {"5А": rows})


def percentages_add_to_130(folder):
    return _with_school(folder, "percentages_add_to_130.xlsx", SCHOOL, 1, 40, "42,5", "37,5", "25", "25")


def percentage_of_400(folder):
    return _with_school(folder, "percentage_of_400.xlsx", SCHOOL, 1, 40, "12,5", "37,5", "25", "400")


def impossible_percentages(folder):
    return _with_school(folder, "impossible_percentages.xlsx", SCHOOL, 1, 10, "12,5", "37,5", "25", "25")


def text_for_number(folder):
    return _with_school(folder, "text_for_number.xlsx", SCHOOL, 1, "много", "12,5", "37,5", "25", "четверть")


def empty_required_cell(folder):
    return _with_school(folder, "empty_required_cell.xlsx", SCHOOL, 1, None, "12,5", "37,5", "25", "25")


def error_cell(folder):
    return _with_school(folder, "error_cell.xlsx", SCHOOL, 1, "#N/A", "12,5", "37,5", "25", "25")


def error_cell_in_old_workbook(folder):
    book = xlwt.Workbook()
    page = book.add_sheet(SHEET, cell_overwrite_ok=True)
    for row, cells in enumerate(marks()):
        for column, value in enumerate(cells):
            page.write(row, column, value)
    page.row(10).set_cell_error(2, 42)
    path = folder / "error_cell_in_old_workbook.xls"
    book.save(path)
    return path


def error_saved_as_text(folder):
    rows = individual((*PUPIL_ROW[:2], "#Н/Д", *PUPIL_ROW[3:]))
    return a_csv(folder / "error_saved_as_text.csv", rows, encoding="cp1251")


def duplicate_school(folder):
    return _marks_file(
        folder, "duplicate_school.xlsx", COUNTRY_ROW, REGION_ROW, TOWN_ROW, SCHOOL_ROW, SCHOOL_ROW
    )


def unknown_school(folder):
    return _with_school(folder, "unknown_school.xlsx", "МБОУ СОШ № 5 (sch660055)", *SCHOOL_ROW[1:])


def unknown_group(folder):
    return _with_school(folder, "unknown_group.xlsx", "Выборочная группа", *SCHOOL_ROW[1:])


def year_outside_calendar(folder):
    facts = (FACTS[0], FACTS[1], ("Дата:", "01.03.1921"), ("ВПР. 5 класс",), ())
    return _marks_file(folder, "year_outside_calendar.xlsx", facts=facts)


def subject_not_given(folder):
    return _marks_file(folder, "subject_not_given.xlsx", facts=FACTS[1:])


def subject_not_known(folder):
    return _marks_file(folder, "subject_not_known.xlsx", facts=(("Предмет:", "Матемтика"), *FACTS[1:]))


def grade_in_two_ways(folder):
    facts = (*FACTS[:3], ("Класс:", "6"), *FACTS[3:])
    return _marks_file(folder, "grade_in_two_ways.xlsx", facts=facts)


def date_against_the_year(folder):
    facts = (FACTS[0], ("Дата:", "20.09.2020"), *FACTS[3:])
    return _marks_file(folder, "date_against_the_year.xlsx", facts=facts)


def season_not_given(folder):
    rows = regional((2020, 5, "Математика", "sch660005", "МБОУ СОШ № 5", 40, "12,5", "37,5", 25, 25))
    return a_workbook(folder / "season_not_given.xlsx", {"marks": rows})


def card_with_wrong_words(folder):
    path = _marks_file(folder, "card_with_wrong_words.xlsx")
    path.with_suffix(".toml").write_text('klass = 5\ngrade = "5"\n', encoding="utf-8")
    return path


def counts_do_not_add(folder):
    return a_workbook(folder / "counts_do_not_add.xlsx", {"Сравнение": comparison(total=41)})


def share_against_counts(folder):
    rows = comparison(percent=("20", "60", "20"))
    return a_workbook(folder / "share_against_counts.xlsx", {"Сравнение": rows})


def comparison_without_a_part(folder):
    rows = [row for row in comparison() if not (row and str(row[0]).startswith("Повысили"))]
    return a_workbook(folder / "comparison_without_a_part.xlsx", {"Сравнение": rows})


def scores_add_to_90(folder):
    return a_workbook(
        folder / "scores_add_to_90.xlsx", {"Баллы": scores((SCHOOL, 40, "2,5", "12,5", 25, 25, 25))}
    )


def scores_of_areas_alone(folder):
    rows = scores(("Вся выборка", 1000, 20, 20, 20, 20, 20))
    return a_workbook(folder / "scores_of_areas_alone.xlsx", {"Баллы": rows})


def item_without_percentage(folder):
    rows = [*items()[:-1], ("2.1", "Фигуры", 2, "50", "н/д", "51,25")]
    return a_workbook(folder / "item_without_percentage.xlsx", {"Выполнение заданий": rows})


def school_not_given(folder):
    rows = [row for row in individual() if not (row and row[0] == "ОО:")]
    return a_workbook(folder / "school_not_given.xlsx", {"5А": rows})


def points_above_the_highest(folder):
    rows = individual((*PUPIL_ROW[:-2], 21, 2))
    return a_workbook(folder / "points_above_the_highest.xlsx", {"5А": rows})


def names_for_codes(folder):
    rows = individual(("Иванова А.Б.", *PUPIL_ROW[1:]))
    return a_workbook(folder / "names_for_codes.xlsx", {"5А": rows})


def empty_file(folder):
    path = folder / "empty_file.xlsx"
    path.write_bytes(b"")
    return path


def empty_sheets(folder):
    return a_workbook(folder / "empty_sheets.xlsx", {"Лист1": []})


def password_protected(folder):
    plain = a_workbook(folder / "plain.xlsx", {SHEET: marks()})
    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(plain.read_bytes())).encrypt("0000", locked)
    path = folder / "password_protected.xlsx"
    path.write_bytes(locked.getvalue())
    return path


def _repacked(source, target, change, *, extra=()):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
        for name, content in extra:
            new.writestr(name, content)
    return target


def macro_workbook(folder):
    plain = _marks_file(folder, "plain.xlsx")
    extra = (("xl/vbaProject.bin", b"\x00"),)
    return _repacked(plain, folder / "macro_workbook.xlsm", lambda _, raw: raw, extra=extra)


def entities(folder):
    plain = _marks_file(folder, "plain.xlsx")
    laughs = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>'

    def change(name, raw):
        return raw.replace(b"<worksheet", laughs + b"<worksheet", 1) if "sheet1" in name else raw

    return _repacked(plain, folder / "entities.xlsx", change)


def zip_bomb(folder):
    plain = _marks_file(folder, "plain.xlsx")
    extra = (("xl/media/blank.bin", bytes(40 << 20)),)
    return _repacked(plain, folder / "zip_bomb.xlsx", lambda _, raw: raw, extra=extra)


def too_many_parts(folder):
    plain = _marks_file(folder, "plain.xlsx")
    extra = [(f"xl/media/{number}.bin", b"") for number in range(2001)]
    return _repacked(plain, folder / "too_many_parts.xlsx", lambda _, raw: raw, extra=extra)


def cut_in_half(folder):
    path = _marks_file(folder, "cut_in_half.xlsx")
    path.write_bytes(path.read_bytes()[:3000])
    return path


def sparse_cell_far_right(folder):
    return _sparse(folder / "sparse_cell_far_right.xlsx", "XFD1048576")


def sparse_cell_far_below(folder):
    return _sparse(folder / "sparse_cell_far_below.xlsx", "G1048576")


def _sparse(path, cell):
    plain = _marks_file(path.parent, "plain.xlsx")
    row = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    stray = f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()

    def change(name, raw):
        return raw.replace(b"</sheetData>", stray) if "sheet1" in name else raw

    return _repacked(plain, path, change)


def page_of_the_web(folder):
    path = folder / "page_of_the_web.xls"
    path.write_text("<html><table><tr><td>2</td></tr></table></html>", encoding="utf-8")
    return path


def blanks_for_a_login(folder):
    rows = regional((2021, 5, "Математика", "  ", "№ 5", 40, 25, 25, 25, 25))
    return a_workbook(folder / "blanks_for_a_login.xlsx", {"marks": rows})


def quote_not_closed(folder):
    path = a_csv(folder / "quote_not_closed.csv", regional(*REGIONAL_ROWS))
    text = path.read_text(encoding="utf-8").replace("МБОУ СОШ № 5", '"МБОУ СОШ № 5', 1)
    path.write_text(text, encoding="utf-8")
    return path


def quote_closed_in_another_row(folder):
    path = a_csv(folder / "quote_closed_in_another_row.csv", regional(*REGIONAL_ROWS))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("МБОУ", '"МБОУ').replace("Гимназия № 7", 'Гимназия № 7"'), encoding="utf-8")
    return path


def second_table_beside(folder):
    rows = [(*row, None, *row) for row in regional(REGIONAL_ROWS[0])]
    return a_workbook(folder / "second_table_beside.xlsx", {"marks": rows})


def second_table_of_other_points(folder):
    rows = [row[:-1] if row and row[0] == "Группы участников" else row for row in scores()]
    return a_workbook(folder / "second_table_of_other_points.xlsx", {"Баллы": [*scores(), (), *rows]})


def percentages_or_people(folder):
    rows = [("Логин", "Учебный год", "Численность обучающихся", "Неполные семьи")]
    return a_workbook(
        folder / "percentages_or_people.xlsx", {"П": [*rows, ("sch660005", "2020/2021", 400, 80)]}
    )


def more_pupils_than_all(folder):
    rows = [("Логин", "Учебный год", "Численность обучающихся", "Ученики с ОВЗ, чел.")]
    return a_workbook(
        folder / "more_pupils_than_all.xlsx", {"П": [*rows, ("sch660005", "2020/2021", 400, 401)]}
    )


def points_of_an_item_below_none(folder):
    rows = individual((*PUPIL_ROW[:6], -2, *PUPIL_ROW[7:]))
    return a_workbook(folder / "points_of_an_item_below_none.xlsx", {"5А": rows})


def another_report(folder):
    rows = marks(title="Сравнение отметок с отметками по журналу")
    return a_workbook(folder / "another_report.xlsx", {"Отчёт": rows})
