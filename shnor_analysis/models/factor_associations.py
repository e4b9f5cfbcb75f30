"""What each factor goes with, the others held equal: estimates, intervals, and what leaving out a school does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.multilevel import fit_moments
from shnor_analysis.kernels.multilevel.cluster_robust import cluster_robust
from shnor_analysis.kernels.multilevel.satterthwaite import satterthwaite_df
from shnor_analysis.kernels.multiplicity import benjamini_hochberg
from shnor_analysis.kernels.rubin import pool
from shnor_analysis.kernels.variance_shares import fit_known_noise, left_out_coefficients
from shnor_analysis.models.factor_questions import Questions
from shnor_analysis.results.factor_influence import FactorAssociation

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


def associations_of(
    questions: Questions, outcome: str, *, errors: Errors, scale: Scale, left_out: Array | None
) -> tuple[FactorAssociation, ...]:
    """Fit the model with all factors and read off one association a column.

    Args:
        questions: The sums of products and their columns.
        outcome: Which outcome; its plausible values are combined by Rubin's rules.
        errors: "model": of the multilevel model with Satterthwaite df; "CR2": robust to whatever pattern errors have
            within schools.
        scale: Unit of pupils and level.
        left_out: Estimates without each school, shape (schools, columns of factors), or None.

    Raises:
        CannotFit: The data do not identify the model.
    """
    fits = [_fit(questions, column, errors) for column in questions.outcomes[outcome]]
    pooled = pool(*(np.stack(parts) for parts in zip(*fits, strict=True)))
    from scipy.stats import t as student

    found = []
    columns = [(factor, column) for factor in questions.factors for column in factor.columns]
    spreads = questions.school_means(questions.factor_columns).std(axis=0, ddof=1)
    for at, (factor, column) in enumerate(columns):
        estimate, error = float(pooled.estimates[at]), float(np.sqrt(pooled.covariance[at, at]))
        df = float(pooled.df[at])
        half = float(student.ppf((1 + scale.level) / 2, df)) * error
        ends = _ends(left_out[:, at]) if left_out is not None else (None, None)
        p_value = float(2 * student.sf(abs(estimate) / error, df))
        found.append(
            FactorAssociation(
                factor=factor.name,
                term=questions.moments.columns[column],
                estimate=estimate,
                std_error=error,
                df=df,
                p_value=p_value,
                p_adjusted=p_value,
                conf_low=estimate - half,
                conf_high=estimate + half,
                in_sd=scale.in_sd(estimate),
                in_sd_low=scale.in_sd(estimate - half),
                in_sd_high=scale.in_sd(estimate + half),
                leave_out_low=ends[0],
                leave_out_high=ends[1],
                is_sign_stable=_has_one_sign(ends, estimate),
                factor_sd=None if factor.is_category else float(spreads[at]),
            )
        )
    return tuple(found)


def left_out_estimates(questions: Questions, outcome: str, *, highest_ratio: float) -> Array | None:
    """Estimates without each school, shape (schools, columns of factors); None where spreads within are unknown.

    Of plausible values the mean counts, as in the estimate itself.
    """
    if questions.noise == "unknown":
        return None
    first = len(questions.base)
    fits = [
        left_out_coefficients(questions.blocks(column), highest_ratio=highest_ratio)[:, first:]
        for column in questions.outcomes[outcome]
    ]
    return np.asarray(np.mean(fits, axis=0))


def _fit(questions: Questions, outcome: int, errors: Errors) -> tuple[Array, Array, Array]:
    """Estimates, covariance and degrees of freedom of the factors' columns."""
    first, columns = len(questions.base), questions.factor_columns
    part = slice(first, first + len(columns))
    fit = fit_moments(questions.moments, questions.spec(outcome))
    if questions.noise == "known":
        known = fit_known_noise(questions.blocks(outcome))
        return known.coefficients[part], known.covariance[part, part], np.full(len(columns), known.df)
    if errors == "CR2" or questions.noise == "unknown":
        robust = cluster_robust(questions.moments, fit, kind="CR2")
        return fit.coefficients[part], robust.covariance[part, part], robust.df[part]
    contrasts = np.eye(len(fit.coefficients))[part]
    df = satterthwaite_df(questions.moments, fit, contrasts)
    return fit.coefficients[part], fit.covariance[part, part], _bounded(questions, df)


def _bounded(questions: Questions, df: Array) -> Array:
    """No more than schools allow: where a school's variance comes out as 0, Satterthwaite would count pupils."""
    columns = (*questions.base, *questions.factor_columns)
    is_school = questions.is_constant_within(columns)
    of_schools = questions.n_schools - int(is_school.sum())
    return np.where(is_school[len(questions.base) :], np.minimum(df, max(of_schools, 1)), df)


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
