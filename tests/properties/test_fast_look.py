"""The fast look at a frame and the model behind it say the same of every kind of cell."""

from __future__ import annotations

import pandas as pd
import pytest

from shnor_analysis.schemas import TABLES, conform
from shnor_analysis.schemas.model import find_failures
from shnor_analysis.schemas.screening import keeps_to
from shnor_analysis.schemas.table import define_table

PLACE = {"report": "a", "source_sha256": "a" * 64, "source_sheet": "a", "source_cells": "A8:G8"}
EDGES = (None, "", " ", "a", "a\n", "a b", " a", "\u00a0a", "é" * 80, "а" * 81, "x" * 500, "x" * 501)
CODES = (
    "vpr",
    "sch660005",
    "№ 5",
    "A8",
    "A8:",
    "A8:G8",
    "0" * 32,
    "0" * 31,
    "g" * 32,
    "f" * 64,
    "F" * 64,
    "3.1",
)
NUMBERS = (
    None,
    float("inf"),
    -float("inf"),
    -1.0,
    0.0,
    0.5,
    1.0,
    1.0000001,
    12.0,
    400.5,
    2041.0,
    1e7,
    1e7 + 1,
)
COLUMNS = sorted({one for table in TABLES.values() for one in table.definitions.values()}, key=repr)


def cells_to_try(one):
    if one.kind in {"whole", "number"}:
        numbers = (*NUMBERS, one.low, one.high, one.low - 1, one.high + 1)
        return [value for value in numbers if one.kind == "number" or value is None or value % 1 == 0]
    return {"flag": [None, True, False], "date": [None, pd.Timestamp("2021-03-01")]}.get(
        one.kind, [*EDGES, *CODES, *one.choices]
    )


@pytest.mark.parametrize("one", COLUMNS, ids=repr)
def test_fast_look_and_model_agree_on_every_cell(one):
    table = define_table("tried", key=("cell",), scope=("cell",), columns={"cell": one})
    frame = conform(table, pd.DataFrame([{"cell": value, **PLACE} for value in cells_to_try(one)]))
    refused = {failure["index"] for failure in find_failures(table, frame)}
    assert {row for row in frame.index if not keeps_to(table, frame.loc[[row]])} == refused
    assert len(refused) < len(frame)
    assert not keeps_to(table, frame) if refused else keeps_to(table, frame)


@pytest.mark.parametrize("change", ["missing", "added", "moved", "other_type"])
def test_fast_look_and_model_agree_on_columns(change):
    table = TABLES["schools"]
    frame = conform(table, pd.DataFrame([{"school_id": "a", "name": "a", "kind": "school", **PLACE}]))
    changed = {
        "missing": frame.drop(columns="name"),
        "added": frame.assign(other=1),
        "moved": frame[frame.columns[::-1]],
        "other_type": frame.assign(name=1.5),
    }[change]
    assert not keeps_to(table, changed)
    assert find_failures(table, changed)
