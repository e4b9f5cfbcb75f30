"""The same reports as other people and programs write them: right data, or refused; never another number."""

import openpyxl
import pytest
from fisoko_files import FACTS, SCHOOL, individual, marks
from school_files import a_book, a_context, reading, reasons, shown

from shnor_analysis.errors import InputRefused
from shnor_analysis.language import render_problem

MARKS = ("school_year", "assessment", "subject", "grade", "season", "tested_n", "mark_2_n", "mark_5_n")
RIGHT = [(2021, "vpr", "mathematics", 5, "spring", 40, 5, 10)]
HEADER = ("Логин", "ОО", "Кол-во участников", "2", "3", "4", "5")
ROW = ("sch660005", "МБОУ СОШ № 5", 40, "12,5", "37,5", 25, 25)
OF_PUPILS = ("Код участника", "Класс", "1", "2", "Первичный балл", "Отметка")
FORMS = {
    "one line of title": [("ВПР 2021 Математика 5 класс, 01.03.2021",), HEADER, ROW],
    "a day in words": [("ВПР по математике, 5 класс",), ("Дата проведения: 1 марта 2021 г.",), HEADER, ROW],
    "shares": [("ВПР 2021. Математика, 5 класс",), HEADER, (*ROW[:3], 0.125, 0.375, 0.25, 0.25)],
    "numbers of pupils": [("ВПР 2021. Математика, 5 класс",), HEADER, (*ROW[:3], 5, 15, 10, 10)],
    "other words": [
        ("ВПР 2021. 5 класс. Математика",),
        ("Наименование ОО", "Писали работу", "Доля «2»", "Доля «3»", "Доля «4»", "Доля «5»", "Качество"),
        (SCHOOL, 40, 12.5, 37.5, 25, 25, 50),
    ],
    "from column C": [(), *((None, None, *row) for row in marks())],
    "sums and notes": [*marks(), ("Итого", 1, 40, 12.5, 37.5, 25, 25), (), ("* без отсутствовавших",)],
    "nobody wrote": [*marks(), ("МБОУ СОШ № 12 (sch660012)", 1, "-", "-", "-", "-", "-")],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_table_of_marks_comes_in_whatever_its_form(form, tmp_path):
    done = reading(a_book(tmp_path / "f.xlsx", FORMS[form]))
    assert shown(done.tables["school_results"], *MARKS) == RIGHT


@pytest.mark.parametrize("name", ["МА 5", "5_МА", "Математика_5 класс"])
def test_the_name_of_a_sheet_says_subject_and_grade(name, tmp_path):
    path = a_book(tmp_path / "f.xlsx", [("Статистика по отметкам",), *marks()[6:]], sheet=name)
    assert shown(reading(path, school_year=2021, season="spring").tables["school_results"], *MARKS) == RIGHT


@pytest.mark.parametrize(
    ("title", "class_id", "keys"),
    [
        ("ВПР. Математика. 01.03.2021", "5А", (2021, 5, "spring")),
        ("ВПР. Математика. 01.10.2020", "5 «Б»", (2021, 4, "autumn")),
    ],
)
def test_a_class_says_the_grade_of_the_programme_where_nothing_else_does(title, class_id, keys, tmp_path):
    rows = [(title,), ("ОО:", SCHOOL), OF_PUPILS, (1, class_id, 1, 1, 2, 4)]
    done = reading(a_book(tmp_path / "f.xlsx", rows))
    assert shown(done.tables["pupil_results"], "school_year", "grade", "season") == [keys]


def test_who_did_not_come_and_rows_of_means_give_no_row(tmp_path):
    rows = [*FACTS, ("ОО:", SCHOOL), OF_PUPILS, ("Макс. балл", None, 1, 1, 2, None), (1, "5А", 1, 1, 2, 4)]
    rows += [
        (2, "5А", "н/я", "н/я", None, "н/я"),
        (3, "5А", "-", "-", "-", "-"),
        ("Средний балл", None, 1, 1, 2, 4),
    ]
    done = reading(a_book(tmp_path / "f.xlsx", rows))
    assert len(done.tables["pupil_results"]) == 1
    assert (reasons(done)["rows_without_result"].n, reasons(done)["sum_rows_left_out"].n) == (2, 2)


def sheets(path, **named):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in named.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
    book.save(path)
    return path


def of_russian(rows):
    return [("Предмет:", "Русский язык") if row[:1] == ("Предмет:",) else row for row in rows]


def test_a_pupil_of_two_subjects_is_one_pupil_and_a_report_twice_counts_once(tmp_path):
    path = sheets(tmp_path / "f.xlsx", ma=individual(), ru=of_russian(individual()), s=marks(), again=marks())
    done = reading(path, context=a_context(school_id="sch660005"))
    sizes = [len(done.tables[name]) for name in ("pupils", "pupil_results", "school_results")]
    assert sizes == [1, 2, 1]
    assert sum(reason.n for reason in done.accounting.reasons() if reason.code == "rows_repeated_in_file") > 1


def test_a_cell_merged_down_a_column_holds_for_all_its_rows(tmp_path):
    rows = [
        ("Год", "Класс", "Предмет", *HEADER),
        (2021, 5, "Математика", *ROW),
        (None, None, None, "sch660007", *ROW[1:]),
    ]
    path = a_book(tmp_path / "f.xlsx", rows)
    book = openpyxl.load_workbook(path)
    for column in "ABC":
        book.active.merge_cells(f"{column}2:{column}3")
    book.save(path)
    assert shown(reading(path).tables["school_results"], *MARKS) == RIGHT * 2


def test_points_beyond_the_highest_of_a_work_are_no_rows(tmp_path):
    header = ("Год", "Класс", "Предмет", "Логин", "Кол-во участников", 0, 1, 2, 3)
    rows = [
        header,
        (2021, 5, "РУ", "sch660005", 10, 10, 20, 30, 40),
        (2021, 5, "МА", "sch660005", 4, 50, None, 50),
    ]
    counts = reading(a_book(tmp_path / "f.xlsx", rows)).tables["score_counts"]
    assert counts.groupby("subject")["score_n"].agg(list).to_dict() == {
        "mathematics": [2, 0, 2],
        "russian": [1, 2, 3, 4],
    }


@pytest.mark.parametrize(
    ("title", "class_id", "assessment"),
    [("ОГЭ, математика", "9А", "oge"), ("ЕГЭ. Математика базовая", "11А", "ege_base")],
)
def test_a_protocol_without_columns_of_subject_and_day_is_told_by_its_title(
    title, class_id, assessment, tmp_path
):
    header = ("№ п/п", "Код ОО", "Класс", "Фамилия", "И.", "О.", "Первичный балл", "Оценка")
    rows = [
        (title,),
        ("Дата экзамена: 2021.06.01",),
        header,
        (1, "sch660005", class_id, "Т", "С", "Я", 12, 4),
    ]
    done = reading(a_book(tmp_path / "f.xlsx", rows)).tables["pupil_results"]
    assert shown(done, "assessment", "subject", "points", "mark") == [(assessment, "mathematics", 12, 4)]


def refused(path, **hints):
    with pytest.raises(InputRefused) as error:
        reading(path, **hints)
    return error.value.problems


PASSPORT = ("Логин", "Численность обучающихся", "Вакансии, %")
SCHOOL_YEAR = ("Учебный год:", "2020-2021 уч. год")
WRONG = {
    "class_not_of_grade": (
        individual(("1", "ж", "7А", 1, 1, 0, 2, "Н", 3, 2)),
        "файл «f.xlsx», лист «Лист1», ячейка C9: Класс не может писать эту работу: она для 5 класса.",
        "file “f.xlsx”, sheet “Лист1”, cell C9: This class cannot write this work: it is for grade 5.",
    ),
    "percent_or_share": (
        [SCHOOL_YEAR, PASSPORT, ("sch660005", 300, 0.25)],
        "файл «f.xlsx», лист «Лист1», ячейка C3: В колонке «Вакансии» нужны проценты, а все числа не больше единицы:",
        "file “f.xlsx”, sheet “Лист1”, cell C3: Column “Вакансии” should hold percentages, and no number is above one:",
    ),
    "not_recognised": (
        [HEADER, ROW],
        "файл «f.xlsx», лист «Лист1», ячейка A1:",
        "file “f.xlsx”, sheet “Лист1”, cell A1:",
    ),
}


@pytest.mark.parametrize("code", WRONG)
def test_what_may_mean_two_things_is_refused(code, tmp_path):
    rows, ru, en = WRONG[code]
    found = refused(a_book(tmp_path / "f.xlsx", rows))
    assert [problem.code for problem in found] == [code]
    assert render_problem(found[0], "ru").startswith(ru)
    assert render_problem(found[0], "en").startswith(en)


def test_sheets_that_contradict_each_other_about_a_pupil_name_both_places(tmp_path):
    other = of_russian(individual(("50001", "м", "5А", 3, 1, 0, 2, "Н", 3, 2)))
    found = refused(sheets(tmp_path / "f.xlsx", ma=individual(), ru=other))
    assert [(one.code, one.sheet, one.fields["other_sheet"], one.fields["column"]) for one in found] == [
        ("pupil_contradicts", "ru", "ma", "sex")
    ]
