"""Counts of low results as normal observations of the latent level: expectation propagation, cell by cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEWTON_STEPS = 6
NODES, WEIGHTS = np.polynomial.hermite.hermgauss(9)
# the weight of a node beside the normal curve that the nodes are placed by
LOG_WEIGHTS = np.log(WEIGHTS) + NODES**2
LEAST_PRECISION = 1e-6


def tilted_moments(low: Array, tested: Array, mean: Array, variance: Array) -> tuple[Array, Array]:
    """Mean and variance of a normal level times the binomial likelihood of its count.

    Args:
        low: Low results, shape (…).
        tested: Tested, the same shape.
        mean: Mean of the level before the count, log odds, the same shape.
        variance: Its variance, above 0.

    Returns:
        Moments after the count, by Gauss–Hermite quadrature of nine nodes about the mode.
    """
    level = _mode(low, tested, mean, variance)
    chance = _expit(level)
    width = np.sqrt(2 / (tested * chance * (1 - chance) + 1 / variance))
    nodes = level[..., None] + width[..., None] * NODES
    log_density = (
        low[..., None] * nodes
        - tested[..., None] * np.logaddexp(0, nodes)
        - (nodes - mean[..., None]) ** 2 / (2 * variance[..., None])
        + LOG_WEIGHTS
    )
    density = np.exp(log_density - log_density.max(axis=-1, keepdims=True))
    density /= density.sum(axis=-1, keepdims=True)
    found = (density * nodes).sum(axis=-1)
    spread = (density * (nodes - found[..., None]) ** 2).sum(axis=-1)
    return found, spread


def _mode(low: Array, tested: Array, mean: Array, variance: Array) -> Array:
    """The level of highest density, by Newton steps that are halved where they would overshoot the count's level."""
    level = np.where(tested > 0, np.log((low + 0.5) / (tested - low + 0.5)), mean)
    level = (mean / variance + level * tested / 4) / (1 / variance + tested / 4)
    for _ in range(NEWTON_STEPS):
        chance = _expit(level)
        slope = low - tested * chance - (level - mean) / variance
        curve = tested * chance * (1 - chance) + 1 / variance
        level = level + np.clip(slope / curve, -1.5, 1.5)
    return level


def _expit(level: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-level)))


def propagate(
    counts: tuple[Array, Array], precision: Array, shift: Array, posterior: tuple[Array, Array]
) -> tuple[Array, Array]:
    """One parallel step: take each cell's own normal observation out, put its count in, match moments.

    Args:
        counts: Low results and tested, shape (schools, cells), 0 tested where there is no result.
        precision: Of the observations so far, the same shape, 0 where there is none.
        shift: Precision times value of the observations.
        posterior: Mean and variance of each cell's level given all observations.

    Returns:
        Precision and shift of the new observations.
    """
    low, tested = counts
    mean, variance = posterior
    left = np.maximum(1 / variance - precision, LEAST_PRECISION)
    before_mean, before_variance = (mean / variance - shift) / left, 1 / left
    found, spread = tilted_moments(low, tested, before_mean, before_variance)
    is_seen = tested > 0
    new = np.where(is_seen, np.maximum(1 / spread - left, LEAST_PRECISION), 0.0)
    moved = np.where(is_seen, found * (new + left) - before_mean * left, 0.0)
    return new, moved
