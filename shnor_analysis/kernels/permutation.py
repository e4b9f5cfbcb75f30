"""Relabellings of the schools: every one there is, or a sample; and the p-value that they give."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.read_only import make_read_only

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Relabellings:
    """Labels of S schools, relabelled B times, shape (B, S); with `is_exact` each possible labelling stands there once."""

    labels: Indices
    is_exact: bool

    def __post_init__(self) -> None:
        make_read_only(self.labels)


def relabellings(labels: Indices, *, asked: int, seed: int) -> Relabellings:
    """Deal the labels out to the schools anew, each label as often as before.

    Args:
        labels: Label of each school, shape (S,).
        asked: How many; all there are when these are not more.
        seed: Of the sample.
    """
    values, counts = np.unique(labels, return_counts=True)
    if _number(counts, limit=asked) <= asked:
        return Relabellings(_every(values, counts), is_exact=True)
    rng = np.random.default_rng(seed)
    dealt = rng.permuted(np.broadcast_to(labels, (asked, len(labels))), axis=1)
    return Relabellings(dealt, is_exact=False)


def permutation_p(observed: float, dealt: Floats, *, is_exact: bool) -> float | None:
    """Share of labellings that speak at least as clearly against "no effect", the true one among them.

    Args:
        observed: p-value of the true labels' statistic by its own degrees of freedom.
        dealt: The same of the relabellings, shape (B,); NaN (no estimate under these labels) is passed over. p-values
            and not bare statistics, because schools chosen by their results are more alike in them than schools
            dealt at random, which changes the degrees of freedom.
        is_exact: Whether the true labels stand among the relabellings.

    Returns:
        Two-sided p; None without any relabelling.
    """
    known = dealt[np.isfinite(dealt)]
    if not known.size or not np.isfinite(observed):
        return None
    # the same labelling summed in another order differs in the last digits
    as_clear = int((known <= observed * (1 + 1e-9)).sum())
    return as_clear / known.size if is_exact else (as_clear + 1) / (known.size + 1)


def _number(counts: npt.NDArray[np.intp], *, limit: int) -> int:
    """Number of labellings, or one more than the limit where there are more."""
    left, found = int(counts.sum()), 1
    for count in counts:
        found *= comb(left, int(count))
        left -= int(count)
        if found > limit:
            return limit + 1
    return found


def _every(values: Indices, counts: npt.NDArray[np.intp]) -> Indices:
    n_schools = int(counts.sum())
    unset = values.max() + 1
    partly = np.full((1, n_schools), unset)
    for value, count in zip(values, counts, strict=True):
        grown = []
        for row in partly:
            for chosen in combinations(np.flatnonzero(row == unset), int(count)):
                made = row.copy()
                made[list(chosen)] = value
                grown.append(made)
        partly = np.array(grown)
    return partly.astype(np.intp)
