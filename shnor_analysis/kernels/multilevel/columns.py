"""Columns of the moments as a model takes them: with the constant that was taken from them, or without."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments

# position of a column in the moments, and whether it is taken without its shift
Key = tuple[int, bool]


def column_key(moments: GroupedMoments, column: int, *, is_raw: bool) -> Key:
    """A column with its shift or without; a column that was not shifted is the same either way."""
    return column, is_raw and bool(moments.shift[column] != 0.0)


def group_products(moments: GroupedMoments, rows: Sequence[Key], cols: Sequence[Key]) -> Floats:
    """Products by innermost group of columns taken shifted or unshifted, shape (rows, cols, G).

    Raises:
        ValueError: A row, or the intercept to undo a shift, is not among the columns summed by group.
    """
    place = {column: row for row, column in enumerate(moments.random)}
    intercept = moments.intercept
    missing = [moments.columns[one] for one, _ in rows if one not in place]
    if missing or (intercept not in place and any(is_raw for _, is_raw in rows)):
        raise ValueError(f"products by group are missing: {missing or 'Intercept'}")
    taken = [place[one] for one, _ in rows]
    picked = [one for one, _ in cols]
    if taken == list(range(len(place))) and picked == list(range(len(moments.columns))):
        found = moments.grouped
    else:
        found = moments.grouped[taken][:, picked]
    if any(is_raw for _, is_raw in (*rows, *cols)):
        found = found.copy()
        _unshift(moments, rows, cols, found)
    return found


def _unshift(moments: GroupedMoments, rows: Sequence[Key], cols: Sequence[Key], found: Floats) -> None:
    place = {column: row for row, column in enumerate(moments.random)}
    one = moments.intercept
    assert one is not None
    for at, (column, is_raw) in enumerate(cols):
        if is_raw:
            found[:, at] += moments.shift[column] * moments.grouped[[place[row] for row, _ in rows], one]
    for at, (column, is_raw) in enumerate(rows):
        if is_raw:
            ones = moments.grouped[place[one]][[other for other, _ in cols]]
            for other, (col, is_col_raw) in enumerate(cols):
                if is_col_raw:
                    ones[other] += moments.shift[col] * moments.grouped[place[one], one]
            found[at] += moments.shift[column] * ones


def total_products(moments: GroupedMoments, keys: Sequence[Key]) -> Floats:
    """Products over all rows of columns taken shifted or unshifted, shape (keys, keys)."""
    picked = [column for column, _ in keys]
    found = moments.products[np.ix_(picked, picked)]
    shift = np.array([moments.shift[column] if is_raw else 0.0 for column, is_raw in keys])
    if shift.any():
        one = moments.intercept
        assert one is not None
        cross = np.outer(shift, moments.products[one, picked])
        found = found + cross + cross.T + np.outer(shift, shift) * moments.products[one, one]
    return found
