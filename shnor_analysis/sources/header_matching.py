"""Which columns of a header are the fields of a report: by the words of its layout first, then by the glossary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from shnor_analysis import glossary
from shnor_analysis.reference.layouts import Layout, LayoutColumn
from shnor_analysis.sources.header_lines import HeaderLine, header_key
from shnor_analysis.sources.run_words import factor_of, marker_of
from shnor_analysis.sources.spelling import plain

RESULTS = frozenset({"points", "test_points", "mark"})
# elsewhere a name may stand for the school where there is no login: other names of schools are in `school_aliases`
NAMES_ARE_LABELS = frozenset({"school_register"})
RUN_EXAMPLES = {"scores": "0, 1, 2 …", "items": "1, 2, 3.1 …", "groups": "Вся выборка"}
# members of these runs are known by their words; a form without any of them is still that form
WORD_RUNS: Mapping[str, Callable[[str], object]] = {"markers": marker_of, "factors": factor_of}
_POINTS = re.compile(r"(\d{1,3})(?: ?(?:балл\w*|б\.?))?")
_ITEM = re.compile(r"\d{1,2}[а-яa-z]?(?:\.\d{1,2})?(?:[кk]\d{1,2})?(?:\(\d{1,2}\))?")


@dataclass(frozen=True, slots=True)
class UnreadColumn:
    """A column that the layout does not name: place from 0, upper and lower header."""

    column: int
    above: str
    header: str


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header of a report stands: `row` is its first row, `data_row` the first row of data, both from 0.

    `places` gives the column of each field; `run` the label and column of each member of a run (scores, items,
    groups); `personal` the columns that the layout knows to name people; `unread` what is left.
    """

    row: int
    data_row: int
    places: Mapping[str, int]
    run: tuple[tuple[str, int], ...] = ()
    personal: tuple[UnreadColumn, ...] = ()
    unread: tuple[UnreadColumn, ...] = ()

    @property
    def fullness(self) -> tuple[int, int]:
        """Columns explained; of equals the header of one row, so that a title row above is no part of it."""
        return self.explained, self.row - self.data_row

    @property
    def explained(self) -> int:
        """How many columns the layout explains."""
        return len(self.places) + len(self.run)


def best_header(
    lines: Sequence[HeaderLine], layout: Layout, *, is_named: bool
) -> tuple[Header | None, tuple[str, ...], int]:
    """The fullest header of a layout among the lines, or what the best line lacks and where it stands."""
    best: Header | None = None
    missing: tuple[str, ...] = tuple(column.header for column in layout.columns if column.is_needed_in_header)
    row = lines[0].row if lines else 0
    known = _spellings(layout)
    for line in lines:
        if missing and known.isdisjoint(line.keys):
            continue  # most lines are data: they lack everything
        header, lacking = _match(line, layout, is_named=is_named)
        if not lacking and (best is None or header.fullness > best.fullness):
            best = header
        elif lacking and len(lacking) < len(missing):
            missing, row = lacking, line.row
    return best, missing, row


def _match(line: HeaderLine, layout: Layout, *, is_named: bool) -> tuple[Header, tuple[str, ...]]:
    keys, above = line.keys, line.above_keys
    places: dict[str, int] = {}
    wanted = [column for column in layout.columns if column.kind != "personal"]
    for own_words_only in (True, False):
        for column in wanted:
            if column.field not in places:
                place = _place(column, keys, above, taken=places.values(), own_words_only=own_words_only)
                if place is not None:
                    places[column.field] = place
    if "school_id" not in places and "name" in places and layout.code not in NAMES_ARE_LABELS:
        places["school_id"] = places.pop("name")
    header = Header(line.row, line.row + line.height, places)
    lacking = _lacking(layout, wanted, places, is_named=is_named)
    if lacking:
        return header, lacking
    run = _run(layout.run, line, places)
    if layout.run in RUN_EXAMPLES and not run:
        return header, (RUN_EXAMPLES[layout.run],)
    used = {*places.values(), *(column for _, column in run)}
    left = [
        UnreadColumn(column, line.above[column], text)
        for column, text in enumerate(line.lower)
        if text and column not in used
    ]
    people = {
        spelling
        for column in layout.columns
        if column.kind == "personal"
        for spelling in _own_spellings(column)
    }
    personal = tuple(column for column in left if header_key(column.header) in people)
    unread = tuple(column for column in left if column not in personal)
    return replace(header, run=run, personal=personal, unread=unread), ()


def _lacking(
    layout: Layout, wanted: Iterable[LayoutColumn], places: Mapping[str, int], *, is_named: bool
) -> tuple[str, ...]:
    """Headers without which a sheet is not the report."""
    needs_all = layout.is_named and not is_named
    needs_result = layout.is_named and layout.tables[0] == "pupils" and not RESULTS & places.keys()
    return tuple(
        column.header
        for column in wanted
        if column.field not in places
        and (
            column.is_needed_in_header
            or (needs_all and column.is_required)
            or (needs_result and column.field in RESULTS)
        )
    )


def _place(
    column: LayoutColumn,
    keys: Sequence[str],
    above: Sequence[str],
    *,
    taken: Iterable[int],
    own_words_only: bool,
) -> int | None:
    spelled = _own_spellings(column) if own_words_only else _glossary_spellings(column.field)
    if spelled.isdisjoint(keys):
        return None
    busy = set(taken)
    free = [place for place, key in enumerate(keys) if key and key in spelled and place not in busy]
    if column.above:
        under = [place for place in free if above[place] == header_key(column.above)]
        free = under or [place for place in free if not above[place]]
    own = [place for place in free if keys[place] == header_key(column.header)]
    return next(iter((*own, *free)), None)


@lru_cache(maxsize=256)
def _spellings(layout: Layout) -> frozenset[str]:
    """Every spelling of every column that a header can be told by."""
    return frozenset().union(
        *(_own_spellings(column) | _glossary_spellings(column.field) for column in layout.columns)
    )


@lru_cache(maxsize=1024)
def _own_spellings(column: LayoutColumn) -> frozenset[str]:
    return frozenset(header_key(text) for text in (column.header, *column.aliases))


@lru_cache(maxsize=256)
def _glossary_spellings(field: str) -> frozenset[str]:
    found = glossary.terms().get(field)
    return frozenset(header_key(text) for text in (found.ru, *found.aliases)) if found else frozenset()


def _run(run: str, line: HeaderLine, places: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Members of a run: points from 0 on without a gap, numbers of items, or columns of groups."""
    used = set(places.values())
    free = [(text, column) for column, text in enumerate(line.lower) if text and column not in used]
    if run == "scores":
        points = {
            int(found[1]): column for text, column in free if (found := _POINTS.fullmatch(header_key(text)))
        }
        # a run with a hole is no run: pupils with the missing points would be lost
        whole = bool(points) and sorted(points) == list(range(len(points)))
        return tuple((str(point), points[point]) for point in sorted(points)) if whole else ()
    if run == "items":
        return tuple((text.rstrip(".").replace(",", "."), column) for text, column in free if is_item(text))
    if run in WORD_RUNS:
        return tuple((text, column) for text, column in free if WORD_RUNS[run](text))
    return tuple(free) if run == "groups" else ()


def is_item(text: str) -> bool:
    """Tell whether a header is the number of an item: `1`, `3.1`, `1К1`, `10.2`."""
    return bool(_ITEM.fullmatch(plain(text).rstrip(".").replace(",", ".")))
