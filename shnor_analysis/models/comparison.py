"""Many models of the same rows from one scan: which of them the data speak for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from shnor_analysis.kernels.multilevel import CannotFit, fit_moments
from shnor_analysis.models.fit_options import check_one_outcome
from shnor_analysis.models.multilevel import scan_model
from shnor_analysis.models.refusals import not_estimable
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.model_comparison import ComparedModel, ModelComparison
from shnor_analysis.warehouse.formulas import parse_formula
from shnor_analysis.warehouse.moments import Scan, Source


def compare_models(
    formulas: Sequence[str], data: Source | Scan | NotEstimable, *, weights: str | None = None
) -> ModelComparison | NotEstimable:
    """Fit many multilevel models to the same rows and set their likelihoods side by side.

    Parameters:
        formulas: Models as for `fit_multilevel`, with the same outcome.
        data: As for `fit_multilevel`. A scan that holds the columns of all of them is not read again.
        weights: Column of precision weights; a scan brings its own.

    Returns:
        A row a model, in the order asked; a model that the rows do not identify keeps its row with the reason. Where
        nothing can be fitted at all, the reason.

    Raises:
        UsageProblem, InputRefused: As for `fit_multilevel`.

    Limits: full maximum likelihood, since restricted likelihoods of different fixed parts cannot be compared. All models
        share the rows that are complete in every column. The model with the smallest AIC is the best of these, no proof
        that it is a good one; after a choice among many, its intervals are too narrow.
    """
    scanned = data if isinstance(data, Scan | NotEstimable) else scan_model(formulas, data, weights=weights)
    if isinstance(scanned, NotEstimable):
        return scanned
    fitted = [_fitted(formula, scanned) for formula in formulas]
    smallest = min((one.aic for one in fitted if one.aic is not None), default=math.nan)
    models = tuple(one if one.aic is None else replace(one, delta_aic=one.aic - smallest) for one in fitted)
    return ModelComparison(models, scanned.moments.n_obs, scanned.rows_dropped)


def _fitted(formula: str, scanned: Scan) -> ComparedModel:
    parsed = parse_formula(formula)
    check_one_outcome(parsed)
    try:
        fit = fit_moments(scanned.moments, scanned.spec_for(parsed, method="ml"))
    except CannotFit as error:
        reason = not_estimable(error).reason
        return ComparedModel(formula, None, None, None, None, None, None, reason)
    return ComparedModel(
        formula=formula,
        n_parameters=fit.n_parameters,
        loglik=fit.loglik,
        aic=2 * fit.n_parameters - 2 * fit.loglik,
        bic=math.log(fit.n_obs) * fit.n_parameters - 2 * fit.loglik,
        delta_aic=None,
        is_singular=fit.is_singular,
        reason=None,
    )
