"""A recognised sheet on its way to tables: typed fields row by row, each row knowing where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shnor_analysis.reference.layouts import Layout
from shnor_analysis.sources.cell_runs import CellRun, read_cells
from shnor_analysis.sources.cells import Sheet, cell_name
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.header_matching import Header
from shnor_analysis.sources.personal import (
    PersonalColumn,
    dropped_reason,
    holds_number_of_person,
    looks_like_person,
    personal_columns,
    personal_sign,
)
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.spelling import plain
from shnor_analysis.sources.values import is_school_year

SMALLEST_NUMBER_OF_A_PERSON = 1e8
SCHOOL_YEAR = re.compile(r"^уч")


@dataclass(frozen=True, slots=True)
class Draft:
    """Rows of a sheet in the fields of its layout.

    `frame` has a column a field, and `row` (of the sheet, from 0); percentages are shares. `decimals` are those
    printed, a column a percentage. `rows_in` counts the rows that were looked at; `has_personal` says that the sheet
    names people.
    """

    recognised: Recognised
    frame: pd.DataFrame
    decimals: pd.DataFrame
    rows_in: int
    has_personal: bool = False

    @property
    def sheet(self) -> Sheet:
        """The sheet itself."""
        return self.recognised.sheet

    @property
    def layout(self) -> Layout:
        """The layout of the report."""
        return self.recognised.layout

    @property
    def header(self) -> Header:
        """Where the header stands."""
        return self.recognised.header

    def with_columns(self, frame: pd.DataFrame, decimals: pd.DataFrame, places: Mapping[str, int]) -> Draft:
        """The same sheet with more fields."""
        header = replace(self.header, places=places)
        return replace(
            self, recognised=replace(self.recognised, header=header), frame=frame, decimals=decimals
        )

    def cell(self, label: Any, field: str) -> str:
        """Address of the cell of a field in the row with a label of `frame`; the row's first cell without a field."""
        return cell_name(self.row_of(label), self.header.places.get(field, 0))

    def row_of(self, label: Any) -> int:
        """Row of the sheet, from 0, of a label of `frame`."""
        rows: Any = self.frame["row"]
        return int(rows.loc[label])

    def printed(self, label: Any, field: str) -> str:
        """The cell of a field as it stands in the sheet; empty where the sheet has no such column."""
        place = self.header.places.get(field)
        return "" if place is None else self.sheet.text(self.row_of(label), place)


def read_fields(recognised: Recognised, rows: npt.NDArray[np.intp], findings: Findings) -> Draft:
    """Read the fields of a layout in some rows of its sheet.

    Problems found: text where a number belongs and the like, `error_cell`, `cell_empty` in required fields, `personal_in_used`. Columns that name people are left out with a line in the accounting.
    """
    recognised = with_year_kind(recognised, rows)
    sheet, header, layout = recognised.sheet, recognised.header, recognised.layout
    columns: dict[str, pd.Series] = {"row": pd.Series(rows, dtype="int64")}
    decimals: dict[str, npt.NDArray[np.int64]] = {}
    for name, place in header.places.items():
        run = CellRun(sheet, place, rows, layout.column(name))
        parsed = read_cells(run, findings)
        columns[name] = parsed.cells
        if parsed.decimals is not None:
            decimals[name] = parsed.decimals
    used = {*header.places.values(), *(place for _, place in header.run)}
    report_errors(sheet, findings, columns=used, rows=rows)
    has_personal = drop_personal(recognised, findings, rows_n=len(rows))
    frame = pd.DataFrame(columns)
    return Draft(recognised, frame, pd.DataFrame(decimals, index=frame.index), len(rows), has_personal)


def with_year_kind(recognised: Recognised, rows: npt.NDArray[np.intp]) -> Recognised:
    """The same report; a column «Год» that holds school years (`2020/2021`) throughout, or is named so, is one of them."""
    layout, header = recognised.layout, recognised.header
    place = header.places.get("test_year")
    if place is None or "school_year" in header.places:
        return recognised
    texts = {text for text in recognised.sheet.columns[place].as_texts(rows) if text}
    is_named_so = SCHOOL_YEAR.search(plain(recognised.sheet.text(header.data_row - 1, place)))
    if not is_named_so and not (texts and all(map(is_school_year, texts))):
        return recognised
    columns = tuple(
        replace(column, field="school_year", kind="school_year") if column.field == "test_year" else column
        for column in layout.columns
        if column.field != "school_year"
    )
    places = {"school_year" if name == "test_year" else name: where for name, where in header.places.items()}
    return replace(recognised, layout=replace(layout, columns=columns), header=replace(header, places=places))


def report_errors(
    sheet: Sheet, findings: Findings, *, columns: Iterable[int], rows: npt.NDArray[np.intp]
) -> None:
    """Tell every error cell of the columns that are read; the others are counted."""
    used, wanted = set(columns), set(rows.tolist())
    other = 0
    for cell in sheet.errors:
        if cell.column in used and cell.row in wanted:
            findings.problem("error_cell", sheet.name, cell.name, found=cell.text)
        else:
            other += 1
    findings.reason("error_cells_unused", other, sheet=sheet.name)


def drop_personal(recognised: Recognised, findings: Findings, *, rows_n: int) -> bool:
    """Tell which columns name people and are not read; such values in a column that is needed are a problem."""
    sheet, header = recognised.sheet, recognised.header
    dropped = [PersonalColumn(column.column, column.header, "header") for column in header.personal]
    unread = header.unread
    found = personal_columns(
        [column.header for column in unread], [_some_cells(recognised, column.column) for column in unread]
    )
    dropped += [PersonalColumn(unread[item.index].column, item.header, item.sign) for item in found]
    for field, place in header.places.items():
        column = recognised.layout.column(field)
        row = _row_with_person(recognised, place) if column.kind in {"text", "identifier"} else None
        if row is not None:
            findings.problem("personal_in_used", sheet.name, (row, place), column=column.header)
    if dropped:
        findings.reasons.append(dropped_reason(dropped, rows_n))
    left = [column for column in unread if column.column not in {item.index for item in dropped}]
    if left:
        names = ", ".join(f"«{column.header}»" for column in left)
        findings.reason("columns_not_read", len(left), sheet=sheet.name, columns=names)
    return bool(dropped)


def _row_with_person(recognised: Recognised, place: int) -> int | None:
    """The first row in which a column that is read names a person or holds a number of one."""
    column = recognised.sheet.columns[place]
    first = recognised.header.data_row
    texts = np.array(
        [looks_like_person(text) or holds_number_of_person(text) for text in column.texts] + [False]
    )
    rows = np.flatnonzero(texts[column.codes[first:]])
    if len(rows):
        return first + int(rows[0])
    return first if personal_sign(_some_cells(recognised, place)) else None


def _some_cells(recognised: Recognised, place: int) -> list[object]:
    """Every different text below the header, and the numbers that are long enough to be a number of a person."""
    column = recognised.sheet.columns[place]
    below = slice(recognised.header.data_row, None)
    texts = [column.texts[code] for code in np.unique(column.codes[below]).tolist() if code >= 0]
    numbers = column.numbers[below]
    return [*texts, *np.unique(numbers[numbers > SMALLEST_NUMBER_OF_A_PERSON]).tolist()]
