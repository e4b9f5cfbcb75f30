"""How likely chance of sampling alone puts a unit among the worst of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

CELLS_AT_ONCE = 2_000_000


def chance_among_highest(
    trials: ArrayLike, share: ArrayLike, *, places: int, draws: int = 200, seed: int = 500
) -> Array:
    """Chance of each unit to be among the `places` highest shares when the true shares are known.

    All units are drawn anew, X ~ Binomial(n, share), and ranked by X / n; ties go to the earlier unit.

    Args:
        trials: Whole numbers of pupils, shape (units,), each above 0.
        share: True shares 0–1, shape (units,).
        places: How many units make the list, 0…units.
        draws: Number of simulated rankings; the standard error of a chance is at most 0.5 / √draws.
        seed: Seed of the random numbers.

    Returns:
        Shape (units,); sums to `places`.

    Raises:
        ValueError: `places` outside 0…units or a share outside 0–1.

    Limits:
        Takes every observed share as true, so the spread between units is overstated and staying is a little too
        likely.
    """
    n, p = np.asarray(trials, dtype=np.int64), np.asarray(share, dtype=float)
    if not 0 <= places <= n.size or np.any((p < 0) | (p > 1)):
        raise ValueError("places lie outside 0…units, or a share outside 0–1")
    generator = np.random.default_rng(seed)
    hits = np.zeros(n.size)
    at_once = max(1, CELLS_AT_ONCE // max(1, n.size))
    for start in range(0, draws, at_once):
        rounds = min(at_once, draws - start)
        drawn = generator.binomial(n, p, size=(rounds, n.size)) / n
        highest = np.argsort(-drawn, axis=1, kind="stable")[:, :places]
        hits += np.bincount(highest.ravel(), minlength=n.size)
    return hits / draws
