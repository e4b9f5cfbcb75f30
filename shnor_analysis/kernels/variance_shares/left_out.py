"""Coefficients of the model with all factors when any one school is left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.variance_shares.blocks import SchoolBlocks, left_out_nodes
from shnor_analysis.kernels.variance_shares.elimination import Solved, every_subset
from shnor_analysis.kernels.variance_shares.profile import peaks, points, products_between

Array = NDArray[np.float64]
HEADROOM = 8.0


def left_out_coefficients(blocks: SchoolBlocks, *, highest_ratio: float, is_linear: bool = False) -> Array:
    """Fit the model with all factors anew without each school, variances included.

    Args:
        blocks: Products by school.
        highest_ratio: Largest τ²/σ² of the schools as they are.
        is_linear: No variance between schools is estimated: least squares.

    Returns:
        Shape (G, k − 1): for each school left out the coefficients of all columns but the outcome, in the outcome's
        unit for one unit of the column; NaN where the other schools cannot tell one of the columns from the others.
    """
    whole = blocks.whole()
    t, ratios = points(blocks.largest, HEADROOM * max(highest_ratio, 1 / blocks.largest))

    def eliminate(products: Array) -> Solved:
        return every_subset(products, base=whole.base, blocks=())

    found = []
    for batch in left_out_nodes(whole, ratios):
        peak = peaks(whole, [batch], t, eliminate)
        at = np.log1p(peak.ratio[:, 0] * blocks.largest) * (not is_linear)
        products = products_between(t, batch.products, at)
        found.append(_coefficients(products, eliminate(products).used[:, 0] == blocks.k - 1))
    scaled: Array = np.concatenate(found) * blocks.scale[-1] / blocks.scale[:-1]
    return scaled


def _coefficients(products: Array, is_told: NDArray[np.bool_]) -> Array:
    """Solutions of the normal equations; NaN where a column says nothing new."""
    left = np.where(is_told[:, None, None], products[:, :-1, :-1], np.eye(products.shape[-1] - 1))
    solved = np.asarray(np.linalg.solve(left, products[:, :-1, -1:])[..., 0], dtype=np.float64)
    solved[~is_told] = np.nan
    return solved
