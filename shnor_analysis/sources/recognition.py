"""Which report a sheet is: told by its header cells, never by the name of the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shnor_analysis.reference.layouts import Layout
from shnor_analysis.sources.cells import Sheet
from shnor_analysis.sources.class_grades import grade_of_class
from shnor_analysis.sources.header_lines import ROWS_LOOKED_AT, header_key, header_lines
from shnor_analysis.sources.header_matching import Header, best_header
from shnor_analysis.sources.run_words import assessment_in
from shnor_analysis.sources.spelling import plain


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
        header, missing, row = best_header(lines, layout, is_named=bool(named))
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
            header, _, _ = best_header((line,), layout, is_named=True)
            return Recognised(sheet, layout, header) if header else None
    return None
