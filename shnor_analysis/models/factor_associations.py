"""What each factor goes with, the others held equal: estimates, intervals, and what leaving out a school does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.multilevel import cluster_robust, fit_moments, satterthwaite_df
from shnor_analysis.kernels.multiplicity import benjamini_hochberg
from shnor_analysis.kernels.rubin import Pooled, pool
from shnor_analysis.kernels.variance_shares import fit_known_noise, left_out_coefficients
from shnor_analysis.models.factor_questions import Questions
from shnor_analysis.results.factor_influence import FactorAssociation, PartialPoint
from shnor_analysis.results.frames import tidy_frame

Array = NDArray[np.float64]
Errors = Literal["model", "CR2"]


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit of pupils, None where nobody knows it, and the level of intervals."""

    outcome_sd: float | None
    level: float

    def in_sd(self, value: float) -> float | None:
        """A number of points in standard deviations of pupils."""
        return value / self.outcome_sd if self.outcome_sd else None


def fit_factors(questions: Questions, outcome: str, errors: Errors) -> Pooled:
    """Fit the model with all factors; plausible values are combined by Rubin's rules.

    Args:
        questions: The sums of products and their columns.
        outcome: Which outcome.
        errors: "model": of the multilevel model with Satterthwaite df; "CR2": robust to whatever pattern errors have
            within schools.

    Returns:
        Coefficients of the adjusters, then of the factors, with covariance and degrees of freedom.

    Raises:
        CannotFit: The data do not identify the model.
    """
    fits = [_fit(questions, column, errors) for column in questions.outcomes[outcome]]
    return pool(*(np.stack(parts) for parts in zip(*fits, strict=True)))


def associations_of(
    questions: Questions, fitted: Pooled, *, scale: Scale, left_out: Array | None
) -> tuple[FactorAssociation, ...]:
    """Read one association a column of a factor off the model with all factors.

    Args:
        questions: What was asked.
        fitted: From `fit_factors`.
        scale: Unit of pupils and level.
        left_out: Estimates without each school, shape (schools, columns of factors), or None.
    """
    owners = [factor for factor in questions.factors for _ in factor.columns]
    spreads = questions.school_means(questions.factor_columns).std(axis=0, ddof=1)
    found = []
    for at, (row, factor) in enumerate(zip(_tidy(questions, fitted, scale), owners, strict=True)):
        ends = _ends(left_out[:, at]) if left_out is not None else (None, None)
        found.append(
            FactorAssociation(
                factor=factor.name,
                term=row["term"],
                estimate=row["estimate"],
                std_error=row["std_error"],
                df=row["df"],
                p_value=row["p_value"],
                p_adjusted=row["p_value"],
                conf_low=row["conf_low"],
                conf_high=row["conf_high"],
                in_sd=scale.in_sd(row["estimate"]),
                in_sd_low=scale.in_sd(row["conf_low"]),
                in_sd_high=scale.in_sd(row["conf_high"]),
                leave_out_low=ends[0],
                leave_out_high=ends[1],
                is_sign_stable=_has_one_sign(ends, row["estimate"]),
                factor_sd=None if factor.is_category else float(spreads[at]),
            )
        )
    return tuple(found)


def _tidy(questions: Questions, fitted: Pooled, scale: Scale) -> list[dict[str, Any]]:
    """The rows of the factors' columns as every model tells them."""
    terms = [questions.moments.columns[column] for column in questions.factor_columns]
    mine = slice(len(questions.base), None)
    errors = np.sqrt(np.diag(fitted.covariance))
    table = tidy_frame(terms, fitted.estimates[mine], errors[mine], fitted.df[mine], level=scale.level)
    return [{str(name): value for name, value in row.items()} for row in table.to_dict(orient="records")]


def left_out_estimates(questions: Questions, outcome: str, *, highest_ratio: float) -> Array:
    """Estimates without each school, shape (schools, columns of factors).

    Of plausible values the mean counts, as in the estimate itself.
    """
    first = len(questions.base)
    fits = [
        left_out_coefficients(
            questions.blocks(column), highest_ratio=highest_ratio, is_linear=questions.noise == "unknown"
        )[:, first:]
        for column in questions.outcomes[outcome]
    ]
    return np.asarray(np.mean(fits, axis=0))


def partials_of(questions: Questions, outcome: str, fitted: Pooled) -> tuple[PartialPoint, ...]:
    """Partial residuals of schools for each numeric factor: the mean residual of the school, plus β · its value.

    The residual is that of the fixed part, so it holds the school's own effect. Plausible values count by their mean.
    """
    columns = questions.factor_columns
    values = questions.school_means(columns)
    known = questions.school_means((*questions.base, *columns))
    outcomes = questions.school_means(questions.outcomes[outcome]).mean(axis=1)
    residuals = outcomes - known @ fitted.estimates
    first = {one.name: columns.index(one.columns[0]) for one in questions.factors if not one.is_category}
    schools = [str(one) for one in questions.moments.levels[-1].labels]
    return tuple(
        PartialPoint(
            name,
            school,
            float(values[row, at]),
            float(residuals[row] + fitted.estimates[len(questions.base) + at] * values[row, at]),
            int(questions.pupils[row]),
        )
        for name, at in first.items()
        for row, school in enumerate(schools)
    )


def _fit(questions: Questions, outcome: int, errors: Errors) -> tuple[Array, Array, Array]:
    """Coefficients, covariance and degrees of freedom of all columns, adjusters first."""
    fit = fit_moments(questions.moments, questions.spec(outcome))
    if questions.noise == "known":
        known = fit_known_noise(questions.blocks(outcome))
        slopes = known.coefficients.copy()
        shift = questions.moments.shift
        slopes[0] += shift[outcome] - slopes[1:] @ shift[list(fit.spec.fixed[1:])]
        return slopes, known.covariance, np.full(len(slopes), known.df)
    if errors == "CR2" or questions.noise == "unknown":
        robust = cluster_robust(questions.moments, fit, kind="CR2")
        return fit.coefficients, robust.covariance, robust.df
    df = satterthwaite_df(questions.moments, fit)
    return fit.coefficients, fit.covariance, _bounded(questions, df)


def _bounded(questions: Questions, df: Array) -> Array:
    """No more than schools allow: where a school's variance comes out as 0, Satterthwaite would count pupils."""
    is_school = questions.is_constant_within((*questions.base, *questions.factor_columns))
    of_schools = questions.n_schools - int(is_school.sum())
    return np.where(is_school, np.minimum(df, max(of_schools, 1)), df)


def _ends(values: Array) -> tuple[float | None, float | None]:
    """The smallest and the largest; None where a school's leaving leaves nothing to estimate."""
    if not np.isfinite(values).all():
        return None, None
    return float(values.min()), float(values.max())


def _has_one_sign(ends: tuple[float | None, float | None], estimate: float) -> bool:
    low, high = ends
    return low is not None and high is not None and (low > 0 or high < 0) and low * estimate > 0


def control_multiplicity(
    outcomes: Sequence[Sequence[FactorAssociation]],
) -> tuple[tuple[FactorAssociation, ...], ...]:
    """Adjust p-values over all associations of all outcomes (Benjamini–Hochberg)."""
    adjusted = iter(benjamini_hochberg([one.p_value for many in outcomes for one in many]))
    return tuple(tuple(replace(one, p_adjusted=float(next(adjusted))) for one in many) for many in outcomes)
