"""Sums of products of rows that are in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.multilevel.moments import INTERCEPT, Floats, GroupedMoments, Indices, Level
from shnor_analysis.kernels.refusals import CannotFit


def moments_from_arrays(
    columns: Sequence[str],
    values: Floats,
    *,
    groups: Sequence[tuple[str, npt.NDArray[np.integer], npt.NDArray[np.object_]]],
    random: Sequence[int],
    weights: Floats | None = None,
    shift: Floats | None = None,
) -> GroupedMoments:
    """Sum the products of rows in memory.

    Parameters:
        columns: Names of the k columns; the column of ones is called ``Intercept``.
        values: One row a pupil, shape (n, k). Rows with a missing value are left out and counted.
        groups: Name, code of each row, shape (n,), and labels by code, for each level, innermost first. A code
            below 0 is missing. Labels that no row has are left out.
        random: Positions of the columns whose products are summed by group (``Intercept`` is added when it exists).
        weights: Precision weights as in lme4, shape (n,), > 0; a row of weight 0 is left out and counted.
        shift: Constants near the means, shape (k,); found from the rows when None.

    Raises:
        CannotFit: ``no_rows`` when nothing is left.
        ValueError: A weight is negative, or a group lies in two groups of the next level.
    """
    keep, weight = _complete_rows(values, [codes for _, codes, _ in groups], weights)
    if not keep.any():
        raise CannotFit("no_rows")
    rows = values[keep]
    used = _shift(tuple(columns), rows) if shift is None else np.array(shift, dtype=np.float64)
    centred = np.ascontiguousarray((rows - used).T)
    weighted = centred * weight
    levels, inner = _nested_levels([(name, codes[keep], labels) for name, codes, labels in groups])
    intercept = [columns.index(INTERCEPT)] if INTERCEPT in columns and random else []
    kept = tuple(intercept + [one for one in random if one not in intercept])
    n_groups = len(levels[0].labels) if levels else 0
    grouped = np.empty((len(kept), len(columns), n_groups))
    for row, column in enumerate(kept):
        for other in range(len(columns)):
            grouped[row, other] = np.bincount(
                inner, weights=weighted[column] * centred[other], minlength=n_groups
            )
    return GroupedMoments(
        columns=tuple(columns),
        shift=used,
        products=weighted @ centred.T,
        random=kept,
        grouped=grouped,
        levels=levels,
        n_obs=int(keep.sum()),
        rows_dropped=int((~keep).sum()),
        sum_log_weights=0.0 if weights is None else float(np.log(weight).sum()),
    )


def _complete_rows(
    values: Floats, codes: Sequence[npt.NDArray[np.integer]], weights: Floats | None
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Which rows have everything, and their weights."""
    keep = np.isfinite(values).all(axis=1)
    for one in codes:
        keep &= one >= 0
    if weights is None:
        return np.asarray(keep), np.ones(int(keep.sum()))
    if (weights < 0).any():
        raise ValueError("a weight is negative")
    keep &= np.isfinite(weights) & (weights > 0)
    return np.asarray(keep), np.asarray(weights, dtype=np.float64)[keep]


def _shift(columns: tuple[str, ...], rows: Floats) -> Floats:
    if INTERCEPT not in columns:
        return np.zeros(len(columns))
    means = np.asarray(rows.mean(axis=0))
    means[columns.index(INTERCEPT)] = 0.0
    return means


def _nested_levels(
    groups: Sequence[tuple[str, npt.NDArray[np.integer], npt.NDArray[np.object_]]],
) -> tuple[tuple[Level, ...], Indices]:
    """Levels with only the groups that have rows, and the innermost group of each row."""
    if not groups:
        return (), np.empty(0, dtype=np.intp)
    coded = []
    for _, codes, _ in groups:
        present, index = np.unique(codes, return_inverse=True)
        coded.append((present, index.astype(np.intp)))
    levels = []
    for at, (name, _, labels) in enumerate(groups):
        present, index = coded[at]
        parent = _parents(name, index, coded[at + 1][1]) if at + 1 < len(groups) else None
        kept = np.asarray(labels, dtype=object)[present]
        levels.append(Level(name, kept, parent, np.bincount(index, minlength=len(present)).astype(np.int64)))
    return tuple(levels), coded[0][1]


def _parents(name: str, index: Indices, outer: Indices) -> Indices:
    parent = np.empty(int(index.max()) + 1, dtype=np.intp)
    parent[index] = outer
    if not np.array_equal(parent[index], outer):
        raise ValueError(f"a group of {name} lies in two groups of the next level")
    return parent
