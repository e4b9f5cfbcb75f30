"""What is left of the rows for between-school variances: products within schools, sums of schools, and their sizes.

Random intercept of the school j, u_j ~ N(0, τ²), φ = τ²/σ². With n_j the sum of a school's weights, s_j its sums and
W the products within schools (about school means), the products that the likelihood needs are

    A(φ) = W + Σ_j s_j s_j' / (n_j (1 + φ n_j)),

a sum of positive terms: nothing cancels, however large φ is. A model with some of the columns needs the same rows and
columns of the same A: that is why all subsets of factors can be solved at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.multilevel import GroupedMoments, sum_by_group

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
# below this part of a column's own scale, what varies within schools is rounding
ROUNDING = 1e-12
# columns are scaled to a sum of squares of 1; what varies within schools less than this has one value a school
CONSTANT_WITHIN = 1e-9
BYTES_AT_ONCE = 64_000_000
# a school's variance is never more than this many times that of its pupils
WIDEST_RATIO = 1e3


@dataclass(frozen=True, slots=True)
class SchoolBlocks:
    """Products of k columns by school; the columns stand in the order: always in the model, factors, outcome.

    Attributes:
        within: Products about school means, one row a school, shape (G, k²).
        between: s_j s_j' / n_j, shape (G, k²).
        sizes: Sums of weights n_j, shape (G,).
        rows: Rows of each school, shape (G,).
        base: Number of leading columns that are in every model, the column of ones first.
        blocks: Number of columns of each factor.
        scale: By what each column was divided, shape (k,): the root of its sum of squares.
        is_noise_known: The weights are reciprocals of known variances, so σ² is 1.
    """

    within: Array
    between: Array
    sizes: Array
    rows: NDArray[np.int64]
    base: int
    blocks: tuple[int, ...]
    scale: Array
    is_noise_known: bool = False

    @property
    def k(self) -> int:
        """Number of columns, the outcome included."""
        return self.base + sum(self.blocks) + 1

    @property
    def largest(self) -> float:
        """The largest sum of weights of a school."""
        return float(self.sizes.max())

    @property
    def widest_ratio(self) -> float:
        """No τ²/σ² above this is looked for: with known noise four times the variance of the schools' means."""
        if not self.is_noise_known:
            return WIDEST_RATIO
        means = self.between[:, self.k - 1] * self.scale[0] * self.scale[-1] / self.sizes
        return 4 * float(means.var())

    @property
    def is_constant_within(self) -> NDArray[np.bool_]:
        """Which columns have one value a school, the outcome left out, shape (k − 1,)."""
        diagonal = np.arange(self.k - 1) * (self.k + 1)
        return np.asarray(self.within[:, diagonal].sum(axis=0) <= CONSTANT_WITHIN)

    def whole(self) -> SchoolBlocks:
        """The same schools with all factors always in the model."""
        return replace(self, base=self.k - 1, blocks=())


def blocks_of(
    moments: GroupedMoments,
    *,
    base: Sequence[int],
    factors: Sequence[Sequence[int]],
    outcome: int,
    is_noise_known: bool = False,
) -> SchoolBlocks:
    """Take what is needed from products by school.

    Args:
        moments: Products by group for all columns; the outermost level is the school.
        base: Columns in every model, the column of ones first.
        factors: The columns of each factor.
        outcome: The outcome.
        is_noise_known: See `SchoolBlocks`.

    Raises:
        ValueError: The products by school do not cover all columns, or the column of ones is not first.
    """
    order = [*base, *(column for one in factors for column in one), outcome]
    if moments.intercept != base[0] or not set(order) <= set(moments.random):
        raise ValueError("products by school are needed for all columns, the column of ones first")
    place = {column: row for row, column in enumerate(moments.random)}
    products = moments.grouped[[place[column] for column in order]][:, order]
    schools = moments.ancestors(len(moments.levels) - 1)
    if len(moments.levels) > 1:
        products = sum_by_group(products, schools, len(moments.levels[-1].labels))
    scale = np.sqrt(np.einsum("iig->i", products))
    if is_noise_known:
        scale[-1] = 1.0  # the unit of the outcome is that of the known noise
    scaled = np.moveaxis(products / (scale[:, None, None] * scale[None, :, None]), 2, 0)
    sizes = products[0, 0]
    sums = scaled[:, 0, :]
    between = sums[:, :, None] * sums[:, None, :] / scaled[:, 0, :1, None]
    within = scaled - between
    within[np.abs(within) < ROUNDING * np.abs(scaled).max(axis=0)] = 0.0
    shape = (len(sizes), -1)
    return SchoolBlocks(
        np.ascontiguousarray(within.reshape(shape)),
        np.ascontiguousarray(between.reshape(shape)),
        np.ascontiguousarray(sizes),
        moments.levels[-1].sizes,
        len(base),
        tuple(len(one) for one in factors),
        scale,
        is_noise_known,
    )


@dataclass(frozen=True, slots=True)
class Nodes:
    """Products and log-determinants of V at some ratios φ, for a batch of samples of schools.

    Attributes:
        products: A(φ), shape (samples, ratios, k, k).
        log_det: Σ log(1 + φ n_j), shape (samples, ratios).
        n_rows: Rows of each sample, shape (samples,).
    """

    products: Array
    log_det: Array
    n_rows: Array


def resampled_nodes(blocks: SchoolBlocks, counts: NDArray[np.integer], ratios: Array) -> Iterator[Nodes]:
    """Samples in which each school stands `counts` times, shape (samples, G), in batches that fit the memory."""
    at_once = max(1, BYTES_AT_ONCE // (8 * len(ratios) * (len(blocks.sizes) + blocks.k**2)))
    shrunk = 1 / (1 + np.multiply.outer(ratios, blocks.sizes))
    logs = -np.log(shrunk)
    for start in range(0, len(counts), at_once):
        times = counts[start : start + at_once].astype(np.float64)
        within = times @ blocks.within
        taken = (times[:, None, :] * shrunk).reshape(-1, len(blocks.sizes)) @ blocks.between
        products = taken.reshape(len(times), len(ratios), -1) + within[:, None, :]
        yield Nodes(
            products.reshape(len(times), len(ratios), blocks.k, blocks.k), times @ logs.T, times @ blocks.rows
        )


def left_out_nodes(blocks: SchoolBlocks, ratios: Array) -> Iterator[Nodes]:
    """Samples that each lack one school, in the order of the schools."""
    at_once = max(1, BYTES_AT_ONCE // (8 * len(ratios) * blocks.k**2))
    all_in = np.ones((1, len(blocks.sizes)))
    whole = next(resampled_nodes(blocks, all_in.astype(np.intp), ratios))
    for start in range(0, len(blocks.sizes), at_once):
        part = slice(start, start + at_once)
        grown = 1 + np.multiply.outer(blocks.sizes[part], ratios)
        own = blocks.within[part, None, :] + blocks.between[part, None, :] / grown[:, :, None]
        yield Nodes(
            whole.products - own.reshape(*own.shape[:2], blocks.k, blocks.k),
            whole.log_det - np.log(grown),
            whole.n_rows - blocks.rows[part],
        )
