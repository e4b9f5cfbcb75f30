"""Reads a school's own course as facts: beside its prediction interval, like schools and signs of biased results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from statistics import median

from shnor_analysis.evaluation.exits import with_chance
from shnor_analysis.evaluation.facts import (
    Listing,
    Measure,
    Participation,
    PooledPart,
    RuleOutcome,
    SchoolEvaluation,
)
from shnor_analysis.evaluation.school_programme_facts import (
    CourseFacts,
    CoursePoint,
    ObjectivitySigns,
    SimilarCourse,
    SimilarShare,
    SimilarYear,
)
from shnor_analysis.kernels.wilson import wilson_interval
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.school_course import CourseYear, SchoolCourse
from shnor_analysis.results.town_programme import SchoolRecord, YearRecord

BIASED_RESULTS = "biased_results"
FEWEST_FOR_A_MIDDLE = 3
FEWEST_TESTED = 10


def with_programme(
    school: SchoolEvaluation,
    record: SchoolRecord | NotEstimable | None,
    similar: Iterable[SchoolRecord] | NotEstimable,
    *,
    names: Mapping[str, str],
    is_stale: bool,
) -> SchoolEvaluation:
    """A school's facts with its course, and the chance to leave a list anyway beside the rule's statement.

    Args:
        school: The facts without them.
        record: The school's part of what was worked out; None for a school without a result under the rule.
        similar: Records of schools in like circumstances, nearest first; why none are known.
        names: Names of schools by their codes.
        is_stale: Whether data or settings changed since.
    """
    if isinstance(record, NotEstimable):
        return replace(school, course=record)
    if record is None:
        return replace(school, course=NotEstimable("course_without_results"))
    chances = {year: 1 - chance.p_on_list for year, chance in record.chances if chance.is_listed}
    return replace(
        school,
        exits=with_chance(school.exits, chances),
        course=_course(school, record, similar, names=names, is_stale=is_stale),
    )


def _course(
    school: SchoolEvaluation,
    record: SchoolRecord,
    similar: Iterable[SchoolRecord] | NotEstimable,
    *,
    names: Mapping[str, str],
    is_stale: bool,
) -> CourseFacts | NotEstimable:
    if isinstance(record.course, NotEstimable):
        return record.course
    joined = min(school.participation, key=lambda one: one.cohort_year, default=None)
    alike = similar if isinstance(similar, NotEstimable) else tuple(_like(one, names) for one in similar)
    years = tuple(one.school_year for one in record.years)
    return CourseFacts(
        school_year=school.school_year,
        through=record.course.through,
        level=record.course.level,
        programme=_programme(joined),
        cohort_year=None if joined is None else joined.cohort_year,
        years=_points(record, record.course),
        similar=alike,
        similar_years=() if isinstance(alike, NotEstimable) else _similar_years(alike, years),
        signs=_signs(school, record),
        is_stale=is_stale,
        autumn_years=_autumn_years(school, years),
    )


def _autumn_years(school: SchoolEvaluation, years: tuple[int, ...]) -> tuple[int, ...]:
    """Years of the course that hold tests of the following autumn, as far as the rule looks at any."""
    outcomes = (year.rule for year in school.list_years if isinstance(year.rule, RuleOutcome))
    written = {
        one.procedure.school_year - 1
        for outcome in outcomes
        for one in outcome.evidence
        if one.procedure.season == "autumn"
    }
    return tuple(sorted(written & set(years)))


def _programme(joined: Participation | None) -> str | None:
    return None if joined is None else joined.programme


def _points(record: SchoolRecord, course: SchoolCourse) -> tuple[CoursePoint, ...]:
    predicted = {one.school_year: one for one in course.years}
    return tuple(_point(one, predicted.get(one.school_year), course.level) for one in record.years)


def _point(year: YearRecord, predicted: CourseYear | None, level: float) -> CoursePoint:
    low, high = wilson_interval(float(year.low_n), float(year.tested_n))
    return CoursePoint(
        school_year=year.school_year,
        tested_n=year.tested_n,
        observed=Estimate(year.low_n / year.tested_n, float(low), float(high)),
        expected=_expected(predicted, level),
        verdict=None if predicted is None else predicted.verdict,
        is_comparable=year.is_comparable,
        parts=tuple(PooledPart(tested, low_n) for tested, low_n in year.parts),
    )


def _expected(year: CourseYear | None, level: float) -> Measure | None:
    if year is None or year.expected_share is None or year.low is None or year.high is None:
        return None
    return Estimate(year.expected_share, year.low, year.high, level)


def _like(record: SchoolRecord, names: Mapping[str, str]) -> SimilarCourse:
    shares = tuple(
        SimilarShare(one.school_year, one.tested_n, one.low_n / one.tested_n) for one in record.years
    )
    return SimilarCourse(record.school_id, names.get(record.school_id, record.school_id), shares)


def _similar_years(similar: tuple[SimilarCourse, ...], years: Iterable[int]) -> tuple[SimilarYear, ...]:
    """Like schools with ten tested or more in each year of the school, from three on."""
    found = []
    for year in years:
        shares = sorted(
            one.share
            for course in similar
            for one in course.shares
            if one.school_year == year
            and isinstance(one.tested_n, int)
            and one.tested_n >= FEWEST_TESTED
            and isinstance(one.share, float)
        )
        if len(shares) >= FEWEST_FOR_A_MIDDLE:
            found.append(SimilarYear(year, len(shares), shares[0], median(shares), shares[-1]))
    return tuple(found)


def _signs(school: SchoolEvaluation, record: SchoolRecord) -> ObjectivitySigns | NotEstimable:
    """Signs of biased results as far as anything is known that could show them."""
    listings: tuple[Listing, ...] = tuple(
        one for year in school.list_years for one in year.issued if one.list == BIASED_RESULTS
    )
    newest = max((one.procedure.school_year for one in school.agreement), default=None)
    agreement = tuple(one for one in school.agreement if one.procedure.school_year == newest)
    if not listings and not agreement:
        return NotEstimable("no_signs_known")
    flagged = tuple(one.school_year for one in record.years if one.is_flagged)
    return ObjectivitySigns(listings, agreement, flagged)
