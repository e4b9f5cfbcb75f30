"""How much of the variance of an outcome a model explains, from sums of products alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.multilevel.moments import GroupedMoments

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VarianceParts:
    """Variance of the outcome by where it comes from, in its squared units.

    Attributes:
        fixed: Variance of the fixed part over the rows.
        random: Variance of the random parts, mean over the rows where slopes vary.
        residual: Variance of what is left.
    """

    fixed: float
    random: float
    residual: float

    @property
    def icc(self) -> float:
        """Share of the unexplained variance that lies between groups."""
        return self.random / (self.random + self.residual)

    @property
    def r2_marginal(self) -> float:
        """Share explained by the fixed part."""
        return self.fixed / (self.fixed + self.random + self.residual)

    @property
    def r2_conditional(self) -> float:
        """Share explained by the fixed and random parts."""
        return (self.fixed + self.random) / (self.fixed + self.random + self.residual)


def variance_parts(
    moments: GroupedMoments,
    *,
    fixed: Sequence[int],
    coefficients: Floats,
    random: Sequence[tuple[Sequence[int], Floats]],
    residual: float,
) -> VarianceParts | None:
    """Divide the variance of the outcome among the parts of a model.

    Parameters:
        moments: Sums over the rows of the fit.
        fixed: Positions of the p fixed columns in the moments.
        coefficients: Their coefficients, shape (p,).
        random: For each random term the positions of its q columns and their covariance matrix (q, q).
        residual: Residual variance.

    Returns:
        The parts; None where the moments hold no column ``Intercept``, so that means are not known.

    Limits: with precision weights means over the rows are weighted means, and the residual variance is that of a row
    of weight 1.
    Source: Nakagawa & Schielzeth (2013), Methods in Ecology and Evolution 4, 133–142; Johnson (2014), ibid. 5,
    944–946 for random slopes: mean over the rows of z'Σz.
    """
    ones = moments.intercept
    if ones is None or moments.n_obs < 2:
        return None
    total = moments.products[ones, ones]
    columns = list(fixed)
    sums = moments.products[columns, ones]
    products = moments.products[np.ix_(columns, columns)] - np.outer(sums, sums) / total
    spread = float(coefficients @ products @ coefficients) / total * moments.n_obs / (moments.n_obs - 1)
    between = sum(_mean_form(moments, list(term), matrix, total) for term, matrix in random)
    return VarianceParts(max(spread, 0.0), float(between), residual)


def variance_parts_of_rows(
    linear: Floats,
    random: Sequence[tuple[Floats, Floats]],
    *,
    residual: float,
    weights: Floats | None = None,
    n_obs: int | None = None,
) -> VarianceParts:
    """Divide the variance of the outcome where the rows are at hand; see `variance_parts`.

    Parameters:
        linear: Fixed part of each row, shape (n,).
        random: For each random term its q columns, shape (q, n), and their covariance matrix (q, q).
        residual: Residual variance.
        weights: Of the rows in all means, shape (n,); None for equal ones.
        n_obs: Rows of the data behind those at hand, when equal ones were counted into one; n when None.
    """
    n = len(linear) if n_obs is None else n_obs
    weight = np.ones(len(linear)) if weights is None else weights
    total = float(weight.sum())
    away = linear - float(weight @ linear) / total
    fixed = float(weight @ away**2) / total * n / max(n - 1, 1)
    between = sum(float(np.sum(matrix * ((columns * weight) @ columns.T))) for columns, matrix in random)
    return VarianceParts(fixed, between / total, residual)


def _mean_form(moments: GroupedMoments, columns: list[int], matrix: Floats, total: float) -> float:
    """Mean over the rows of z'Σz, with the shifts of the columns undone."""
    ones = moments.intercept
    shift, sums = moments.shift[columns], moments.products[columns, ones]
    products = moments.products[np.ix_(columns, columns)]
    raw = products + np.outer(shift, sums) + np.outer(sums, shift) + total * np.outer(shift, shift)
    return float(np.sum(matrix * raw) / total)
