"""What a cell means: numbers with decimal commas, percentages, dates, yes and no, words of the glossary."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shnor_analysis import glossary
from shnor_analysis.sources.cells import Column, shown_number
from shnor_analysis.sources.spelling import plain

MOST_DECIMALS = 6
_NUMBER = re.compile(
    r"[-+−]?\d{1,3}(?: \d{3})+(?:[.,]\d+)?|[-+−]?\d+(?:[.,]\d+)?|[-+−]?\d+(?:[.,]\d+)?e[-+]?\d+"
)
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?: г\.?| г\.? ?|)(?: 0?0:00(?::00)?)?")
_ISO_DAY = re.compile(r"(\d{4})[-./](\d{2})[-./](\d{2})(?:[ T].*)?")
_GRADE = re.compile(r"(\d{1,2})(?:-?[йяех]{1,2})? ?(?:класс[ыа]?|классов|кл\.?|параллель)?")
_DAY_IN_WORDS = re.compile(r"(\d{1,2}) ([а-я]{3,8})\.? (\d{4})(?: ?г(?:\.|ода?)?)?")
MONTHS = ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_TWO_YEARS = re.compile(
    r"(\d{4}) ?[-/–—] ?(\d{4}|\d{2})(?: ?(?:учебн(?:ый|ого) года?|уч\. ?(?:года?|г\.?)|у\. ?г\.?|гг?\.?))?"
)
_ONE_YEAR = re.compile(r"(\d{4})(?: ?(?:учебный год|год|г\.?))?")
_OWN_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
NUMERIC_KINDS = frozenset({"whole", "people", "number", "percent", "share", "mark", "grade", "test_year"})


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a run of cells says: None or NaN where empty or bad; `bad` are filled cells that mean nothing here."""

    cells: pd.Series
    bad: npt.NDArray[np.bool_]
    decimals: npt.NDArray[np.int64] | None = None


def parse_cells(column: Column, rows: npt.NDArray[np.intp], kind: str, *, group: str = "") -> Parsed:
    """Read the cells of some rows as one kind.

    Parameters:
        column: Column of a sheet.
        rows: Rows wanted, from 0.
        kind: `text`, `identifier`, `whole`, `people`, `number`, `percent`, `share`, `mark`, `grade`, `date`, `flag`, `school_year`,
            `test_year`, or a word of the glossary (`subject`, `kind`, `choice`).
        group: Group of the glossary for `choice`.

    Percentages become shares (0–1); they and shares come with the printed decimals of the percentage.
    """
    if kind in NUMERIC_KINDS:
        return _numbers(column, rows, kind)
    if kind == "date":
        parsed = _words(column, rows, parse_date)
        return Parsed(pd.to_datetime(parsed.cells).astype("datetime64[us]"), parsed.bad)
    if kind in {"subject", "kind", "choice"}:
        return _words(column, rows, partial(parse_word, group or kind))
    if kind == "flag":
        parsed = _words(column, rows, parse_flag)
        return Parsed(parsed.cells.astype("boolean"), parsed.bad)
    if kind == "school_year":
        parsed = _words(column, rows, parse_school_year)
        return Parsed(pd.to_numeric(parsed.cells).astype("float64"), parsed.bad)
    found = column.as_texts(rows)
    return Parsed(pd.Series(found, dtype="object"), np.zeros(len(rows), dtype=bool))


def parse_number(text: str) -> float | None:
    """The number that a text prints: `12,5`, `1 234`, `45 %`; None where it prints none."""
    bare = text.removesuffix("%").strip()
    if not _NUMBER.fullmatch(bare.lower()):
        return None
    return float(bare.replace(" ", "").replace(",", ".").replace("−", "-"))


def parse_share(text: str) -> float | None:
    """The share that a text prints: `0,125` and `12,5 %` alike; None where it prints none."""
    number = parse_number(text)
    return number / 100 if number is not None and text.endswith("%") else number


def parse_date(text: str) -> str | None:
    """A day as 2021-03-01 from `01.03.2021`, `1.3.21`, `2021.03.01`, `1 марта 2021 г.` or a spreadsheet's day number."""
    if iso := _ISO_DAY.fullmatch(text):
        year, month, day = iso.groups()
    elif first := _DAY_FIRST.fullmatch(text):
        day, month, year = first.groups()
    elif (words := _DAY_IN_WORDS.fullmatch(plain(text))) and (number := _month(words[2])):
        day, month, year = words[1], number, words[3]
    elif re.fullmatch(r"[234]\d{4}", text):
        return (pd.Timestamp("1899-12-30") + pd.Timedelta(days=int(text))).date().isoformat()
    else:
        return None
    full = int(year) + (2000 if len(year) == 2 else 0)
    try:
        return pd.Timestamp(full, int(month), int(day)).date().isoformat()
    except ValueError:
        return None


def _month(word: str) -> str | None:
    """The number of a month by its name in any case, «мая» after «марта»; None for another word."""
    return next((str(place) for place, stem in enumerate(MONTHS, 1) if word.startswith(stem)), None)


def parse_flag(text: str) -> bool | None:
    """Yes or no in the words of the glossary."""
    code = glossary.code_of("yes", text)
    return None if code is None else code == "true"


def parse_word(group: str, text: str) -> str | None:
    """The code of a word within a group of the glossary; a code of the user's own is taken as it is."""
    code = glossary.code_of(group, text)
    if code is None and text.isdigit() and len(text) == 1:
        code = glossary.code_of(group, text.zfill(2))
    if code is None and group in {"subject", "assessment"} and _OWN_CODE.fullmatch(text):
        return text
    return code


def parse_grade(text: str) -> float | None:
    """The grade in `5`, `5 класс`, `5-й класс`."""
    found = _GRADE.fullmatch(plain(text))
    return float(found[1]) if found else None


def parse_school_year(text: str) -> float | None:
    """The year in which a school year ends: `2020/2021`, `2020-21` and `2021` are 2021."""
    spelled = plain(text)
    if found := _TWO_YEARS.fullmatch(spelled):
        first, last = int(found[1]), int(found[2])
        last += 0 if last > 100 else first // 100 * 100
        return float(last) if last == first + 1 else None
    one = _ONE_YEAR.fullmatch(spelled)
    return float(one[1]) if one else None


def is_school_year(text: str) -> bool:
    """Tell whether a text can only be a school year: two years, one after the other."""
    return bool(_TWO_YEARS.fullmatch(plain(text))) and parse_school_year(text) is not None


def parse_test_year(text: str) -> float | None:
    """A calendar year: `2021`, `2021 год`."""
    one = _ONE_YEAR.fullmatch(plain(text))
    return float(one[1]) if one else None


def decimals_of(text: str) -> int:
    """Printed decimals of a number, at most six."""
    _, point, rest = text.removesuffix("%").strip().replace(",", ".").partition(".")
    return min(len(rest), MOST_DECIMALS) if point else 0


def _numbers(column: Column, rows: npt.NDArray[np.intp], kind: str) -> Parsed:
    read: Callable[[str], float | None] = {
        "grade": parse_grade,
        "test_year": parse_test_year,
        "share": parse_share,
    }.get(kind, parse_number)
    read_texts = [read(text) if text else None for text in column.texts]
    known = np.array([np.nan if value is None else value for value in read_texts] + [np.nan])
    is_bad = np.array(
        [bool(text) and value is None for text, value in zip(column.texts, read_texts, strict=True)] + [False]
    )
    codes = column.codes[rows]
    values = np.where(codes >= 0, known[codes], column.numbers[rows])
    bad = is_bad[codes]
    if kind in {"whole", "people", "mark", "grade", "test_year"}:
        bad = bad | (~np.isnan(values) & (values != np.floor(values)))
    if kind == "percent":
        return Parsed(pd.Series(np.where(bad, np.nan, values / 100)), bad, _decimals(column, rows))
    if kind != "share":
        return Parsed(pd.Series(np.where(bad, np.nan, values)), bad)
    has_sign = np.array([text.endswith("%") for text in column.texts] + [False])[codes]
    decimals = np.maximum(_decimals(column, rows) - np.where(has_sign, 0, 2), 0)
    return Parsed(pd.Series(np.where(bad, np.nan, values)), bad, decimals)


def _decimals(column: Column, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    known = np.array([decimals_of(text) for text in column.texts] + [0])
    found = known[column.codes[rows]]
    numbers = column.numbers[rows]
    filled = ~np.isnan(numbers)
    if filled.any():
        values, inverse = np.unique(numbers[filled], return_inverse=True)
        printed = np.array(
            [decimals_of(shown_number(round(float(value), MOST_DECIMALS))) for value in values]
        )
        found[filled] = printed[inverse]
    return found.astype(np.int64)


def _words(column: Column, rows: npt.NDArray[np.intp], read: Callable[[str], Any]) -> Parsed:
    """Read each different text once; numbers are read as a person would type them."""
    texts = pd.Series(column.as_texts(rows), dtype="object")
    meant = {text: read(text) for text in texts.dropna().unique()}
    values = texts.map(meant)
    bad = (texts.notna() & values.isna()).to_numpy()
    return Parsed(values.astype("object").where(values.notna(), None), bad)
