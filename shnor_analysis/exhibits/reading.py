"""What pages ask of the facts before they speak: this year's results, the level above, the latest list year."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from shnor_analysis.evaluation.facts import (
    CalendarBreak,
    Change,
    LevelResult,
    ListYear,
    Procedure,
    ProcedureResult,
    SchoolEvaluation,
)
from shnor_analysis.results import Estimate, NotEstimable

Position = Literal["above", "below", "not_told_apart"]


def of_year(results: Iterable[ProcedureResult], school_year: int) -> tuple[ProcedureResult, ...]:
    """The results of one school year, in the order of the evaluation."""
    return tuple(result for result in results if result.procedure.school_year == school_year)


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


def latest_list_year(value: SchoolEvaluation) -> ListYear | None:
    """The newest list year about which anything is known."""
    known = [year for year in value.list_years if year.issued or year.has_issued_list or not _is_silent(year)]
    return max(known, key=lambda year: year.school_year, default=None)


def _is_silent(year: ListYear) -> bool:
    return isinstance(year.rule, NotEstimable)


def changes_to(value: SchoolEvaluation, school_year: int) -> tuple[Change, ...]:
    """The changes whose later year is the one asked for."""
    return tuple(change for change in value.changes if change.after.school_year == school_year)


def series_key(procedure: Procedure) -> tuple[str, str, int]:
    """What must be equal for results to belong to one series; the season may differ and then breaks it."""
    return procedure.assessment, procedure.subject, procedure.grade


def is_joined(before: Procedure, after: Procedure, breaks: Iterable[CalendarBreak]) -> bool:
    """Whether a line may join two results of a series: neighbouring years, one season, no break between or at them."""
    if after.school_year - before.school_year != 1 or before.season != after.season:
        return False
    return not any(
        known.assessment == after.assessment and before.school_year < known.school_year <= after.school_year
        for known in breaks
    )
