"""Hand-made facts of a school's exit and course for tests: every number is given, nothing is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluations import YEAR, a_school, vpr, wilson
from list_flow_values import COHORT

from shnor_analysis.evaluation.facts import SchoolEvaluation
from shnor_analysis.evaluation.record_facts import Change, Listing, MarkAgreement, PooledPart
from shnor_analysis.evaluation.school_programme_facts import (
    ChangeStatement,
    CourseFacts,
    CoursePoint,
    ExitStatements,
    IssuedStatement,
    ObjectivitySigns,
    RuleStatement,
    SimilarCourse,
    SimilarShare,
    SimilarYear,
)
from shnor_analysis.results import Estimate, NotEstimable


def the_exits(**changed: Any) -> ExitStatements:
    """Off the issued list, the rule silent, the share lower within chance."""
    rule = a_school().list_years[-1].rule
    told = ExitStatements(
        IssuedStatement(2022, (Listing(2022, "low_results", "Ведомство", "№ 1"),), YEAR, (), ("№ 7",), True),
        RuleStatement(2022, replace(rule, fires=True), YEAR + 1, rule, True, 0.36, 2022),
        ChangeStatement(
            2021,
            YEAR,
            (
                Change(
                    vpr("mathematics", 5, year=YEAR - 1), vpr("mathematics", 5), Estimate(-0.12, -0.25, 0.02)
                ),
            ),
            1,
            1,
        ),
    )
    return replace(told, **changed)


def a_course(**changed: Any) -> CourseFacts:
    """Four years of its own, then three against the prediction."""
    own = ((2018, 20), (2019, 24), (2020, 22), (2021, 34))
    after = ((2022, 18, "inside"), (2023, 9, "better"), (2024, 19, "inside"))
    told = CourseFacts(
        school_year=YEAR,
        through=2021,
        level=0.95,
        programme="500+",
        cohort_year=COHORT,
        years=(
            *(
                CoursePoint(year, 100, wilson(low, 100), None, None, parts=(PooledPart(100, low),))
                for year, low in own
            ),
            *(
                CoursePoint(
                    year,
                    100,
                    wilson(low, 100),
                    Estimate(0.23, 0.11, 0.37),
                    verdict,
                    parts=(PooledPart(100, low),),
                )
                for year, low, verdict in after
            ),
        ),
        similar=tuple(
            SimilarCourse(
                f"sch{n}",
                f"Школа № {n}",
                tuple(SimilarShare(year, 90, 0.12 + n / 100 + (year % 3) / 50) for year in range(2018, 2025)),
            )
            for n in range(11, 21)
        ),
        similar_years=tuple(SimilarYear(year, 10, 0.13, 0.22, 0.36) for year in range(2018, 2025)),
        signs=ObjectivitySigns(
            (Listing(2021, "biased_results", "Ведомство", None),),
            (MarkAgreement(vpr("mathematics", 5), 100, wilson(20, 100), wilson(65, 100), wilson(15, 100)),),
            (2021,),
        ),
        is_stale=False,
    )
    return replace(told, **changed)


def a_course_school(
    *, course: CourseFacts | NotEstimable | None = None, exits: ExitStatements | NotEstimable | None = None
) -> SchoolEvaluation:
    """A school that left the list, with its course."""
    return a_school(course=course or a_course(), exits=exits or the_exits())
