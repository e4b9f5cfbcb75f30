"""The jump of results at the threshold of the list, where enough schools stand near it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.models.list_flow_rows import FlowRows, read_flow_rows
from shnor_analysis.models.list_rules import ListRule, ShareOfLow
from shnor_analysis.models.programme_rows import Floats
from shnor_analysis.models.programme_study import ProgrammeStudy
from shnor_analysis.results.programme_parts import Discontinuity
from shnor_analysis.results.values import NotEstimable

FEWEST_NEAR = 40
# part of the schools near the threshold that must be helped exactly when listed
FOLLOWED = 0.95


def discontinuity(study: ProgrammeStudy) -> Discontinuity | NotEstimable:
    """Estimate the jump of results after the start at the rule's threshold, listed schools less unlisted ones.

    Local linear regression with a triangular kernel of the mean after the start (pupil SD) on the distance to the
    threshold in the year before the start, for the largest cohort; bandwidth with the least mean squared error, bias
    taken out, errors from nearest neighbours (robust to unequal variances). Schools count alike.

    Args:
        study: Panel, schools by year with their cohorts, windows and rule.

    Returns:
        The jump (above 0: listed schools did better) with its interval; NotEstimable ``discontinuity_no_rule``,
        ``discontinuity_few_near`` with the number of schools within the bandwidth (40 are needed; of all schools where
        there are fewer), ``discontinuity_not_followed`` where help did not go by the threshold,
        ``discontinuity_failed``.

    Limits: tells of schools at the threshold only.
    Source: Calonico, Cattaneo, Titiunik (2014), Econometrica 82(6), 2295-2326; package `diff-diff`;
        docs/method/programme_robustness.md.
    """
    rule = study.options.rule
    if rule is None or not study.years.cohort_years:
        return NotEstimable("discontinuity_no_rule")
    frame = _frame(study, rule)
    if len(frame) < FEWEST_NEAR:
        return _few(len(frame))
    fit = _fitted(frame, level=study.level)
    if fit is None:
        return NotEstimable("discontinuity_failed")
    near = frame[frame["distance"].abs() <= fit.h_left]
    if len(near) < FEWEST_NEAR:
        return _few(len(near))
    followed = float((near["treated"] == (near["distance"] >= 0)).mean())
    if followed < FOLLOWED:
        return NotEstimable("discontinuity_not_followed", {"percent": round(100 * followed)})
    return Discontinuity(
        estimate=float(fit.att),
        std_error=float(fit.se),
        conf_low=float(fit.conf_int[0]),
        conf_high=float(fit.conf_int[1]),
        bandwidth=float(fit.h_left),
        n_below=int((near["distance"] < 0).sum()),
        n_above=int((near["distance"] >= 0).sum()),
    )


def _few(n: int) -> NotEstimable:
    return NotEstimable("discontinuity_few_near", {"n": n, "needed": FEWEST_NEAR})


def _frame(study: ProgrammeStudy, rule: ListRule) -> pd.DataFrame:
    """A row a school of the largest cohort's stack: distance to the threshold, whether helped, outcome."""
    rows = study.rows()
    cohorts = np.unique(rows.cohort)
    if not cohorts.size:
        return pd.DataFrame({"distance": [], "treated": [], "outcome": []})
    largest = max(cohorts, key=lambda one: int((rows.treated & (rows.cohort == one)).sum()))
    flow = read_flow_rows(study.panel, rule=rule, exclude={})
    distances = dict(zip(flow.school_ids, distance_to_threshold(flow, int(largest) - 1), strict=True))
    own = rows.cohort == largest
    told = {
        "distance": [distances[rows.school_ids[one]] for one in rows.school[own]],
        "treated": rows.treated[own],
        "outcome": rows.sd.post[own],
    }
    return pd.DataFrame(told).dropna()


def distance_to_threshold(flow: FlowRows, year: int) -> Floats:
    """How far each school is from being listed, share of low results (0–1), 0 and above: listed; shape (S,).

    For a threshold: the share in the procedure that decides. For ranks: the pooled share beside the middle between the
    last school that is low and the first that is not, in the year of the rule where it is furthest from low. NaN where
    the rule cannot judge.
    """
    if isinstance(flow.rule, ShareOfLow):
        return _from_share(flow, year, needed=flow.rule.procedures, threshold=flow.rule.threshold)
    years = [year - back for back in range(flow.years_running)]
    if not all(flow.has(one) for one in years):
        return np.full(len(flow.school_ids), np.nan)
    return np.asarray(np.min([_from_rank(flow, one) for one in years], axis=0))


def _from_share(flow: FlowRows, year: int, *, needed: int, threshold: float) -> Floats:
    found = np.full(len(flow.school_ids), np.nan)
    judged = flow.judged(year)
    if judged.any():
        low, tested = flow.low[judged, flow.at(year)], flow.tested[judged, flow.at(year)]
        share = np.where(tested > 0, low / np.where(tested > 0, tested, 1.0), -1.0)
        found[judged] = np.sort(share, axis=1)[:, -needed] - threshold
    return found


def _from_rank(flow: FlowRows, year: int) -> Floats:
    judged, low = flow.judged(year), flow.low_in(year)
    at = flow.at(year)
    tested = np.where(judged, flow.tested[:, at].sum(axis=1), np.nan)
    share = flow.low[:, at].sum(axis=1) / tested
    if not low.any() or not (judged & ~low).any():
        return np.full(len(share), np.nan)
    return np.asarray(share - (share[low].min() + share[judged & ~low].max()) / 2)


def _fitted(frame: pd.DataFrame, *, level: float) -> Any:
    """The package's sharp design; None where it finds too little on a side."""
    from diff_diff import RegressionDiscontinuity

    with warnings.catch_warnings():
        # equal shares of several schools are to be expected of counts
        warnings.simplefilter("ignore")
        try:
            model = RegressionDiscontinuity(alpha=1 - level)
            fit = model.fit(frame.astype(float), outcome="outcome", running="distance")
        except (ValueError, np.linalg.LinAlgError):
            return None
    return fit if np.isfinite(fit.att) and fit.se > 0 else None
