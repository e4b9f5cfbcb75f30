"""The linear model: classical and cluster-robust errors, effects absorbed instead of estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.linalg import qr

from shnor_analysis.kernels.absorption import Absorbed, Codes, absorb, is_nested
from shnor_analysis.kernels.multilevel import (
    CannotFit,
    GroupedMoments,
    MultilevelFit,
    MultilevelSpec,
    cluster_robust,
    fit_moments,
    moments_from_arrays,
    refuse_fitted,
)
from shnor_analysis.kernels.read_only import make_read_only

Floats = npt.NDArray[np.float64]
Errors = Literal["classical", "CR0", "CR1", "CR1S", "CR2"]
# rows × levels up to which effects that cross the clusters are estimated as columns: 160 MB
MOST_CELLS = 20_000_000
# pivot of a dummy, as a share of the largest, below which it follows from the others
REPEATED = 1e-9


@dataclass(frozen=True, slots=True)
class LinearFit:
    """Estimates of a linear model.

    Attributes:
        coefficients: In the order of the fixed columns, shape (p,).
        covariance: By the errors asked for, shape (p, p).
        df: Degrees of freedom of each coefficient, shape (p,).
        df_method: ``residual``, ``cluster_satterthwaite`` or ``clusters`` (clusters less one).
        sigma: Residual standard deviation over `df_residual`.
        loglik: Gaussian log-likelihood at its maximum.
        n_parameters: Coefficients, absorbed effects and σ.
        df_residual: Rows less everything estimated and absorbed.
        df_absorbed: Rank of the absorbed effects; None without any.
        r_squared: Share of the spread of the outcome around its mean that is explained, absorbed effects included.
        is_converged: Whether absorbing came to rest.
        iterations: Steps of absorbing.
    """

    coefficients: Floats
    covariance: Floats
    df: Floats
    df_method: str
    sigma: float
    loglik: float
    n_parameters: int
    df_residual: float
    df_absorbed: int | None
    r_squared: float | None
    is_converged: bool = True
    iterations: int = 0

    def __post_init__(self) -> None:
        make_read_only(self.coefficients, self.covariance, self.df)


def fit_linear_moments(moments: GroupedMoments, spec: MultilevelSpec, *, errors: Errors) -> LinearFit:
    """Fit a linear model from sums of products; clusters are the groups of the outermost level.

    Parameters:
        moments: Sums; for cluster-robust errors by cluster and over all columns of the model.
        spec: Fixed columns and outcome; random terms and method do not count.
        errors: ``CR1`` is CR0 · G/(G−1); ``CR1S`` also · (n−1)/(n−p).

    Raises:
        CannotFit: What the data do not identify; ``one_group`` for a single cluster, ``too_few_clusters``.
    """
    linear = MultilevelSpec(fixed=spec.fixed, outcome=spec.outcome)
    fit = fit_moments(moments, linear)
    spread = _spread(moments, spec.outcome)
    return _finished(moments, fit, errors=errors, absorbed=None, spread=spread)


def fit_absorbed(
    values: Floats,
    names: Sequence[str],
    ways: Sequence[Codes],
    *,
    cluster: Codes | None,
    weights: Floats | None,
    errors: Errors,
) -> LinearFit:
    """Fit a linear model with the effects of one or two groupings absorbed.

    Parameters:
        values: Columns of the p terms (without an intercept: the effects contain it) and the outcome last,
            shape (n, p + 1).
        names: Names of the p terms and the outcome.
        ways: Group of each row by grouping, 0-based without gaps, each of shape (n,).
        cluster: Cluster of each row, shape (n,); None for classical errors.
        weights: Precision weights, shape (n,).
        errors: As in `fit_linear_moments`; n − p also less the absorbed rank.

    Raises:
        CannotFit: ``absorbed_column`` (columns) for terms that are constant within the absorbed groups,
            ``absorbed_outcome`` for an outcome that is,
            ``absorbed_crossing`` for CR2 where effects cross the clusters and are too many to be estimated,
            and the codes of `fit_moments`.

    Effects nested in the clusters are absorbed, which leaves CR2 and its degrees of freedom as they are with dummies;
    effects that cross clusters are estimated as columns where they are few. Where they are not, degrees of freedom
    are clusters less one.
    Source: Pustejovsky & Tipton (2018), J. Bus. Econ. Stat. 36, 672–683, theorem 2 (as corrected: least squares).
    """
    absorbed = absorb(values, ways, weights)
    gone = tuple(names[at] for at in absorbed.gone)
    if len(names) - 1 in absorbed.gone:
        raise CannotFit("absorbed_outcome")
    if gone:
        raise CannotFit("absorbed_column", columns=gone)
    spread = _spread_of(values[:, -1], weights)
    crossing = [] if cluster is None else [way for way in ways if not is_nested(way, cluster)]
    rows, extra = _rows(values, absorbed, ways, crossing, weights)
    if crossing and extra == 0 and errors == "CR2":
        raise CannotFit("absorbed_crossing")
    every = range(rows.shape[1])
    columns = [f"#{at}" for at in range(extra)] + list(names)
    moments = moments_from_arrays(
        columns,
        rows,
        groups=[] if cluster is None else [("cluster", cluster, np.arange(cluster.max() + 1).astype(object))],
        random=[] if cluster is None else list(every),
        weights=weights,
        shift=np.zeros(rows.shape[1]),
    )
    fit = fit_moments(moments, MultilevelSpec(fixed=tuple(every[:-1]), outcome=rows.shape[1] - 1))
    is_exact = not crossing or extra > 0
    found = _finished(
        moments, fit, errors=errors, absorbed=(absorbed, extra), spread=spread, has_own_df=is_exact
    )
    return _without_extra(found, extra)


def _rows(
    values: Floats,
    absorbed: Absorbed,
    ways: Sequence[Codes],
    crossing: Sequence[Codes],
    weights: Floats | None,
) -> tuple[Floats, int]:
    """The columns of the regression, and how many dummies of effects that cross the clusters stand before them."""
    levels = sum(int(way.max()) + 1 for way in crossing)
    if not crossing or len(values) * levels > MOST_CELLS:
        return absorbed.values, 0
    dummies = np.hstack([np.eye(int(way.max()) + 1)[way] for way in crossing])
    nested = [way for way in ways if not any(way is one for one in crossing)]
    both = np.hstack([dummies, values])
    left = absorb(both, nested, weights).values if nested else both
    kept = _independent(left[:, :levels], weights)
    return np.ascontiguousarray(np.hstack([left[:, kept], left[:, levels:]])), len(kept)


def _independent(columns: Floats, weights: Floats | None) -> list[int]:
    """Positions of as many columns as have full rank."""
    root = 1.0 if weights is None else np.sqrt(weights)[:, None]
    size = np.sqrt(((root * columns) ** 2).sum(axis=0))
    triangle, order = qr(root * columns / np.where(size > 0, size, 1.0), mode="r", pivoting=True)
    diagonal = np.abs(np.diag(triangle))
    rank = int((diagonal > REPEATED * max(diagonal[0], 1e-300)).sum())
    return sorted(int(at) for at in order[:rank])


def _finished(
    moments: GroupedMoments,
    fit: MultilevelFit,
    *,
    errors: Errors,
    absorbed: tuple[Absorbed, int] | None,
    spread: float | None,
    has_own_df: bool = True,
) -> LinearFit:
    """Degrees of freedom, errors and shares of a least-squares fit."""
    n, p = moments.n_obs, len(fit.spec.fixed)
    effects = 0 if absorbed is None else absorbed[0].rank - absorbed[1]
    left = n - p - effects
    if left <= 0:
        raise CannotFit("too_few_rows", n_rows=n, n_needed=p + effects + 1)
    residual = fit.sigma**2 * (n - p)
    extra = 0 if absorbed is None else absorbed[1]
    covariance, df, how = _errors(moments, fit, errors=errors, left=left, extra=extra, has_own_df=has_own_df)
    return LinearFit(
        coefficients=fit.coefficients,
        covariance=covariance,
        df=df,
        df_method=how,
        sigma=float(np.sqrt(residual / left)),
        loglik=float((moments.sum_log_weights - n * (np.log(2 * np.pi * residual / n) + 1)) / 2),
        n_parameters=p + effects + 1,
        df_residual=float(left),
        df_absorbed=None if absorbed is None else absorbed[0].rank,
        r_squared=None if spread is None else float(1 - residual / spread),
        is_converged=absorbed is None or absorbed[0].is_converged,
        iterations=0 if absorbed is None else absorbed[0].steps,
    )


def _errors(
    moments: GroupedMoments, fit: MultilevelFit, *, errors: Errors, left: int, extra: int, has_own_df: bool
) -> tuple[Floats, Floats, str]:
    n, p = moments.n_obs, len(fit.spec.fixed)
    if errors == "classical":
        return fit.covariance * (n - p) / left, np.full(p, float(left)), "residual"
    robust = cluster_robust(moments, fit, kind="CR1" if errors == "CR1S" else errors)
    names = [moments.columns[at] for at in fit.spec.fixed]
    refuse_fitted(names[extra:], robust.covariance[extra:, extra:], fit.covariance[extra:, extra:])
    covariance = robust.covariance * ((n - 1) / left) if errors == "CR1S" else robust.covariance
    if has_own_df:
        return covariance, robust.df, "cluster_satterthwaite"
    return covariance, np.full(p, robust.n_clusters - 1.0), "clusters"


def _without_extra(fit: LinearFit, extra: int) -> LinearFit:
    """The same fit without the columns that only stood for absorbed effects."""
    return replace(
        fit,
        coefficients=fit.coefficients[extra:],
        covariance=fit.covariance[extra:, extra:],
        df=fit.df[extra:],
    )


def _spread(moments: GroupedMoments, column: int) -> float | None:
    """Sum of squares of a column around its mean; None where the mean is not known."""
    ones = moments.intercept
    if ones is None:
        return None
    return float(
        moments.products[column, column] - moments.products[column, ones] ** 2 / moments.products[ones, ones]
    )


def _spread_of(values: Floats, weights: Floats | None) -> float:
    weight = np.ones(len(values)) if weights is None else weights
    away = values - np.average(values, weights=weight)
    return float(weight @ away**2)
