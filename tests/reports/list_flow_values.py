"""Hand-made facts of leaving the list beside chance for tests: every number is given, nothing is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluations import YEAR

from shnor_analysis.evaluation.programme_facts import (
    CalibrationRow,
    CohortFlow,
    ListFlowFacts,
    ListForecast,
    SchoolFlow,
)

COHORT = 2022


def a_cohort(
    *, listed: int = 7, left: int = 7, expected: float = 3.1, p: float = 0.002, **changed: Any
) -> CohortFlow:
    """Schools of one year of a programme on the list before it."""
    schools = tuple(
        SchoolFlow(f"sch{n}", f"Школа № {n}", True, 0.25 + n / 40, n <= left) for n in range(1, listed + 1)
    )
    told = CohortFlow(
        programme="500+",
        cohort_year=COHORT,
        list_school_year=2021,
        next_school_year=2022,
        schools_n=max(listed, 1),
        listed_n=listed,
        without_result_n=0,
        left_n=left,
        expected_leavers=expected,
        leavers_low=1,
        leavers_high=5,
        p_at_least_observed=p,
        schools=schools,
    )
    return replace(told, **changed)


def a_calibration(year: int, expected: float, observed: int, **changed: Any) -> CalibrationRow:
    """A past list of 13 schools with three to either side of the expected number."""
    low, high = max(0, round(expected) - 3), round(expected) + 3
    told = CalibrationRow(
        list_school_year=year,
        list_n=13,
        without_result_n=0,
        expected_leavers=expected,
        leavers_low=low,
        leavers_high=high,
        observed_leavers=observed,
        p_at_least_observed=0.5,
        pit=0.5,
        is_inside=low <= observed <= high,
    )
    return replace(told, **changed)


def a_forecast(year: int, *, observed: int | None = None, **changed: Any) -> ListForecast:
    """A list of twelve schools of which four would leave."""
    told = ListForecast(
        list_school_year=year,
        next_school_year=year + 1,
        list_n=12,
        without_result_n=0,
        expected_leavers=4.2,
        leavers_low=2,
        leavers_high=7,
        observed_leavers=observed,
        p_at_least_observed=None if observed is None else 0.4,
        expected_entrants=4.4,
        entrants_low=2,
        entrants_high=7,
        observed_entrants=observed,
    )
    return replace(told, **changed)


def a_list_flow(*cohorts: CohortFlow, **changed: Any) -> ListFlowFacts:
    """A rule that was right about four of five past lists."""
    told = ListFlowFacts(
        school_year=YEAR,
        rule="rosobr_2023",
        rule_is_verified=False,
        rule_code="share_of_low",
        rule_parameters=(("threshold", 0.3),),
        level=0.95,
        first_year=2018,
        schools_n=40,
        lists=(a_forecast(YEAR - 1, observed=5), a_forecast(YEAR)),
        calibration=(
            a_calibration(2018, 5.2, 6),
            a_calibration(2019, 4.4, 3),
            a_calibration(2020, 4.0, 8),
            a_calibration(2021, 4.6, 5),
            a_calibration(2022, 4.9, 4),
        ),
        cohorts=cohorts or (a_cohort(),),
        reliability=0.68,
        notes=(),
        is_stale=False,
    )
    return replace(told, **changed)
