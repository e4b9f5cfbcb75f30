"""In which scale a table gives its parts of a whole: percentages, shares up to 1, or numbers of pupils."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shnor_analysis.schemas import MARKS
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.values import parse_cells

Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
# columns that together make the whole of a row
WHOLES = (
    tuple(f"mark_{mark}_share" for mark in MARKS),
    tuple(f"{part}_share" for part in ("lowered", "confirmed", "raised")),
)
WORST_ERROR_POINTS = 1.0
WORST_ERROR_OF_SHARES = 0.02


def settle_scale(recognised: Recognised, rows: Rows, findings: Findings) -> Recognised:
    """The same report, its layout saying the scale in which the sheet really gives marks or points.

    Percentages add to 100 and stay as the layout has them. Where in every row the parts add to 1 they are shares;
    where in every row they are whole and add to the number tested they are numbers of pupils. Anything else stays
    too: rows that add to nothing sensible are told where percentages are checked. The accounting says what was taken.
    """
    places = _places(recognised)
    if not places or "tested_n" not in recognised.header.places:
        return recognised
    tested = _numbers(recognised, recognised.header.places["tested_n"], rows)
    cells = np.array([_numbers(recognised, place, rows) for place in places])
    total = np.nansum(cells, axis=0) if recognised.header.run else cells.sum(axis=0)
    known = ~np.isnan(total) & (tested > 0)
    if not known.any() or _are_percentages(total[known]):
        return recognised
    if np.all(np.abs(total[known] - 1) <= WORST_ERROR_OF_SHARES):
        return _taken(recognised, "share", findings, int(known.sum()))
    if np.array_equal(total[known], tested[known]) and not np.any(np.nan_to_num(cells) % 1):
        return _taken(recognised, "whole", findings, int(known.sum()))
    return recognised


def settle_shares(recognised: Recognised, rows: Rows, findings: Findings) -> Recognised:
    """The same report of single percentages (of items, or of marks confirmed): shares where none is above 1."""
    header = recognised.header
    places = [place for _, place in header.run] or [header.places["share"]]
    cells = np.array([_numbers(recognised, place, rows) for place in places])
    if np.nanmax(cells, initial=0.0) > 1 or not np.nansum(cells) > 0:
        return recognised
    return _taken(recognised, "share", findings, len(rows))


def _places(recognised: Recognised) -> list[int]:
    header = recognised.header
    if recognised.layout.run == "scores":
        return [place for _, place in header.run]
    shares = next((names for names in WHOLES if header.places.keys() >= set(names)), ())
    return [header.places[name] for name in shares]


def _numbers(recognised: Recognised, place: int, rows: Rows) -> Numbers:
    found: Numbers = parse_cells(recognised.sheet.columns[place], rows, "number").cells.to_numpy(dtype=float)
    return found


def _are_percentages(total: Numbers) -> bool:
    return bool(np.all(np.abs(total - 100) <= WORST_ERROR_POINTS))


def _taken(recognised: Recognised, kind: str, findings: Findings, rows_n: int) -> Recognised:
    layout, header = recognised.layout, recognised.header
    findings.reason(f"read_as_{kind}", rows_n, sheet=recognised.sheet.name)
    if layout.run:
        return replace(recognised, layout=replace(layout, run_kind=kind))
    renamed = {
        name: name.replace("_share", "_n") if kind == "whole" else name for names in WHOLES for name in names
    }
    columns = tuple(
        replace(column, kind=kind, field=renamed.get(column.field, column.field))
        if column.kind == "percent"
        else column
        for column in layout.columns
    )
    places = {renamed.get(name, name): place for name, place in header.places.items()}
    return replace(recognised, layout=replace(layout, columns=columns), header=replace(header, places=places))
