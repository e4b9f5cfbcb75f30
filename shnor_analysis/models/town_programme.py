"""Lists beside chance, programmes and courses of a place for one school year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from shnor_analysis.models.fit_options import DEFAULT_SEED
from shnor_analysis.models.list_flow import predict_list_flow
from shnor_analysis.models.list_rules import ListRule, LowestShare, ShareOfLow
from shnor_analysis.models.programme_asked import MOST_SELECTION_YEARS
from shnor_analysis.models.programme_effect import estimate_programme_effect
from shnor_analysis.models.programme_study import ProgrammeOptions
from shnor_analysis.models.school_records import school_records
from shnor_analysis.reference.listing_rules import ListingRule
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.list_flow import ListFlowPrediction
from shnor_analysis.results.town_programme import (
    CohortList,
    ProgrammeFit,
    SchoolRecord,
    TownProgramme,
)
from shnor_analysis.warehouse.analysis.panel import ResultsPanel
from shnor_analysis.warehouse.analysis.participants import Participants


@dataclass(frozen=True, slots=True)
class ProgrammePlan:
    """What to work out: the report's school year, the listing rule, the seed."""

    school_year: int
    rule: ListingRule
    seed: int = DEFAULT_SEED


def fit_town_programme(
    panel: ResultsPanel, participants: tuple[Participants, ...], plan: ProgrammePlan
) -> tuple[TownProgramme, tuple[SchoolRecord, ...]]:
    """Work out lists by chance, the effect of every programme and every school's course.

    The list of the year before the report's is set beside its leavers, the report year's is a forecast; for each cohort
    of a programme the list of the year before it joined. Programme years are learnt from nowhere. The effect of a
    programme rests on schools that joined no other one and on tests that all pupils of a grade sit; autumn tests written
    after joining that count for a year of delay are left out.

    Args:
        panel: Results up to the report year.
        participants: The programmes joined by then, the largest first.
        plan: What to work out.

    Returns:
        The town's part, and a record a school with a result.
    """
    flows = _Flows(panel.rows, list_rule(plan.rule), first_years(participants), plan.seed)
    observed = flows.of(plan.school_year - 1, with_calibration=True)
    forecast = flows.of(plan.school_year)
    cohorts = tuple(cohort for one in participants for cohort in _cohorts(one, flows, plan.school_year))
    town = TownProgramme(
        school_year=plan.school_year,
        rule=plan.rule.version,
        years=_years(panel.rows),
        breaks=tuple(item.code for item in panel.breaks),
        broken_years=_years(panel.rows[~panel.rows["is_comparable"]]),
        autumn_years=_years(panel.rows[panel.rows["season"] == "autumn"]),
        observed=observed,
        forecast=forecast,
        cohorts=cohorts,
        programmes=tuple(_fit(one, panel, participants, plan) for one in participants),
        accounting=panel.accounting,
    )
    joined = first_years(participants)
    records = school_records(panel.rows, joined, flows.known(), school_year=plan.school_year, seed=plan.seed)
    return town, records


def _years(rows: pd.DataFrame) -> tuple[int, ...]:
    return tuple(sorted({int(year) for year in rows["school_year"]}))


def list_rule(rule: ListingRule) -> ListRule:
    """The listing rule of the settings as the models take it."""
    if rule.kind == "threshold":
        return ShareOfLow(rule.threshold, rule.procedures_needed_n, rule.version)
    return LowestShare(rule.threshold, rule.procedures_needed_n)


def first_years(participants: tuple[Participants, ...]) -> dict[str, int]:
    """The first school year of any programme, by school."""
    found: dict[str, int] = {}
    for one in participants:
        for school_id, year in one.schools:
            found[school_id] = min(year, found.get(school_id, year))
    return found


class _Flows:
    """Predictions of lists, each worked out once."""

    def __init__(self, rows: pd.DataFrame, rule: ListRule, exclude: Mapping[str, int], seed: int) -> None:
        self._rows, self._rule, self._exclude, self._seed = rows, rule, exclude, seed
        self._found: dict[int, ListFlowPrediction | NotEstimable] = {}

    def of(self, year: int, *, with_calibration: bool = False) -> ListFlowPrediction | NotEstimable:
        """The list made of a year's results; past lists beside it only where asked for, they are the same for all."""
        if year not in self._found:
            self._found[year] = predict_list_flow(
                self._rows,
                rule=self._rule,
                year=year,
                exclude=self._exclude,
                seed=self._seed,
                calibrate=with_calibration,
            )
        return self._found[year]

    def known(self) -> tuple[ListFlowPrediction, ...]:
        """The predictions made so far."""
        return tuple(one for one in self._found.values() if isinstance(one, ListFlowPrediction))


def _cohorts(participants: Participants, flows: _Flows, school_year: int) -> tuple[CohortList, ...]:
    """Each cohort on the list before it, where its leavers are known by now."""
    years = sorted({year for _, year in participants.schools if year <= school_year})
    return tuple(_cohort(participants, year, flows.of(year - 1)) for year in years)


def _cohort(participants: Participants, year: int, flow: ListFlowPrediction | NotEstimable) -> CohortList:
    joined = [school_id for school_id, first in participants.schools if first == year]
    if isinstance(flow, NotEstimable):
        return CohortList(participants.programme, year, year - 1, len(joined), (), flow)
    listed = tuple(one for one in flow.listed if one.school_id in set(joined))
    group = flow.of_schools(joined) if listed else NotEstimable("cohort_not_listed", {"year": year - 1})
    return CohortList(participants.programme, year, year - 1, len(joined), listed, group)


def _fit(
    one: Participants, panel: ResultsPanel, participants: tuple[Participants, ...], plan: ProgrammePlan
) -> ProgrammeFit:
    rows = _without_other_programmes(panel.without_other_pupils(), one, participants)
    rows = _without_between(rows, one)
    if rows.empty or not set(one.first_years) & set(rows["school_id"]):
        return ProgrammeFit(one.programme, one.schools, one.delay, NotEstimable("programme_without_results"))
    rule = list_rule(plan.rule)
    options = ProgrammeOptions(
        delay=one.delay,
        selection_years=min(rule.years, MOST_SELECTION_YEARS) if isinstance(rule, LowestShare) else 1,
        seed=plan.seed,
        rule=rule,
        has_break=bool(panel.breaks),
    )
    effect = estimate_programme_effect(rows, treated=one.first_years, options=options)
    return ProgrammeFit(one.programme, one.schools, one.delay, effect)


def _without_between(rows: pd.DataFrame, one: Participants) -> pd.DataFrame:
    """Leave out autumn tests written after joining that count for a year in which no effect is looked for yet.

    They are neither before nor after for their own cohort; as not yet treated they would carry the effect into the
    comparison of the older cohort (invented town, 120 draws: 0.068 instead of 0.085).
    """
    joined = rows["school_id"].map(one.first_years)
    waits = (rows["school_year"] >= joined) & (rows["school_year"] < joined + one.delay)
    return rows[~(waits & (rows["season"] == "autumn"))].reset_index(drop=True)


def _without_other_programmes(
    rows: pd.DataFrame, one: Participants, participants: tuple[Participants, ...]
) -> pd.DataFrame:
    """The rows of every school until it joins another programme."""
    others = first_years(tuple(other for other in participants if other.programme != one.programme))
    if not others:
        return rows
    joined = rows["school_id"].map(others)
    return rows[~(rows["school_year"] >= joined)].reset_index(drop=True)
