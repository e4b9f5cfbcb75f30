"""Facts of a procedure in the rows above a table and in the name of its sheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shnor_analysis import glossary
from shnor_analysis.sources.cells import Sheet, cell_name
from shnor_analysis.sources.recognition import header_key
from shnor_analysis.sources.spelling import plain
from shnor_analysis.sources.values import (
    parse_date,
    parse_grade,
    parse_number,
    parse_school_year,
    parse_test_year,
    parse_word,
)

NAMES = {
    "предмет": "subject",
    "наименование предмета": "subject",
    "дата": "test_date",
    "дата проведения": "test_date",
    "дата работы": "test_date",
    "дата экзамена": "test_date",
    "класс": "grade",
    "параллель": "grade",
    "класс программы": "grade",
    "год": "test_year",
    "год проведения": "test_year",
    "учебный год": "school_year",
    "сезон": "season",
    "период": "season",
    "процедура": "assessment",
    "оценочная процедура": "assessment",
    "максимальный первичный балл": "points_max",
    "макс. первичный балл": "points_max",
    "максимальный балл": "points_max",
    "оо": "school_id",
    "школа": "school_id",
    "логин": "school_id",
    "логин оо": "school_id",
    "образовательная организация": "school_id",
}
READERS: dict[str, Callable[[str], Any]] = {
    "subject": lambda text: parse_word("subject", text),
    "season": lambda text: parse_word("season", text),
    "assessment": lambda text: parse_word("assessment", text),
    "test_date": parse_date,
    "grade": parse_grade,
    "test_year": parse_test_year,
    "school_year": parse_school_year,
    "points_max": parse_number,
    "school_id": lambda text: text,
}
_YEAR = re.compile(r"(?<![.\d/-])\b(20\d\d|19\d\d)\b(?! ?[-/–.] ?\d{2})")
_YEARS = re.compile(r"\b((?:20|19)\d\d ?[-/–] ?(?:20)?\d\d)\b")
_GRADE = re.compile(r"\b(\d{1,2})(?:-?[йяе]{1,2})? ?(?:класс|кл\b)")
SEASON_WORDS = {"весн": "spring", "весен": "spring", "осен": "autumn"}
ASSESSMENT_WORDS = {"огэ": "oge", "егэ": "ege"}
# «ма» or «ру» in free words may be anything
SHORTEST_SUBJECT = 3
_ASSESSMENT = re.compile(r"\b(впр|огэ|егэ|всероссийск\w+ проверочн\w+ работ\w+)\b")
_WORDS = re.compile(r"[.,;:()«»\"]+")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the procedure, where it stands (a cell, or empty for the sheet's name) and how it is written."""

    name: str
    value: Any
    cell: str
    shown: str


@dataclass(frozen=True, slots=True)
class UnreadFact:
    """A fact that is named in the title and whose value means nothing: `Предмет:` `Матемтика`."""

    name: str
    label: str
    cell: str
    shown: str


def title_facts(sheet: Sheet, rows: int) -> Iterator[Fact | UnreadFact]:
    """Facts in the first rows of a sheet: a name with its value beside it or behind a colon, or free words."""
    for row in range(min(rows, sheet.rows_n)):
        filled = [(column, text) for column, text in enumerate(sheet.row_texts(row)) if text]
        while filled:
            column, text = filled.pop(0)
            head, colon, tail = (part.strip() for part in text.partition(":"))
            name = NAMES.get(header_key(head))
            if tail or not filled or not (name or colon):
                yield from _facts_of(text, cell_name(row, column), name=name, head=head, tail=tail)
                continue
            beside, value = filled.pop(0)
            yield from _facts_of(value, cell_name(row, beside), name=name, head=head, tail=value)


def _facts_of(text: str, cell: str, *, name: str | None, head: str, tail: str) -> Iterator[Fact | UnreadFact]:
    """The named fact, or what free words say; other named facts («Дата выгрузки: …») are not about the work."""
    if name and tail:
        yield _read(name, head, tail, cell)
    elif not tail or _ASSESSMENT.search(plain(text)):
        yield from free_facts(text, cell)


def free_facts(text: str, cell: str) -> Iterator[Fact]:
    """Facts in free words, as in `ВПР 2021. 5 класс` or `Математика, 5 класс, осень 2020`."""
    spelled = plain(text)
    years, year = _YEARS.search(spelled), _YEAR.search(spelled)
    if years and (value := parse_school_year(years[1])):
        yield Fact("school_year", value, cell, text)
    elif year and not years:
        yield Fact("test_year", float(year[1]), cell, text)
    if grade := _GRADE.search(spelled):
        yield Fact("grade", float(grade[1]), cell, text)
    if assessment := _ASSESSMENT.search(spelled):
        yield Fact("assessment", ASSESSMENT_WORDS.get(assessment[1], "vpr"), cell, text)
    seasons = [code for word, code in SEASON_WORDS.items() if re.search(rf"\b{word}", spelled)]
    yield from (Fact("season", season, cell, text) for season in dict.fromkeys(seasons))
    for part in _WORDS.split(text):
        subject = glossary.code_of("subject", part) if len(part.strip()) > SHORTEST_SUBJECT else None
        if subject:
            yield Fact("subject", subject, cell, text)


def _read(name: str, label: str, text: str, cell: str) -> Fact | UnreadFact:
    value = READERS[name](text)
    if value is None and name == "assessment":
        found = next(iter(fact for fact in free_facts(text, cell) if fact.name == "assessment"), None)
        value = found.value if found else None
    return UnreadFact(name, label, cell, text) if value is None else Fact(name, value, cell, text)
