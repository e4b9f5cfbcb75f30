"""Closes the statements of an exit and a school's course."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from shnor_analysis.disclosure.audit import FEWER_THAN_5, FEWER_THAN_10, OTHER_SCHOOLS, AuditTrail
from shnor_analysis.disclosure.marks import ClosedMarks, close_measure, few_tested
from shnor_analysis.disclosure.pooled import is_split_open, is_sum_of_open
from shnor_analysis.disclosure.repeated import close_agreement, close_change
from shnor_analysis.disclosure.rules import ProcedureKey, close_rule
from shnor_analysis.evaluation.facts import (
    ListYear,
    MarkResult,
    PooledPart,
    ProcedureResult,
    RuleOutcome,
)
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
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

LIKE_SCHOOLS_SHOWN = 5  # fewer are not summed up in public


def close_exits(
    exits: ExitStatements | NotEstimable | Suppressed,
    list_years: tuple[ListYear, ...],
    shown: Mapping[ProcedureKey, ClosedMarks],
    trail: AuditTrail,
    *,
    is_public: bool,
) -> ExitStatements | NotEstimable | Suppressed:
    """Close statements that would tell a closed answer of the rule, and numbers as they are closed elsewhere.

    Which list the school last stood on by the rule, and that it never did, tell every answer since: with one of them
    closed nothing is said of the rule, nor of the change since that list.

    Args:
        exits: The statements as they were made.
        list_years: All list years of the school's page, as they were made.
        shown: Its results after the door.
        trail: Takes the audit lines.
        is_public: Whether small numbers are closed.
    """
    if is_public and _hides_answer(list_years):
        return _only_issued(exits, trail)
    if not isinstance(exits, ExitStatements):
        return exits
    rule, change = exits.rule, exits.change
    if isinstance(rule, RuleStatement):
        rule = _close_rule_statement(rule, "exits.rule", trail, is_public=is_public)
    if isinstance(change, ChangeStatement):
        change = replace(
            change,
            changes=tuple(
                close_change(one, f"exits.change.changes[{n}]", trail, shown)
                for n, one in enumerate(change.changes)
            ),
        )
    return replace(exits, rule=rule, change=change)


def _hides_answer(list_years: tuple[ListYear, ...]) -> bool:
    """Tell whether an answer is closed from the last list on that the school openly stands on by the rule.

    Closed answers before that list are told by nothing that is said since it; with no open one every answer counts.
    """
    now = max((year.school_year for year in list_years), default=0)
    answers = {
        year.school_year: close_rule(year.rule, "", AuditTrail(), is_public=True).fires
        for year in list_years
        if isinstance(year.rule, RuleOutcome)
    }
    since = max((year for year, fires in answers.items() if fires is True and year < now), default=0)
    return any(isinstance(fires, Suppressed) and year > since for year, fires in answers.items())


def _only_issued(
    exits: ExitStatements | NotEstimable | Suppressed, trail: AuditTrail
) -> ExitStatements | Suppressed:
    """What an issued list says is public; that there is anything else to say is not."""
    if not isinstance(exits, ExitStatements) or not isinstance(exits.issued, IssuedStatement):
        return trail.close("exits", FEWER_THAN_5)
    rule = trail.close("exits.rule", FEWER_THAN_5)
    return replace(exits, rule=rule, change=trail.close("exits.change", FEWER_THAN_5))


def _close_rule_statement(
    rule: RuleStatement, place: str, trail: AuditTrail, *, is_public: bool
) -> RuleStatement:
    before = close_rule(rule.before, f"{place}.before", trail, is_public=is_public)
    now = close_rule(rule.now, f"{place}.now", trail, is_public=is_public)
    chance = rule.chance_left
    hides = any(not isinstance(one.procedures_low_n, int) for one in (before, now))
    if isinstance(chance, float) and hides:
        chance = trail.close(f"{place}.chance_left", FEWER_THAN_5)
    first_off = None if isinstance(now.fires, Suppressed) else rule.first_off_list_year
    return replace(rule, before=before, now=now, chance_left=chance, first_off_list_year=first_off)


def close_course(
    course: CourseFacts | NotEstimable,
    results: tuple[ProcedureResult, ...],
    trail: AuditTrail,
    *,
    audience: str,
) -> CourseFacts | NotEstimable:
    """Close years of few pupils; other schools have names on pages for the department only.

    A course sums up the tests of the rule, the municipality's page all tests of a school year: in public a year is
    open only where neither its sum nor what is left of the other tells a hidden result.

    Args:
        course: The course as it was made.
        results: All results of the school's page, as they were made.
        trail: Takes the audit lines.
        audience: For whom.
    """
    if isinstance(course, NotEstimable):
        return course
    place, is_public = "course", audience == "public"
    years = tuple(
        _close_point(
            one,
            f"{place}.years[{n}]",
            trail,
            is_safe=not is_public or _may_be_summed(one, results),
            is_public=is_public,
        )
        for n, one in enumerate(course.years)
    )
    similar = course.similar
    if not isinstance(similar, NotEstimable):
        similar = _close_similar(similar, f"{place}.similar", trail, audience=audience)
    similar_years = course.similar_years
    if is_public:
        similar_years = tuple(
            _close_similar_year(one, f"{place}.similar_years[{n}]", trail)
            for n, one in enumerate(similar_years)
        )
    signs = _close_signs(course.signs, f"{place}.signs", trail, is_public=is_public)
    return replace(course, years=years, similar=similar, similar_years=similar_years, signs=signs)


def _may_be_summed(point: CoursePoint, results: tuple[ProcedureResult, ...]) -> bool:
    year = point.school_year
    near = [one for one in results if one.procedure.school_year in (year, year + 1)]
    if any(one.procedure.season == "autumn" for one in near):
        # tests of one autumn stand in the sums of two years, which tell more together than either of them
        return is_sum_of_open(point.parts)
    left = Counter(_part(one.school) for one in near if one.procedure.school_year == year)
    left.subtract(point.parts)
    rest = tuple(part for part in left.elements() if part is not None)
    return is_split_open(point.parts, rest)


def _part(marks: MarkResult) -> PooledPart | None:
    """What a result adds to the sum over all; None where its low results are unknown."""
    if not isinstance(marks.tested_n, int) or not isinstance(marks.low, Estimate):
        return None
    return PooledPart(marks.tested_n, round(marks.low.value * marks.tested_n))


def _close_point(
    point: CoursePoint, place: str, trail: AuditTrail, *, is_safe: bool, is_public: bool
) -> CoursePoint:
    reason = FEWER_THAN_10 if few_tested(point.tested_n) else None
    if not is_safe:
        reason = FEWER_THAN_5
    if reason is None:
        return replace(point, parts=())
    closed = replace(
        point,
        observed=close_measure(point.observed, f"{place}.observed", trail, reason),
        verdict=None if point.verdict is None else trail.close(f"{place}.verdict", reason),
        parts=(),
    )
    if not is_public:
        return closed
    # the width of the interval would tell the number tested, which is closed with the result
    tested = trail.close(f"{place}.tested_n", reason)
    expected = closed.expected
    if expected is not None:
        expected = close_measure(expected, f"{place}.expected", trail, reason)
    return replace(closed, tested_n=tested, expected=expected)


def _close_similar(
    similar: tuple[SimilarCourse, ...], place: str, trail: AuditTrail, *, audience: str
) -> tuple[SimilarCourse, ...]:
    """Single courses of like schools are for the department: their shape would tell which school it is."""
    if audience != "department" and similar:
        trail.close(place, OTHER_SCHOOLS)
        return ()
    return tuple(
        replace(course, shares=tuple(_close_share(one, place, trail, n) for one in course.shares))
        for n, course in enumerate(similar)
    )


def _close_share(year: SimilarShare, place: str, trail: AuditTrail, n: int) -> SimilarShare:
    if not few_tested(year.tested_n):
        return year
    return replace(year, share=trail.close(f"{place}[{n}].shares", FEWER_THAN_10))


def _close_similar_year(year: SimilarYear, place: str, trail: AuditTrail) -> SimilarYear:
    """In public like schools have a middle to the whole percent; the ends are single schools."""
    lowest, highest = (trail.close(f"{place}.{name}", OTHER_SCHOOLS) for name in ("lowest", "highest"))
    middle = year.middle
    if year.schools_n < LIKE_SCHOOLS_SHOWN:
        middle = trail.close(f"{place}.middle", OTHER_SCHOOLS)
    elif isinstance(middle, float):
        middle = round(middle, 2)
    return replace(year, lowest=lowest, middle=middle, highest=highest)


def _close_signs(
    signs: ObjectivitySigns | NotEstimable, place: str, trail: AuditTrail, *, is_public: bool
) -> ObjectivitySigns | NotEstimable:
    if isinstance(signs, NotEstimable):
        return signs
    agreement = tuple(
        close_agreement(one, f"{place}.agreement[{n}]", trail, is_public=is_public)
        for n, one in enumerate(signs.agreement)
    )
    return replace(signs, agreement=agreement)
