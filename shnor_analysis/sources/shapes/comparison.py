"""Blocks of a group's name and three rows: marks lowered, confirmed and raised against the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.sources.cells import cell_name, column_letters
from shnor_analysis.sources.drafts import Draft, read_fields
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.group_labels import first_day, read_groups, tell_groups
from shnor_analysis.sources.percentages import printed_number
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.scale import settle_shares
from shnor_analysis.sources.spelling import plain
from shnor_analysis.sources.surroundings import Surroundings

Made = tuple[Draft, dict[str, pd.DataFrame]]
PARTS = {"понизили": "lowered", "подтвердили": "confirmed", "повысили": "raised", "всего": "total"}
PRINTED = {code: word.capitalize() for word, code in PARTS.items()}
NEEDED = ("lowered", "confirmed", "raised")
WORST_ERROR_POINTS = 1.0


@dataclass(frozen=True, slots=True)
class _Block:
    """A group with the rows of its parts (of the sheet, from 0)."""

    label: str
    row: int
    parts: dict[str, int]


def read_comparison(around: Surroundings) -> Made:
    """Read a sheet of shape `comparison` into `mark_comparisons`.

    Numbers are in the sheet beside the percentages: nothing is rebuilt, but both have to agree and the three have to
    make the whole (`counts_sum_wrong`, `percent_impossible`, `percent_sum_wrong`).
    """
    recognised, findings = around.recognised, around.findings
    blocks = tuple(_blocks(recognised, findings))
    rows = np.array([row for block in blocks for row in block.parts.values()], dtype=np.intp)
    draft = read_fields(settle_shares(recognised, rows, findings), rows, findings)
    values = draft.frame.set_index("row").to_dict()
    procedure = around.procedure(draft)
    if not blocks:
        return draft, {}
    day = first_day(procedure)
    groups = read_groups([block.label for block in blocks], around.context, day)
    place = recognised.header.places["group"]
    tell_groups(around, groups, cells=[cell_name(block.row, place) for block in blocks], day=day)
    of_sheet = procedure.iloc[0].to_dict()
    made = [
        _row(recognised, findings, block, values)
        | {"area_level": group.level, "area_id": group.area_id or None, "row": block.row}
        | of_sheet
        for block, group in zip(blocks, groups, strict=True)
    ]
    return draft, {"mark_comparisons": pd.DataFrame(made)}


def _blocks(recognised: Recognised, findings: Findings) -> Iterator[_Block]:
    sheet, place = recognised.sheet, recognised.header.places["group"]
    current: _Block | None = None
    for row in _labelled_rows(recognised):
        text = sheet.text(row, place)
        part = next((name for word, name in PARTS.items() if plain(text).startswith(word)), None)
        if part is None:
            if current:
                yield from _whole(current, recognised, findings)
            current = _Block(text, row, {})
        elif current is None or part in current.parts:
            findings.problem("part_without_group", sheet.name, (row, place), found=text)
        else:
            current.parts[part] = row
    if current:
        yield from _whole(current, recognised, findings)


def _labelled_rows(recognised: Recognised) -> list[int]:
    column = recognised.sheet.columns[recognised.header.places["group"]]
    filled = np.flatnonzero(column.is_filled())
    return [int(row) for row in filled if row >= recognised.header.data_row]


def _whole(block: _Block, recognised: Recognised, findings: Findings) -> Iterator[_Block]:
    """The block if its three parts are there; a name without any part below it is a note."""
    missing = [name for name in NEEDED if name not in block.parts]
    sheet = recognised.sheet.name
    if not block.parts:
        findings.reason("note_rows_left_out", 1, sheet=sheet)
    elif missing:
        cell = (block.row, recognised.header.places["group"])
        findings.problem(
            "parts_missing",
            sheet,
            cell,
            found=block.label,
            parts=", ".join(PRINTED[name] for name in missing),
        )
    else:
        yield block


def _row(recognised: Recognised, findings: Findings, block: _Block, values: Any) -> dict[str, Any]:
    """The numbers of a block; `values` are the fields of the sheet by row."""
    counts = {name: float(values["tested_n"][block.parts[name]]) for name in NEEDED}
    shares = {name: float(values["share"][block.parts[name]]) for name in NEEDED}
    total = sum(counts.values())
    given = float(values["tested_n"][block.parts["total"]]) if "total" in block.parts else total
    if not np.isnan(total) and total != given:
        cell = (block.parts["total"], recognised.header.places["tested_n"])
        findings.problem(
            "counts_sum_wrong", recognised.sheet.name, cell, found=f"{given:.0f}", allowed=f"{total:.0f}"
        )
    if total > 0:
        _check_shares(recognised, findings, block, counts=counts, shares=shares)
    places = recognised.header.places.values()
    first, last = (column_letters(place) for place in (min(places), max(places)))
    return {
        "tested_n": given,
        **{f"{name}_n": count for name, count in counts.items()},
        **{f"{name}_share": share for name, share in shares.items()},
        "counts_rebuilt": True,
        "source_cells": f"{first}{block.row + 1}:{last}{max(block.parts.values()) + 1}",
    }


def _check_shares(
    recognised: Recognised,
    findings: Findings,
    block: _Block,
    *,
    counts: dict[str, float],
    shares: dict[str, float],
) -> None:
    sheet, place = recognised.sheet, recognised.header.places["share"]
    whole = sum(shares.values()) * 100
    if abs(whole - 100) > WORST_ERROR_POINTS:
        first, last = (cell_name(block.parts[name], place) for name in ("lowered", "raised"))
        findings.problem(
            "percent_sum_wrong", sheet.name, f"{first}:{last}", found=printed_number(whole), allowed="100"
        )
        return
    total = sum(counts.values())
    for name in NEEDED:
        right = counts[name] / total * 100
        if abs(shares[name] * 100 - right) > WORST_ERROR_POINTS:
            cell = (block.parts[name], place)
            findings.problem(
                "share_not_of_counts",
                sheet.name,
                cell,
                found=sheet.text(*cell),
                allowed=printed_number(right),
            )
