"""The social passport and other tables of circumstances: a wide sheet becomes a row a school, year and indicator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.reference.layouts import LayoutColumn
from shnor_analysis.sources.cell_runs import CellRun, read_cells
from shnor_analysis.sources.cells import cell_name
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.factor_units import SHARE, says_no_unit, shares_of_people, texts_above, unit_of
from shnor_analysis.sources.mapping_fields import FACTOR
from shnor_analysis.sources.run_words import PEOPLE, factor_of
from shnor_analysis.sources.school_years import schools_in, years_of
from shnor_analysis.sources.surroundings import Surroundings
from shnor_analysis.sources.values import parse_cells

SMALLEST_SURE_PERCENTAGE = 0.01


@dataclass(frozen=True, slots=True)
class _Indicator:
    """One indicator of the sheet: its code, the column where it stands, and what stands in every row."""

    code: str
    place: int
    cells: pd.Series


def make_factors(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `factors`: percentages become shares, empty cells no row; each row knows its own cell.

    Columns that the form does not list are taken where their header is an indicator of the glossary. A share among
    them is a percentage where its header says so or a value is above 1; numbers of pupils («чел.») become shares of
    the pupils of the school.
    """
    years = years_of(draft, around)
    schools = schools_in(draft, around, years)
    base = pd.DataFrame({"row": draft.frame["row"], "school_id": schools, "school_year": years})
    parts = []
    empty = 0
    for indicator in (*_listed(draft, around), *_others(draft, around)):
        filled = indicator.cells.notna().to_numpy()
        empty += int((~filled).sum())
        cells = [cell_name(int(row), indicator.place) for row in draft.frame["row"][filled]]
        parts.append(
            base[filled].assign(
                factor=indicator.code, value=indicator.cells.to_numpy()[filled], source_cells=cells
            )
        )
    around.findings.reason("factor_cells_empty", empty, sheet=draft.sheet.name)
    return {"factors": pd.concat(parts, ignore_index=True)} if parts else {}


def _listed(draft: Draft, around: Surroundings) -> Iterator[_Indicator]:
    for name, place in draft.header.places.items():
        if not name.startswith(FACTOR):
            continue
        column, cells = draft.layout.column(name), draft.frame[name]
        code = name.removeprefix(FACTOR)
        if column.kind == PEOPLE:
            shares = shares_of_people(
                draft, around.findings, code=code, header=column.header, place=place, people=cells
            )
            if shares is not None:
                yield _Indicator(code, place, shares)
            continue
        if column.kind == "percent":
            _check_scale(draft, around, cells, place=place, header=column.header)
            _check_unit(draft, around, column, place=place)
        yield _Indicator(code, place, cells)


def _others(draft: Draft, around: Surroundings) -> Iterator[_Indicator]:
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    taken = {name.removeprefix(FACTOR) for name in draft.header.places}
    run = [(header, place, _kind(draft, header, place)) for header, place in draft.header.run]
    # of two columns of one indicator the percentages are taken, not the numbers of people
    for header, place, kind in sorted(run, key=lambda column: (column[2] == PEOPLE, column[1])):
        code = factor_of(header)
        if code is None or code in taken:
            around.findings.reason("factor_column_repeated", 1, sheet=draft.sheet.name, column=header)
            continue
        taken.add(code)
        column = LayoutColumn(header, FACTOR + code, kind, is_required=False)
        cells: pd.Series | None = read_cells(CellRun(draft.sheet, place, rows, column), around.findings).cells
        if kind == PEOPLE and cells is not None:
            cells = shares_of_people(
                draft, around.findings, code=code, header=header, place=place, people=cells
            )
        elif kind == "percent" and cells is not None:
            _check_scale(draft, around, cells, place=place, header=header)
            _check_unit(draft, around, column, place=place)
        if cells is not None:
            yield _Indicator(code, place, cells)


def _check_unit(draft: Draft, around: Surroundings, column: LayoutColumn, *, place: int) -> None:
    """Refuse whole numbers under a header without any unit: they may be percentages or numbers of people."""
    if says_no_unit(draft, column, place):
        around.findings.problem(
            "unit_not_said", draft.sheet.name, (draft.header.data_row - 1, place), found=column.header
        )


def _check_scale(draft: Draft, around: Surroundings, shares: pd.Series, *, place: int, header: str) -> None:
    """Refuse percentages of which none in the whole sheet is above 1: they may as well be shares, a hundred times more."""
    if _writes_percentages(draft):
        return
    filled = shares.to_numpy(dtype=float)
    is_small = (filled > 0) & (filled <= SMALLEST_SURE_PERCENTAGE)
    column = draft.sheet.columns[place]
    if np.nanmax(filled, initial=0.0) > SMALLEST_SURE_PERCENTAGE or not is_small.any():
        return
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    if any(text and text.endswith("%") for text in column.as_texts(rows)):
        return
    row = int(rows[is_small][0])
    around.findings.problem(
        "percent_or_share", draft.sheet.name, (row, place), found=draft.sheet.text(row, place), column=header
    )


def _writes_percentages(draft: Draft) -> bool:
    """Tell whether any column of percentages of the sheet has a value above 1: then all are what they seem."""
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    places = [
        place
        for name, place in draft.header.places.items()
        if name.startswith(FACTOR) and draft.layout.column(name).kind == "percent"
    ]
    places += [place for header, place in draft.header.run if "%" in header + texts_above(draft, place)]
    columns = [parse_cells(draft.sheet.columns[place], rows, "number").cells for place in places]
    return any(bool((column > 1).any()) for column in columns)


def _kind(draft: Draft, header: str, place: int) -> str:
    code = factor_of(header) or ""
    if not code.endswith(SHARE):
        return "number"
    if (unit := unit_of(header, texts_above(draft, place))) == PEOPLE:
        return PEOPLE
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    numbers: Any = parse_cells(draft.sheet.columns[place], rows, "number").cells
    return "percent" if unit or bool((numbers > 1).any()) else "share"
