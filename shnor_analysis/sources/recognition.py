"""Which report a sheet is: told by its header cells, never by the name of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from shnor_analysis import glossary
from shnor_analysis.reference.layouts import Layout, LayoutColumn
from shnor_analysis.reference.layouts import layouts as all_layouts
from shnor_analysis.sources.cells import Sheet
from shnor_analysis.sources.class_grades import grade_of_class
from shnor_analysis.sources.personal import holds_number_of_person, holds_person
from shnor_analysis.sources.run_words import assessment_in, factor_of, marker_of
from shnor_analysis.sources.spelling import plain
from shnor_analysis.sources.values import parse_date, parse_number

ROWS_LOOKED_AT = 30
_QUOTES = re.compile(r"[«»„“”\"]")
_PERCENT_SIGN = re.compile(r"[\s,(]*%\)?$")
RESULTS = frozenset({"points", "test_points", "mark"})
# elsewhere a name may stand for the school where there is no login: other names of schools are in `school_aliases`
NAMES_ARE_LABELS = frozenset({"school_register"})
RUN_EXAMPLES = {"scores": "0, 1, 2 …", "items": "1, 2, 3.1 …", "groups": "Вся выборка"}
# members of these runs are known by their words; a form without any of them is still that form
WORD_RUNS: Mapping[str, Callable[[str], object]] = {"markers": marker_of, "factors": factor_of}
_POINTS = re.compile(r"(\d{1,3})(?: ?(?:балл\w*|б\.?))?")
_UNIT_ALONE = re.compile(
    r"в? ?%|\(%\)|чел\.?|человек|кол-во(?:,? чел\.?)?|количество|доля(?:, ?%)?|процент|проценты"
)
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


@dataclass(frozen=True, slots=True)
class Recognised:
    """A sheet, the report that it is, and where its header stands."""

    sheet: Sheet
    layout: Layout
    header: Header


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A sheet that calls itself a report and lacks some of its columns; `row` is where its header should be."""

    sheet: Sheet
    layout: Layout
    missing: tuple[str, ...]
    row: int


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


def recognise(
    sheet: Sheet, layouts: Iterable[Layout], *, assessment: str | None = None
) -> Recognised | NearMiss | None:
    """Find the report whose columns explain most of a sheet's header.

    A form that several assessments share has to name its own somewhere, or `assessment` (of a card or an option) does.

    The header may stand in any of the first 30 rows and take one row or two (merged); a report counts as found when
    all its required columns are there. A NearMiss is a sheet that carries a report's title and lacks columns.
    """
    lines = tuple(header_lines(sheet))
    titles = {
        header_key(text)
        for row in range(min(sheet.rows_n, ROWS_LOOKED_AT))
        for text in sheet.row_texts(row)
        if text
    }
    named = {assessment_in(text) for text in (sheet.name, *titles)} - {None} or {assessment} - {None}
    best: tuple[tuple[int, bool, bool], Recognised] | None = None
    is_tied = False
    near: NearMiss | None = None
    for layout in layouts:
        if layout.is_named and not layout.is_usual_assessment and named and layout.assessment not in named:
            continue
        header, missing, row = _best_header(lines, layout, is_named=bool(named))
        is_titled = header_key(layout.title) in titles
        if header is not None:
            rank = (header.explained, is_titled, _classes_fit(sheet, header, layout))
            if best is None or rank > best[0]:
                best, is_tied = (rank, Recognised(sheet, layout, header)), False
            elif rank == best[0]:
                is_tied |= layout.is_named and best[1].layout.is_named
        elif is_titled and near is None:
            near = NearMiss(sheet, layout, missing, row)
    if best is None or is_tied:
        return near
    return near if near is not None and _is_other_report(best[1], near, is_titled=best[0][1]) else best[1]


def _is_other_report(found: Recognised, near: NearMiss, *, is_titled: bool) -> bool:
    """Tell whether a sheet with the title of one report of ФИС ОКО only looks like another by its columns."""
    return not is_titled and found.layout.shape in {"groups", "items"} and near.layout.shape != "rows"


def _classes_fit(sheet: Sheet, header: Header, layout: Layout) -> bool:
    """Tell whether the first class of a sheet is of the grade of an exam."""
    grade = dict(layout.constants).get("grade")
    if grade is None or "class_id" not in header.places or header.data_row >= sheet.rows_n:
        return False
    return grade_of_class(sheet.text(header.data_row, header.places["class_id"])) == grade


def find_mapped(sheet: Sheet, layout: Layout, headers: Sequence[str]) -> Recognised | None:
    """Recognise a sheet by the headers that a mapping remembers: all filled cells of one row, in order."""
    wanted = tuple(plain(text) for text in headers)
    for line in header_lines(sheet):
        seen = tuple(plain(text) for text in line.lower if text)
        if seen == wanted:
            header, _, _ = _best_header((line,), layout, is_named=True)
            return Recognised(sheet, layout, header) if header else None
    return None


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
        for layout in all_layouts().values()
        for column in layout.columns
        for text in (column.header, *column.aliases)
    )


def is_item(text: str) -> bool:
    """Tell whether a header is the number of an item: `1`, `3.1`, `1К1`, `10.2`."""
    return bool(_ITEM.fullmatch(plain(text).rstrip(".").replace(",", ".")))


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


def _best_header(
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
