"""Treated beside comparison schools in each year around the programme's start, the dip of the selection years shown."""

from __future__ import annotations

import numpy as np

from shnor_analysis.kernels.stacked_regression import fit_stacked
from shnor_analysis.models.programme_rows import NEVER, Flags, Floats, SchoolYears, Windows
from shnor_analysis.models.programme_stacks import window_means
from shnor_analysis.models.programme_study import FEWEST_TREATED, ProgrammeStudy
from shnor_analysis.results.frames import quantile
from shnor_analysis.results.programme_parts import EventYear


def event_study(study: ProgrammeStudy) -> tuple[EventYear, ...]:
    """Estimate the difference between treated and comparison schools for each year since the programme began.

    For the year e since the start: (y_e − base) = a_cohort + d_e·treated over the stack cohort × school, base a school's
    mean (weighted by results) of all years before the selection years, weights the results of the year, errors CR2
    clustered by school with Satterthwaite degrees of freedom.

    Args:
        study: Schools by year with their cohorts, windows and level.

    Returns:
        Pupil SD by year since the start, ascending; years in which fewer than 4 treated schools have a result or no
        error can be worked out are left out. Empty without years before the selection years.

    Limits: the years of the base differ from 0 only as far as the treated moved among them; years far from the start
        come from few cohorts. Intervals are of single years, not of the whole line.
    Source: docs/method/programme_robustness.md.
    """
    years, windows = study.years, study.windows
    if not years.cohort_years:
        return ()
    base = np.stack([_base(years, windows, first) for first in years.cohort_years])
    since = range(years.years[0] - years.cohort_years[-1], years.years[-1] - years.cohort_years[0] + 1)
    found = (_year(years, windows, base, since=one, level=study.level) for one in since)
    return tuple(one for one in found if one is not None)


def _base(years: SchoolYears, windows: Windows, first: int) -> Floats:
    """Mean of each school before the selection years of a cohort, pupil SD, shape (S,)."""
    return np.asarray(window_means(years, np.array(years.years) < first - windows.selection_years)[0][0])


def _year(
    years: SchoolYears, windows: Windows, base: Floats, *, since: int, level: float
) -> EventYear | None:
    weight, outcome = np.zeros(base.T.shape), np.zeros(base.T.shape)
    treated = years.cohort[:, None] == np.array(years.cohort_years)
    for at, first in enumerate(years.cohort_years):
        if first + since not in years.years:
            continue
        year = years.years.index(first + since)
        change = years.sd[:, year] - base[at]
        is_there = np.isfinite(change) & (
            treated[:, at] | stands_for_comparison(years, windows, first, since=since)
        )
        if (is_there & treated[:, at]).any() and (is_there & ~treated[:, at]).any():
            weight[:, at] = np.where(is_there, years.tested_n[:, year], 0.0)
            outcome[:, at] = np.where(is_there, change, 0.0)
    n_treated = int(((weight > 0) & treated).any(axis=1).sum())
    # fewer would show single schools
    if n_treated < FEWEST_TREATED:
        return None
    return _estimate(outcome, weight, treated, since=since, windows=windows, level=level)


def stands_for_comparison(years: SchoolYears, windows: Windows, first: int, *, since: int) -> Flags:
    """Schools that no effect is looked for yet in a year beside a cohort's stack, shape (S,).

    Schools of later cohorts stay in the years they are chosen from: without those who did badly the others are too good.
    """
    is_never: Flags = years.cohort == NEVER
    if windows.comparison != "not_yet":
        return is_never
    is_later = (years.cohort > first) & (first + since < years.cohort + windows.delay)
    return np.asarray(is_never | (is_later & ~is_never))


def _estimate(
    outcome: Floats, weight: Floats, treated: Flags, *, since: int, windows: Windows, level: float
) -> EventYear | None:
    fitted = difference_fit(outcome, weight, treated)
    if fitted is None:
        return None
    estimate, error, df = fitted
    half = float(quantile(0.5 + level / 2, np.array(df))) * error
    return EventYear(
        years_since=since,
        estimate=estimate,
        conf_low=estimate - half,
        conf_high=estimate + half,
        n_treated=int(((weight > 0) & treated).any(axis=1).sum()),
        is_selection=-windows.selection_years <= since < 0,
        is_base=since < -windows.selection_years,
    )


def difference_fit(outcome: Floats, weight: Floats, treated: Flags) -> tuple[float, float, float] | None:
    """Difference of the treated within cohorts, its error and degrees of freedom; None where there is no error."""
    used = (weight > 0).any(axis=0)
    outcome, weight, treated = outcome[:, used], weight[:, used], treated[:, used]
    n_cohorts = int(used.sum())
    intercepts = np.broadcast_to(np.eye(n_cohorts), (len(weight), n_cohorts, n_cohorts))
    design = np.concatenate([intercepts, treated[:, :, None].astype(np.float64)], axis=2)
    fit = fit_stacked(outcome[None], design[None], weight[None])
    estimate, error, df = float(fit.estimate[0]), float(fit.std_error[0]), float(fit.df[0])
    return (estimate, error, df) if np.isfinite(estimate) and np.isfinite(df) and error > 0 else None
