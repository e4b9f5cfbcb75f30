"""Weighted regressions of few schools, many at once: the last column's estimate with CR2 errors and its own df."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.read_only import make_read_only

Floats = npt.NDArray[np.float64]
# least eigenvalue of the columns' correlations under which one follows from the others
COLLINEAR = 1e-9
# eigenvalue of a cluster's matrix, whose largest is about 1, that is rounding of 0
EMPTY = 1e-10
# cells of the largest array of one pass: 4 MB stay near the processor
MOST_CELLS = 500_000


@dataclass(frozen=True, slots=True)
class StackedFit:
    """The last column of B regressions; NaN where its columns are collinear; all of shape (B,).

    Attributes:
        estimate: Weighted least squares.
        std_error: Cluster-robust, bias-reduced (CR2).
        df: Satterthwaite degrees of freedom of the error; NaN where they were not asked for.
    """

    estimate: Floats
    std_error: Floats
    df: Floats

    def __post_init__(self) -> None:
        make_read_only(self.estimate, self.std_error, self.df)

    @property
    def statistic(self) -> Floats:
        """Estimate over its error; NaN where the error is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.std_error > 0, self.estimate / self.std_error, np.nan)


def fit_stacked(outcome: Floats, design: Floats, weights: Floats, *, with_df: bool = True) -> StackedFit:
    """Fit B weighted regressions whose rows stand as clusters × stacks.

    β = (X'WX)⁻¹X'Wy; V = M Σ X_i'W_i A_i e_i e_i' A_i W_i X_i M with M = (X'WX)⁻¹, A_i = B_i^(−1/2) and
    B_i = ((I − H)(I − H)')_ii, H = XMX'W: weights say how much a row counts, the working model of the errors is
    independence with one variance.

    Parameters:
        outcome: Shape (B, S, C): S clusters (schools) of at most C rows.
        design: Columns of the regression, the one asked for last, shape (B, S, C, p).
        weights: Shape (B, S, C); 0 where a cluster has no such row, whose outcome and columns then do not count.
        with_df: Whether degrees of freedom are worked out.

    Limits: small p and C; time grows with B · S · (C³ + C p²).
    Source: Bell, McCaffrey (2002), Surv. Methodol. 28(2); Pustejovsky, Tipton (2018), JBES 36(4), eq. 6-11. Equal to
        clubSandwich's `vcovCR(lm(weights = w), type = "CR2")` with its default target, tests/unit/.
    """
    n_fits, n_clusters, n_stacks, n_columns = design.shape
    per_pass = max(1, MOST_CELLS // max(n_clusters * n_stacks * max(n_columns, n_stacks), 1))
    parts = [
        _fit_pass(
            outcome[at : at + per_pass],
            design[at : at + per_pass],
            weights[at : at + per_pass],
            with_df=with_df,
        )
        for at in range(0, n_fits, per_pass)
    ]
    return StackedFit(*(np.concatenate(found) for found in zip(*parts, strict=True)))


def _fit_pass(
    outcome: Floats, design: Floats, weights: Floats, *, with_df: bool
) -> tuple[Floats, Floats, Floats]:
    is_there = weights > 0
    weight = np.where(is_there, weights, 0.0)
    weight = weight / np.maximum(weight.max(axis=(1, 2), keepdims=True), np.finfo(float).tiny)
    x = np.where(is_there[..., None], design, 0.0)
    size = np.sqrt(np.einsum("bsc,bscp->bp", weight, x**2))
    x = x / np.where(size > 0, size, 1.0)[:, None, None, :]
    weighted = weight[..., None] * x
    bread, is_sound = _inverse(np.einsum("bscp,bscq->bpq", x, weighted))
    y = np.where(is_there, outcome, 0.0)
    beta = np.einsum("bpq,bscq,bsc->bp", bread, weighted, y, optimize=True)
    residual = y - np.einsum("bscp,bp->bsc", x, beta)
    squares = np.einsum("bscp,bscq->bpq", weighted, weighted)
    middle = bread @ squares @ bread
    adjusted = _adjusted(x, weighted, weight, bread, middle)
    score = np.einsum("bsc,bsc->bs", adjusted, residual)
    scale = np.where(is_sound, 1.0, np.nan) / np.where(size[:, -1] > 0, size[:, -1], np.nan)
    df = _degrees(adjusted, x, weighted, bread, middle) if with_df else np.full(len(x), np.nan)
    return beta[:, -1] * scale, np.sqrt(np.einsum("bs,bs->b", score, score)) * scale, df


def _inverse(gram: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Inverse of each Gram matrix with a diagonal of 1, and whether it has one."""
    values = np.linalg.eigvalsh(gram)
    is_sound = values[:, 0] > COLLINEAR * values[:, -1]
    safe = np.where(is_sound[:, None, None], gram, np.eye(gram.shape[1]))
    return np.linalg.inv(safe), is_sound


def _adjusted(x: Floats, weighted: Floats, weight: Floats, bread: Floats, middle: Floats) -> Floats:
    """A_i W_i X_i M c of each cluster, c the last column, shape (B, S, C)."""
    given: Floats = np.einsum("bscp,bp->bsc", weighted, bread[:, :, -1])
    if x.shape[2] == 1:
        leverage = (
            np.einsum("bsp,bpq,bsq->bs", x[:, :, 0], bread, x[:, :, 0], optimize=True) * weight[:, :, 0]
        )
        rest = 1 - 2 * leverage + np.einsum("bsp,bpq,bsq->bs", x[:, :, 0], middle, x[:, :, 0], optimize=True)
        return given * np.where(rest > EMPTY, 1 / np.sqrt(np.maximum(rest, EMPTY)), 0.0)[:, :, None]
    hat = (x @ bread[:, None]) @ weighted.transpose(0, 1, 3, 2)
    outer = (x @ middle[:, None]) @ x.transpose(0, 1, 3, 2)
    values, vectors = np.linalg.eigh(np.eye(x.shape[2]) - hat - hat.transpose(0, 1, 3, 2) + outer)
    roots = np.where(values > EMPTY, 1 / np.sqrt(np.maximum(values, EMPTY)), 0.0)
    turned = np.einsum("bscd,bsc->bsd", vectors, given) * roots
    return np.asarray(np.einsum("bscd,bsd->bsc", vectors, turned))


def _degrees(adjusted: Floats, x: Floats, weighted: Floats, bread: Floats, middle: Floats) -> Floats:
    """(Σ G_ii)² / Σ G_ij², G_ij the covariance of the parts of clusters i and j under the working model.

    G = D + Z K Z' with D diagonal and few columns in Z, so no matrix of clusters × clusters is made.
    """
    n_columns = x.shape[3]
    plain = np.einsum("bscp,bsc->bsp", x, adjusted)
    heavy = np.einsum("bscp,bsc->bsp", weighted, adjusted)
    z = np.concatenate([plain, heavy], axis=2)
    kernel = np.zeros((len(x), 2 * n_columns, 2 * n_columns))
    kernel[:, :n_columns, :n_columns] = middle
    kernel[:, :n_columns, n_columns:] = -bread
    kernel[:, n_columns:, :n_columns] = -bread
    own = np.einsum("bsc,bsc->bs", adjusted, adjusted)
    spread = np.einsum("bsp,bpq,bsq->bs", z, kernel, z, optimize=True)
    both = kernel @ np.einsum("bsp,bsq->bpq", z, z)
    total = (own + spread).sum(axis=1)
    squares = (own**2 + 2 * own * spread).sum(axis=1) + np.einsum("bpq,bqp->b", both, both)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(squares > 0, total**2 / squares, np.nan)
