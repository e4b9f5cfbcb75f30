"""The linear model: plain, with errors that know of clusters, with effects absorbed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.linear import Errors, LinearFit, fit_absorbed, fit_linear_moments
from shnor_analysis.kernels.multilevel import INTERCEPT, CannotFit
from shnor_analysis.models.assembling import recipe_of_scan
from shnor_analysis.models.fit_measures import information
from shnor_analysis.models.fit_options import (
    check_column_names,
    check_one_outcome,
    check_options,
    check_weights_of_scan,
)
from shnor_analysis.models.model_rows import codes_of, read_model_rows
from shnor_analysis.models.refusals import not_estimable
from shnor_analysis.models.variance_components import residual_of
from shnor_analysis.results import FitFacts, FittedModel, NotEstimable
from shnor_analysis.results.recipe import Recipe
from shnor_analysis.warehouse.formulas import ModelFormula, parse_formula
from shnor_analysis.warehouse.moments import Scan, Source, scan

# ways whose effects can be absorbed exactly
MOST_WAYS = 2


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a fit was asked for besides its formula; `cluster` only where errors are to know of clusters."""

    errors: Errors
    level: float
    cluster: str | None
    weights: str | None


def fit_linear(
    formula: str,
    data: Source | Scan | NotEstimable,
    *,
    cluster: str | None = None,
    weights: str | None = None,
    absorb: str | Sequence[str] | None = None,
    errors: Errors | None = None,
    level: float = 0.95,
) -> FittedModel | NotEstimable:
    """Fit a linear model by least squares, in one pass over the rows.

    Model  y = xβ (+ effects of the absorbed groups) + e.

    Parameters:
        formula: As formulaic reads it: ``points ~ ses * sex + C(grade)``; one outcome, no random terms.
        data: One row a unit: a frame, Parquet (file, folder or glob), a relation of DuckDB, or an earlier scan.
        cluster: Column whose groups are independent of one another.
        weights: Column of precision weights; rows of weight 0 are left out.
        absorb: One or two columns whose groups get an effect each that is not shown (two-way fixed effects).
        errors: ``classical``; with a cluster ``CR0``, ``CR1`` (· G/(G−1)), ``CR1S`` (as Stata: · (n−1)/(n−K), K
            counts absorbed effects) or ``CR2`` (bias-reduced). CR2 where there is a cluster, else classical.
        level: Of the intervals.

    Returns:
        A fitted model; `glance()` names the degrees of freedom: `df_residual` = n − p − `df_absorbed`. Robust errors
        have Satterthwaite's, except where absorbed effects cross the clusters in more than a few hundred groups
        (`df_method` is then ``clusters``: clusters less one). Where the data do not identify the model, the reason.

    Raises:
        UsageProblem: What is wrong with the formula, its columns or the options.
        InputRefused: The data cannot be read.

    Limits: associations, not causes. With few clusters read `df`: below about 5 the intervals are not to be trusted.
        With weights CR2 corrects rows scaled by √w, which is not the square root that clubSandwich takes (a few
        percent at most). Absorbing holds the rows in memory. Predictions are not made where effects are absorbed.
    Source: Pustejovsky & Tipton (2018), J. Bus. Econ. Stat. 36, 672–683. Checked against lm, clubSandwich and plm,
        tests/reference/test_linear.py.
    """
    parsed = parse_formula(formula)
    ways = tuple(absorb) if isinstance(absorb, list | tuple) else (absorb,) if absorb is not None else ()
    check_column_names(
        cluster=cluster, weights=weights, **{f"absorb[{at}]": way for at, way in enumerate(ways)}
    )
    chosen = _check(parsed, cluster, errors, level)
    if isinstance(data, Scan):
        check_weights_of_scan(weights, data.weights)
        weights = data.weights
    asked = _Asked(chosen, level, None if chosen == "classical" else cluster, weights)
    if isinstance(data, NotEstimable):
        return data
    try:
        return _with_absorbed(parsed, data, ways, asked) if ways else _plain(parsed, data, asked)
    except CannotFit as error:
        return not_estimable(error)


def _check(formula: ModelFormula, cluster: str | None, errors: Errors | None, level: float) -> Errors:
    """The kind of errors; refuses what contradicts itself."""
    chosen: Errors = errors or ("CR2" if cluster else "classical")
    check_options(level, errors=(chosen, get_args(Errors)))
    check_one_outcome(formula)
    if formula.random:
        raise UsageProblem(Problem("linear_with_groups", found=formula.text))
    if chosen != "classical" and cluster is None:
        raise UsageProblem(Problem("errors_need_cluster", found=chosen))
    return chosen


def _plain(formula: ModelFormula, data: Source | Scan, asked: _Asked) -> FittedModel:
    if isinstance(data, Scan):
        scanned = _covers(data, asked.cluster)
    else:
        scanned = scan(formula, data, weights=asked.weights, cluster=asked.cluster)
    moments, spec = scanned.moments, scanned.spec_for(formula)
    fit = fit_linear_moments(moments, spec, errors=asked.errors)
    terms = tuple(moments.columns[at] for at in spec.fixed)
    return _result(
        formula,
        fit,
        asked,
        names=(*terms, moments.columns[spec.outcome]),
        sizes=(moments.n_obs, scanned.rows_dropped),
        groups=((asked.cluster, len(moments.levels[-1].labels)),) if asked.cluster else (),
        predictor=recipe_of_scan(formula, scanned, terms, ()),
    )


def _covers(scanned: Scan, cluster: str | None) -> Scan:
    """A scan that holds what cluster-robust errors need."""
    if cluster is None:
        return scanned
    is_outermost = bool(scanned.groupings) and scanned.groupings[-1] == (cluster,)
    if not is_outermost or len(scanned.moments.random) < len(scanned.moments.columns):
        raise UsageProblem(Problem("scan_without_cluster", found=cluster))
    return scanned


def _with_absorbed(
    formula: ModelFormula, data: Source | Scan, ways: tuple[str, ...], asked: _Asked
) -> FittedModel:
    if len(ways) > MOST_WAYS:
        raise UsageProblem(Problem("absorb_too_many", found=", ".join(ways)))
    groups = tuple(dict.fromkeys([*ways, *([asked.cluster] if asked.cluster else [])]))
    rows = read_model_rows(formula, data, weights=asked.weights, groups=groups)
    kept = [at for at, name in enumerate(rows.terms) if name != INTERCEPT]
    names = (*(rows.terms[at] for at in kept), rows.outcome_name)
    codes = {name: codes_of(rows.labels[name]) for name in groups}
    fit = fit_absorbed(
        np.column_stack([rows.fixed[:, kept], rows.outcome]),
        names,
        [codes[name] for name in ways],
        cluster=codes[asked.cluster] if asked.cluster else None,
        weights=rows.weights,
        errors=asked.errors,
    )
    counts = tuple((name, int(code.max()) + 1) for name, code in codes.items())
    sizes = (len(rows.outcome), rows.rows_dropped)
    return _result(formula, fit, asked, names=names, sizes=sizes, groups=counts, predictor=None)


def _result(
    formula: ModelFormula,
    fit: LinearFit,
    asked: _Asked,
    *,
    names: tuple[str, ...],
    sizes: tuple[int, int],
    groups: tuple[tuple[str, int], ...],
    predictor: Recipe | None,
) -> FittedModel:
    n_obs, dropped = sizes
    return FittedModel(
        model="linear",
        formula=formula.text,
        outcome=names[-1],
        method="ols",
        errors=asked.errors,
        level=asked.level,
        terms=names[:-1],
        estimates=fit.coefficients,
        covariance=fit.covariance,
        df=fit.df,
        components=(residual_of(fit.sigma),),
        effects=(),
        facts=FitFacts(
            n_obs=n_obs,
            rows_dropped=dropped,
            groups=groups,
            sigma=fit.sigma,
            **information(fit.loglik, fit.n_parameters, n_obs),
            r2_marginal=fit.r_squared,
            converged=fit.is_converged,
            iterations=fit.iterations,
            df_method=fit.df_method,
            df_residual=fit.df_residual,
            df_absorbed=fit.df_absorbed,
        ),
        predictor=predictor,
    )
