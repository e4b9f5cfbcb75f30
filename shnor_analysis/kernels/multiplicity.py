"""Many questions of one data set: how many of the finds are false."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """p-values adjusted so that calling those below q "found" keeps the expected rate of false finds at most q.

    p̃_(i) = min over j ≥ i of m · p_(j) / j, at most 1.

    Args:
        p_values: Shape (m,), each 0–1; NaN stands for a question that was not answered and does not count.

    Returns:
        Shape (m,), in the order given; NaN stays NaN.

    Raises:
        ValueError: A p-value outside 0–1.

    Limits:
        Holds for independent or positively dependent tests; for any dependence it is at most q · Σ 1/i.

    Source: Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57: 289–300; Benjamini & Yekutieli (2001). The same as R's
    `p.adjust(method = "BH")`.
    """
    p = np.asarray(p_values, dtype=float)
    if np.any((p < 0) | (p > 1)):
        raise ValueError("a p-value lies outside 0–1")
    known = np.flatnonzero(np.isfinite(p))
    falling = known[np.argsort(-p[known], kind="stable")]
    ranks = np.arange(len(falling), 0, -1)
    adjusted = np.full(p.shape, np.nan)
    adjusted[falling] = np.minimum(1.0, np.minimum.accumulate(p[falling] * len(falling) / ranks))
    return adjusted
