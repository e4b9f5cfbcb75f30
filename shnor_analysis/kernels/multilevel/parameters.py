"""Between the parameters that are optimised and the covariance factors of the levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shnor_analysis.kernels.multilevel.moments import Floats
from shnor_analysis.kernels.multilevel.working import Block, Working


def count(working: Working) -> int:
    """Number of covariance parameters besides σ."""
    return sum(block.size * (block.size + 1) // 2 for block in working.blocks)


def factors(working: Working, theta: Floats) -> list[Floats]:
    """Λ of each block for columns of scale 1, lower triangular, filled column by column as in lme4."""
    return _unflatten(theta, [block.size for block in working.blocks])


def from_lme4(working: Working, theta: Floats) -> Floats:
    """The parameters from those for the columns as they are in the data, as lme4 has them."""
    raw = _unflatten(theta, [block.size for block in working.blocks])
    return flatten([working_factor(block, one) for block, one in zip(working.blocks, raw, strict=True)])


def _unflatten(theta: Floats, sizes: Sequence[int]) -> list[Floats]:
    """Lower triangular matrices of some sizes; the inverse of `flatten`."""
    made, at = [], 0
    for size in sizes:
        factor = np.zeros((size, size))
        for column in range(size):
            many = size - column
            factor[column:, column] = theta[at : at + many]
            at += many
        made.append(factor)
    return made


def flatten(matrices: Sequence[Floats]) -> Floats:
    """Lower triangles column by column, one after another."""
    columns = [one[column:, column] for one in matrices for column in range(len(one))]
    return np.concatenate(columns) if columns else np.empty(0)


def relative(working: Working, theta: Floats) -> list[Floats]:
    """Λ of each level for its working columns, shape (q, q)."""
    blocks = iter(factors(working, theta))
    made = []
    for level in working.levels:
        full = np.zeros((len(level.rows), len(level.rows)))
        for block in level.blocks:
            place = slice(block.at, block.at + block.size)
            full[place, place] = next(blocks) / block.scale[:, None]
        made.append(full)
    return made


def block_slopes(working: Working, by_level: Sequence[Floats]) -> list[Floats]:
    """Derivatives by G/σ² of each block for columns of scale 1, from those of each level."""
    made = []
    for level, slope in zip(working.levels, by_level, strict=True):
        for block in level.blocks:
            place = slice(block.at, block.at + block.size)
            made.append(slope[place, place] / np.outer(block.scale, block.scale))
    return made


def gradient(working: Working, theta: Floats, slopes: Sequence[Floats]) -> Floats:
    """Derivative by the parameters: the lower triangle of 2 Γ Λ."""
    pairs = zip(slopes, factors(working, theta), strict=True)
    return flatten([2 * slope @ factor for slope, factor in pairs])


def raw_factor(block: Block, factor: Floats) -> Floats:
    """Λ for the columns as they are in the data, lower triangular with diagonal ≥ 0."""
    return lower_factor(block.back @ (factor / block.scale[:, None]))


def working_factor(block: Block, raw: Floats) -> Floats:
    """Inverse of `raw_factor`."""
    return lower_factor(np.linalg.solve(block.back, raw) * block.scale[:, None])


def lower_factor(root: Floats) -> Floats:
    """The lower triangular matrix with diagonal ≥ 0 and the same product with its transpose."""
    upper = np.asarray(np.linalg.qr(root.T, mode="r"))
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    return np.asarray(np.tril((upper * signs[:, None]).T))


def root_of(covariance: Floats) -> Floats:
    """Lower triangular root of a positive semidefinite matrix; negative eigenvalues are taken as 0."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return lower_factor(vectors * np.sqrt(np.maximum(values, 0.0)))
