"""Closes what is said of lists beside chance and of a programme."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from shnor_analysis.disclosure.audit import FEWER_THAN_5, OTHER_SCHOOLS, AuditTrail
from shnor_analysis.disclosure.patterns import is_small
from shnor_analysis.evaluation.programme_facts import (
    CalibrationRow,
    CohortFlow,
    FlowArmRow,
    GroupYearRow,
    LeaveOneOutFacts,
    ListFlowFacts,
    ListForecast,
    ProgrammeFacts,
)
from shnor_analysis.results import NotEstimable

FEWEST_SCHOOLS = 3  # a mean of fewer is one school's to whoever knows the others
FLOW = ("without_result_n", "expected_leavers", "leavers_low", "leavers_high", "p_at_least_observed")
LIST = ("list_n", "observed_leavers", *FLOW)
ENTRANTS = ("expected_entrants", "entrants_low", "entrants_high", "observed_entrants")
COHORT = ("listed_n", "left_n", *FLOW)
Row = TypeVar("Row", ListForecast, CalibrationRow, CohortFlow)


def close_list_flow(
    facts: ListFlowFacts | NotEstimable,
    place: str,
    trail: AuditTrail,
    *,
    hidden: Collection[int],
    is_public: bool,
) -> ListFlowFacts | NotEstimable:
    """Close totals of the rule where they count a closed answer, as those of the list flow are; in public, schools.

    Args:
        facts: Lists beside chance.
        place: Where they stand, for the audit.
        trail: Takes the audit lines.
        hidden: School years of results for whose list the rule's answer of some school is closed.
        is_public: Whether single schools' chances are closed.
    """
    if isinstance(facts, NotEstimable):
        return facts
    cohorts = _close_rows(facts.cohorts, COHORT, f"{place}.cohorts", trail, hidden)
    if is_public:
        cohorts = tuple(
            _without_schools(one, f"{place}.cohorts[{n}]", trail) for n, one in enumerate(cohorts)
        )
    return replace(
        facts,
        lists=_close_rows(facts.lists, (*LIST, *ENTRANTS), f"{place}.lists", trail, hidden),
        calibration=_close_rows(
            facts.calibration, (*LIST, "pit", "is_inside"), f"{place}.calibration", trail, hidden
        ),
        cohorts=cohorts,
    )


def _close_rows(
    rows: Iterable[Row], names: tuple[str, ...], place: str, trail: AuditTrail, hidden: Collection[int]
) -> tuple[Row, ...]:
    """Close what counts schools of a list, or of the next one, in which an answer is closed."""
    return tuple(
        _close_row(one, names, f"{place}[{n}]", trail)
        if one.list_school_year in hidden or one.list_school_year + 1 in hidden
        else one
        for n, one in enumerate(rows)
    )


def _close_row(row: Row, names: tuple[str, ...], place: str, trail: AuditTrail) -> Row:
    told = [name for name in names if getattr(row, name) is not None]
    closed: dict[str, Any] = {name: trail.close(f"{place}.{name}", FEWER_THAN_5) for name in told}
    return replace(row, **closed)


def _without_schools(cohort: CohortFlow, place: str, trail: AuditTrail) -> CohortFlow:
    if not cohort.schools:
        return cohort
    trail.close(f"{place}.schools", OTHER_SCHOOLS)
    return replace(cohort, schools=())


def close_programme(
    facts: ProgrammeFacts, place: str, trail: AuditTrail, *, is_public: bool
) -> ProgrammeFacts:
    """In public close means of few schools, numbers of works, and which school an estimate hangs on.

    Estimates, intervals and grades are of all schools together and stay.
    """
    if not is_public:
        return facts
    groups = tuple(_close_group(one, f"{place}.groups[{n}]", trail) for n, one in enumerate(facts.groups))
    flow = tuple(_close_arm(one, f"{place}.flow[{n}]", trail) for n, one in enumerate(facts.flow))
    without = _without_rows(facts.leave_one_out, f"{place}.leave_one_out", trail)
    return replace(facts, groups=groups, flow=flow, leave_one_out=without)


def _close_group(group: GroupYearRow, place: str, trail: AuditTrail) -> GroupYearRow:
    """Works never, for less the open numbers they would tell one that is not; means from three schools on."""
    closed: dict[str, Any] = {"tested_n": trail.close(f"{place}.tested_n", FEWER_THAN_5)}
    if _tells_one(group):
        for name in ("share_low", "mean_sd"):
            closed[name] = trail.close(f"{place}.{name}", OTHER_SCHOOLS)
    return replace(group, **closed)


def _tells_one(group: GroupYearRow) -> bool:
    if not isinstance(group.schools_n, int) or group.schools_n < FEWEST_SCHOOLS:
        return True
    if not isinstance(group.share_low, float) or not isinstance(group.tested_n, int):
        return False
    low = round(group.share_low * group.tested_n)
    return is_small(low) or is_small(group.tested_n - low)


def _close_arm(arm: FlowArmRow, place: str, trail: AuditTrail) -> FlowArmRow:
    return replace(arm, pupils=trail.close(f"{place}.pupils", FEWER_THAN_5))


def _without_rows(
    found: LeaveOneOutFacts | NotEstimable, place: str, trail: AuditTrail
) -> LeaveOneOutFacts | NotEstimable:
    if isinstance(found, NotEstimable) or not found.rows:
        return found
    trail.close(f"{place}.rows", OTHER_SCHOOLS)
    return replace(found, rows=())
