"""A row an item, a column a group of participants: how far each item was solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from shnor_analysis.reference.layouts import LayoutColumn
from shnor_analysis.schemas import TABLES
from shnor_analysis.sources.cell_runs import CellRun, read_cells
from shnor_analysis.sources.cells import cell_name, column_letters
from shnor_analysis.sources.drafts import Draft, read_fields
from shnor_analysis.sources.group_labels import Group, first_day, read_groups, tell_groups
from shnor_analysis.sources.header_lines import header_key
from shnor_analysis.sources.header_matching import is_item
from shnor_analysis.sources.limits import check_limits
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.scale import settle_shares
from shnor_analysis.sources.surroundings import Surroundings

Made = tuple[Draft, dict[str, pd.DataFrame]]
TESTED = "кол-во участников"


@dataclass(frozen=True, slots=True)
class _Column:
    """The column of a group: the share that solved each item (NaN where empty), and the number tested."""

    group: Group
    place: int
    shares: npt.NDArray[np.float64]
    tested_n: float


def read_items(around: Surroundings) -> Made:
    """Read a sheet of shape `items` into `item_summaries`: a row an item and group.

    The row «Кол-во участников» gives the number tested of each group; rows without the number of an item are notes.
    """
    recognised, findings = around.recognised, around.findings
    rows, tested_row = _item_rows(recognised, around)
    recognised = settle_shares(recognised, rows, findings)
    draft = read_fields(recognised, rows, findings)
    check_limits(draft, TABLES["item_summaries"], findings)
    procedure = around.procedure(draft)
    labels = [label for label, _ in recognised.header.run]
    day = first_day(procedure)
    groups = read_groups(labels, around.context, day)
    header_row = recognised.header.data_row - 1
    cells = [cell_name(header_row, place) for _, place in recognised.header.run]
    tell_groups(around, groups, cells=cells, day=day)
    frame = draft.frame.assign(item=[_item_text(text) for text in draft.frame["item"]])
    kept = [name for name in ("row", "item", "points_max") if name in frame]
    found = [
        _column(replace(around, recognised=recognised), rows, group=group, place=place, tested_row=tested_row)
        for group, (_, place) in zip(groups, recognised.header.run, strict=True)
    ]
    made = _filled_rows(pd.concat([frame[kept], procedure], axis=1), found)
    if made.empty:
        findings.problem("no_rows", recognised.sheet.name)
    return draft, {"item_summaries": made}


def _item_rows(recognised: Recognised, around: Surroundings) -> tuple[npt.NDArray[np.intp], int | None]:
    """Rows of items, and the row of numbers tested; other rows of data are counted as notes."""
    sheet, header = recognised.sheet, recognised.header
    filled = np.zeros(sheet.rows_n, dtype=bool)
    for place in (*header.places.values(), *(place for _, place in header.run)):
        filled |= sheet.columns[place].is_filled()
    items: list[int] = []
    tested: int | None = None
    notes = 0
    for row in map(int, np.flatnonzero(filled)):
        if row < header.data_row:
            continue
        texts = [sheet.text(row, place) for place in sorted(header.places.values())]
        if any(header_key(text) == TESTED for text in texts):
            tested = row
        elif is_item(sheet.text(row, header.places["item"])):
            items.append(row)
        else:
            notes += 1
    around.findings.reason("note_rows_left_out", notes, sheet=sheet.name)
    return np.array(items, dtype=np.intp), tested


def _item_text(text: str) -> str:
    return str(text).rstrip(".").replace(",", ".")


def _column(
    around: Surroundings, rows: npt.NDArray[np.intp], *, group: Group, place: int, tested_row: int | None
) -> _Column:
    """How far a group solved each item, and how many of it were tested."""
    sheet = around.recognised.sheet
    column = LayoutColumn(group.label, "solved_share", around.recognised.layout.run_kind, is_required=False)
    parsed = read_cells(CellRun(sheet, place, rows, column), around.findings)
    tested = np.nan
    if tested_row is not None:
        of_group = LayoutColumn(group.label, "tested_n", "whole")
        run = CellRun(sheet, place, np.array([tested_row], dtype=np.intp), of_group)
        tested = float(read_cells(run, around.findings).cells.iloc[0])
    return _Column(group, place, parsed.cells.to_numpy(dtype=np.float64), tested)


def _filled_rows(base: pd.DataFrame, columns: Sequence[_Column]) -> pd.DataFrame:
    """A row for each filled cell, group by group; an empty cell is no row."""
    shares = np.array([column.shares for column in columns])
    group, row = np.nonzero(~np.isnan(shares))
    letters = [column_letters(column.place) for column in columns]
    cells = zip(group.tolist(), base["row"].to_numpy(dtype=np.int64)[row].tolist(), strict=True)
    return (
        base.iloc[row]
        .reset_index(drop=True)
        .assign(
            area_level=np.array([column.group.level for column in columns], dtype=object)[group],
            area_id=np.array([column.group.area_id or None for column in columns], dtype=object)[group],
            solved_share=shares[group, row],
            tested_n=np.array([column.tested_n for column in columns])[group],
            source_cells=[f"{letters[place]}{number + 1}" for place, number in cells],
        )
    )
