"""Fair shares of a total among parts that overlap: what a part adds, averaged over all orders of coming in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_EXACT = 13
"""Parts up to which every subset is gone through (8,192 of them); beyond, orders are sampled."""


def all_subsets(parts: int) -> NDArray[np.bool_]:
    """Every subset of the parts, shape (2^parts, parts): row `i` holds part `p` where bit `p` of `i` is set."""
    return (np.arange(2**parts)[:, None] >> np.arange(parts) & 1).astype(bool)


def exact_shares(values: ArrayLike) -> Array:
    """Shapley values from the value of every subset.

    φ_p = Σ_S |S|! (P − |S| − 1)! / P! · (v(S + p) − v(S)) over the subsets S without p.

    Args:
        values: Shape (…, 2^P), in the order of `all_subsets`; a leading axis holds replicates.

    Returns:
        Shape (…, P); sums to v(all) − v(none) up to rounding.

    Raises:
        ValueError: The last axis is no power of two.

    Source: Shapley (1953); for shares of R² Lindeman, Merenda & Gold (1980), Grömping (2007), Am. Stat. 61: 139–147.
    """
    value = np.asarray(values, dtype=float)
    parts = value.shape[-1].bit_length() - 1
    if value.shape[-1] != 2**parts:
        raise ValueError(f"{value.shape[-1]} values are not one for each subset")
    masks = np.arange(2**parts)
    sizes = all_subsets(parts).sum(axis=1)
    orders = [1 / (parts * math.comb(parts - 1, size)) for size in range(parts)]
    shares = np.empty((*value.shape[:-1], parts))
    for part in range(parts):
        without = masks[(masks >> part & 1) == 0]
        weight = np.array([orders[size] for size in sizes[without]])
        shares[..., part] = (value[..., without | 1 << part] - value[..., without]) @ weight
    return shares


def draw_orders(parts: int, *, pairs: int, seed: int) -> Indices:
    """Random orders of the parts, shape (2 · pairs, parts): each followed by its reverse, which steadies the mean."""
    generator = np.random.default_rng(seed)
    drawn = np.array([generator.permutation(parts) for _ in range(pairs)], dtype=np.intp)
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(2 * pairs, parts)


def sampled_shares(values: ArrayLike, orders: Indices) -> tuple[Array, Array]:
    """Shapley values from sampled orders, with their Monte Carlo standard errors.

    Args:
        values: Shape (…, orders, P + 1): the value of the first 0, 1, …, P parts of each order.
        orders: Shape (orders, P), from `draw_orders`: each order is followed by its reverse.

    Returns:
        Shares and standard errors, each of shape (…, P). The shares sum to v(all) − v(none) up to rounding.

    Raises:
        ValueError: Fewer than two pairs of orders: no error can be told.

    Source: Castro, Gómez & Tejada (2009), Computers & Operations Research 36: 1726–1730; antithetic pairs as in
    Mitchell et al. (2022), JMLR 23(43).
    """
    if len(orders) < 4 or len(orders) % 2:
        raise ValueError("at least two pairs of orders are needed")
    added = np.diff(np.asarray(values, dtype=float), axis=-1)
    places = np.argsort(orders, axis=1)
    of_part = np.take_along_axis(added, np.broadcast_to(places, added.shape), axis=-1)
    pairs = (of_part[..., 0::2, :] + of_part[..., 1::2, :]) / 2
    error = pairs.std(axis=-2, ddof=1) / np.sqrt(pairs.shape[-2])
    return pairs.mean(axis=-2), error
