"""A record a school: its own years under the rule's tests, its course, its chances on the lists worked out."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from shnor_analysis.models.school_course import predict_school_courses
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.list_flow import ListFlowPrediction
from shnor_analysis.results.school_course import SchoolCourse
from shnor_analysis.results.town_programme import SchoolRecord, YearRecord, chances_of

# years before the report's that a course of a school without a programme is learnt up to
YEARS_SHOWN_AHEAD = 2


def school_records(
    rows: pd.DataFrame,
    joined: Mapping[str, int],
    flows: tuple[ListFlowPrediction, ...],
    *,
    school_year: int,
    seed: int,
) -> tuple[SchoolRecord, ...]:
    """A record a school of the panel: its years, its course, its chances on the lists worked out.

    A course is learnt up to the year before the school's programme; without one, up to two years before the report's.

    Args:
        rows: The panel.
        joined: First school year of a programme, by school.
        flows: The lists worked out.
        school_year: The report's.
        seed: Of the random numbers.
    """
    years, chances = _years_of(rows), chances_of(flows)
    courses = _courses(rows, joined, school_year=school_year, seed=seed)
    missing = NotEstimable("course_not_told")
    return tuple(
        SchoolRecord(one, years[one], courses.get(one, missing), chances.get(one, ()))
        for one in sorted(years)
    )


def _courses(
    rows: pd.DataFrame, joined: Mapping[str, int], *, school_year: int, seed: int
) -> dict[str, SchoolCourse]:
    """A programme's schools are set beside the others in all years, every other one beside all in the last two."""
    through = {one: year - 1 for one, year in joined.items()}
    helped = predict_school_courses(rows, through=through, seed=seed) if through else {}
    others = predict_school_courses(rows, through=school_year - YEARS_SHOWN_AHEAD, seed=seed)
    found: dict[str, SchoolCourse] = {}
    if not isinstance(others, NotEstimable):
        found |= {one: course for one, course in others.items() if one not in joined}
    return found if isinstance(helped, NotEstimable) else found | helped


def _years_of(rows: pd.DataFrame) -> dict[str, tuple[YearRecord, ...]]:
    names = ["school_id", "school_year", "tested_n", "low_n", "is_comparable", "is_flagged"]
    found: dict[str, dict[int, YearRecord]] = {}
    for school_id, year, tested, low, comparable, flagged in rows[names].itertuples(index=False, name=None):
        years = found.setdefault(str(school_id), {})
        before = years.get(int(year), YearRecord(int(year), (), is_comparable=True, is_flagged=False))
        years[int(year)] = YearRecord(
            school_year=int(year),
            parts=(*before.parts, (int(tested), int(low))),
            is_comparable=before.is_comparable and bool(comparable),
            is_flagged=before.is_flagged or bool(flagged),
        )
    return {one: tuple(years[year] for year in sorted(years)) for one, years in found.items()}
