"""Everything that one school's report states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.evaluation.conversion import (
    Origins,
    Row,
    is_missing,
    mark_result_of,
    measure_of,
    procedure_key,
    procedure_of,
    rows,
    years_of,
)
from shnor_analysis.evaluation.exits import exits_of
from shnor_analysis.evaluation.facts import (
    Change,
    ContextFactor,
    MarkAgreement,
    MarkResult,
    ProcedureResult,
    SchoolEvaluation,
)
from shnor_analysis.evaluation.level_finder import LevelFinder
from shnor_analysis.evaluation.lists import list_years_of
from shnor_analysis.evaluation.nearness import nearest
from shnor_analysis.evaluation.programmes import participations
from shnor_analysis.evaluation.series_breaks import breaks_of
from shnor_analysis.evaluation.town_indicators import Tables, TownIndicators, prepare_town
from shnor_analysis.evaluation.unverified import unverified_facts
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.settings import Settings

ORDER = ["school_year", "season", "assessment", "grade", "subject"]


def evaluate_school(
    tables: Tables, *, school_id: str, school_year: int, settings: Settings, cards: Iterable[FileCard] = ()
) -> SchoolEvaluation:
    """State every fact of one school's report for a school year.

    For many schools call `prepare_town` once and `assemble_school` for each.

    Raises:
        UsageProblem: `school_not_in_workspace`, `year_without_results`, or an unknown listing rule.
    """
    town = prepare_town(tables, settings=settings, school_year=school_year, cards=cards)
    return assemble_school(town, school_id)


def assemble_school(town: TownIndicators, school_id: str) -> SchoolEvaluation:
    """Read one school's facts from the town's indicators.

    Returns:
        Results of the report year and all earlier ones, oldest first, each with its origin. A school without any
        result has empty results, not an error.

    Raises:
        UsageProblem: `school_not_in_workspace`, with the nearest known codes.
    """
    school = _school_row(town, school_id)
    origins = Origins(town.cards)
    origins.of(school)
    results = _results(town, school, origins)
    breaks = breaks_of(town.breaks, (result.procedure for result in results))
    list_years = list_years_of(town, school_id, origins)
    context = _context(town, school_id, origins)
    agreement = _agreement(town, school_id, origins)
    participation = participations(own_rows(town, "participation", school_id), town, origins).get(
        school_id, ()
    )
    return SchoolEvaluation(
        school_id=school_id,
        name=str(school["name"]),
        kind=str(school["kind"]),
        municipality_id=str(school["municipality_id"]),
        region_id=str(school["region_id"]),
        place_ru=town.settings.title_ru,
        place_en=town.settings.title_en,
        is_invented=town.settings.is_invented,
        school_year=town.school_year,
        results=results,
        changes=_changes(town, school_id),
        breaks=breaks,
        list_years=list_years,
        context=context,
        agreement=agreement,
        participation=participation,
        unverified_facts=unverified_facts(
            town, breaks, origins.files(), shares=town.own("shares", school_id)
        ),
        accounting=_accounting(town, school_id, len(results)),
        files=origins.files(),
        files_behind=origins.files_behind(town.frame("shares"), town.frame("context")),
        exits=exits_of(town, school_id, list_years),
    )


def _school_row(town: TownIndicators, school_id: str) -> Row:
    own = rows(town.own("schools", school_id))
    if own:
        return own[0]
    near = nearest(school_id, [str(known) for known in town.frame("schools")["school_id"]])
    raise UsageProblem(Problem("school_not_in_workspace", found=school_id, allowed=", ".join(near) or "–"))


def own_rows(town: TownIndicators, name: str, school_id: str) -> list[dict[Any, Any]]:
    """The school's rows of a table of indicators, oldest first where they have a procedure."""
    own = town.own(name, school_id)
    order = [column for column in ORDER if column in own.columns]
    return sorted(rows(own), key=lambda row: [row[column] for column in order])


def _results(town: TownIndicators, school: Row, origins: Origins) -> tuple[ProcedureResult, ...]:
    school_id = str(school["school_id"])
    finder = LevelFinder(
        town, municipality_id=str(school["municipality_id"]), region_id=str(school["region_id"])
    )
    without = {procedure_key(row): row for row in own_rows(town, "without_special_needs", school_id)}
    results = []
    for row in own_rows(town, "shares", school_id):
        sources = origins.of(row)
        levels, level_sources = finder.levels(row, origins)
        results.append(
            ProcedureResult(
                procedure=procedure_of(row),
                school=mark_result_of(row),
                without_special_needs=_without(without[procedure_key(row)]),
                levels=levels,
                sources=(*sources, *level_sources),
            )
        )
    return tuple(results)


def _without(row: Row) -> MarkResult | NotEstimable:
    return NotEstimable(str(row["reason"])) if row["reason"] else mark_result_of(row)


def _changes(town: TownIndicators, school_id: str) -> tuple[Change, ...]:
    ordered = sorted(own_rows(town, "changes", school_id), key=lambda row: int(row["after_school_year"]))
    return tuple(
        Change(
            before=procedure_of(row, "before_"),
            after=procedure_of(row, "after_"),
            difference=_difference(row),
        )
        for row in ordered
    )


def _difference(row: Row) -> Estimate | NotEstimable:
    if row["reason"] == "across_break":
        year = int(row["break_year"])
        fields = {"break_code": str(row["break_code"]), "school_year": year, "years": years_of(year)}
        return NotEstimable("across_break", fields)
    if row["reason"]:
        return NotEstimable(str(row["reason"]))
    if is_missing(row["difference"]):
        return NotEstimable("marks_not_given")
    return Estimate(float(row["difference"]), float(row["conf_low"]), float(row["conf_high"]))


def _context(town: TownIndicators, school_id: str, origins: Origins) -> tuple[ContextFactor, ...]:
    return tuple(
        ContextFactor(
            factor=str(row["factor"]),
            school_year=int(row["school_year"]),
            value=float(row["value"]),
            municipality_quartiles=NotEstimable("too_few_schools")
            if is_missing(row["median"])
            else (float(row["quartile_1"]), float(row["median"]), float(row["quartile_3"])),
            schools_n=int(row["schools_n"]),
            sources=origins.of(row),
        )
        for row in own_rows(town, "context", school_id)
    )


def _agreement(town: TownIndicators, school_id: str, origins: Origins) -> tuple[MarkAgreement, ...]:
    return tuple(
        MarkAgreement(
            procedure=procedure_of(row),
            tested_n=int(row["tested_n"]),
            lowered=measure_of(row, "lowered"),
            confirmed=measure_of(row, "confirmed"),
            raised=measure_of(row, "raised"),
            sources=origins.of(row),
        )
        for row in own_rows(town, "agreement", school_id)
    )


def _accounting(town: TownIndicators, school_id: str, results_n: int) -> Accounting:
    return Accounting().then("school_facts", school_id, results_n, results_n) + town.accounting
