"""Closes the facts of one school's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shnor_analysis.disclosure.audit import FEWER_THAN_5, FEWER_THAN_10, SIZE_UNKNOWN, AuditTrail
from shnor_analysis.disclosure.marks import (
    ClosedMarks,
    close_marks,
    close_measure,
    difference_is_small,
    few_tested,
    public_pattern,
)
from shnor_analysis.disclosure.patterns import CLOSED, OPEN, is_small
from shnor_analysis.disclosure.rules import ProcedureKey, close_list_year, key_of
from shnor_analysis.evaluation.facts import (
    Change,
    ContextFactor,
    LevelResult,
    MarkAgreement,
    MarkResult,
    Number,
    ProcedureResult,
    SchoolEvaluation,
)
from shnor_analysis.results import Estimate, NotEstimable, Suppressed


def close_school(facts: SchoolEvaluation, trail: AuditTrail, *, is_public: bool) -> SchoolEvaluation:
    """Close results first, then everything that repeats or follows from them."""
    shown: dict[ProcedureKey, ClosedMarks] = {}
    results = []
    for n, result in enumerate(facts.results):
        closed = close_result(result, f"results[{n}]", trail, is_public=is_public)
        results.append(closed[0])
        shown[key_of(result.procedure)] = closed[1]
    pupils = {item.school_year: item.value for item in facts.context if item.factor == "pupils_n"}
    return replace(
        facts,
        results=tuple(results),
        changes=tuple(
            _close_change(item, f"changes[{n}]", trail, shown) for n, item in enumerate(facts.changes)
        ),
        list_years=tuple(
            close_list_year(item, f"list_years[{n}]", trail, is_public=is_public)
            for n, item in enumerate(facts.list_years)
        ),
        context=tuple(
            _close_factor(item, f"context[{n}]", trail, pupils.get(item.school_year)) if is_public else item
            for n, item in enumerate(facts.context)
        ),
        agreement=tuple(
            _close_agreement(item, f"agreement[{n}]", trail, is_public=is_public)
            for n, item in enumerate(facts.agreement)
        ),
    )


def close_result(
    result: ProcedureResult, place: str, trail: AuditTrail, *, is_public: bool
) -> tuple[ProcedureResult, ClosedMarks]:
    """Close a result, the part without special needs and the levels above."""
    pattern = public_pattern(result.school) if is_public else OPEN
    school = close_marks(result.school, f"{place}.school", trail, pattern=pattern)
    without = result.without_special_needs
    if isinstance(without, MarkResult):
        # the two rows beside each other show the group of pupils with special needs
        safe = pattern.is_open and public_pattern(without).is_open
        safe = safe and not difference_is_small(result.school, without)
        part = OPEN if safe or not is_public else CLOSED
        without = close_marks(without, f"{place}.without_special_needs", trail, pattern=part).marks
    levels = tuple(
        _close_level(level, result.school, f"{place}.levels[{n}]", trail, is_public=is_public)
        for n, level in enumerate(result.levels)
    )
    return replace(result, school=school.marks, without_special_needs=without, levels=levels), school


def _close_level(
    level: LevelResult | NotEstimable, school: MarkResult, place: str, trail: AuditTrail, *, is_public: bool
) -> LevelResult | NotEstimable:
    if isinstance(level, NotEstimable):
        return level
    pattern = public_pattern(level.marks) if is_public else OPEN
    if is_public and level.result_source == "computed" and difference_is_small(level.marks, school):
        pattern = CLOSED
    return replace(level, marks=close_marks(level.marks, f"{place}.marks", trail, pattern=pattern).marks)


def _close_change(
    change: Change, place: str, trail: AuditTrail, shown: Mapping[ProcedureKey, ClosedMarks]
) -> Change:
    ends = [shown.get(key_of(end)) for end in (change.before, change.after)]
    reasons = {
        end.marks.low.reason for end in ends if end is not None and isinstance(end.marks.low, Suppressed)
    }
    if None in ends or FEWER_THAN_5 in reasons:
        return replace(change, difference=close_measure(change.difference, place, trail, FEWER_THAN_5))
    reason = FEWER_THAN_10 if reasons else None
    return replace(change, difference=close_measure(change.difference, place, trail, reason))


def _close_agreement(item: MarkAgreement, place: str, trail: AuditTrail, *, is_public: bool) -> MarkAgreement:
    reason = FEWER_THAN_10 if few_tested(item.tested_n) else None
    tested: Number = item.tested_n
    measures = (item.lowered, item.confirmed, item.raised)
    if is_public and isinstance(item.tested_n, int):
        numbers = [round(one.value * item.tested_n) for one in measures if isinstance(one, Estimate)]
        if any(is_small(number) or is_small(item.tested_n - number) for number in numbers):
            reason = FEWER_THAN_5
        if is_small(item.tested_n):
            tested = trail.close(f"{place}.tested_n", FEWER_THAN_5)
    return replace(
        item,
        tested_n=tested,
        lowered=close_measure(item.lowered, f"{place}.lowered", trail, reason),
        confirmed=close_measure(item.confirmed, f"{place}.confirmed", trail, reason),
        raised=close_measure(item.raised, f"{place}.raised", trail, reason),
    )


def _close_factor(
    item: ContextFactor, place: str, trail: AuditTrail, pupils: float | Suppressed | None
) -> ContextFactor:
    """A share of pupils is a number of pupils to whoever knows the size of the school."""
    if not item.factor.endswith("_share") or not isinstance(item.value, float):
        return item
    if not isinstance(pupils, float):
        return replace(item, value=trail.close(place, SIZE_UNKNOWN))
    number = round(item.value * pupils)
    if is_small(number) or is_small(round(pupils) - number):
        return replace(item, value=trail.close(place, FEWER_THAN_5))
    return item
