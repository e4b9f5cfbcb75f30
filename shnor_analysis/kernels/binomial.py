"""How likely chance of sampling alone lets a rule on shares fire."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# a share printed as 30.00 % counts as reaching 30 % although 0.3 · 10 is 2.9999999999999996 in binary
SLACK = 1e-9


def chance_of_share(trials: ArrayLike, share: ArrayLike, *, threshold: float) -> Array:
    """Chance that the observed share reaches a threshold when the true share is known.

    P(X ≥ ⌈threshold · n⌉) for X ~ Binomial(n, share).

    Args:
        trials: Whole numbers of pupils, any shape.
        share: True shares 0–1, broadcast against `trials`.
        threshold: Share to be reached, above 0 and at most 1.

    Returns:
        Probabilities in the broadcast shape; NaN where there are no trials or no share.

    Raises:
        ValueError: `threshold` outside 0–1.

    Source: the binomial tail as a regularised incomplete beta function (Abramowitz & Stegun 26.5.24).
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold {threshold} is outside 0–1")
    from scipy.special import bdtrc  # slow to load, and most of what is read needs no chance

    n, p = np.broadcast_arrays(np.asarray(trials, dtype=float), np.asarray(share, dtype=float))
    needed = np.ceil(threshold * n - SLACK)
    with np.errstate(invalid="ignore"):
        chance = bdtrc(needed - 1, np.nan_to_num(n).astype(np.int64), p)
    return np.where((n > 0) & np.isfinite(p), chance, np.nan)


def chance_of_at_least(probabilities: ArrayLike, needed: int) -> Array:
    """Chance that at least `needed` of several independent events happen (Poisson-binomial tail).

    Args:
        probabilities: Shape (…, events); NaN stands for an event that cannot happen.
        needed: Number of events, 0 or more.

    Returns:
        Shape (…): exact up to rounding, by convolving one event after the other.

    Raises:
        ValueError: A probability outside 0–1 or a negative number needed.

    Source: Wang (1993), Statistica Sinica 3: 295–312, the direct recursion.
    """
    p = np.nan_to_num(np.asarray(probabilities, dtype=float), nan=0.0)
    if needed < 0 or np.any(p < 0) or np.any(p > 1):
        raise ValueError("probabilities lie outside 0–1, or a negative number is needed")
    # the last place of `chance` gathers "needed or more"
    chance = np.zeros((*p.shape[:-1], needed + 1))
    chance[..., 0] = 1.0
    if needed == 0:
        return chance[..., 0]
    for event in range(p.shape[-1]):
        happens = p[..., event, None]
        moved = chance[..., :-1] * happens
        chance[..., :-1] *= 1 - happens
        chance[..., 1:] += moved
    return np.clip(chance[..., -1], 0.0, 1.0)
