"""Whether a programme's schools were on another course already before they were chosen, and how far it would lead."""

from __future__ import annotations

import numpy as np

from shnor_analysis.models.programme_event_study import difference_fit, stands_for_comparison
from shnor_analysis.models.programme_rows import Flags, Floats, SchoolYears
from shnor_analysis.models.programme_study import FEWEST_TREATED, ProgrammeStudy
from shnor_analysis.results.evidence import PreTrend
from shnor_analysis.results.frames import lower_tail, quantile
from shnor_analysis.results.values import NotEstimable

FEWEST_YEARS = 2  # of which a slope can be told


def pre_trend(study: ProgrammeStudy) -> PreTrend | NotEstimable:
    """How the treated moved beside the others, a year, in the years before their selection years.

    Each school's own slope over these years (weights: its results) is regressed on treated with an intercept a cohort,
    over the stack cohort × school; weights say how sure a slope is, Σ w (year − mean)². Errors CR2 by school with
    Satterthwaite degrees of freedom.

    Args:
        study: Schools by year with their cohorts, windows and level.

    Returns:
        The slope, and what it would make by the years after the start if it went on; `pre_trend_few_years` where fewer
        than 4 treated schools have two such years, `programme_no_error` where no error can be worked out.

    Limits: that no slope is seen does not show that there is none. Schools chosen for a bad year often fall in the years
        before it already, for bad years come in rows: such a slope turns by itself, a lasting one does not, and these
        years cannot tell which it is. Two years before selection make it a single difference.
    Source: docs/method/programme_robustness.md.
    """
    years, windows = study.years, study.windows
    treated = years.cohort[:, None] == np.array(years.cohort_years)
    slope, weight = np.zeros(treated.shape), np.zeros(treated.shape)
    for at, first in enumerate(years.cohort_years):
        before = np.array(years.years) < first - windows.selection_years
        slope[:, at], told = _own_slopes(years, before)
        others = stands_for_comparison(years, windows, first, since=-1 - windows.selection_years)
        weight[:, at] = np.where(treated[:, at] | others, told, 0.0)
    is_told = (weight > 0) & treated
    if int(is_told.any(axis=1).sum()) < FEWEST_TREATED:
        return NotEstimable("pre_trend_few_years")
    weight[:, ~is_told.any(axis=0)] = 0.0
    ahead = _years_ahead(study, is_told)
    return _told_slope(slope, weight, treated, ahead=ahead, study=study)


def _own_slopes(years: SchoolYears, window: Flags) -> tuple[Floats, Floats]:
    """Each school's slope a year within a window and the weight behind it, 0 under two years; shape (S,) each."""
    tested = np.where(window & np.isfinite(years.sd), years.tested_n, 0.0)
    time = np.broadcast_to(np.array(years.years, dtype=np.float64), tested.shape)
    total = np.maximum(tested.sum(axis=1, keepdims=True), 1.0)
    apart = time - (tested * time).sum(axis=1, keepdims=True) / total
    spread = (tested * apart**2).sum(axis=1)
    has_slope = (tested > 0).sum(axis=1) >= FEWEST_YEARS
    result = np.where(tested > 0, years.sd, 0.0)
    slope = (tested * apart * result).sum(axis=1) / np.where(has_slope, spread, 1.0)
    return np.where(has_slope, slope, 0.0), np.where(has_slope, spread, 0.0)


def _years_ahead(study: ProgrammeStudy, is_told: Flags) -> float:
    """Years from the middle of the years before to the middle of those after, mean over the treated schools."""
    windows, time = study.windows, np.array(study.years.years, dtype=np.float64)
    ahead, schools = 0.0, 0
    for at, first in enumerate(study.years.cohort_years):
        tested = study.years.tested_n[is_told[:, at]]
        before = np.where(time < first - windows.selection_years, tested, 0.0).sum(axis=0)
        after = np.where(time >= first + windows.delay, tested, 0.0).sum(axis=0)
        if before.any() and after.any():
            apart = np.average(time, weights=after) - np.average(time, weights=before)
            ahead, schools = ahead + float(apart) * len(tested), schools + len(tested)
    return ahead / schools if schools else float("nan")


def _told_slope(
    slope: Floats, weight: Floats, treated: Flags, *, ahead: float, study: ProgrammeStudy
) -> PreTrend | NotEstimable:
    fitted = difference_fit(slope, weight, treated)
    if fitted is None or not np.isfinite(ahead):
        return NotEstimable("programme_no_error")
    estimate, error, df = fitted
    half = float(quantile(0.5 + study.level / 2, np.array(df))) * error
    return PreTrend(
        slope=estimate,
        conf_low=estimate - half,
        conf_high=estimate + half,
        df=df,
        p_value=float(2 * lower_tail(np.array(-abs(estimate / error)), np.array(df))),
        drift=estimate * ahead,
        drift_low=(estimate - half) * ahead,
        drift_high=(estimate + half) * ahead,
        years_n=_years_before(study),
        n_treated=int(((weight > 0) & treated).any(axis=1).sum()),
    )


def _years_before(study: ProgrammeStudy) -> int:
    """School years before the selection years of the last cohort."""
    last = study.years.cohort_years[-1] - study.windows.selection_years
    return sum(year < last for year in study.years.years)
