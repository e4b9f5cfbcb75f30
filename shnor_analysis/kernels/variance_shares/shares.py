"""Shares of the between-school variance that factors carry, for the schools as they are and for samples of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.read_only import make_read_only
from shnor_analysis.kernels.shapley import MOST_EXACT, all_subsets, draw_orders, exact_shares, sampled_shares
from shnor_analysis.kernels.variance_shares.blocks import SchoolBlocks, resampled_nodes
from shnor_analysis.kernels.variance_shares.elimination import Solved, every_prefix, every_subset
from shnor_analysis.kernels.variance_shares.polish import polish
from shnor_analysis.kernels.variance_shares.profile import FEW_POINTS, Peak, peaks, points

Array = NDArray[np.float64]
ORDER_PAIRS = 150
# how far above the largest ratio of the schools as they are the samples are looked through
HEADROOM = 8.0


@dataclass(frozen=True, slots=True)
class Shares:
    """What each factor carries of the between-school variance.

    Attributes:
        shares: Shapley values of v(S) = 1 − τ²_S / τ²_0, shape (P,); they sum to `total`.
        sampling_errors: Monte Carlo standard errors, shape (P,); 0 where every subset was gone through.
        total: 1 − τ²_full / τ²_0.
        tau2_null, tau2_full: Between-school variances without and with all factors.
        highest_ratio: Largest τ²/σ² of any model: start for samples.
        is_exact: Every subset was gone through.
    """

    shares: Array
    sampling_errors: Array
    total: float
    tau2_null: float
    tau2_full: float
    highest_ratio: float
    is_exact: bool

    def __post_init__(self) -> None:
        make_read_only(self.shares, self.sampling_errors)


@dataclass(frozen=True, slots=True)
class Models:
    """Which models are solved: all subsets of the factors, or the beginnings of some orders of them."""

    base: int
    blocks: tuple[int, ...]
    orders: NDArray[np.intp] | None

    @property
    def eliminate(self) -> Callable[[Array], Solved]:
        """Products of shape (…, k, k) to all models."""
        if self.orders is None:
            return partial(every_subset, base=self.base, blocks=self.blocks)
        return partial(every_prefix, base=self.base, blocks=self.blocks, orders=self.orders)

    @property
    def masks(self) -> NDArray[np.bool_]:
        """The factors in each model, shape (models …, factors)."""
        if self.orders is None:
            return all_subsets(len(self.blocks))
        place = np.argsort(self.orders, axis=1)
        return place[:, None, :] < np.arange(len(self.blocks) + 1)[None, :, None]

    def split(self, tau2: Array) -> tuple[Array, Array]:
        """Shares and sampling errors of shape (…, P) from the variances of shape (…, models …)."""
        null = tau2[..., 0] if self.orders is None else tau2[..., 0, 0]
        extra = (None,) * (1 if self.orders is None else 2)
        there = np.where(null > 0, null, np.nan)
        values = 1 - tau2 / there[(..., *extra)]
        if self.orders is None:
            shares = exact_shares(values)
            return shares, np.zeros_like(shares)
        return sampled_shares(values, self.orders)

    def ends(self, values: Array) -> tuple[Array, Array]:
        """What belongs to no factor and to all of them."""
        return (
            (values[..., 0], values[..., -1])
            if self.orders is None
            else (values[..., 0, 0], values[..., 0, -1])
        )


def models_of(blocks: SchoolBlocks, *, seed: int, most_exact: int = MOST_EXACT) -> Models:
    """All subsets up to `most_exact` factors, sampled orders beyond."""
    parts = len(blocks.blocks)
    orders = None if parts <= most_exact else draw_orders(parts, pairs=ORDER_PAIRS, seed=seed)
    return Models(blocks.base, blocks.blocks, orders)


def variance_shares(blocks: SchoolBlocks, models: Models) -> Shares:
    """Split the between-school variance of the schools as they are; exact likelihoods.

    Limits: where the variance without factors is 0 there is nothing to split and the shares are NaN.
    """
    once = np.ones((1, len(blocks.sizes)), dtype=np.intp)
    highest = blocks.widest_ratio
    for _ in range(2):  # the first look is wide and coarse, the second close
        t, ratios = points(blocks.largest, highest)
        looked = peaks(blocks, resampled_nodes(blocks, once, ratios), t, models.eliminate)
        highest = float(min(blocks.widest_ratio, HEADROOM * max(looked.ratio.max(), 1 / blocks.largest)))
    masks = models.masks
    flat, where = np.unique(masks.reshape(-1, masks.shape[-1]), axis=0, return_inverse=True)
    starts = np.empty(len(flat))
    starts[where.ravel()] = looked.ratio[0].ravel()
    solved = polish(blocks, flat, starts)
    tau2 = solved.tau2[where.ravel()].reshape(masks.shape[:-1])
    shares, errors = models.split(tau2)
    null, full = models.ends(tau2)
    total = float(1 - full / null) if null > 0 else float("nan")
    unit = float(blocks.scale[-1] ** 2)
    return Shares(
        shares,
        errors,
        total,
        float(null) * unit,
        float(full) * unit,
        float(solved.ratio.max()),
        models.orders is None,
    )


def resampled_shares(
    blocks: SchoolBlocks, models: Models, counts: NDArray[np.integer], *, highest_ratio: float
) -> tuple[Array, Array]:
    """Split the variance in samples of schools, shape (R, G) counts of each school.

    Args:
        blocks: Products by school.
        models: As for the schools as they are.
        counts: How often each school stands in each sample.
        highest_ratio: `Shares.highest_ratio`, which tells where to look.

    Returns:
        Shares, shape (R, P), and totals, shape (R,); NaN where a sample has no between-school variance to split.
    """
    top = min(blocks.widest_ratio, HEADROOM * max(highest_ratio, 1 / blocks.largest))
    t, ratios = points(blocks.largest, top, many=FEW_POINTS)
    found: Peak = peaks(blocks, resampled_nodes(blocks, counts, ratios), t, models.eliminate)
    tau2 = _unshrunk(blocks, models, found)
    shares, _ = models.split(tau2)
    null, full = models.ends(tau2)
    return shares, 1 - full / np.where(null > 0, null, np.nan)


def _unshrunk(blocks: SchoolBlocks, models: Models, found: Peak) -> Array:
    """Between-school variances of samples, freed from what repeated schools take from them.

    A sample of G schools holds fewer different ones, and a model with p columns of schools fits them too well: its
    variance of school means comes out smaller by (G − p)/G, so more factors would seem to explain more. The ratio to
    the model without factors is set right (resampled cases in regression: Davison & Hinkley 1997, ch. 6).
    """
    noise = found.sigma2 * float(np.mean(1 / blocks.sizes))
    is_school = blocks.is_constant_within
    base = int(is_school[: blocks.base].sum())
    begins = np.concatenate([[0], np.cumsum(blocks.blocks)]).astype(int) + blocks.base
    added = [int(is_school[one:two].sum()) for one, two in pairwise(begins)]
    schools = len(blocks.sizes)
    factor = (schools - base) / np.maximum(schools - base - models.masks @ np.array(added, dtype=int), 1)
    unshrunk: Array = (found.tau2 + noise) * factor - noise
    return unshrunk
