"""Deviance of a nested Gaussian model and its gradient, by eliminating the levels from the innermost out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dtrtri

from shnor_analysis.kernels.multilevel.moments import Floats
from shnor_analysis.kernels.multilevel.working import Working, WorkingLevel


@dataclass(frozen=True, slots=True)
class Split:
    """Products that reach a level, as its elimination uses them; groups last.

    Attributes:
        own: Products of the level's q columns with all columns that pass on, E, shape (q, k, G).
        squares: Products of its columns with each other, K, shape (q, q, G).
        cross: Products of the columns of outer levels with its columns, shape (u, q, G).
        own_rows: The same as `own`, groups first and contiguous, q arrays of shape (G, k); empty on the last level.
        kept: For each column of outer levels its place among the level's own columns, or None.
        on: Sums by parent of the products of columns of outer levels that are not the level's own, by place.
    """

    own: Floats
    squares: Floats
    cross: Floats
    own_rows: tuple[Floats, ...]
    kept: tuple[int | None, ...]
    on: dict[int, Floats]


@dataclass(frozen=True, slots=True)
class Eliminated:
    """A level after elimination: the split, W = (G⁻¹ + K)⁻¹, shape (q, q, G), and W E, shape (q, k, G)."""

    split: Split
    shrink: Floats
    shrunk: Floats


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The likelihood at one point.

    Attributes:
        deviance: −2 log-likelihood (restricted for REML), σ profiled out unless it was given.
        remaining: A = C'V⁻¹C of fixed columns and outcome, where V is in units of σ², shape (p + 1, p + 1).
        root: Lower Cholesky factor of A; its last pivot squared is the residual sum of squares r².
        inverse_root: Inverse of the root.
        levels: What elimination left at each level.
    """

    deviance: float
    remaining: Floats
    root: Floats
    inverse_root: Floats
    levels: tuple[Eliminated, ...]

    @property
    def residual(self) -> float:
        """Penalised residual sum of squares r²."""
        return float(self.root[-1, -1] ** 2)

    @property
    def coefficients(self) -> Floats:
        """Coefficients of the fixed part in the working basis, shape (p,)."""
        return -self.direction[:-1]

    @property
    def direction(self) -> Floats:
        """What takes the residual out of fixed columns and outcome, (−β, 1), shape (p + 1,)."""
        return np.asarray(self.inverse_root[-1] * self.root[-1, -1])

    @property
    def precision_inverse(self) -> Floats:
        """Inverse of A's fixed part, (X'V⁻¹X)⁻¹, shape (p, p)."""
        half = self.inverse_root[:-1, :-1]
        return half.T @ half


def split_products(level: WorkingLevel, products: Floats) -> Split:
    """Take apart the products that reach a level, shape (u, k, G)."""
    own = products[level.rows, : level.cols_on]
    places = [list(level.rows).index(row) if row in level.rows else None for row in range(level.rows_on)]
    ones = np.ones(own.shape[-1])
    foreign = [row for row, place in enumerate(places) if place is None]
    return Split(
        own=own,
        squares=products[level.rows[:, None], level.cols],
        cross=products[: level.rows_on][:, level.cols],
        own_rows=tuple(np.ascontiguousarray(one.T) for one in own) if level.rows_on else (),
        kept=tuple(places),
        on={
            row: level.sum_to_parents(ones, np.ascontiguousarray(products[row, : level.cols_on].T))
            for row in foreign
        },
    )


def evaluate(
    working: Working, relative: Sequence[Floats], *, first: Split | None = None, sigma: float | None = None
) -> Evaluation:
    """The deviance at relative covariance factors Λ of the levels, G = σ² Λ Λ'.

    Parameters:
        working: The model.
        relative: Λ of each level, lower triangular, shape (q, q).
        first: The split of the first level, where it was made before.
        sigma: Residual standard deviation; profiled out when None.

    Raises:
        numpy.linalg.LinAlgError: The fixed columns are collinear, or nothing is left of the outcome.

    Source: Bates et al. (2015), Fitting linear mixed-effects models using lme4, eq. 34-42, by blocks as in
    docs/method/multilevel_model.md.
    """
    remaining = working.products.copy()
    size = len(remaining)
    log_determinant = 0.0
    products = working.grouped
    done = []
    for place, level in enumerate(working.levels):
        split = first if place == 0 and first is not None else split_products(level, products)
        shrink, one = shrinkage(relative[place], split.squares)
        shrunk = multiply(shrink, split.own)
        log_determinant += one
        for a in range(len(shrunk)):
            remaining -= split.own[a, :size] @ shrunk[a, :size].T
        done.append(Eliminated(split, shrink, shrunk))
        if level.parent is not None:
            products = _passed_on(level, split, shrink)
    root = np.asarray(np.linalg.cholesky((remaining + remaining.T) / 2), dtype=np.float64)
    deviance = _deviance(working, root, sigma) + log_determinant
    return Evaluation(deviance, remaining, root, np.asarray(dtrtri(root, lower=1)[0]), tuple(done))


def _deviance(working: Working, root: Floats, sigma: float | None) -> float:
    residual = root[-1, -1] ** 2
    degrees = working.degrees
    if sigma is None:
        found = degrees * (1 + np.log(2 * np.pi * residual / degrees))
    else:
        found = degrees * np.log(2 * np.pi * sigma**2) + residual / sigma**2
    if working.is_reml:
        found += 2 * np.log(np.diag(root)[:-1]).sum()
    return float(found - working.sum_log_weights)


def _passed_on(level: WorkingLevel, split: Split, shrink: Floats) -> Floats:
    """Σ over children of U'C − U'Z W Z'C: where U is among the level's own columns, a row of (I − K W) Z'C."""
    made = np.zeros((level.rows_on, level.cols_on, len(level.starts) - 1))
    for row, place in enumerate(split.kept):
        if place is None:
            made[row] = split.on[row]
        for b in range(len(shrink)):
            factor = -np.einsum("ag,ag->g", split.cross[row], shrink[:, b])
            made[row] += level.sum_to_parents(factor + 1 if place == b else factor, split.own_rows[b])
    return made


def shrinkage(relative: Floats, squares: Floats) -> tuple[Floats, float]:
    """W = Λ (I + Λ'KΛ)⁻¹ Λ' of each group, shape (q, q, G), and Σ log|I + Λ'KΛ|."""
    q, n_groups = len(relative), squares.shape[-1]
    if q == 1:
        square = relative[0, 0] ** 2
        inside = 1 + square * squares[0, 0]
        return (square / inside)[None, None], float(np.log(inside).sum())
    inside = (np.kron(relative, relative).T @ squares.reshape(q * q, n_groups)).reshape(q, q, n_groups)
    lower: dict[tuple[int, int], Floats] = {}
    half = np.empty((q, q, n_groups))
    log_determinant = 0.0
    for i in range(q):
        for j in range(i + 1):
            rest = inside[i, j] + (i == j)
            for m in range(j):
                rest -= lower[i, m] * lower[j, m]
            lower[i, j] = np.sqrt(rest) if i == j else rest / lower[j, j]
        log_determinant += 2 * float(np.log(lower[i, i]).sum())
        half[i] = relative[:, i, None]
        for m in range(i):
            half[i] -= lower[i, m] * half[m]
        half[i] /= lower[i, i]
    shrink = np.empty((q, q, n_groups))
    for a in range(q):
        for b in range(a + 1):
            shrink[a, b] = shrink[b, a] = np.einsum("ig,ig->g", half[:, a], half[:, b])
    return shrink, log_determinant


def multiply(left: Floats, right: Floats) -> Floats:
    """Product of matrices group by group: (a, b, G) and (b, c, G) make (a, c, G)."""
    made = left[:, 0, None] * right[None, 0]
    for b in range(1, len(right)):
        made += left[:, b, None] * right[None, b]
    return np.asarray(made)
