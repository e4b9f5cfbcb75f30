"""What pages ask of the facts before they speak: this year's results, the level above, the newest list years."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from shnor_analysis.evaluation.facts import (
    Change,
    ContextFactor,
    LevelResult,
    Listing,
    ListYear,
    MarkAgreement,
    Procedure,
    ProcedureResult,
    RuleOutcome,
    SchoolEvaluation,
)
from shnor_analysis.glossary import group
from shnor_analysis.reference.calendar_breaks import SeriesBreak, first_crossed
from shnor_analysis.results import Estimate

LOW_RESULTS = "low_results"
Position = Literal["above", "below", "not_told_apart"]


def assessment_place(assessment: str) -> int:
    """The place of an assessment on a page: the glossary's order, names of the user's own last."""
    known = [one.key.rpartition(".")[2] for one in group("assessment")]
    return known.index(assessment) if assessment in known else len(known)


def page_order(procedure: Procedure) -> tuple[int, str, int, str, int, str]:
    """The order of procedures on a page: assessment, grade, subject, season."""
    return (
        assessment_place(procedure.assessment),
        procedure.assessment,
        procedure.grade,
        procedure.subject,
        procedure.school_year,
        procedure.season,
    )


def of_year(results: Iterable[ProcedureResult], school_year: int) -> tuple[ProcedureResult, ...]:
    """The results of one school year in the order of a page."""
    chosen = (result for result in results if result.procedure.school_year == school_year)
    return tuple(sorted(chosen, key=lambda result: page_order(result.procedure)))


def estimated_in(results: Iterable[ProcedureResult]) -> frozenset[Procedure]:
    """The procedures whose number tested is an estimate; without their dates, which differ between schools."""
    return frozenset(
        replace(result.procedure, test_date=None) for result in results if result.school.tested_n_is_estimated
    )


def is_estimated(procedure: Procedure, estimated: frozenset[Procedure]) -> bool:
    """Whether the number tested of a procedure is among the estimated ones (`estimated_in`)."""
    return replace(procedure, test_date=None) in estimated


def level_of(result: ProcedureResult, area_level: str) -> LevelResult | None:
    """The result of one level above the school, or None where there is none."""
    for level in result.levels:
        if isinstance(level, LevelResult) and level.area_level == area_level:
            return level
    return None


def position(result: ProcedureResult, area_level: str = "municipality") -> Position | None:
    """Where the school's interval of low results lies against the share of a level; None where one is unknown."""
    level, own = level_of(result, area_level), result.school.low
    if level is None or not isinstance(own, Estimate) or not isinstance(level.marks.low, Estimate):
        return None
    if own.low > level.marks.low.value:
        return "above"
    return "below" if own.high < level.marks.low.value else "not_told_apart"


def latest_issued(value: SchoolEvaluation) -> ListYear | None:
    """The newest year for which an issued list of low results is known."""
    known = [year for year in value.list_years if year.has_issued_list or on_low_list(year)]
    return max(known, key=lambda year: year.school_year, default=None)


def on_low_list(year: ListYear) -> bool:
    """Whether the school stands on an issued list of low results of the year; other lists say nothing of it."""
    return any(item.list == LOW_RESULTS for item in year.issued)


def other_lists(value: SchoolEvaluation) -> tuple[Listing, ...]:
    """The newest lists of other kinds with the school, of the report's year or later; older ones are history."""
    recent = [year for year in value.list_years if year.school_year >= value.school_year]
    others = [item for year in recent for item in year.issued if item.list != LOW_RESULTS]
    newest = max((item.school_year for item in others), default=None)
    return tuple(item for item in others if item.school_year == newest)


def latest_rule(value: SchoolEvaluation) -> tuple[ListYear, RuleOutcome] | None:
    """The newest list year for which the rule could be recomputed, with the outcome."""
    known = [(year, year.rule) for year in value.list_years if isinstance(year.rule, RuleOutcome)]
    return max(known, key=lambda item: item[0].school_year, default=None)


def latest_context(value: SchoolEvaluation) -> tuple[ContextFactor, ...]:
    """The newest value of each circumstance."""
    newest: dict[str, ContextFactor] = {}
    for item in value.context:
        if item.factor not in newest or newest[item.factor].school_year < item.school_year:
            newest[item.factor] = item
    return tuple(newest.values())


def latest_agreement(value: SchoolEvaluation) -> tuple[MarkAgreement, ...]:
    """The comparisons with the journal of the report's year in the order of a page."""
    chosen = (item for item in value.agreement if item.procedure.school_year == value.school_year)
    return tuple(sorted(chosen, key=lambda item: page_order(item.procedure)))


def changes_to(value: SchoolEvaluation, school_year: int) -> tuple[Change, ...]:
    """The changes whose later year is the one asked for."""
    chosen = (change for change in value.changes if change.after.school_year == school_year)
    return tuple(sorted(chosen, key=lambda change: page_order(change.after)))


def series_key(procedure: Procedure) -> tuple[str, str, int]:
    """What must be equal for results to belong to one series; the season may differ and then breaks it."""
    return procedure.assessment, procedure.subject, procedure.grade


def is_joined(before: Procedure, after: Procedure, breaks: Iterable[SeriesBreak]) -> bool:
    """Whether a line may join two results of a series: neighbouring years, one season, no break that forbids it."""
    if after.school_year - before.school_year != 1 or before.season != after.season:
        return False
    series = (after.assessment, after.subject, after.season)
    return first_crossed(breaks, series, before=before.school_year, after=after.school_year) is None
