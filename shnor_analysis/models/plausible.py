"""One model over several plausible values of one ability: M fits, one scan, one answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.models.linear import fit_linear
from shnor_analysis.models.multilevel import fit_multilevel, scan_model
from shnor_analysis.models.pooling import pool_fits
from shnor_analysis.models.refusals import is_crossing
from shnor_analysis.results import FittedModel, NotEstimable
from shnor_analysis.warehouse.formulas import parse_formula
from shnor_analysis.warehouse.moments import Source

Fit = Callable[..., FittedModel | NotEstimable]


def fit_plausible_values(
    formula: str, data: Source, *, fit: Fit = fit_multilevel, **options: Any
) -> FittedModel | NotEstimable:
    """Fit one model to each plausible value and combine the fits by Rubin's rules.

    Parameters:
        formula: All plausible values on the left: ``pv1 + pv2 + pv3 ~ ses + (1 | school_id)``; each stands for the
            same ability of the pupil.
        data: As for `fit`.
        fit: `fit_multilevel`, `fit_linear`, `fit_multilevel_logistic`, or a function that takes a formula and data
            and returns a fitted model.
        options: Handed to `fit`.

    Returns:
        A fitted model whose errors hold both the rows' and the plausible values' uncertainty (`glance()`:
        `n_imputations`; degrees of freedom by Barnard & Rubin). Where one of the fits cannot be made, its reason.

    Raises:
        UsageProblem: ``pool_nothing`` without a left side, and what `fit` raises.

    Limits: five plausible values or more; a log-likelihood is not given, so that models are not compared by it.
        Linear and multilevel models share one scan, others read the rows for each value. Plausible values have to
        come from a scaling model that knew of the factors asked about.
    Source: Rubin (1987); Barnard & Rubin (1999); OECD (2009), PISA Data Analysis Manual, ch. 8.
    """
    parsed = parse_formula(formula)
    outcomes = [str(term) for term in parsed.outcomes]
    if not outcomes:
        raise UsageProblem(Problem("pool_nothing"))
    right = formula.partition("~")[2].strip()
    shared, left = _shared(formula, data, fit, options)
    fits = [fit(f"{outcome} ~ {right}", shared, **left) for outcome in outcomes]
    pooled = pool_fits(fits)
    if isinstance(pooled, NotEstimable):
        return pooled
    return replace(pooled, formula=formula, outcome=" + ".join(outcomes))


def _shared(formula: str, data: Source, fit: Fit, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """One scan for all values where the model can be solved from it, and the options that are left."""
    if fit not in (fit_multilevel, fit_linear) or options.get("absorb"):
        return data, options
    left = {name: value for name, value in options.items() if name != "weights"}
    needs_products = fit is fit_multilevel and options.get("errors", "model") != "model"
    try:
        scanned = scan_model(
            formula,
            data,
            weights=options.get("weights"),
            cluster=options.get("cluster"),
            with_group_products=needs_products,
        )
    except UsageProblem as error:
        if not is_crossing(error):
            raise
        return data, options
    return scanned, left
