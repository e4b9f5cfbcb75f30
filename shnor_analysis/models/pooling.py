"""Fits of one model to several plausible values, combined into one fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.rubin import pool
from shnor_analysis.results import FittedModel, GroupEffects, NotEstimable, VarianceComponent

# a log-likelihood of several outcomes is none of one
_NOT_POOLED: dict[str, Any] = {"loglik": None, "aic": None, "bic": None}
_AVERAGED = ("sigma", "icc", "r2_marginal", "r2_conditional")


def pool_fits(fits: Sequence[FittedModel | NotEstimable]) -> FittedModel | NotEstimable:
    """Combine M fits of one model by Rubin's rules.

    Returns:
        Coefficients with their total variance and the degrees of freedom of Barnard & Rubin; variances, intraclass
        correlation and explained shares averaged; conditional modes averaged, their errors total. Where one of the
        fits could not be made, the reason of the first such.

    Raises:
        UsageProblem: ``pool_nothing`` for no fits, ``pool_different`` for fits of different models.

    Limits: no log-likelihood; see `kernels.rubin.pool`.
    """
    for one in fits:
        if isinstance(one, NotEstimable):
            return one
    made = [one for one in fits if isinstance(one, FittedModel)]
    _check(made)
    first = made[0]
    pooled = pool(
        *(np.stack([getattr(one, name) for one in made]) for name in ("estimates", "covariance", "df"))
    )
    averages: dict[str, Any] = {name: _mean([getattr(one.facts, name) for one in made]) for name in _AVERAGED}
    facts = replace(
        first.facts,
        **_NOT_POOLED,
        **averages,
        converged=all(one.facts.converged for one in made),
        is_singular=any(one.facts.is_singular for one in made),
        iterations=sum(one.facts.iterations for one in made),
        df_method="barnard_rubin",
        n_imputations=len(made),
    )
    return replace(
        first,
        estimates=pooled.estimates,
        covariance=pooled.covariance,
        df=pooled.df,
        components=_components(made),
        effects=tuple(_effects([one.effects[at] for one in made]) for at in range(len(first.effects))),
        facts=facts,
    )


def _check(fits: Sequence[FittedModel]) -> None:
    if not fits:
        raise UsageProblem(Problem("pool_nothing"))
    kinds = {(one.model, one.method, one.errors, one.level, one.terms, _shape(one)) for one in fits}
    if len(kinds) > 1:
        raise UsageProblem(Problem("pool_different"))


def _shape(fit: FittedModel) -> tuple[Any, ...]:
    components = tuple((one.group, one.term_1, one.term_2) for one in fit.components)
    return components, tuple((one.group, one.terms, one.labels) for one in fit.effects)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _components(fits: Sequence[FittedModel]) -> tuple[VarianceComponent, ...]:
    """Mean variances and covariances; deviations and correlations follow from them."""
    means = [
        float(np.mean([one.components[at].variance for one in fits])) for at in range(len(fits[0].components))
    ]
    kinds = fits[0].components
    variance = {
        (one.group, one.term_1): mean for one, mean in zip(kinds, means, strict=True) if one.term_2 is None
    }
    made = []
    for one, mean in zip(kinds, means, strict=True):
        if one.term_2 is None:
            made.append(replace(one, variance=mean, sd_or_corr=float(np.sqrt(mean))))
            continue
        size = np.sqrt(variance[one.group, one.term_1] * variance[one.group, one.term_2])
        made.append(replace(one, variance=mean, sd_or_corr=float(mean / size) if size > 0 else float("nan")))
    return tuple(made)


def _effects(effects: Sequence[GroupEffects]) -> GroupEffects:
    values = np.stack([one.estimates for one in effects])
    within = np.mean([one.std_errors**2 for one in effects], axis=0)
    many = len(effects)
    between = (1 + 1 / many) * values.var(axis=0, ddof=1) if many > 1 else 0.0
    return replace(effects[0], estimates=values.mean(axis=0), std_errors=np.sqrt(within + between))
