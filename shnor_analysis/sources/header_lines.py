"""Rows of a sheet looked at as headers: one or two (merged) rows, and the spelling under which they are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shnor_analysis.reference.layouts import layouts
from shnor_analysis.sources.cells import Sheet
from shnor_analysis.sources.personal import holds_number_of_person, holds_person
from shnor_analysis.sources.spelling import plain
from shnor_analysis.sources.values import parse_date, parse_number

ROWS_LOOKED_AT = 30
_QUOTES = re.compile(r"[«»„“”\"]")
_PERCENT_SIGN = re.compile(r"[\s,(]*%\)?$")
_UNIT_ALONE = re.compile(
    r"в? ?%|\(%\)|чел\.?|человек|кол-во(?:,? чел\.?)?|количество|доля(?:, ?%)?|процент|проценты"
)


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """One or two rows of a sheet looked at as a header: upper and lower text of each column, and how they are compared."""

    row: int
    height: int
    above: tuple[str, ...]
    lower: tuple[str, ...]
    above_keys: tuple[str, ...]
    keys: tuple[str, ...]


@lru_cache(maxsize=65_536)
def header_key(text: str) -> str:
    """Spelling under which headers are compared: plain, without a closing colon or percent sign."""
    spelled = plain(text).rstrip(": ")
    bare = _QUOTES.sub("", _PERCENT_SIGN.sub("", spelled))
    return bare or spelled


def header_lines(sheet: Sheet) -> Iterable[HeaderLine]:
    """Each of the first 30 rows as a header of one row, and joined with the row below as a header of two."""
    rows = [sheet.row_texts(row) for row in range(min(sheet.rows_n, ROWS_LOOKED_AT + 1))]
    for row, texts in enumerate(rows[:ROWS_LOOKED_AT]):
        if sum(map(bool, texts)) < 2:
            continue
        if row + 1 == len(rows) or not _is_row_of_units(rows[row + 1]):
            yield _line(row, 1, ("",) * len(texts), texts)
        if row + 1 < len(rows) and any(rows[row + 1]):
            above, lower = _merge(texts, rows[row + 1])
            yield _line(row, 2, above, lower)


def _line(row: int, height: int, above: tuple[str, ...], lower: tuple[str, ...]) -> HeaderLine:
    return HeaderLine(row, height, above, lower, tuple(map(header_key, above)), tuple(map(header_key, lower)))


def _merge(upper: Sequence[str], lower: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Join two header rows: an upper text reaches over the lower texts to its right until the next upper text.

    A lower text that is a unit alone («чел.», «%») belongs to the upper one: «Неполные семьи, чел.».
    """
    above, joined, reach = [], [], ""
    for high, low in zip(upper, lower, strict=True):
        reach = high or (reach if low else "")
        is_unit = bool(reach) and is_unit_alone(low)
        above.append(reach if low and not is_unit else "")
        joined.append(f"{reach}, {low}" if is_unit else low or high)
    return tuple(above), tuple(joined)


def is_unit_alone(text: str) -> bool:
    """Tell whether a header is a unit and nothing else: «%», «чел.», «кол-во»."""
    return bool(_UNIT_ALONE.fullmatch(plain(text)))


def _is_row_of_units(texts: Sequence[str]) -> bool:
    filled = [text for text in texts if text]
    return bool(filled) and all(map(is_unit_alone, filled))


def header_guess(sheet: Sheet) -> tuple[int, tuple[str, ...]]:
    """The row that looks most like a header (most texts, the upper one of equals), and its texts."""
    best: tuple[int, tuple[str, ...]] = (0, ())
    for row in range(min(sheet.rows_n, ROWS_LOOKED_AT)):
        texts = tuple(text for text in sheet.row_texts(row) if text)
        if len(texts) > len(best[1]):
            best = (row, texts)
    return best


def is_header_like(sheet: Sheet, row: int) -> bool:
    """Tell whether a row may be shown as headers: it names no person, and knows a header or stands over numbers.

    A row of data at the top of a sheet without headers is none: it may be about a pupil.
    """
    texts = sheet.row_texts(row)
    if names_person(texts):
        return False
    if known_headers() & {header_key(text) for text in texts if text}:
        return True
    if any(_is_number(text) for text in texts):
        return False
    return row + 1 < sheet.rows_n and any(_is_number(text) for text in sheet.row_texts(row + 1))


def names_person(texts: Iterable[str]) -> bool:
    """Tell whether one of some cells names a person or holds a number of one."""
    return any(holds_person(text) or holds_number_of_person(text) for text in texts)


def _is_number(text: str) -> bool:
    return parse_number(text) is not None or parse_date(text) is not None


@lru_cache(maxsize=1)
def known_headers() -> frozenset[str]:
    """The headers of every known report, as `header_key` spells them."""
    return frozenset(
        header_key(text)
        for layout in layouts().values()
        for column in layout.columns
        for text in (column.header, *column.aliases)
    )
