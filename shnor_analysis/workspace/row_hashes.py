"""Hashes of the rows of a table, worked out for all rows at once; equal rows in the same order have the same hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def hash_rows(frame: pd.DataFrame) -> np.typing.NDArray[np.uint64]:
    """64 bits a row over the values of all its columns; an empty cell is a value of its own, the index does not count."""
    if frame.empty:
        return np.empty(0, dtype=np.uint64)
    columns = [_hash_column(frame[name]) for name in frame.columns]
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(dict(enumerate(columns))), index=False))


def hash_frame(frame: pd.DataFrame) -> bytes:
    """One hash over a table: names and kinds of its columns and all rows in their order."""
    return _kinds(frame) + hashlib.sha256(hash_rows(frame).tobytes()).digest()


def hash_groups(frame: pd.DataFrame, by: Sequence[str]) -> dict[tuple[Any, ...], bytes]:
    """One hash a group of rows, by the values of the columns `by`, always as a tuple."""
    kinds, hashes = _kinds(frame), hash_rows(frame)
    places: dict[tuple[Any, ...], list[int]] = {}
    for place, key in enumerate(zip(*(frame[name].tolist() for name in by), strict=True)):
        places.setdefault(key, []).append(place)
    return {key: hashlib.sha256(kinds + hashes[own].tobytes()).digest() for key, own in places.items()}


def _hash_column(column: pd.Series[Any]) -> np.typing.NDArray[np.uint64]:
    hashed = np.asarray(pd.util.hash_pandas_object(column, index=False))
    return np.where(column.isna().to_numpy(), np.uint64(0), hashed)


def _kinds(frame: pd.DataFrame) -> bytes:
    told = "\n".join(f"{name} {kind}" for name, kind in frame.dtypes.items())
    return hashlib.sha256(told.encode()).digest()
