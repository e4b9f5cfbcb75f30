"""Closes the facts of the municipality's report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shnor_analysis.disclosure.audit import FEWER_THAN_5, FEWER_THAN_10, AuditTrail
from shnor_analysis.disclosure.marks import close_marks, close_measure, few_tested
from shnor_analysis.disclosure.patterns import CLOSED, ONLY_TESTED, OPEN, Pattern, is_small
from shnor_analysis.disclosure.pooled import hidden_size_follows, pooled_pattern
from shnor_analysis.disclosure.programme import close_list_flow, close_programme
from shnor_analysis.disclosure.rules import ProcedureKey, close_rule, key_of
from shnor_analysis.disclosure.school import close_result
from shnor_analysis.evaluation.facts import (
    CoverageCell,
    LevelResult,
    ListFlow,
    PooledPart,
    ProcedureResult,
    RuleOutcome,
    SchoolLine,
    TownEvaluation,
)
from shnor_analysis.results import Estimate, NotEstimable, Suppressed


def close_town(facts: TownEvaluation, trail: AuditTrail, *, is_public: bool) -> TownEvaluation:
    """Close procedures with few pupils, school lines, and what would give them away by subtraction."""
    closed = _closed_procedures(facts.coverage) if is_public else frozenset()
    without_sum = closed | _telling_sums(facts.coverage, closed) if is_public else closed
    lines = _line_patterns(facts.schools) if is_public else [OPEN] * len(facts.schools)
    hidden = _hidden_list_years(facts) if is_public else frozenset()
    return replace(
        facts,
        schools=tuple(
            _close_line(line, f"schools[{n}]", trail, pattern, is_public=is_public)
            for n, (line, pattern) in enumerate(zip(facts.schools, lines, strict=True))
        ),
        list_flow=close_list_flow(
            facts.list_flow,
            "list_flow",
            trail,
            hidden=frozenset(year - facts.rule_list_year + facts.school_year for year in hidden),
            is_public=is_public,
        ),
        programme=facts.programme
        if isinstance(facts.programme, NotEstimable)
        else close_programme(facts.programme, "programme", trail, is_public=is_public),
        other_programmes=tuple(
            close_programme(one, f"other_programmes[{n}]", trail, is_public=is_public)
            for n, one in enumerate(facts.other_programmes)
        ),
        flows=tuple(_close_flow(flow, f"flows[{n}]", trail, hidden) for n, flow in enumerate(facts.flows)),
        levels=tuple(
            _close_procedure(result, f"levels[{n}]", trail, closed=closed, is_public=is_public)
            for n, result in enumerate(facts.levels)
        ),
        coverage=tuple(
            replace(cell, tested_n=trail.close(f"coverage[{n}].tested_n", FEWER_THAN_5), sizes=())
            if key_of(cell.procedure) in without_sum
            else replace(cell, sizes=())
            for n, cell in enumerate(facts.coverage)
        ),
    )


def _closed_procedures(coverage: tuple[CoverageCell, ...]) -> frozenset[ProcedureKey]:
    """Procedures with few pupils, and a second one in a year that would have only one: totals are printed."""
    closed: set[ProcedureKey] = set()
    for year in {cell.procedure.school_year for cell in coverage}:
        cells = [
            (cell.tested_n, key_of(cell.procedure))
            for cell in coverage
            if cell.procedure.school_year == year and isinstance(cell.tested_n, int)
        ]
        small = {key for tested, key in cells if is_small(tested)}
        if len(small) == 1:
            others = [cell for cell in cells if cell[1] not in small]
            small |= {min(others)[1]} if others else set()
        closed |= small
    return frozenset(closed)


def _telling_sums(
    coverage: tuple[CoverageCell, ...], closed: frozenset[ProcedureKey]
) -> frozenset[ProcedureKey]:
    """Procedures whose number tested, less the open ones on the schools' own pages, tells a hidden one.

    Where one sum of a year is closed alone another one joins it: a sum over all procedures would tell it.
    """
    telling = {
        key_of(cell.procedure)
        for cell in coverage
        if hidden_size_follows(tuple(PooledPart(size, 0) for size in cell.sizes))
    }
    for year in {cell.procedure.school_year for cell in coverage}:
        cells = {key_of(cell.procedure): cell for cell in coverage if cell.procedure.school_year == year}
        hidden = (telling | closed) & cells.keys()
        others = [key for key in cells if key not in hidden]
        if len(hidden) == 1 and others:
            telling.add(min(others, key=lambda key: sum(cells[key].sizes)))
    return frozenset(telling)


def _line_patterns(lines: tuple[SchoolLine, ...]) -> list[Pattern]:
    """A pattern a school; a single closed school is joined by the one with the fewest low results."""
    patterns = [_line_pattern(line) for line in lines]
    without_number = {n for n, pattern in enumerate(patterns) if not pattern.tested}
    _join_single(patterns, lines, without_number, CLOSED)
    without_share = {n for n, pattern in enumerate(patterns) if not pattern.low}
    _join_single(patterns, lines, without_share, ONLY_TESTED)
    return patterns


def _join_single(
    patterns: list[Pattern], lines: tuple[SchoolLine, ...], closed: set[int], joined: Pattern
) -> None:
    candidates = [
        (_low_number(line), n)
        for n, line in enumerate(lines)
        if n not in closed and isinstance(line.low, Estimate)
    ]
    if len(closed) == 1 and candidates:
        patterns[min(candidates)[1]] = joined


def _line_pattern(line: SchoolLine) -> Pattern:
    if not isinstance(line.tested_n, int) or not isinstance(line.low, Estimate):
        return OPEN
    return pooled_pattern(line.tested_n, _low_number(line), line.parts)


def _low_number(line: SchoolLine) -> int:
    if not isinstance(line.tested_n, int) or not isinstance(line.low, Estimate):
        return 0
    return round(line.low.value * line.tested_n)


def _close_line(
    line: SchoolLine, place: str, trail: AuditTrail, pattern: Pattern, *, is_public: bool
) -> SchoolLine:
    reason = FEWER_THAN_5 if not pattern.low else FEWER_THAN_10 if few_tested(line.tested_n) else None
    tested = line.tested_n
    if not pattern.tested:
        tested = trail.close(f"{place}.tested_n", FEWER_THAN_5)
    rule = line.rule
    if isinstance(rule, RuleOutcome):
        rule = _without_evidence(rule, f"{place}.rule", trail, is_public=is_public)
    return replace(
        line,
        tested_n=tested,
        low=close_measure(line.low, f"{place}.low", trail, reason),
        success=close_measure(line.success, f"{place}.success", trail, reason),
        rule=rule,
        earlier_rules=(),
        parts=(),
    )


def _without_evidence(rule: RuleOutcome, place: str, trail: AuditTrail, *, is_public: bool) -> RuleOutcome:
    """The answer as the school's own page gives it; the evidence stays behind, the municipality's page has no use."""
    closed = close_rule(rule, place, AuditTrail(), is_public=is_public)
    if isinstance(closed.fires, Suppressed):
        trail.close(f"{place}.fires", FEWER_THAN_5)
    return replace(closed, evidence=())


def _hidden_list_years(facts: TownEvaluation) -> frozenset[int]:
    """List years in which the rule's answer for some school is closed: totals would tell what stays hidden."""
    known = [(item.list_year, item.outcome) for line in facts.schools for item in line.earlier_rules]
    known += [
        (facts.rule_list_year, line.rule) for line in facts.schools if isinstance(line.rule, RuleOutcome)
    ]
    return frozenset(
        year
        for year, rule in known
        if isinstance(close_rule(rule, "", AuditTrail(), is_public=True).fires, Suppressed)
    )


def _close_flow(flow: ListFlow, place: str, trail: AuditTrail, hidden: frozenset[int]) -> ListFlow:
    """Close the totals of the rule where they count a closed answer; those of an issued list are public."""
    if flow.source != "rule" or hidden.isdisjoint((flow.school_year - 1, flow.school_year)):
        return flow
    names = ("listed_n", "stayed_n", "left_n", "entered_n", "without_result_n")
    closed: dict[str, Any] = {name: trail.close(f"{place}.{name}", FEWER_THAN_5) for name in names}
    return replace(flow, **closed)


def _close_procedure(
    result: ProcedureResult,
    place: str,
    trail: AuditTrail,
    *,
    closed: frozenset[ProcedureKey],
    is_public: bool,
) -> ProcedureResult:
    if key_of(result.procedure) not in closed:
        return close_result(result, place, trail, is_public=is_public)[0]
    levels = tuple(
        replace(
            level, marks=close_marks(level.marks, f"{place}.levels[{n}].marks", trail, pattern=CLOSED).marks
        )
        if isinstance(level, LevelResult) and level.result_source == "computed"
        else level
        for n, level in enumerate(result.levels)
    )
    school = close_marks(result.school, f"{place}.school", trail, pattern=CLOSED).marks
    return replace(result, school=school, levels=levels)
