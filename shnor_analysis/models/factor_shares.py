"""Shares of the between-school variance with bounds from resampled schools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.variance_shares import (
    SchoolBlocks,
    Shares,
    models_of,
    resampled_shares,
    variance_shares,
)

Array = NDArray[np.float64]
# samples of schools that say nothing (no variance to split) may be this part of all before bounds are given up
MOST_SILENT = 0.05
MOST_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Resampling:
    """How schools are resampled: number of samples (0 for none), seed of the random numbers, level of the bounds."""

    replicates: int
    seed: int
    level: float


@dataclass(frozen=True, slots=True)
class SplitVariance:
    """Shares with bounds, means over plausible values; bounds are None where samples of schools cannot give them.

    `shares`, `errors`: shape (P,). `bounds`: shape (P + 1, 2), the last row for the total.
    """

    shares: Array
    errors: Array
    total: float
    bounds: Array | None
    tau2_null: float
    tau2_full: float
    highest_ratio: float
    is_exact: bool


def split_variance(
    outcomes: Sequence[SchoolBlocks], resampling: Resampling, *, fewest_schools: int
) -> SplitVariance:
    """Split the variance of one outcome, given once or as plausible values.

    Each sample of schools is used with one of the plausible values in turn, so that the bounds hold both the luck of
    schools and the spread of plausible values (Schomaker & Heumann 2018, Stat. Med. 37: 2252–2266, pooled samples).

    Args:
        outcomes: Products by school, one a plausible value; all have the same schools.
        resampling: Number of samples, seed, level.
        fewest_schools: Different schools that a sample needs to say anything about all factors.
    """
    models = models_of(outcomes[0], seed=resampling.seed)
    points = [variance_shares(one, models) for one in outcomes]
    shares = np.mean([one.shares for one in points], axis=0)
    total = float(np.mean([one.total for one in points]))
    highest = max(one.highest_ratio for one in points)
    bounds = None
    counts = draw_samples(len(outcomes[0].sizes), resampling, fewest_schools=fewest_schools)
    if counts is not None and np.isfinite(total):
        parts = [
            resampled_shares(one, models, counts[at :: len(outcomes)], highest_ratio=highest)
            for at, one in enumerate(outcomes)
        ]
        samples = np.concatenate([np.column_stack(part) for part in parts])
        bounds = bounds_of(np.append(shares, total), samples, level=resampling.level)
    return SplitVariance(
        shares,
        np.sqrt(np.mean([one.sampling_errors**2 for one in points], axis=0)),
        total,
        bounds,
        _mean(points, "tau2_null"),
        _mean(points, "tau2_full"),
        highest,
        models.orders is None,
    )


def _mean(points: Sequence[Shares], name: str) -> float:
    return float(np.mean([getattr(one, name) for one in points]))


def draw_samples(schools: int, resampling: Resampling, *, fewest_schools: int) -> NDArray[np.int64] | None:
    """Samples of as many schools with replacement, shape (replicates, schools): how often each one stands.

    A sample with too few different schools is drawn anew; None when that hardly ever helps, or none are wanted.
    """
    if resampling.replicates == 0:
        return None
    generator = np.random.default_rng(resampling.seed)
    equal = np.full(schools, 1 / schools)
    kept: list[NDArray[np.int64]] = []
    for _ in range(MOST_DRAWS):
        drawn = generator.multinomial(schools, equal, size=resampling.replicates)
        kept.extend(drawn[(drawn > 0).sum(axis=1) >= fewest_schools])
        if len(kept) >= resampling.replicates:
            return np.array(kept[: resampling.replicates])
        if not kept:
            return None
    return None


def bounds_of(estimates: Array, samples: Array, *, level: float) -> Array | None:
    """Bounds from samples, shape (quantities, 2); None when too many samples say nothing."""
    told = samples[np.isfinite(samples).all(axis=1)]
    if len(told) < (1 - MOST_SILENT) * len(samples):
        return None
    tails = np.quantile(told, [(1 - level) / 2, (1 + level) / 2], axis=0).T
    # the median: a sample with hardly any variance between schools has shares without measure
    return np.asarray(tails - (np.median(told, axis=0) - estimates)[:, None])
