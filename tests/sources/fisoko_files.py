"""Small files of the five reports of ФИС ОКО, right or with one thing wrong."""

from __future__ import annotations

import openpyxl

REGION, TOWN, SCHOOL = "Светлоярский край", "Светлоярск", "МБОУ СОШ № 5 (sch660005)"
FACTS = (
    ("Предмет:", "Математика"),
    ("Максимальный первичный балл:", "20"),
    ("Дата:", "01.03.2021"),
    ("ВПР 2021. 5 класс",),
    (),
)
MARK_HEADER = ("Группы участников", "Кол-во ОО", "Кол-во участников", "2", "3", "4", "5")
COUNTRY_ROW = ("Вся выборка", 35000, 1400000, "12,31", "34,20", "33,49", "20,00")
REGION_ROW = (REGION, 920, 38000, "13,00", "35,00", "32,00", "20,00")
TOWN_ROW = (TOWN, 41, 2000, "12,30", "34,20", "33,50", "20,00")
SCHOOL_ROW = (SCHOOL, 1, 40, "12,5", "37,5", "25", "25")
PUPIL_HEADER = ("Код участника", "Пол", "Класс", "Вариант", 1, 2, 3.1, "1К1", "Первичный балл", "Отметка")
PUPIL_ROW = ("50001", "ж", "5А", 3, 1, 0, 2, "Н", 3, 2)


def marks(*rows, header=MARK_HEADER, facts=FACTS, title="Статистика по отметкам"):
    """Rows of «Статистика по отметкам»: the usual four groups, or those given."""
    groups = rows or (COUNTRY_ROW, REGION_ROW, TOWN_ROW, SCHOOL_ROW)
    return [(title,), *facts, header, *groups]


def individual(*rows, header=PUPIL_HEADER, facts=FACTS, school=SCHOOL):
    """Rows of «Индивидуальные результаты» of one school."""
    return [("Индивидуальные результаты",), ("ОО:", school), *facts, header, *(rows or (PUPIL_ROW,))]


def comparison(lowered=7, confirmed=25, raised=8, *, total=40, percent=("17,5", "62,5", "20")):
    """Rows of «Сравнение отметок с отметками по журналу» for one school."""
    return [
        ("Сравнение отметок с отметками по журналу",),
        *FACTS,
        ("Группы участников", "Кол-во участников", "%"),
        (SCHOOL,),
        ("Понизили (Отметка < Отметка по журналу)", lowered, percent[0]),
        ("Подтвердили (Отметка = Отметка по журналу)", confirmed, percent[1]),
        ("Повысили (Отметка > Отметка по журналу)", raised, percent[2]),
        ("Всего", total, 100),
    ]


def scores(*rows):
    """Rows of «Распределение первичных баллов» with points 0–4."""
    header = ("Группы участников", "Кол-во участников", 0, 1, 2, 3, 4)
    usual = (("Вся выборка", 1000, 20, 20, 20, 20, 20), (SCHOOL, 40, "2,5", "22,5", 25, 25, 25))
    return [("Распределение первичных баллов",), *FACTS, header, *(rows or usual)]


def items():
    """Rows of «Выполнение заданий» with two items and three groups."""
    return [
        ("Выполнение заданий",),
        *FACTS,
        ("Номер задания", "Блоки ПООП", "Макс. балл", "Вся выборка", TOWN, SCHOOL),
        (None, "Кол-во участников", None, 1000, 300, 40),
        ("1", "Числа", 1, "80,12", "79,1", "65,5"),
        ("2.1", "Фигуры", 2, "50", "49", "51,25"),
    ]


def regional(
    *rows, header=("Год", "Класс", "Предмет", "Логин", "ОО", "Кол-во участников", "2", "3", "4", "5")
):
    """Rows of the regional workbook of marks, without a title."""
    return [header, *rows]


def a_workbook(path, sheets, *, hidden=()):
    """Write sheets (name → rows) with openpyxl; a value of the kind `=1/0` stays a formula."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
        page.sheet_state = "hidden" if name in hidden else "visible"
    book.save(path)
    return path
