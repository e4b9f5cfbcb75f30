"""The facts of reports: indicators of the year with what was fitted for it beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shnor_analysis.accounting import Accounting
from shnor_analysis.evaluation import (
    TownIndicators,
    assemble_school,
    assemble_town,
    expectations_of,
    factors_of,
    list_flow_of,
    programmes_of,
    school_names,
    unseen_programmes,
    with_programme,
)
from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.analysis_plan import PlanState
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.school_fits import SchoolFits
from shnor_analysis.results.town_programme import SchoolRecord, TownProgramme
from shnor_analysis.workspace.analysis_plan import plan_state
from shnor_analysis.workspace.fitting import read_fits, read_school_fits
from shnor_analysis.workspace.programme_fitting import read_programme, read_school_records


def school_facts(
    folder: Path, town: TownIndicators, school_id: str, *, accounting: Accounting, is_stale: bool
) -> SchoolEvaluation:
    """Every fact of one school's report, with its part of what was fitted.

    Parameters: town — indicators of the report year; accounting — of the way of the data into the warehouse;
    is_stale — whether data or settings changed after the models were fitted.
    Raises: UsageProblem `school_not_in_workspace`.
    """
    school = assemble_school(town, school_id)
    names = school_names(town)
    fits = read_school_fits(folder, town.school_year, school_id)
    told = replace(
        school,
        accounting=accounting.reading_merged() + school.accounting,
        expectations=expectations_of(fits, names=names, is_stale=is_stale),
    )
    alike = _alike(fits)
    records = read_school_records(folder, town.school_year, (school_id, *alike))
    if isinstance(records, NotEstimable):
        return with_programme(told, records, (), names=names, is_stale=is_stale)
    return with_programme(
        told, records.get(school_id), _similar(records, alike), names=names, is_stale=is_stale
    )


def _alike(fits: SchoolFits | NotEstimable) -> tuple[str, ...]:
    """Schools in circumstances like the school's, nearest first, as the model of the largest assessment found them."""
    if isinstance(fits, NotEstimable):
        return ()
    told = (one.effect.similar for one in fits.parts if one.effect.similar)
    return tuple(one.school_id for one in next(told, ()))


def _similar(
    records: dict[str, SchoolRecord], alike: tuple[str, ...]
) -> tuple[SchoolRecord, ...] | NotEstimable:
    found = tuple(records[one] for one in alike if one in records)
    return found or NotEstimable("like_schools_unknown")


def town_facts(
    folder: Path, town: TownIndicators, *, accounting: Accounting, is_stale: bool
) -> TownEvaluation:
    """Every fact of the municipality's report, with all that was fitted.

    Parameters: as `school_facts`.
    """
    told, fits = assemble_town(town), read_fits(folder, town.school_year)
    programme = read_programme(folder, town.school_year)
    own, names = tuple(line.school_id for line in told.schools), school_names(town)
    accounting = accounting.reading_merged() + told.accounting
    if not isinstance(fits, NotEstimable):
        accounting += fits.accounting
    if isinstance(programme, TownProgramme):
        accounting += programme.accounting
    programmes = programmes_of(programme, names=names, plans=_plans(folder, programme), is_stale=is_stale)
    return replace(
        told,
        accounting=accounting,
        factors=factors_of(fits, own, names=names, is_stale=is_stale),
        list_flow=list_flow_of(programme, rule=town.rule, names=names, is_stale=is_stale),
        programme=programmes if isinstance(programmes, NotEstimable) else programmes[0],
        other_programmes=() if isinstance(programmes, NotEstimable) else programmes[1:],
        unseen_programmes=unseen_programmes(programme),
    )


def _plans(folder: Path, programme: TownProgramme | NotEstimable) -> dict[str, PlanState | NotEstimable]:
    """The frozen plan of each programme beside what was done."""
    if isinstance(programme, NotEstimable):
        return {}
    return {
        one.programme: plan_state(
            folder, one.effect, treated=dict(one.treated), programme=one.programme, rule=programme.rule
        )
        for one in programme.programmes
        if isinstance(one.effect, ProgrammeEffect)
    }
