"""Standardised differences of groups made of whole schools: Hedges' g over the total spread of pupils."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]
LEAST_DF = 2.0


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """What schools of unequal sizes do to a difference of two groups and to the spread it is divided by.

    `factor`: by it d (the difference over the pooled standard deviation within the groups) estimates the difference
    over the standard deviation of all pupils; `mean_variance`: variance of the difference of means in units of that
    spread squared; `sd_df`: degrees of freedom behind the pooled standard deviation.
    """

    factor: float
    mean_variance: float
    sd_df: float


def cluster_sums(treated: npt.ArrayLike, comparison: npt.ArrayLike, *, icc: float) -> ClusterSums:
    """Work out what the sizes of schools do.

    Args:
        treated: Pupils of each treated school, shape (m1,), above 0.
        comparison: The same of the comparison, shape (m2,).
        icc: Share of the pupils' variance that lies between schools, 0–1.

    Raises:
        ValueError: Fewer than three pupils, or a group without schools.

    Source: Hedges (2007), J. Educ. Behav. Stat. 32: 341–370, sections on unequal cluster sizes; with schools of one
    size n: factor² = 1 − 2(n−1)ρ/(N−2), mean_variance = (1/N₁ + 1/N₂)(1 + (n−1)ρ).
    """
    one, two = (np.asarray(x, dtype=np.float64) for x in (treated, comparison))
    if not one.size or not two.size or one.sum() + two.sum() < 3:
        raise ValueError("two groups with three pupils and more are needed")
    n1, n2 = float(one.sum()), float(two.sum())
    n = n1 + n2
    between = sum(group.sum() - (group**2).sum() / group.sum() for group in (one, two))
    squared = sum(_squared(group) for group in (one, two))
    mean_size = n2 * float((one**2).sum()) / (n1 * n) + n1 * float((two**2).sum()) / (n2 * n)
    kept = 1.0 - icc * (n - 2.0 - between) / (n - 2.0)
    spread = (n - 2.0) * (1.0 - icc) ** 2 + squared * icc**2 + 2.0 * between * icc * (1.0 - icc)
    return ClusterSums(
        factor=float(np.sqrt(kept)),
        mean_variance=n / (n1 * n2) * (1.0 + (mean_size - 1.0) * icc),
        sd_df=float(((n - 2.0) * kept) ** 2 / spread),
    )


def small_sample_factor(df: float) -> float:
    """Hedges' J: the exact factor that takes the bias out of a difference over an estimated standard deviation.

    J(df) = Γ(df/2) / (√(df/2) Γ((df−1)/2)), about 1 − 3/(4 df − 1). `df` above 1; for 2 and fewer the value at 2.
    """
    used = max(df, LEAST_DF)
    return float(np.exp(gammaln(used / 2) - gammaln((used - 1) / 2)) / np.sqrt(used / 2))


def _squared(group: Floats) -> float:
    """Trace of the squared matrix that takes the group's mean from its schools, weighted by pupils."""
    total, squares = float(group.sum()), float((group**2).sum())
    return squares + (squares / total) ** 2 - 2.0 * float((group**3).sum()) / total
