"""From arrays to a frame in the exact types of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.schemas import TABLES, Table
from shnor_analysis.simulation.sittings import Sitting

SIMULATION = "simulation"
FIRST_CELL = "A1"


def chosen(values: Sequence[str | None], codes: Any) -> Any:
    """Text by position in a short list: fast for long columns."""
    return pd.array(list(values), dtype="str").take(np.asarray(codes, dtype=np.int64))


def make_frame(name: str, columns: Mapping[str, Any], fingerprint: str) -> pd.DataFrame:
    """Put a table together: absent columns are empty, a single value fills its column, lineage is added.

    The lineage says `simulation` and carries the fingerprint of the spec in place of a file hash.
    """
    table = TABLES[name]
    given = {
        **columns,
        "report": SIMULATION,
        "source_sha256": fingerprint,
        "source_sheet": SIMULATION,
        "source_cells": FIRST_CELL,
    }
    n = next((len(value) for value in columns.values() if not _is_single(value)), 0)
    return pd.DataFrame({column: _column(table, column, given.get(column), n) for column in table.columns})


def procedure_columns(sitting: Sitting) -> dict[str, Any]:
    """The columns that say what was written and when."""
    return {
        "school_year": sitting.school_year,
        "assessment": sitting.assessment,
        "subject": sitting.subject,
        "grade": sitting.grade,
        "season": sitting.season,
        "test_date": pd.Timestamp(sitting.test_date),
    }


def concat(name: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames of one table under each other; without any, the empty table."""
    if not frames:
        return TABLES[name].empty()
    return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]


def stack(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Join the columns of many parts; a single value is repeated over the rows of its part."""
    joined: dict[str, Any] = {}
    lengths = [next(len(value) for value in part.values() if not _is_single(value)) for part in parts]
    for column in parts[0] if parts else ():
        pieces = [part[column] for part in parts]
        if all(_is_single(piece) for piece in pieces):
            words, codes = np.unique(np.array([_sortable(piece) for piece in pieces]), return_inverse=True)
            repeated = np.repeat(codes, lengths)
            joined[column] = chosen(list(words), repeated) if words.dtype.kind == "U" else words[repeated]
        else:
            joined[column] = np.concatenate([np.asarray(piece) for piece in pieces])
    return joined


def _sortable(value: Any) -> Any:
    return value.to_datetime64().astype("datetime64[us]") if isinstance(value, pd.Timestamp) else value


def _is_single(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | pd.Timestamp)


def _column(table: Table, column: str, value: Any, n: int) -> Any:
    dtype: Any = table.dtype(column)
    if value is None:
        return pd.Series([pd.NA] * n if dtype != "float64" else np.nan, index=range(n)).astype(dtype)
    if _is_single(value):
        if dtype == "str":
            return pd.Series(chosen([value], np.zeros(n, dtype=np.int64)))
        return pd.Series([value] * n, dtype=dtype)
    if dtype == "Int64" and getattr(value, "dtype", None) is not None and value.dtype.kind == "f":
        missing = np.isnan(value)
        whole = np.where(missing, 0, value).astype(np.int64)
        return pd.Series(pd.arrays.IntegerArray(whole, missing))
    return pd.Series(value).reset_index(drop=True).astype(dtype)
