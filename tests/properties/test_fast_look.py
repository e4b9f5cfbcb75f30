"""The fast look at a frame and the model behind it say the same of every kind of cell."""

from __future__ import annotations

import pandas as pd
import pytest

from shnor_analysis.schemas import TABLES, conform
from shnor_analysis.schemas.model import find_failures
from shnor_analysis.schemas.screening import keeps_to

EXAMPLES = {
    "assessment": "vpr",
    "subject": "mathematics",
    "source_sha256": "a" * 64,
    "source_cells": "A8:G8",
}
TEXTS = (None, "", " ", "a", "a\n", "a b", " a", "\u00a0a", "é" * 80, "а" * 81, "x" * 500, "x" * 501, "A8:", "№ 5")
NUMBERS = (None, float("inf"), -float("inf"), -1.0, 0.0, 1.0, 1.0000001, 12.0, 13.0, 400.5, 2041.0, 1e7, 1e7 + 1)


def valid_row(table):
    row = {}
    for name, one in table.definitions.items():
        usual = {"text": "abc", "identifier": "sch660005", "flag": True, "date": pd.Timestamp("2021-03-01")}
        row[name] = EXAMPLES.get(name, one.choices[0] if one.choices else usual.get(one.kind, one.low))
    return row


def cells_to_try(one):
    if one.kind in {"whole", "number"}:
        edges = (one.low, one.high, one.low - 1, one.high + 1)
        return tuple(
            value for value in (*NUMBERS, *edges) if one.kind == "number" or value is None or value % 1 == 0
        )
    return (None, *one.choices, *TEXTS) if one.kind in {"text", "identifier", "choice"} else (None,)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_fast_look_and_model_agree_on_every_cell(table):
    row = valid_row(table)
    assert keeps_to(table, conform(table, pd.DataFrame([row, row])))
    refused = 0
    for name, one in table.definitions.items():
        for value in cells_to_try(one):
            frame = conform(table, pd.DataFrame([row, row | {name: value}]))
            is_kept = keeps_to(table, frame)
            assert is_kept == (not find_failures(table, frame)), (name, value)
            refused += not is_kept
    assert refused


@pytest.mark.parametrize("change", ["missing", "added", "moved", "other_type"])
def test_fast_look_and_model_agree_on_columns(change):
    table = TABLES["schools"]
    frame = conform(table, pd.DataFrame([valid_row(table)]))
    changed = {
        "missing": frame.drop(columns="name"),
        "added": frame.assign(other=1),
        "moved": frame[frame.columns[::-1]],
        "other_type": frame.assign(name=1.5),
    }[change]
    assert not keeps_to(table, changed)
    assert find_failures(table, changed)
