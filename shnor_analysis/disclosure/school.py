"""Closes the facts of one school's report."""

from __future__ import annotations

from dataclasses import replace

from shnor_analysis.disclosure.audit import FEWER_THAN_5, SIZE_UNKNOWN, AuditTrail
from shnor_analysis.disclosure.exits import close_exits
from shnor_analysis.disclosure.marks import (
    ClosedMarks,
    close_marks,
    difference_is_small,
    public_pattern,
)
from shnor_analysis.disclosure.patterns import CLOSED, OPEN, is_small
from shnor_analysis.disclosure.repeated import close_agreement, close_change
from shnor_analysis.disclosure.rules import ProcedureKey, close_list_year, key_of
from shnor_analysis.evaluation.facts import (
    ContextFactor,
    LevelResult,
    MarkResult,
    ProcedureResult,
    SchoolEvaluation,
)
from shnor_analysis.results import NotEstimable, Suppressed


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
            close_change(item, f"changes[{n}]", trail, shown) for n, item in enumerate(facts.changes)
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
            close_agreement(item, f"agreement[{n}]", trail, is_public=is_public)
            for n, item in enumerate(facts.agreement)
        ),
        exits=close_exits(facts.exits, facts.list_years, shown, trail, is_public=is_public),
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
