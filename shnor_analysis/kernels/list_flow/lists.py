"""Which schools a rule puts on the list, for one set of results or for many drawn ones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.binomial import SLACK

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def lowest(low: Array, tested: Array, *, share: float) -> Flags:
    """Mark the ⌊share · schools⌋ schools with the highest share of low results; ties go to the earlier school.

    Args:
        low: Low results, shape (…, schools).
        tested: Tested, above 0, shape (schools,).
        share: Part of the schools that is low, 0–1.

    Returns:
        Shape (…, schools).
    """
    schools = tested.size
    places = math.floor(share * schools + SLACK)
    if places == 0:
        return np.zeros(low.shape, dtype=bool)
    shares = low / tested
    last = -np.partition(-shares, places - 1, axis=-1)[..., places - 1 : places]
    above, ties = shares > last, shares == last
    left = places - above.sum(axis=-1, keepdims=True)
    return np.asarray(above | (ties & (np.cumsum(ties, axis=-1) <= left)))


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
