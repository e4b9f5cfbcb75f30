"""Weighted regressions of few schools, many at once: the last column's estimate with CR2 errors and its own df."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.read_only import make_read_only

Working = Literal["weights", "equal"]
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


def fit_stacked(
    outcome: Floats, design: Floats, weights: Floats, *, working: Working = "weights", with_df: bool = True
) -> StackedFit:
    """Fit B weighted regressions whose rows stand as clusters × stacks.

    β = (X'WX)⁻¹X'Wy; V = M Σ X_i'W_i A_i e_i e_i' A_i W_i X_i M with M = (X'WX)⁻¹. Φ is the variance of the rows under
    the working model, diagonal: 1 / weight, or one for all. H = XMX'W, B_i = ((I − H)Φ(I − H)')_ii, v_i = Φ_i^(1/2),
    A_i = v_i (v_i B_i v_i)^(−1/2) v_i. Degrees of freedom are Satterthwaite's under the same model.

    Args:
        outcome: Shape (B, S, C): S clusters (schools) of at most C rows.
        design: Columns of the regression, the one asked for last, shape (B, S, C, p).
        weights: Shape (B, S, C); 0 where a cluster has no such row, whose outcome and columns then do not count.
        working: Whether the weights say how sure a row is ("weights") or only how much it counts ("equal"). Errors hold
            either way; where weights are pupils and schools unequal, degrees of freedom under "equal" are too few.
        with_df: Whether degrees of freedom are worked out.

    Limits: small p and C; time grows with B · S · (C³ + C p²).
    Source: Bell, McCaffrey (2002), Surv. Methodol. 28(2); Pustejovsky, Tipton (2018), JBES 36(4), eq. 6-11. Equal to
        clubSandwich's `vcovCR(lm(weights = w), type = "CR2")`, with target = 1 / w for "weights" and its default target
        for "equal", tests/reference/.
    """
    n_fits, n_clusters, n_stacks, n_columns = design.shape
    per_pass = max(1, MOST_CELLS // max(n_clusters * n_stacks * max(n_columns, n_stacks), 1))
    parts = []
    for at in range(0, n_fits, per_pass):
        here = slice(at, at + per_pass)
        made = _prepared(outcome[here], design[here], weights[here], working=working)
        parts.append(_fit_pass(made, with_df=with_df))
    return StackedFit(*(np.concatenate(found) for found in zip(*parts, strict=True)))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of one pass: absent ones are 0 with variance 1, weights at most 1, columns of unit length.

    `told` is weight × variance; `size` are the lengths that were taken from the columns, shape (B, p).
    """

    y: Floats
    x: Floats
    weight: Floats
    variance: Floats
    size: Floats

    @property
    def told(self) -> Floats:
        return self.weight * self.variance


def _prepared(outcome: Floats, design: Floats, weights: Floats, *, working: Working) -> _Rows:
    is_there = weights > 0
    weight = np.where(is_there, weights, 0.0)
    weight = weight / np.maximum(weight.max(axis=(1, 2), keepdims=True), np.finfo(float).tiny)
    variance = np.where(is_there, 1 / np.where(is_there, weight, 1.0), 1.0)
    x = np.where(is_there[..., None], design, 0.0)
    size = np.sqrt(np.einsum("bsc,bscp->bp", weight, x**2))
    return _Rows(
        y=np.where(is_there, outcome, 0.0),
        x=x / np.where(size > 0, size, 1.0)[:, None, None, :],
        weight=weight,
        variance=variance if working == "weights" else np.ones_like(variance),
        size=size,
    )


def _fit_pass(rows: _Rows, *, with_df: bool) -> tuple[Floats, Floats, Floats]:
    x, last = rows.x, rows.size[:, -1]
    weighted = rows.weight[..., None] * x
    bread, is_sound = _inverse(np.einsum("bscp,bscq->bpq", x, weighted))
    beta = np.einsum("bpq,bscq,bsc->bp", bread, weighted, rows.y, optimize=True)
    residual = rows.y - np.einsum("bscp,bp->bsc", x, beta)
    told = np.einsum("bscp,bscq->bpq", weighted, rows.told[..., None] * x)
    middle = bread @ told @ bread
    adjusted = _adjusted(rows, np.einsum("bscp,bp->bsc", weighted, bread[:, :, -1]), bread, middle)
    score = np.einsum("bsc,bsc->bs", adjusted, residual)
    scale = np.where(is_sound, 1.0, np.nan) / np.where(last > 0, last, np.nan)
    df = _degrees(rows, adjusted, bread, middle) if with_df else np.full(len(x), np.nan)
    return beta[:, -1] * scale, np.sqrt(np.einsum("bs,bs->b", score, score)) * scale, df


def _inverse(gram: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Inverse of each Gram matrix with a diagonal of 1, and whether it has one."""
    values = np.linalg.eigvalsh(gram)
    is_sound = values[:, 0] > COLLINEAR * values[:, -1]
    safe = np.where(is_sound[:, None, None], gram, np.eye(gram.shape[1]))
    return np.linalg.inv(safe), is_sound


def _adjusted(rows: _Rows, given: Floats, bread: Floats, middle: Floats) -> Floats:
    """A_i W_i X_i M c of each cluster from W_i X_i M c, c the last column, shape (B, S, C)."""
    x = rows.x
    if x.shape[2] == 1:
        one = x[:, :, 0]
        hat = np.einsum("bsp,bpq,bsq->bs", one, bread, one, optimize=True) * rows.weight[:, :, 0]
        outer = np.einsum("bsp,bpq,bsq->bs", one, middle, one, optimize=True) / rows.variance[:, :, 0]
        return np.asarray(given * _inverse_roots(1 - 2 * hat + outer)[:, :, None])
    # only ratios of variances within a cluster count in A
    largest = rows.variance.max(axis=2, keepdims=True)
    deviation = np.sqrt(rows.variance / largest)
    hat = ((x @ bread[:, None]) @ x.transpose(0, 1, 3, 2)) * rows.told[..., None, :]
    outer = (x @ middle[:, None]) @ x.transpose(0, 1, 3, 2)
    own = np.eye(x.shape[2]) * rows.variance[..., None]
    spread = (own - hat - hat.transpose(0, 1, 3, 2) + outer) / largest[..., None]
    values, vectors = np.linalg.eigh(deviation[..., :, None] * spread * deviation[..., None, :])
    turned = np.einsum("bscd,bsc->bsd", vectors, deviation * given) * _inverse_roots(values)
    return np.asarray(deviation * np.einsum("bscd,bsd->bsc", vectors, turned))


def _inverse_roots(values: Floats) -> Floats:
    return np.asarray(np.where(values > EMPTY, 1 / np.sqrt(np.maximum(values, EMPTY)), 0.0))


def _degrees(rows: _Rows, adjusted: Floats, bread: Floats, middle: Floats) -> Floats:
    """(Σ G_ii)² / Σ G_ij², G_ij the covariance of the parts of clusters i and j under the working model.

    G = D + Z K Z' with D diagonal and few columns in Z, so no matrix of clusters × clusters is made.
    """
    n_columns = rows.x.shape[3]
    plain = np.einsum("bscp,bsc->bsp", rows.x, adjusted)
    heavy = np.einsum("bscp,bsc->bsp", rows.x, rows.told * adjusted)
    z = np.concatenate([plain, heavy], axis=2)
    kernel = np.zeros((len(z), 2 * n_columns, 2 * n_columns))
    kernel[:, :n_columns, :n_columns] = middle
    kernel[:, :n_columns, n_columns:] = -bread
    kernel[:, n_columns:, :n_columns] = -bread
    own = np.einsum("bsc,bsc->bs", adjusted, rows.variance * adjusted)
    spread = np.einsum("bsp,bpq,bsq->bs", z, kernel, z, optimize=True)
    both = kernel @ np.einsum("bsp,bsq->bpq", z, z)
    total = (own + spread).sum(axis=1)
    squares = (own**2 + 2 * own * spread).sum(axis=1) + np.einsum("bpq,bqp->b", both, both)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(squares > 0, total**2 / squares, np.nan)
