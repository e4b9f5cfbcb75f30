"""Facts of a procedure in the rows above a table and in the name of its sheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shnor_analysis import glossary
from shnor_analysis.sources.cells import Sheet, cell_name
from shnor_analysis.sources.header_lines import header_key
from shnor_analysis.sources.run_words import assessment_in, marker_of
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
_GRADE = re.compile(r"\b(\d{1,2})(?:-?[йяех]{1,2})? ?(?:класс|кл\b)")
SEASON_WORDS = {"весн": "spring", "весен": "spring", "осен": "autumn"}
# «ма» or «ру» in free words may be anything
SHORTEST_SUBJECT = 3
SHORTEST_WORD_WITH_ENDING = 4
_DAY = re.compile(
    r"(?<![\d./-])(?:\d{1,2}\.\d{1,2}\.(?:20)?\d\d|20\d\d[.-]\d\d[.-]\d\d|\d{1,2} [а-я]{3,8} 20\d\d)(?![\d./-])"
)
# «литературное чтение» is not «чтение», a lyceum of mathematics no work in it
_NOT_ANOTHER = r"(?<!ое )(?<!ая )(?<!го )(?<!му )(?<!ой )"
_IN_NAME_OF_SCHOOL = re.compile(r"\b(?:сош|оош|лице\w|гимнази\w|м[бак]оу|гбоу|гкоу|чоу)\b")
# days of the file or of a paper about the work, not of the work
_OTHER_DAY = re.compile(
    r"состояни|выгруж|выгрузк|приказ|утвержд|распоряж|письм|постановл|обновл|печат|сформир|отчет на|данные на"
)


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
    elif not tail or assessment_in(text):
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
    if assessment := assessment_in(text):
        yield Fact("assessment", assessment, cell, text)
    seasons = [code for word, code in SEASON_WORDS.items() if re.search(rf"\b{word}", spelled)]
    yield from (Fact("season", season, cell, text) for season in dict.fromkeys(seasons))
    subjects = () if _IN_NAME_OF_SCHOOL.search(spelled) else _subjects_in(spelled)
    if len(subjects) == 1:
        yield Fact("subject", subjects[0], cell, text)
    days = {parse_date(found) for found in _DAY.findall(spelled)} - {None}
    if len(days) == 1 and (subjects or grade or assessment) and not _OTHER_DAY.search(spelled):
        yield Fact("test_date", days.pop(), cell, text)


def sheet_name_facts(name: str) -> Iterator[Fact]:
    """Facts in the name of a sheet: free words, or a subject and grade alone, however short («РУ 5», `5_МА`)."""
    marker = marker_of(name)
    if marker is None:
        yield from free_facts(name, "")
    else:
        yield Fact("grade", float(marker[0]), "", name)
        yield Fact("subject", marker[1], "", name)


def _subjects_in(spelled: str) -> tuple[str, ...]:
    """Codes of the subjects that some words name in any case: `по русскому языку`."""
    found: dict[str, None] = {}
    for form, code in _subject_forms():
        if form.search(spelled):
            found[code] = None
            spelled = form.sub(" ", spelled)
    return tuple(found)


@lru_cache(maxsize=1)
def _subject_forms() -> tuple[tuple[re.Pattern[str], str], ...]:
    """A pattern for each spelling of each subject, the longest first."""
    spellings = {
        plain(text): item.key.rpartition(".")[2]
        for item in glossary.group("subject")
        for text in (item.ru, *item.aliases)
        if len(text) > SHORTEST_SUBJECT and item.key != "subject.pooled" and text[0].isalpha()
    }
    return tuple(
        (
            re.compile(_NOT_ANOTHER + r"\b" + r"\W+".join(map(_any_case, re.findall(r"\w+", text))) + r"\b"),
            spellings[text],
        )
        for text in sorted(spellings, key=len, reverse=True)
    )


def _any_case(word: str) -> str:
    """A pattern for a word in any case: its last letters may change."""
    stem = word[:-2] if len(word) > SHORTEST_WORD_WITH_ENDING else word
    return re.escape(stem) + (r"\w{1,3}" if stem != word else "")


def _read(name: str, label: str, text: str, cell: str) -> Fact | UnreadFact:
    value = READERS[name](text)
    if value is None and name in {"assessment", "subject", "test_date", "grade"}:
        found = next(iter(fact for fact in free_facts(text, cell) if fact.name == name), None)
        value = found.value if found else None
    return UnreadFact(name, label, cell, text) if value is None else Fact(name, value, cell, text)
