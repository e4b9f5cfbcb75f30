"""The multilevel model: lme4's formulas over a frame, Parquet or a relation, in one pass over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from shnor_analysis.errors import EnvironmentProblem, Problem, UsageProblem
from shnor_analysis.kernels.multilevel import CannotFit, MultilevelSpec, fit_moments
from shnor_analysis.models.assembling import Asked, Errors, crossed_result, multilevel_result
from shnor_analysis.models.crossed import fit_crossed, has_crossed_engine
from shnor_analysis.models.fit_options import (
    check_column_names,
    check_one_outcome,
    check_options,
    check_weights_of_scan,
)
from shnor_analysis.models.model_rows import read_model_rows
from shnor_analysis.models.refusals import is_crossing, not_estimable
from shnor_analysis.results import FittedModel, NotEstimable
from shnor_analysis.warehouse.formulas import ModelFormula, parse_formula
from shnor_analysis.warehouse.moments import Scan, Source, scan

Method = Literal["reml", "ml"]


def fit_multilevel(
    formula: str,
    data: Source | Scan | NotEstimable,
    *,
    method: Method = "reml",
    weights: str | None = None,
    level: float = 0.95,
    errors: Errors = "model",
) -> FittedModel | NotEstimable:
    """Fit a Gaussian multilevel model: pupils in classes in schools in municipalities.

    Model  y = xβ + Σ_levels z'b + e,  b ~ N(0, G_level),  e ~ N(0, σ²/w).

    Parameters:
        formula: As in lme4: ``points ~ sex + ses + (1 + ses | school_id) + (1 | municipality_id)``. Nesting is found
            from the data: ``(1 | school) + (1 | lea)`` is ``(1 | lea/school)`` when codes of schools are unique.
        data: One row a pupil: a frame, Parquet (file, folder or glob), a relation of DuckDB, or an earlier scan
            (`scan_model`) that holds the columns.
        method: Restricted (``reml``) or full (``ml``) maximum likelihood.
        weights: Column of precision weights, as in lme4; not for sampling weights. A scan brings its own.
        level: Of the intervals.
        errors: ``model``: σ²(X'V⁻¹X)⁻¹ with Satterthwaite's degrees of freedom; ``CR0``, ``CR1``, ``CR2``: robust
            against anything within the groups of the outermost level, with their own degrees of freedom.

    Returns:
        A fitted model; a singular fit says so (`glance()["is_singular"]`, and in words where it is shown). Where the
        data do not identify the model, the reason.

    Raises:
        UsageProblem: What is wrong with the formula, its columns or the options.
        InputRefused: The data cannot be read.
        EnvironmentProblem: ``crossed_needs_mixed``: groups cross, and the extra `[mixed]` is not installed.

    Limits: associations, not causes. Rows with a missing value in any column of the formula are left out and counted.
        With crossed groups all rows are in memory, and `errors` is ``model``.
    Source: Bates et al. (2015), J. Stat. Softw. 67(1). Checked against lme4, lmerTest and clubSandwich,
        tests/reference/test_lme4.py.
    """
    parsed = parse_formula(formula)
    check_options(level, method=(method, get_args(Method)), errors=(errors, get_args(Errors)))
    check_column_names(weights=weights)
    check_one_outcome(parsed)
    if not parsed.random:
        raise UsageProblem(Problem("multilevel_without_groups", found=formula))
    if isinstance(data, NotEstimable):
        return data
    asked = Asked(errors, level)
    try:
        return _fit(parsed, data, method=method, weights=weights, asked=asked)
    except CannotFit as error:
        return not_estimable(error)


def scan_model(
    formulas: str | Sequence[str],
    data: Source,
    *,
    weights: str | None = None,
    cluster: str | None = None,
    with_group_products: bool = False,
) -> Scan | NotEstimable:
    """Read the rows once for many models: each is then fitted from blocks of this scan in milliseconds.

    Parameters:
        formulas: All that will be asked: outcomes, factors and groups of every model. A model of fewer terms, groups
            or outcomes needs no formula of its own.
        data: A frame, Parquet (file, folder or glob), or a relation of DuckDB.
        weights: Column of precision weights.
        cluster: Column of clusters for linear models with robust errors.
        with_group_products: Keep what robust errors of multilevel models need.

    Returns:
        What `fit_multilevel` and `fit_linear` take in place of data; or the reason why there is nothing to fit.

    Raises:
        UsageProblem: What is wrong with a formula or its columns.
        InputRefused: The data cannot be read.

    Limits: all models share the rows that are complete in every column of the scan, so that they can be compared.
    """
    check_column_names(weights=weights, cluster=cluster)
    try:
        return scan(formulas, data, weights=weights, cluster=cluster, with_group_products=with_group_products)
    except CannotFit as error:
        return not_estimable(error)


def _fit(
    formula: ModelFormula, data: Source | Scan, *, method: Method, weights: str | None, asked: Asked
) -> FittedModel:
    if isinstance(data, Scan):
        check_weights_of_scan(weights, data.weights)
        scanned = data
    else:
        try:
            scanned = scan(formula, data, weights=weights, with_group_products=asked.errors != "model")
        except UsageProblem as error:
            if not is_crossing(error):
                raise
            if not has_crossed_engine():
                raise EnvironmentProblem([*error.problems, Problem("crossed_needs_mixed")]) from error
            return _crossed(formula, data, method=method, weights=weights, asked=asked)
    spec = scanned.spec_for(formula, method=method)
    _check_scan(scanned, spec, asked)
    fit = fit_moments(scanned.moments, spec)
    return multilevel_result(formula, scanned, fit, asked)


def _check_scan(scanned: Scan, spec: MultilevelSpec, asked: Asked) -> None:
    """Refuse a model that needs sums by group which the scan did not take."""
    moments = scanned.moments
    slopes = [at for term in spec.random for at in term.columns if at not in moments.random]
    if slopes:
        raise UsageProblem(
            Problem("scan_without_slopes", found=", ".join(moments.columns[at] for at in slopes))
        )
    if asked.errors == "model":
        return
    if len(moments.random) < len(moments.columns):
        raise UsageProblem(Problem("scan_without_products", found=asked.errors))
    if max(term.level for term in spec.random) < len(moments.levels) - 1:
        raise UsageProblem(Problem("scan_without_cluster", found=asked.errors))


def _crossed(
    formula: ModelFormula, data: Source, *, method: Method, weights: str | None, asked: Asked
) -> FittedModel:
    """Groups that cross are fitted by the package of the extra `[mixed]`."""
    if asked.errors != "model":
        raise UsageProblem(Problem("crossed_errors", found=asked.errors))
    rows = read_model_rows(formula, data, weights=weights)
    fit = fit_crossed(rows, method=method)
    return crossed_result(formula, data, rows, fit, method=method, weights=weights, asked=asked)
