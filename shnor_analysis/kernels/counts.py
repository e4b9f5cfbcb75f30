"""Whole numbers of pupils behind printed percentages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EXACT, AMBIGUOUS, UNFIT, WRONG = 0, 1, 2, 3
WORST_ERROR_POINTS = 1.0
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class RebuiltCounts:
    """Counts (n rows, k columns) and what became of each row.

    `state` is EXACT (one set of whole numbers fits), AMBIGUOUS (several fit), UNFIT (none fits closely enough) or
    WRONG (off by more than one percentage point). `counts` hold the nearest set whatever the state; `error_points`
    is the largest deviation of a row: of one column, or of the sum of its percentages from 100.
    """

    counts: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    error_points: npt.NDArray[np.float64]


def rebuild_counts(
    percent: npt.NDArray[np.float64], total: npt.NDArray[np.int64], decimals: npt.NDArray[np.int64]
) -> RebuiltCounts:
    """Find the whole numbers that add up to `total` and print as `percent`.

    A set fits when its percentages are off by half a unit of the last printed decimal × number of columns, all
    columns taken together (L1): correctly rounded percentages always are, and those of which one was changed to make
    100 as well. The sum of distances is convex and separable, so the nearest set comes from rounding down and giving
    the rest to the largest remainders, and the second nearest differs from it by one pupil moved between two columns
    (Murota, Discrete Convex Analysis, 2003, ch. 6: M-convex functions).

    Parameters:
        percent: Printed percentages, shape (n, k), 0–100, k ≥ 2.
        total: Pupils, shape (n,).
        decimals: Printed decimals, shape (n,).

    Limits: a total of 0 fits only zeros.
    """
    columns = percent.shape[1]
    exact = percent * total[:, None] / 100
    counts = _nearest(exact, total)
    unit = 100 / np.maximum(total, 1)
    tolerance = 0.5 * 10.0 ** (-decimals.astype(np.float64)) * columns + _ROUNDING
    shown = np.where(total[:, None] > 0, counts * unit[:, None], 0.0)
    deviation = np.abs(shown - percent)
    distance = deviation.sum(axis=1)
    second = distance + _cheapest_move(exact, counts) * unit
    off = np.maximum(deviation.max(axis=1), np.abs(percent.sum(axis=1) - 100) * (total > 0))
    state = np.where(distance > tolerance, UNFIT, np.where(second > tolerance, EXACT, AMBIGUOUS))
    state = np.where(off > np.maximum(WORST_ERROR_POINTS, tolerance), WRONG, state)
    state = np.where((total == 0) & (distance <= _ROUNDING), EXACT, state)
    return RebuiltCounts(counts, state, off)


def _nearest(exact: npt.NDArray[np.float64], total: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Whole numbers ≥ 0 with the given sum, nearest in the sum of distances, where `exact` adds up to nearly that."""
    counts = np.floor(exact + _ROUNDING).astype(np.int64)
    rest = total - counts.sum(axis=1)
    order = np.argsort(-(exact - counts), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(exact.shape[1])[None, :].repeat(len(exact), axis=0), axis=1)
    nearest: npt.NDArray[np.int64] = counts + (rank < rest[:, None])
    return nearest


def _cheapest_move(exact: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Smallest change of the distance, in pupils, when one pupil moves from one column to another."""
    up = np.abs(counts + 1 - exact) - np.abs(counts - exact)
    down = np.where(counts > 0, np.abs(counts - 1 - exact) - np.abs(counts - exact), np.inf)
    best = np.full(len(exact), np.inf)
    for source in range(exact.shape[1]):
        others = np.delete(up, source, axis=1).min(axis=1)
        best = np.minimum(best, down[:, source] + others)
    return np.asarray(best)
