"""A run of cells of one column, read as its kind, with every cell that cannot be read told at its place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shnor_analysis import glossary
from shnor_analysis.reference.layouts import LayoutColumn
from shnor_analysis.sources.cells import ERROR_TEXTS, Sheet
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.values import Parsed, parse_cells

UNREAD_CODES = {
    "whole": "not_whole",
    "people": "not_whole",
    "number": "not_number",
    "percent": "not_percent",
    "share": "not_number",
    "mark": "mark_not_allowed",
    "grade": "not_grade",
    "date": "not_date",
    "flag": "not_flag",
    "test_year": "not_year",
    "school_year": "not_year",
    "subject": "subject_unknown",
}
GLOSSARY_KINDS = frozenset({"season", "sex", "list", "alias_kind", "assessment", "area_level", "choice"})


@dataclass(frozen=True, slots=True)
class CellRun:
    """Some rows (from 0) of a column of a sheet, and what the layout says of it.

    Texts of `blank_words` count as empty cells.
    """

    sheet: Sheet
    place: int
    rows: npt.NDArray[np.intp]
    column: LayoutColumn
    blank_words: frozenset[str] = frozenset()

    def holds(self, words: frozenset[str]) -> npt.NDArray[np.bool_]:
        """Which cells hold one of some words."""
        column = self.sheet.columns[self.place]
        known = np.array([text in words for text in column.texts] + [False], dtype=np.bool_)
        found: npt.NDArray[np.bool_] = known[column.codes[self.rows]]
        return found


def read_cells(run: CellRun, findings: Findings) -> Parsed:
    """Read a run of cells as the kind of its column.

    Problems found: cells that cannot be read (`not_number`, `not_date` …), marks outside 2–5, percentages outside
    0–100, empty cells of a required column, errors of a spreadsheet that were saved as text (`error_cell`). True error
    cells are told by `drafts.report_errors`.
    """
    kind = "choice" if run.column.kind in GLOSSARY_KINDS else run.column.kind
    parsed = parse_cells(run.sheet.columns[run.place], run.rows, kind, group=run.column.kind)
    is_error = run.holds(ERROR_TEXTS)
    if is_error.any():
        _tell(run, findings, "error_cell", is_error)
        parsed = replace(parsed, cells=parsed.cells.where(~is_error, None), bad=parsed.bad & ~is_error)
    if run.blank_words:
        parsed = replace(parsed, bad=parsed.bad & ~run.holds(run.blank_words))
    if parsed.bad.any():
        code = UNREAD_CODES.get(run.column.kind, "word_unknown")
        _tell(run, findings, code, parsed.bad, allowed=_words_allowed(run.column))
    if run.column.kind == "mark":
        wrong = parsed.cells.notna() & ~parsed.cells.isin([2, 3, 4, 5])
        _tell(run, findings, "mark_not_allowed", wrong.to_numpy(), allowed="2, 3, 4, 5")
    if run.column.kind in {"percent", "share"}:
        wrong = (parsed.cells < 0) | (parsed.cells > 1)
        limits = "0–100" if run.column.kind == "percent" else "0–1"
        _tell(run, findings, "percent_not_allowed", wrong.to_numpy(), allowed=limits)
    if run.column.is_required and not run.column.allows_empty:
        empty = parsed.cells.isna().to_numpy() & ~parsed.bad & ~is_error
        _tell(run, findings, "cell_empty", empty, is_shown=False)
    return parsed


def _tell(
    run: CellRun,
    findings: Findings,
    code: str,
    cells: npt.NDArray[np.bool_],
    *,
    allowed: str | None = None,
    is_shown: bool = True,
) -> None:
    if not cells.any():
        return
    errors = {(cell.row, cell.column) for cell in run.sheet.errors}
    for row in run.rows[cells].tolist():
        if (row, run.place) not in errors:
            found = run.sheet.text(row, run.place) if is_shown else None
            findings.problem(
                code, run.sheet.name, (row, run.place), found=found, allowed=allowed, column=run.column.header
            )


def _words_allowed(column: LayoutColumn) -> str | None:
    """The words of the glossary that a column takes, or the marks."""
    if column.kind == "mark":
        return "2, 3, 4, 5"
    words = glossary.group("yes" if column.kind == "flag" else column.kind)
    return ", ".join(term.ru for term in words) or None
