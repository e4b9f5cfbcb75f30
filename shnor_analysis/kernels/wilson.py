"""Intervals for a share and for the difference of two shares of independent groups."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def wilson_interval(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> tuple[Array, Array]:
    """Bounds of Wilson's score interval for a share, without continuity correction.

    Args:
        successes: Numbers of successes, any shape; may be fractions of a pupil where only a rounded share is known.
        trials: Numbers of trials, broadcast against `successes`.
        level: Coverage, between 0 and 1.

    Returns:
        Lower and upper bounds within 0–1; NaN where there are no trials.

    Raises:
        ValueError: `level` outside 0–1, or more successes than trials, or fewer than none.

    Limits:
        Holds on average over shares; for a single share and few trials true coverage moves between 0.92 and 0.98.

    Source: Wilson (1927), JASA 22: 209–212; Brown, Cai, DasGupta (2001), Statistical Science 16(2).
    """
    x, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(trials, dtype=float))
    _check(x, n, level)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(n > 0, x / n, np.nan)
        shrunk = 1 + z**2 / n
        centre = (share + z**2 / (2 * n)) / shrunk
        half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / shrunk
    # at a share of exactly 0 or 1 the bound is exactly 0 or 1; rounding would leave 1e-18
    low = np.where(x == 0, 0.0, np.clip(centre - half, 0, 1))
    high = np.where(x == n, 1.0, np.clip(centre + half, 0, 1))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def newcombe_difference(
    after: tuple[ArrayLike, ArrayLike], before: tuple[ArrayLike, ArrayLike], *, level: float = 0.95
) -> tuple[Array, Array, Array]:
    """Difference of two independent shares, after − before, with Newcombe's hybrid score interval.

    Args:
        after: Successes and trials of the later group; arrays of any shape.
        before: The same of the earlier group, broadcast against `after`.
        level: Coverage.

    Returns:
        Difference, lower and upper bound, each within −1…1; NaN where a group has no trials.

    Raises:
        ValueError: As `wilson_interval`.

    Limits:
        The two groups are taken as independent samples: other pupils wrote in the other year.

    Source: Newcombe (1998), Statistics in Medicine 17: 873–890, method 10.
    """
    low_after, high_after = wilson_interval(*after, level=level)
    low_before, high_before = wilson_interval(*before, level=level)
    share_after, share_before = _share(*after), _share(*before)
    difference = share_after - share_before
    down = np.hypot(share_after - low_after, high_before - share_before)
    up = np.hypot(high_after - share_after, share_before - low_before)
    return difference, difference - down, difference + up


def _share(successes: ArrayLike, trials: ArrayLike) -> Array:
    x, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 0, x / n, np.nan)


def _check(successes: Array, trials: Array, level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level {level} is outside 0–1")
    if np.any(successes < 0) or np.any(successes > trials):
        raise ValueError("successes lie outside 0…trials")
