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
from shnor_analysis.sources.mapping_fields import FACTOR
from shnor_analysis.sources.run_words import factor_of
from shnor_analysis.sources.school_years import schools_in, years_of
from shnor_analysis.sources.surroundings import Surroundings
from shnor_analysis.sources.values import parse_cells

SHARE = "_share"
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
    them is a percentage where its header says so or a value is above 1.
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
        if name.startswith(FACTOR):
            if draft.layout.column(name).kind == "percent":
                _check_scale(
                    draft, around, draft.frame[name], place=place, header=draft.layout.column(name).header
                )
            yield _Indicator(name.removeprefix(FACTOR), place, draft.frame[name])


def _others(draft: Draft, around: Surroundings) -> Iterator[_Indicator]:
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    taken = {name.removeprefix(FACTOR) for name in draft.header.places}
    for header, place in draft.header.run:
        code = factor_of(header)
        if code is None or code in taken:
            around.findings.reason("factor_column_repeated", 1, sheet=draft.sheet.name, column=header)
            continue
        taken.add(code)
        kind = _kind(draft, header, place, code=code)
        column = LayoutColumn(header, FACTOR + code, kind, is_required=False)
        parsed = read_cells(CellRun(draft.sheet, place, rows, column), around.findings)
        if kind == "percent":
            _check_scale(draft, around, parsed.cells, place=place, header=header)
        yield _Indicator(code, place, parsed.cells)


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
    places += [place for header, place in draft.header.run if "%" in header + _texts_above(draft, place)]
    columns = [parse_cells(draft.sheet.columns[place], rows, "number").cells for place in places]
    return any(bool((column > 1).any()) for column in columns)


def _kind(draft: Draft, header: str, place: int, *, code: str) -> str:
    if not code.endswith(SHARE):
        return "number"
    above = _texts_above(draft, place)
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    numbers: Any = parse_cells(draft.sheet.columns[place], rows, "number").cells
    return "percent" if "%" in header + above or bool((numbers > 1).any()) else "share"


def _texts_above(draft: Draft, place: int) -> str:
    """What the header's rows say above a column, a merged cell reaching to its right."""
    for column in range(place, -1, -1):
        if text := draft.sheet.text(draft.header.row, column):
            return text
    return ""
