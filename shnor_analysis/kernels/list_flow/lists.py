"""Which schools a rule puts on the list, for one set of results or for many drawn ones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.binomial import SLACK

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# below every share, so that who is not there comes last
NOT_RANKED = -1.0


def lowest(low: Array, tested: Array, *, share: float, is_here: Flags | None = None) -> Flags:
    """Mark the ⌊share · schools⌋ schools with the highest share of low results; ties go to the earlier school.

    Args:
        low: Low results, shape (…, schools).
        tested: Tested, above 0, shape (schools,).
        share: Part of the schools that is low, 0–1.
        is_here: Who is ranked at all, shape (…, schools); everybody if not given.

    Returns:
        Shape (…, schools).
    """
    shares = low / tested
    if is_here is None:
        last = _share_of_last(shares, math.floor(share * tested.size + SLACK))
        places = np.asarray(math.floor(share * tested.size + SLACK))
    else:
        shares = np.where(is_here, shares, NOT_RANKED)
        places = np.floor(share * is_here.sum(axis=-1, keepdims=True) + SLACK).astype(np.int64)
        ordered = np.sort(shares, axis=-1)
        last = np.take_along_axis(ordered, np.minimum(tested.size - places, tested.size - 1), axis=-1)
    above, ties = shares > last, shares == last
    left = places - above.sum(axis=-1, keepdims=True)
    return np.asarray((places > 0) & (above | (ties & (np.cumsum(ties, axis=-1) <= left))))


def _share_of_last(shares: Array, places: int) -> Array:
    """The share of low results in the last place, shape (…, 1)."""
    at = max(places, 1) - 1
    return np.asarray(-np.partition(-shares, at, axis=-1)[..., at : at + 1])


def above_threshold(low: Array, tested: Array, *, threshold: float, needed: int) -> Flags:
    """Mark schools with at least so many procedures at or above a share of low results.

    Args:
        low: Low results, shape (…, schools, procedures).
        tested: Tested, shape (schools, procedures), 0 where a procedure was not written.
        threshold: Share to be reached.
        needed: Number of procedures.

    Returns:
        Shape (…, schools).
    """
    reached = (low >= threshold * tested - SLACK * np.maximum(tested, 1)) & (tested > 0)
    return np.asarray(reached.sum(axis=-1) >= needed)
