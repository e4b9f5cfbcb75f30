"""Reads what was worked out of lists and programmes as facts of the municipality's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from shnor_analysis.accounting import Accounting
from shnor_analysis.evaluation.programme_facts import (
    AbsentList,
    CalibrationRow,
    CohortFlow,
    FlowArmRow,
    GroupYearRow,
    LeaveOneOutFacts,
    LeaveOneOutRow,
    ListFlowFacts,
    ListForecast,
    PlanFacts,
    ProgrammeFacts,
    SchoolFlow,
    UnseenProgramme,
)
from shnor_analysis.evaluation.trend_checklist import TrendSources, fill_trend
from shnor_analysis.reference.listing_rules import ListingRule
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.analysis_plan import PlanState
from shnor_analysis.results.list_flow import CalibrationYear, GroupFlow, ListFlowPrediction, SchoolChance
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import StaggeredEffect
from shnor_analysis.results.town_programme import CohortList, ProgrammeFit, TownProgramme

# an estimate of fewer schools is one school's to whoever reads it, and one school has no effect
FEWEST_SCHOOLS = 3
NO_PLAN = NotEstimable("no_plan")


def list_flow_of(
    found: TownProgramme | NotEstimable, *, rule: ListingRule, names: Mapping[str, str], is_stale: bool
) -> ListFlowFacts | NotEstimable:
    """The lists of a place beside chance.

    Args:
        found: What was worked out for the school year, or why nothing was.
        rule: The listing rule, for whether anybody checked its text.
        names: Names of schools by their codes.
        is_stale: Whether the inputs changed since.

    Returns:
        The facts; why there are none where neither the last list nor the report year's could be predicted.
    """
    if isinstance(found, NotEstimable):
        return found
    if isinstance(found.observed, NotEstimable) and isinstance(found.forecast, NotEstimable):
        return found.observed
    flows = found.flows()
    newest = flows[-1]
    told_of_past = next((one for one in flows if one.calibration), newest)
    return ListFlowFacts(
        school_year=found.school_year,
        rule=rule.version,
        rule_is_verified=rule.provenance.is_verified,
        rule_code=newest.rule_code,
        rule_parameters=newest.rule_parameters,
        level=newest.level,
        first_year=min(found.years),
        schools_n=len(newest.schools),
        lists=tuple(_list_forecast(one) for one in flows),
        calibration=tuple(_calibration_row(one) for one in told_of_past.calibration),
        cohorts=tuple(_cohort_flow(one, names) for one in found.cohorts),
        reliability=newest.components.reliability,
        notes=tuple(dict.fromkeys(note for one in flows for note in one.notes)),
        is_stale=is_stale,
        absent=tuple(
            AbsentList(year, one)
            for year, one in ((found.school_year - 1, found.observed), (found.school_year, found.forecast))
            if isinstance(one, NotEstimable)
        ),
        autumn_years=found.autumn_years,
    )


def _list_forecast(flow: ListFlowPrediction) -> ListForecast:
    return ListForecast(
        list_school_year=flow.year,
        next_school_year=flow.year + 1,
        **{
            one.name: getattr(flow, one.name)
            for one in fields(ListForecast)
            if one.name not in ("list_school_year", "next_school_year")
        },
    )


def _calibration_row(year: CalibrationYear) -> CalibrationRow:
    return CalibrationRow(
        list_school_year=year.year,
        **{
            one.name: getattr(year, one.name)
            for one in fields(CalibrationRow)
            if one.name != "list_school_year"
        },
    )


def _cohort_flow(cohort: CohortList, names: Mapping[str, str]) -> CohortFlow:
    flow = cohort.flow if isinstance(cohort.flow, GroupFlow) else None
    return CohortFlow(
        programme=cohort.programme,
        cohort_year=cohort.cohort_year,
        list_school_year=cohort.list_year,
        next_school_year=cohort.list_year + 1,
        schools_n=cohort.schools_n,
        listed_n=len(cohort.schools) if flow is None else flow.listed_n,
        without_result_n=None if flow is None else flow.without_result_n,
        left_n=None if flow is None else flow.observed,
        expected_leavers=None if flow is None else flow.expected,
        leavers_low=None if flow is None else flow.low,
        leavers_high=None if flow is None else flow.high,
        p_at_least_observed=None if flow is None else flow.p_at_least_observed,
        schools=tuple(_school_flow(one, names) for one in cohort.schools),
        reason=None if isinstance(cohort.flow, GroupFlow) else cohort.flow,
    )


def _school_flow(chance: SchoolChance, names: Mapping[str, str]) -> SchoolFlow:
    return SchoolFlow(
        school_id=chance.school_id,
        name=names.get(chance.school_id, chance.school_id),
        is_listed=chance.is_listed,
        p_left=1 - chance.p_on_list,
        has_left=None if chance.is_listed_next is None else not chance.is_listed_next,
    )


def programmes_of(
    found: TownProgramme | NotEstimable,
    *,
    names: Mapping[str, str],
    plans: Mapping[str, PlanState | NotEstimable],
    is_stale: bool,
) -> tuple[ProgrammeFacts, ...] | NotEstimable:
    """What can be said of each programme, the largest first.

    Args:
        found: What was worked out for the school year, or why nothing was.
        names: Names of schools by their codes.
        plans: The frozen plan beside what was done, by programme; one without is said to have none.
        is_stale: Whether the inputs changed since.

    Returns:
        The facts of every programme of which something can be said; why not where there is none.
    """
    if isinstance(found, NotEstimable):
        return found
    if not found.programmes:
        return NotEstimable("no_programme")
    told = [
        _programme(
            one, one.effect, found, names=names, plan=plans.get(one.programme, NO_PLAN), is_stale=is_stale
        )
        for one in found.programmes
        if isinstance(one.effect, ProgrammeEffect)
    ]
    if not told and isinstance(found.programmes[0].effect, NotEstimable):
        return found.programmes[0].effect
    return tuple(told)


def unseen_programmes(found: TownProgramme | NotEstimable) -> tuple[UnseenProgramme, ...]:
    """The programmes beside others of which nothing can be said, each with its reason; none where there are no others."""
    if isinstance(found, NotEstimable):
        return ()
    unseen = tuple(
        UnseenProgramme(one.programme, len(one.treated), one.effect)
        for one in found.programmes
        if isinstance(one.effect, NotEstimable)
    )
    return unseen if len(unseen) < len(found.programmes) else unseen[1:]


def _programme(
    fit: ProgrammeFit,
    effect: ProgrammeEffect,
    found: TownProgramme,
    *,
    names: Mapping[str, str],
    plan: PlanState | NotEstimable,
    is_stale: bool,
) -> ProgrammeFacts:
    low, high = effect.hull_low_pp, effect.hull_high_pp
    return ProgrammeFacts(
        school_year=found.school_year,
        programme=fit.programme,
        cohorts=fit.cohorts,
        effect=_open_part(effect),
        hull_low_of_100=None if high is None else -high,
        hull_high_of_100=None if low is None else -low,
        groups=tuple(
            GroupYearRow(
                **{name: getattr(one, name) for name in _GROUP},
                is_comparable=one.school_year not in found.broken_years,
            )
            for one in effect.groups_by_year
        ),
        flow=tuple(FlowArmRow(**{name: getattr(one, name) for name in _ARM}) for one in effect.flow),
        leave_one_out=_leave_one_out(effect, names),
        breaks=found.breaks,
        plan=_plan(plan),
        trend=fill_trend(_trend_sources(effect, plan, found.rule)),
        is_stale=is_stale,
        autumn_years=found.autumn_years,
    )


_GROUP = ("school_year", "group", "share_low", "mean_sd", "schools_n", "tested_n")
_ARM = ("arm", "schools_eligible", "schools_with_data", "schools_used", "pupils", "excluded")


def _open_part(effect: ProgrammeEffect) -> ProgrammeEffect:
    """The effect without what stands beside it, and without estimates of one or two schools."""
    staggered = effect.staggered
    if isinstance(staggered, StaggeredEffect):
        kept = tuple(one for one in staggered.cohorts if one.n_treated >= FEWEST_SCHOOLS)
        staggered = replace(staggered, cohorts=kept)
    return replace(
        effect,
        flow=(),
        groups_by_year=(),
        leave_one_out=(),
        staggered=staggered,
        event_study=tuple(one for one in effect.event_study if one.n_treated >= FEWEST_SCHOOLS),
        accounting=Accounting(),
    )


def _plan(state: PlanState | NotEstimable) -> PlanFacts | NotEstimable:
    if isinstance(state, NotEstimable):
        return state
    frozen = state.frozen
    return PlanFacts(
        name=frozen.plan.name,
        question=frozen.plan.question,
        plan_hash=frozen.sha256,
        frozen_on=frozen.frozen_at[:10],
        is_before_outcome=frozen.is_before_outcome,
        lines=state.lines,
        unreadable=state.unreadable,
    )


def _trend_sources(effect: ProgrammeEffect, plan: PlanState | NotEstimable, rule: str) -> TrendSources:
    is_before = None if isinstance(plan, NotEstimable) else plan.frozen.is_before_outcome
    return TrendSources(effect, is_before, rule)


def _leave_one_out(effect: ProgrammeEffect, names: Mapping[str, str]) -> LeaveOneOutFacts | NotEstimable:
    if not effect.leave_one_out:
        return effect.reason or NotEstimable("not_worked_out")
    ordered = sorted(effect.leave_one_out, key=lambda one: (one.estimate, one.school_id))
    rows = tuple(
        LeaveOneOutRow(
            one.school_id, names.get(one.school_id, one.school_id), one.estimate, one.conf_low, one.conf_high
        )
        for one in ordered
    )
    lowest, highest = rows[0].estimate, rows[-1].estimate
    return LeaveOneOutFacts(lowest, highest, lowest < 0 < highest, rows)
