"""A first guess for a form that no layout knows: its header row, its table, and a field for each column."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shnor_analysis import glossary
from shnor_analysis.reference.layouts import layouts
from shnor_analysis.schemas import MARKS
from shnor_analysis.sources.cells import Column, Sheet
from shnor_analysis.sources.factor_units import unit_of
from shnor_analysis.sources.header_lines import (
    HeaderLine,
    header_key,
    header_lines,
    is_header_like,
    names_person,
)
from shnor_analysis.sources.mapping_fields import MAPPABLE, Field, fields_of, lacking
from shnor_analysis.sources.personal import is_personal_header, personal_sign
from shnor_analysis.sources.values import parse_cells

ROWS_LOOKED_AT = 300
LIKENESS_WANTED = 0.55
FIT_WANTED = 0.8
MOST_EXAMPLES = 3
WORD_KINDS = frozenset({"subject", "kind", "season", "sex", "list", "alias_kind", "assessment", "area_level"})
TABLES_OF_PUPILS = frozenset({"pupil_results", "item_results"})
_LOGIN = re.compile(r"[A-Za-zА-Яа-я]{2,6}\d{3,}")
_CLASS = re.compile(r"\d{1,2} ?[«\"]?[А-Яа-яA-Za-z][»\"]?")


@dataclass(frozen=True, slots=True)
class ProposedColumn:
    """A column of the form and the field that it seems to fill (empty where none does)."""

    header: str
    above: str = ""
    field: str = ""
    kind: str = ""
    likeness: float = 0.0
    is_personal: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A guess for a whole form; `lacking` are required fields that no column seems to fill."""

    sheet: str
    header_row: int
    table: str
    columns: tuple[ProposedColumn, ...]
    lacking: tuple[str, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header in order."""
        return tuple(column.header for column in self.columns)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A column as it was seen: its header, and its cells below it."""

    header: str
    above: str
    column: Column
    rows: npt.NDArray[np.intp]


def propose(sheet: Sheet, table: str | None = None) -> Proposal | None:
    """Guess what the columns of a sheet mean; None where it has no header with data below.

    Parameters:
        sheet: A sheet that no layout recognises.
        table: The table that it should fill; without one, the table that explains most of the columns.

    A field is proposed by its header (label and aliases of the glossary, headers of known forms) and only where
    the cells below can be read as its kind. A guess: the analyst corrects it before it counts.
    """
    line = _header_line(sheet)
    if line is None:
        return None
    seen = _columns_below(sheet, line)
    guesses = [_guess(seen, name) for name in ([table] if table else MAPPABLE)]
    best = max(guesses, key=lambda guess: guess[0])
    return Proposal(sheet.name, line.row + line.height - 1, best[1], best[2], best[3])


def _guess(seen: list[_Seen], table: str) -> tuple[float, str, tuple[ProposedColumn, ...], tuple[str, ...]]:
    """How well a table explains the columns, and with which fields."""
    columns = _as_counts(_assign(seen, table), seen)
    given = frozenset(column.field for column in columns if column.field)
    missing = lacking(table, given)
    score = sum(column.likeness for column in columns) - 0.75 * len(missing)
    return score, table, columns, missing


def _assign(seen: list[_Seen], table: str) -> tuple[ProposedColumn, ...]:
    """One field a column and one column a field, the likeliest pairs first."""
    fields = fields_of(table)
    personal = [_is_about_persons(one) for one in seen]
    pairs = [
        (likeness, -place, -order, name, kind)
        for place, one in enumerate(seen)
        if not personal[place]
        for order, (name, field) in enumerate(fields.items())
        for likeness, kind in [_likeness(one, field)]
        if likeness >= LIKENESS_WANTED
    ]
    chosen: dict[int, tuple[str, str, float]] = {}
    for likeness, place, _, name, kind in sorted(pairs, reverse=True):
        if -place not in chosen and name not in {taken for taken, _, _ in chosen.values()}:
            chosen[-place] = (name, kind, likeness)
    return tuple(
        ProposedColumn(
            one.header,
            one.above,
            *chosen.get(place, ("", "", 0.0)),
            is_personal=personal[place],
            examples=() if personal[place] or table in TABLES_OF_PUPILS else _examples(one),
        )
        for place, one in enumerate(seen)
    )


def _is_about_persons(one: _Seen) -> bool:
    """Tell whether a column names persons, by its header or by its cells."""
    long = one.column.numbers[one.column.numbers > 1e8]
    return is_personal_header(one.header) or personal_sign([*one.column.texts, *long.tolist()]) is not None


def _likeness(one: _Seen, field: Field) -> tuple[float, str]:
    """Likeness of header and field, raised where the cells speak for it; 0 where they speak against it."""
    alike = _header_likeness(header_key(one.header), spellings_of(field.name))
    if alike == 0.0 and field.name not in {"school_id", "subject", "test_date", "season"}:
        return 0.0, ""
    kind = _kind_that_fits(one, field)
    if not kind or (alike == 0.0 and not _has_words(one)):
        return 0.0, ""
    return alike + _evidence(one, field.name, kind), kind


def _kind_that_fits(one: _Seen, field: Field) -> str:
    """The first kind in which most cells can be read; a percentage above 1 is no share, shares are no percentages."""
    for kind in field.kinds:
        parsed = parse_cells(one.column, one.rows, "choice" if kind in WORD_KINDS else kind, group=kind)
        filled = parsed.cells.notna().to_numpy() | parsed.bad
        if not filled.any() or parsed.bad.sum() > (1 - FIT_WANTED) * filled.sum():
            continue
        if field.name.endswith("_share") and kind != _kind_of_share(one):
            continue
        if kind == "mark" and not parsed.cells.dropna().isin(MARKS).all():
            continue
        return kind
    return ""


def _has_words(one: _Seen) -> bool:
    """Tell whether a column holds texts: a column of row numbers may be read as codes of subjects, and is none."""
    return any(text and not text.isdigit() for text in one.column.as_texts(one.rows))


def _kind_of_share(one: _Seen) -> str:
    unit = unit_of(one.header, one.above)
    numbers = parse_cells(one.column, one.rows, "number").cells.dropna()
    return unit or ("percent" if (numbers > 1).any() else "share")


def _evidence(one: _Seen, name: str, kind: str) -> float:
    """What the cells alone say for a field."""
    texts = [text for text in one.column.as_texts(one.rows) if text]
    if name == "school_id":
        return 0.6 if all(_LOGIN.search(text) for text in texts) else 0.0
    if name == "class_id":
        return 0.3 if all(_CLASS.fullmatch(text) for text in texts) else 0.0
    return 0.6 if kind in {"subject", "season", "date"} else 0.1


def _header_likeness(header: str, spellings: frozenset[str]) -> float:
    if header in spellings:
        return 1.0
    words = set(header.split())
    if any(len(spelling) > 3 and set(spelling.split()) <= words for spelling in spellings):
        return 0.8
    close = difflib.get_close_matches(header, spellings, n=1, cutoff=0.75)
    return 0.7 * difflib.SequenceMatcher(None, header, close[0]).ratio() if close else 0.0


@lru_cache(maxsize=512)
def spellings_of(name: str) -> frozenset[str]:
    """Every header under which a field is known: label and aliases of the glossary, headers of the known forms."""
    term = glossary.terms().get(name)
    found = [term.ru, term.en, *term.aliases] if term else []
    for layout in layouts().values():
        found += [
            text
            for column in layout.columns
            if column.field == name
            for text in (column.header, *column.aliases)
        ]
    return frozenset(header_key(text) for text in found)


def _as_counts(columns: tuple[ProposedColumn, ...], seen: list[_Seen]) -> tuple[ProposedColumn, ...]:
    """Take the columns of marks for numbers of pupils where their whole numbers add to those who were tested."""
    places = {column.field: place for place, column in enumerate(columns) if column.field}
    marks = [f"mark_{mark}_share" for mark in MARKS]
    if "tested_n" not in places or not all(name in places for name in marks):
        return columns
    cells = {name: _numbers(seen[places[name]]) for name in ("tested_n", *marks)}
    total = np.sum([cells[name] for name in marks], axis=0)
    known = ~np.isnan(total) & ~np.isnan(cells["tested_n"])
    if not known.any() or not np.array_equal(total[known], cells["tested_n"][known]):
        return columns
    turned = {places[name]: name.replace("_share", "_n") for name in marks}
    return tuple(
        replace(column, field=turned[place], kind="whole") if place in turned else column
        for place, column in enumerate(columns)
    )


def _numbers(one: _Seen) -> npt.NDArray[np.float64]:
    return parse_cells(one.column, one.rows, "number").cells.to_numpy(dtype=float)


def _examples(one: _Seen) -> tuple[str, ...]:
    texts = dict.fromkeys(text for text in one.column.as_texts(one.rows) if text)
    return tuple(list(texts)[:MOST_EXAMPLES])


def _header_line(sheet: Sheet) -> HeaderLine | None:
    """The row (or two) with most headers over data; words of the glossary count twice, numbers half."""
    best: tuple[float, HeaderLine] | None = None
    for line in header_lines(sheet):
        if line.row + line.height >= sheet.rows_n or (line.height == 2 and not _is_lower_header(sheet, line)):
            continue
        if names_person(sheet.row_texts(line.row)) or not is_header_like(sheet, line.row + line.height - 1):
            continue
        score = sum(_weight(text) for text in line.lower if text)
        if best is None or score > best[0]:
            best = (score, line)
    return best[1] if best else None


def _is_lower_header(sheet: Sheet, line: HeaderLine) -> bool:
    """Tell whether the second row of a pair is a header: texts alone, standing under or beside those of the first."""
    row = line.row + 1
    places = [place for place, column in enumerate(sheet.columns) if column.text(row)]
    if any(not np.isnan(sheet.columns[place].numbers[row]) for place in places):
        return False
    below = [sheet.columns[place] for place in places if row + 1 < sheet.rows_n]
    return bool(below) and sum(not np.isnan(column.numbers[row + 1]) for column in below) * 2 >= len(below)


def _weight(text: str) -> float:
    if header_key(text) in _known_headers():
        return 2.0
    return 0.5 if re.fullmatch(r"[\d.,%]+", text) else 1.0


@lru_cache(maxsize=1)
def _known_headers() -> frozenset[str]:
    return frozenset(text for table in MAPPABLE for name in fields_of(table) for text in spellings_of(name))


def _columns_below(sheet: Sheet, line: HeaderLine) -> list[_Seen]:
    first = line.row + line.height
    rows = np.arange(first, min(sheet.rows_n, first + ROWS_LOOKED_AT))
    return [
        _Seen(text, above if above != text else "", sheet.columns[place], rows)
        for place, (above, text) in enumerate(zip(line.above, line.lower, strict=True))
        if text
    ]
