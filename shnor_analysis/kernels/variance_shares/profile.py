"""The between-school variance of every model of a batch: where its restricted likelihood is highest.

The deviance is worked out at Chebyshev points of t = log(1 + φ n_max) and followed between them by the polynomial
through these points. As a function of t it is analytic in the strip |Im t| < π, so the polynomial is exact to about
1e-8 with two dozen points; `polish` then makes single models exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from shnor_analysis.kernels.variance_shares.blocks import Nodes, SchoolBlocks
from shnor_analysis.kernels.variance_shares.elimination import Solved

Array = NDArray[np.float64]
POINTS = 28
# enough for samples of schools, whose spread is far above an error of 1e-4
FEW_POINTS = 14
STEPS = 6
MODELS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Peak:
    """Per model: ratio φ = τ²/σ² and variances τ², σ², arrays of one shape (samples, models …)."""

    ratio: Array
    tau2: Array
    sigma2: Array

    @classmethod
    def joined(cls, parts: Sequence[Peak]) -> Peak:
        """Peaks of several batches in one, along the first axis."""
        return cls(
            np.concatenate([one.ratio for one in parts]),
            np.concatenate([one.tau2 for one in parts]),
            np.concatenate([one.sigma2 for one in parts]),
        )


def points(largest: float, highest_ratio: float, *, many: int = POINTS) -> tuple[Array, Array]:
    """Chebyshev points t from log(1 + φ n_max) of the highest ratio down to 0, and their ratios φ."""
    top = np.log1p(largest * highest_ratio)
    t = top * (1 + np.cos(np.pi * np.arange(many) / (many - 1))) / 2
    t[-1] = 0.0
    return t, np.expm1(t) / largest


def peaks(
    blocks: SchoolBlocks,
    nodes: Iterable[Nodes],
    t: Array,
    eliminate: Callable[[Array], Solved],
) -> Peak:
    """Find the peak of each model in each sample.

    Args:
        blocks: Where the nodes come from.
        nodes: Batches of samples at the ratios that belong to `t`.
        t: From `points`.
        eliminate: Products of shape (…, k, k) to models of shape (…, models …).

    Returns:
        Arrays of shape (samples, models …).
    """
    found = []
    for batch in nodes:
        models = eliminate(batch.products[:1]).residual[0, 0].size
        at_once = max(1, MODELS_AT_ONCE // models)
        for start in range(0, len(batch.products), at_once):
            part = slice(start, start + at_once)
            found.append(_peaks(blocks, batch, part, t, eliminate(batch.products[part])))
    return Peak.joined(found)


def _peaks(blocks: SchoolBlocks, batch: Nodes, part: slice, t: Array, models: Solved) -> Peak:
    """Peaks of some samples of a batch; `models` has shape (samples, points, models …)."""
    extra = (None,) * (models.residual.ndim - 2)
    log_v = batch.log_det[part][(..., *extra)]
    free = batch.n_rows[part][(..., None, *extra)] - models.used
    residual = models.residual if blocks.is_noise_known else free * np.log(models.residual)
    deviance = np.moveaxis(log_v + residual + models.log_det, 1, 0)
    shape = deviance.shape[1:]
    at = _lowest(t, deviance.reshape(len(t), -1))
    ratio = np.expm1(at).reshape(shape) / blocks.largest
    if blocks.is_noise_known:
        return Peak(ratio, ratio, np.ones_like(ratio))
    logs = np.moveaxis(np.log(models.residual), 1, 0).reshape(len(t), -1)
    sigma2 = np.exp(between(t, logs, at)).reshape(shape) / np.maximum(free[:, 0], 1)
    return Peak(ratio, ratio * sigma2, sigma2)


def _coefficients(values: Array) -> Array:
    """Chebyshev coefficients of the polynomials through values at the points, first axis the points."""
    n = len(values) - 1
    angles = np.cos(np.pi * np.outer(np.arange(n + 1), np.arange(n + 1)) / n)
    ends = np.ones(n + 1)
    ends[[0, -1]] = 0.5
    weights = 2 / n * ends[:, None] * ends[None, :] * angles
    return np.tensordot(weights, values, axes=1)


def between(t: Array, values: Array, at: Array) -> Array:
    """Values between the points: `values` (points, models), `at` one place a model, (models,)."""
    coefficients = _coefficients(values)
    return np.asarray(chebyshev.chebval(2 * at / t[0] - 1, coefficients, tensor=False))


def products_between(t: Array, products: Array, at: Array) -> Array:
    """Products of samples between the points: shape (samples, points, k, k), one place a sample, to (samples, k, k)."""
    coefficients = _coefficients(np.moveaxis(products, 1, 0))
    basis = chebyshev.chebvander(2 * at / t[0] - 1, len(t) - 1)
    return np.asarray(np.einsum("sm,msij->sij", basis, coefficients))


def _lowest(t: Array, values: Array) -> Array:
    """Where the polynomial through values, shape (points, models), is lowest; 0 and the top are allowed."""
    centred = values - values[-1]
    coefficients = _coefficients(centred)
    slope = chebyshev.chebder(coefficients)
    bend = chebyshev.chebder(slope)
    x_points = 2 * t / t[0] - 1
    best = np.argmin(centred, axis=0)
    high = x_points[np.maximum(best - 1, 0)]
    low = x_points[np.minimum(best + 1, len(t) - 1)]
    x = x_points[best]
    for _ in range(STEPS):
        down = chebyshev.chebval(x, slope, tensor=False)
        low, high = np.where(down < 0, x, low), np.where(down > 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            stepped = x - down / chebyshev.chebval(x, bend, tensor=False)
        is_inside = (stepped > low) & (stepped < high)
        x = np.where(down == 0, x, np.where(is_inside, stepped, (low + high) / 2))
    is_zero = (best == len(t) - 1) & (chebyshev.chebval(-1.0, slope) >= 0)
    return np.where(is_zero, 0.0, t[0] * (1 + np.clip(x, -1, 1)) / 2)
