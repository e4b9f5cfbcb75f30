"""Several cohorts of a programme by Callaway and Sant'Anna: each against schools that are not helped yet."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from shnor_analysis.models.programme_rows import NEVER, SchoolYears, Windows
from shnor_analysis.models.programme_study import FEWEST_TREATED, ProgrammeStudy
from shnor_analysis.results.programme_parts import (
    SCALES,
    CohortEffect,
    DesignEstimate,
    Scale,
    StaggeredEffect,
)
from shnor_analysis.results.values import NotEstimable

# what the package says of a panel as ours always is, and of its own mean, which is not used here
EXPECTED = (
    "Unbalanced panel detected",
    r"\d+ \(group, time\) cell\(s\) could not be estimated",
    "No post-treatment effects available for overall ATT",
    "All post-treatment effects are NaN",
)
SHOWN = 200


@dataclass(frozen=True, slots=True)
class _Aggregate:
    """Mean of the cells (cohort, year) with help, weighted by schools, what it rests on and what the package warned of."""

    estimate: float
    std_error: float
    cohorts: tuple[int, ...]
    warned: tuple[str, ...] = ()


def staggered_effect(study: ProgrammeStudy) -> StaggeredEffect | NotEstimable:
    """Estimate the programme's effect where cohorts began in different years, overall and by cohort.

    For each cohort g and year t the mean change since the last year before the selection years, less the same change
    of schools that are not helped and not being selected in t; the mean over t >= g, weighted by schools. Every school
    counts alike. Errors are clustered by school; t with (treated schools − cohorts) degrees of freedom.

    Args:
        study: Schools by year with their cohorts, windows and level.

    Returns:
        Pupil SD and percentage points overall, pupil SD by cohort of at least 4 schools, and what the package warned of
        that it does not of every such panel (`EXPECTED`); NotEstimable
        ``cohorts_do_not_differ``, ``staggered_no_cells`` or ``staggered_few_schools``.

    Limits: a difference in differences: biased where schools were chosen by something that outlasts the selection years.
        With the normal quantiles of the package itself 8–12 % of null effects would be called found at 7 schools a cohort
        and fewer; with these degrees of freedom 5–6 %.
    Source: Callaway, Sant'Anna (2021), J. Econometrics 225(2), eq. 2.8 and section 3; package `diff-diff`;
        docs/method/programme_robustness.md. Checked in tests/reference/test_callaway_santanna.py.
    """
    years, windows = study.years, study.windows
    if len(years.cohort_years) < 2:
        return NotEstimable("cohorts_do_not_differ")
    overall: list[DesignEstimate] = []
    warned: list[str] = []
    for scale in SCALES:
        found = _aggregate(_frame(years, windows, scale), windows)
        if found is None or len(found.cohorts) < 2:
            return NotEstimable("staggered_no_cells")
        told = _told(found, study, scale)
        if isinstance(told, NotEstimable):
            return told
        overall.append(told)
        warned += found.warned
    own = [_of_cohort(years, windows, one, level=study.level) for one in years.cohort_years]
    warned += [one for _, said in own for one in said]
    return StaggeredEffect(
        overall=tuple(overall),
        cohorts=tuple(one for one, _ in own if one is not None),
        warned=tuple(dict.fromkeys(warned)),
    )


def _frame(years: SchoolYears, windows: Windows, scale: Scale) -> pd.DataFrame:
    """A row a school and year with a result; `first` is the first year an effect is looked for, 0 without one."""
    outcome = getattr(years, scale)
    last = windows.last_year if windows.last_year is not None else years.years[-1]
    school, year = np.nonzero(np.isfinite(outcome) & (np.array(years.years) <= last))
    first = np.where(years.cohort == NEVER, 0, years.cohort + windows.delay)
    told = {"school": school, "year": np.array(years.years)[year], "first": first[school]}
    return pd.DataFrame(told | {"outcome": outcome[school, year]})


def _aggregate(frame: pd.DataFrame, windows: Windows) -> _Aggregate | None:
    """The mean over cells with help; the package's own mean would take in the selection years beside them."""
    from diff_diff import CallawaySantAnna

    control = "not_yet_treated" if windows.comparison == "not_yet" else "never_treated"
    model = CallawaySantAnna(
        control_group=control,
        anticipation=windows.selection_years + windows.delay,
        estimation_method="reg",
        cluster="school",
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        # cells without schools are left out of the mean, and a school without a result of the years it lacks
        for message in EXPECTED:
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        try:
            fit = model.fit(frame, outcome="outcome", unit="school", time="year", first_treat="first")
            by_year = fit.aggregate("event_study")
        except ValueError:
            return None
    found = _mean_of_cells(fit.group_time_effects, by_year)
    said = tuple(" ".join(str(one.message).split())[:SHOWN] for one in heard)
    return found and replace(found, warned=said)


def _mean_of_cells(cells: dict[Any, dict[str, Any]], by_year: Any) -> _Aggregate | None:
    helped = {(g, t): one for (g, t), one in cells.items() if t >= g and np.isfinite(one["effect"])}
    if not helped:
        return None
    schools = np.array([one["n_treated"] for one in helped.values()], dtype=np.float64)
    effects = np.array([one["effect"] for one in helped.values()])
    since = np.array([t - g for g, t in helped])
    places = np.asarray(by_year.vcov_index)
    weight: npt.NDArray[np.float64] = (
        np.array([schools[since == one].sum() for one in places]) / schools.sum()
    )
    return _Aggregate(
        estimate=float(schools @ effects / schools.sum()),
        std_error=float(np.sqrt(weight @ np.asarray(by_year.vcov) @ weight)),
        cohorts=tuple(sorted({int(g) for g, _ in helped})),
    )


def _told(found: _Aggregate, study: ProgrammeStudy, scale: Scale) -> DesignEstimate | NotEstimable:
    years = study.years
    has_result = np.isfinite(getattr(years, scale)).any(axis=1)
    is_helped = np.isin(years.cohort, np.array(found.cohorts) - study.windows.delay)
    n_treated = int((has_result & is_helped).sum())
    df = n_treated - len(found.cohorts)
    if df < 1 or not found.std_error > 0:
        return NotEstimable("staggered_few_schools", {"schools": n_treated, "cohorts": len(found.cohorts)})
    statistic = found.estimate / found.std_error
    half = float(stats.t.ppf((1 + study.level) / 2, df)) * found.std_error
    return DesignEstimate(
        design="callaway_santanna",
        scale=scale,
        estimate=found.estimate,
        std_error=found.std_error,
        df=float(df),
        statistic=statistic,
        p_value=float(2 * stats.t.sf(abs(statistic), df)),
        conf_low=found.estimate - half,
        conf_high=found.estimate + half,
        permutation_p=None,
        n_treated=n_treated,
        n_comparison=int((has_result & (years.cohort == NEVER)).sum()),
    )


def _of_cohort(
    years: SchoolYears, windows: Windows, cohort: int, *, level: float
) -> tuple[CohortEffect | None, tuple[str, ...]]:
    """One cohort's own mean, and warnings: schools of other cohorts stay as comparison until their selection years."""
    frame = _frame(years, windows, "sd")
    first = cohort + windows.delay
    is_own = frame["first"] == first
    is_untouched = (frame["first"] == 0) | (
        frame["year"] < frame["first"] - windows.delay - windows.selection_years
    )
    if windows.comparison == "never":
        is_untouched = frame["first"] == 0
    kept = frame[is_own | is_untouched].assign(first=lambda rows: np.where(rows["first"] == first, first, 0))
    n_treated = int(kept.loc[kept["first"] == first, "school"].nunique())
    # fewer would show single schools
    if n_treated < FEWEST_TREATED:
        return None, ()
    found = _aggregate(kept, windows)
    if found is None:
        return None, ()
    half = float(stats.t.ppf((1 + level) / 2, n_treated - 1)) * found.std_error
    told = CohortEffect(
        cohort=cohort,
        estimate=found.estimate,
        std_error=found.std_error,
        conf_low=found.estimate - half,
        conf_high=found.estimate + half,
        n_treated=n_treated,
    )
    return told, found.warned
