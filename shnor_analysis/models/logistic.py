"""Multilevel models of success and failure: who passes, who reaches a mark, which share of a school is below it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.explained_variance import VarianceParts, variance_parts_of_rows
from shnor_analysis.kernels.logistic import (
    LogisticFit,
    LogisticSpec,
    binomial_constant,
    fit_logistic,
    sort_rows,
)
from shnor_analysis.kernels.multilevel import INTERCEPT, CannotFit
from shnor_analysis.models.fit_measures import information, shares
from shnor_analysis.models.fit_options import check_column_names, check_one_outcome, check_options
from shnor_analysis.models.refusals import not_estimable
from shnor_analysis.models.variance_components import components_of
from shnor_analysis.results import FitFacts, FittedModel, GroupEffects, NotEstimable, VarianceComponent
from shnor_analysis.results.recipe import Recipe
from shnor_analysis.warehouse.design_rows import DesignRows, read_design_rows
from shnor_analysis.warehouse.formulas import ModelFormula, parse_formula
from shnor_analysis.warehouse.moments import Source

# variance of the standard logistic distribution: what lies below a success or a failure on the scale of logits
LATENT_VARIANCE = math.pi**2 / 3.0


def fit_multilevel_logistic(
    formula: str, data: Source, *, trials: str | None = None, level: float = 0.95
) -> FittedModel | NotEstimable:
    """Fit a multilevel logistic model by Laplace's approximation.

    Model  logit P(success) = x'β + z'b of the group, b ~ N(0, Σ); estimates are those of lme4's ``glmer`` (nAGQ = 1).

    Parameters:
        formula: As in `fit_multilevel`: ``passed ~ sex + ses + (1 | school_id)``, ``(1 + ses | school_id)``,
            ``(1 | school_id/class_id)``. The outcome is 0 or 1, or true and false.
        data: A frame, a Parquet file, folder or glob, or a relation of DuckDB. Rows with an empty cell in a column of
            the formula are left out and counted.
        trials: Column of numbers of trials; then the outcome is the number of successes among them.
        level: Coverage of intervals, between 0 and 1.

    Returns:
        Coefficients in logits (their exponent is an odds ratio), normal intervals from the joint curvature by
        coefficients and variances; or the reason why there is no estimate: besides those of `fit_multilevel`
        ``separated`` and ``groups_separated``.

    Raises:
        UsageProblem: What is wrong with the formula; ``logistic_levels`` or ``logistic_inner_slopes`` for random
            parts beyond slopes of one grouping and intercepts of another inside it; ``logistic_crossed``.
        InputRefused: The source cannot be read; ``logistic_not_binary``, ``logistic_not_counts``.

    Limits: association, not cause; with few pupils a group, or rare successes in small groups, Laplace's approximation
        misses the variances; the whole design is held in memory, unless equal rows of a group can be counted into one.

    Source: docs/method/multilevel_logistic.md. Checked against lme4, tests/reference.
    """
    check_options(level)
    check_column_names(trials=trials)
    asked = parse_formula(formula)
    check_one_outcome(asked)
    try:
        read = read_design_rows(asked, data, trials=trials)
        spec = _spec(asked, read)
        fit = _fit(read, spec, has_counts=trials is not None)
    except CannotFit as error:
        return not_estimable(error)
    recipe = Recipe(
        formula=asked,
        design=read.design,
        terms=read.names[: read.n_fixed],
        groups=read.groupings,
        needed=asked.columns,
        weights=trials,
        source=data,
    )
    return FittedModel(
        model="logistic",
        formula=formula,
        outcome=read.outcome,
        method="laplace",
        errors="model",
        level=level,
        terms=read.names[: read.n_fixed],
        estimates=fit.coefficients,
        covariance=fit.covariance,
        df=np.full(read.n_fixed, np.inf),
        components=tuple(_components(read, spec, fit)),
        effects=tuple(_effects(read, spec, fit)),
        facts=_facts(read, spec, fit),
        predictor=recipe,
    )


def _spec(asked: ModelFormula, read: DesignRows) -> LogisticSpec:
    """What varies between the outer groups, and whether the inner ones have intercepts."""
    outer, inner = read.groupings[-1], read.groupings[0]
    has_inner = len(read.groupings) == 2
    if has_inner:
        columns = [one.columns for one in read.random if one.grouping == inner]
        if len(columns) != 1 or [read.names[place] for place in columns[0]] != [INTERCEPT]:
            raise UsageProblem(
                Problem("logistic_inner_slopes", found=asked.text, fields={"group": ":".join(inner)})
            )
    parts = _outer_bars(read)
    size = sum(len(one) for one in parts)
    free = np.zeros((size, size), dtype=bool)
    start = 0
    for one in parts:
        # effects of one bar correlate freely, those of different bars do not
        stop = start + len(one)
        free[start:stop, start:stop] = np.tril(np.ones((len(one), len(one)), dtype=bool))
        start = stop
    names = (":".join(outer), ":".join(inner))
    return LogisticSpec(tuple(place for one in parts for place in one), free, has_inner, names)


def _fit(read: DesignRows, spec: LogisticSpec, *, has_counts: bool) -> LogisticFit:
    constant = 0.0
    if has_counts and read.trials is not None:
        constant = binomial_constant(read.successes, read.trials)
    rows = sort_rows(
        read.names,
        read.matrix,
        read.successes,
        outer=read.codes[-1],
        n_fixed=read.n_fixed,
        trials=read.trials,
        inner=read.codes[0] if spec.has_inner else None,
        log_constant=constant,
    )
    return fit_logistic(rows, spec)


def _components(read: DesignRows, spec: LogisticSpec, fit: LogisticFit) -> Iterator[VarianceComponent]:
    """Innermost first; covariances only of effects of one bar."""
    if fit.inner_variance is not None:
        yield from components_of(spec.groups[1], [INTERCEPT], np.array([[fit.inner_variance]]))
    start = 0
    for columns in _outer_bars(read):
        bar = slice(start, start + len(columns))
        terms = [read.names[place] for place in columns]
        yield from components_of(spec.groups[0], terms, fit.outer_covariance[bar, bar])
        start = bar.stop


def _outer_bars(read: DesignRows) -> list[tuple[int, ...]]:
    """Columns of each bar of the outer groups."""
    return [one.columns for one in read.random if one.grouping == read.groupings[-1]]


def _effects(read: DesignRows, spec: LogisticSpec, fit: LogisticFit) -> Iterator[GroupEffects]:
    if spec.has_inner:
        # the kernel has inner groups along the outer ones; the levels have them in the order of their labels
        codes = read.codes[0]
        along = codes[np.flatnonzero(np.diff(codes, prepend=-1))]
        place = np.argsort(along)
        labels = tuple(read.levels[0].labels)
        yield GroupEffects(
            spec.groups[1],
            labels,
            (INTERCEPT,),
            fit.inner_effects[place, None],
            fit.inner_errors[place, None],
        )
    labels = tuple(read.levels[-1].labels)
    terms = tuple(read.names[place] for place in spec.random)
    yield GroupEffects(spec.groups[0], labels, terms, fit.outer_effects, fit.outer_errors)


def _facts(read: DesignRows, spec: LogisticSpec, fit: LogisticFit) -> FitFacts:
    return FitFacts(
        n_obs=read.n_obs,
        rows_dropped=read.rows_dropped,
        groups=tuple((one.name, len(one.labels)) for one in read.levels),
        **information(fit.loglik, fit.n_parameters, read.n_obs),
        **shares(_variance_parts(read, spec, fit)),
        converged=fit.is_converged,
        is_singular=fit.is_singular,
        iterations=fit.iterations,
        df_method="normal",
    )


def _variance_parts(read: DesignRows, spec: LogisticSpec, fit: LogisticFit) -> VarianceParts:
    """Variances on the scale of logits; Nakagawa, Johnson, Schielzeth (2017), J. R. Soc. Interface 14: 20170213."""
    parts = variance_parts_of_rows(
        fit.coefficients @ read.matrix[: read.n_fixed],
        [(read.matrix[list(spec.random)], fit.outer_covariance)],
        residual=LATENT_VARIANCE,
        weights=read.trials if read.is_collapsed else None,
        n_obs=read.n_obs,
    )
    return replace(parts, random=parts.random + (fit.inner_variance or 0.0))
