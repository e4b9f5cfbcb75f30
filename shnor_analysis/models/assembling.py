"""From the estimates of a kernel to a fitted model: names, variance components, information criteria, shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.explained_variance import VarianceParts, variance_parts, variance_parts_of_rows
from shnor_analysis.kernels.multilevel import (
    GroupedMoments,
    MultilevelFit,
    cluster_robust,
    random_effects,
    refuse_fitted,
    satterthwaite_df,
)
from shnor_analysis.models.crossed import CrossedFit
from shnor_analysis.models.fit_measures import information, shares
from shnor_analysis.models.model_rows import ModelRows
from shnor_analysis.models.variance_components import components_of, residual_of
from shnor_analysis.results import FitFacts, FittedModel, GroupEffects, VarianceComponent
from shnor_analysis.results.recipe import Recipe
from shnor_analysis.warehouse.formulas import ModelFormula
from shnor_analysis.warehouse.moments import Scan

Floats = npt.NDArray[np.float64]
Errors = Literal["model", "CR0", "CR1", "CR2"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a fit was asked for besides its formula."""

    errors: Errors
    level: float


def multilevel_result(formula: ModelFormula, scanned: Scan, fit: MultilevelFit, asked: Asked) -> FittedModel:
    """Put the estimates of a multilevel model into the shape of all models."""
    moments = scanned.moments
    covariance, df = coefficient_errors(moments, fit, asked.errors)
    terms = tuple(moments.columns[at] for at in fit.spec.fixed)
    effects = _effects(moments, fit)
    groups = tuple(scanned.groupings[at] for at in _levels(fit))
    return FittedModel(
        model="multilevel",
        formula=formula.text,
        outcome=moments.columns[fit.spec.outcome],
        method=fit.spec.method,
        errors=asked.errors,
        level=asked.level,
        terms=terms,
        estimates=fit.coefficients,
        covariance=covariance,
        df=df,
        components=_components(moments, fit),
        effects=effects,
        facts=_facts(scanned, fit, asked.errors),
        predictor=recipe_of_scan(formula, scanned, terms, groups),
    )


def recipe_of_scan(
    formula: ModelFormula, scanned: Scan, terms: tuple[str, ...], groups: tuple[tuple[str, ...], ...]
) -> Recipe:
    """How rows become the terms of a model that was solved from a scan, and which rows the scan used."""
    needed = [name for one in scanned.formulas for name in one.columns]
    needed += [name for one in scanned.groupings for name in one]
    return Recipe(
        formula=formula,
        design=scanned.design,
        terms=terms,
        groups=groups,
        needed=tuple(dict.fromkeys(needed)),
        weights=scanned.weights,
        source=scanned.source,
    )


def coefficient_errors(moments: GroupedMoments, fit: MultilevelFit, errors: Errors) -> tuple[Floats, Floats]:
    """Covariance of the coefficients and their degrees of freedom by the kind of errors."""
    if errors == "model":
        return fit.covariance, satterthwaite_df(moments, fit, np.eye(len(fit.coefficients)))
    robust = cluster_robust(moments, fit, kind=errors)
    refuse_fitted([moments.columns[at] for at in fit.spec.fixed], robust.covariance, fit.covariance)
    return robust.covariance, robust.df


def _components(moments: GroupedMoments, fit: MultilevelFit) -> tuple[VarianceComponent, ...]:
    made: list[VarianceComponent] = []
    for one in fit.components:
        names = [moments.columns[at] for at in one.columns]
        made += components_of(moments.levels[one.level].name, names, one.covariance)
    return (*made, residual_of(fit.sigma))


def _levels(fit: MultilevelFit) -> list[int]:
    """Levels with random terms, innermost first."""
    return sorted({one.level for one in fit.spec.random})


def _effects(moments: GroupedMoments, fit: MultilevelFit) -> tuple[GroupEffects, ...]:
    return tuple(
        GroupEffects(
            group=moments.levels[one.level].name,
            labels=tuple(moments.levels[one.level].labels),
            terms=tuple(moments.columns[at] for at in one.columns),
            estimates=one.estimates,
            std_errors=one.std_errors,
        )
        for one in random_effects(moments, fit)
    )


def _facts(scanned: Scan, fit: MultilevelFit, errors: Errors) -> FitFacts:
    moments = scanned.moments
    parts = variance_parts(
        moments,
        fixed=fit.spec.fixed,
        coefficients=fit.coefficients,
        random=[(one.columns, one.covariance) for one in fit.components],
        residual=fit.sigma**2,
    )
    return FitFacts(
        n_obs=fit.n_obs,
        rows_dropped=scanned.rows_dropped,
        groups=tuple((moments.levels[at].name, len(moments.levels[at].labels)) for at in _levels(fit)),
        sigma=fit.sigma,
        **information(fit.loglik, fit.n_parameters, fit.n_obs),
        **shares(parts),
        converged=fit.is_converged,
        is_singular=fit.is_singular,
        iterations=fit.iterations,
        df_method="satterthwaite" if errors == "model" else "cluster_satterthwaite",
    )


def crossed_result(
    formula: ModelFormula,
    data: Any,
    rows: ModelRows,
    fit: CrossedFit,
    *,
    method: str,
    weights: str | None,
    asked: Asked,
) -> FittedModel:
    """Put the estimates of a model with crossed groups into the shape of all models."""
    n = len(rows.outcome)
    groups = tuple(
        next(bar.group for bar in formula.random if bar.group_name == one.group) for one in fit.effects
    )
    return FittedModel(
        model="multilevel",
        formula=formula.text,
        outcome=rows.outcome_name,
        method=method,
        errors=asked.errors,
        level=asked.level,
        terms=rows.terms,
        estimates=fit.estimates,
        covariance=fit.covariance,
        df=fit.df,
        components=fit.components,
        effects=fit.effects,
        facts=FitFacts(
            n_obs=n,
            rows_dropped=rows.rows_dropped,
            groups=tuple((one.group, len(one.labels)) for one in fit.effects),
            sigma=fit.sigma,
            **information(fit.loglik, fit.n_parameters, n),
            **shares(_crossed_parts(rows, fit)),
            converged=fit.is_converged,
            is_singular=fit.is_singular,
            iterations=fit.iterations,
        ),
        predictor=Recipe(formula, rows.design, rows.terms, groups, weights=weights, source=data),
    )


def _crossed_parts(rows: ModelRows, fit: CrossedFit) -> VarianceParts:
    """Shares of variance from the rows."""
    return variance_parts_of_rows(
        rows.fixed @ fit.estimates,
        [(bar.matrix.T, matrix) for bar, matrix in zip(rows.bars, fit.matrices, strict=True)],
        residual=fit.sigma**2,
        weights=rows.weights,
    )
