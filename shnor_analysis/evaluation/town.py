"""Everything that the municipality's report states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.evaluation.conversion import (
    Origins,
    Row,
    mark_result_of,
    measure_of,
    procedure_of,
    rows,
    years_of,
)
from shnor_analysis.evaluation.facts import (
    CoverageCell,
    ListFlow,
    PooledPart,
    ProcedureResult,
    RuleYear,
    SchoolLine,
    TownEvaluation,
)
from shnor_analysis.evaluation.level_finder import LevelFinder
from shnor_analysis.evaluation.lists import rule_years_of, without_outcome
from shnor_analysis.evaluation.programmes import participations
from shnor_analysis.evaluation.school import ORDER
from shnor_analysis.evaluation.series_breaks import breaks_of
from shnor_analysis.evaluation.town_indicators import Tables, TownIndicators, prepare_town
from shnor_analysis.evaluation.unverified import unverified_facts
from shnor_analysis.results import NotEstimable
from shnor_analysis.schemas import PROCEDURE_KEY
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.settings import Settings


def evaluate_town(
    tables: Tables, *, school_year: int, settings: Settings, cards: Iterable[FileCard] = ()
) -> TownEvaluation:
    """State every fact of the municipality's report for a school year.

    Raises:
        UsageProblem: `municipality_without_schools`, `year_without_results`, or an unknown listing rule.
    """
    return assemble_town(prepare_town(tables, settings=settings, school_year=school_year, cards=cards))


def assemble_town(town: TownIndicators) -> TownEvaluation:
    """Read the municipality's facts from the town's indicators.

    Returns:
        Schools of the municipality of the settings in the order of their numbers; a school without results in the
        report year keeps its line and says so.

    Raises:
        UsageProblem: `municipality_without_schools`.
    """
    schools = _own_schools(town)
    origins = Origins(town.cards)
    own = set(schools["school_id"])
    shares = town.frame("shares")
    shares = shares[shares["school_id"].isin(own)]
    region_id = str(schools["region_id"].iloc[0])
    lines = _lines(town, schools, origins, _parts(shares, town.school_year))
    for row in (*rows(schools), *rows(shares)):
        origins.of(row)
    levels = _levels(town, region_id, origins)
    breaks = breaks_of(town.breaks, (result.procedure for result in levels))
    return TownEvaluation(
        municipality_id=town.settings.municipality_id,
        region_id=region_id,
        place_ru=town.settings.title_ru,
        place_en=town.settings.title_en,
        is_invented=town.settings.is_invented,
        school_year=town.school_year,
        schools_n=len(schools),
        schools=lines,
        levels=levels,
        flows=_flows(town),
        coverage=_coverage(shares),
        breaks=breaks,
        rule_version=town.rule.version,
        rule_list_year=town.rule_list_year,
        rule_is_verified=town.rule.provenance.is_verified,
        unverified_facts=unverified_facts(town, breaks, origins.files(), shares=shares),
        accounting=_accounting(town, schools, lines),
        files=origins.files(),
        files_behind=origins.files_behind(town.frame("shares")),
    )


def number_order(name: str, school_id: str) -> tuple[int, str]:
    """Sorting key by the number in a school's name; schools without a number come last, by code."""
    number = re.search(r"\d+", name)
    return (int(number.group()) if number else 10**9, school_id)


def _own_schools(town: TownIndicators) -> pd.DataFrame:
    schools = town.frame("schools")
    own = schools[schools["municipality_id"] == town.settings.municipality_id]
    if own.empty:
        known = ", ".join(sorted(set(schools["municipality_id"]))[:5])
        wanted = town.settings.municipality_id
        raise UsageProblem(Problem("municipality_without_schools", found=wanted, allowed=known or "–"))
    return own


def _lines(
    town: TownIndicators,
    schools: pd.DataFrame,
    origins: Origins,
    parts: Mapping[str, tuple[PooledPart, ...]],
) -> tuple[SchoolLine, ...]:
    own = frozenset(schools["school_id"])
    pooled = {str(row["school_id"]): row for row in rows(town.frame("pooled"))}
    listed = _listed(town, own, origins)
    rules = rule_years_of(town, own)
    table = town.frame("participation")
    programmes = participations(rows(table[table["school_id"].isin(own)]), town, origins)
    ordered = sorted(rows(schools), key=lambda row: number_order(str(row["name"]), str(row["school_id"])))
    return tuple(
        SchoolLine(
            school_id=school_id,
            name=str(school["name"]),
            kind=str(school["kind"]),
            **_pooled_of(town, pooled.get(school_id)),
            is_listed=listed.get(school_id),
            **_rules_of(town, rules.get(school_id, ())),
            programmes=programmes.get(school_id, ()),
            parts=parts.get(school_id, ()),
        )
        for school_id, school in ((str(row["school_id"]), row) for row in ordered)
    )


def _parts(shares: pd.DataFrame, school_year: int) -> dict[str, tuple[PooledPart, ...]]:
    """The procedures of a year behind the pooled share of each school."""
    found: dict[str, tuple[PooledPart, ...]] = {}
    for row in rows(shares[(shares["school_year"] == school_year) & shares["low_n"].notna()]):
        school_id = str(row["school_id"])
        part = PooledPart(int(row["tested_n"]), round(float(row["low_n"])))
        found[school_id] = (*found.get(school_id, ()), part)
    return found


def _listed(town: TownIndicators, own: frozenset[str], origins: Origins) -> dict[str, bool]:
    """Who stands on the issued list of the report year; empty when none is known. Names the files of all lists."""
    listings = town.frame("listings")
    for row in rows(listings[(listings["list"] == "low_results") & listings["school_id"].isin(own)]):
        origins.of(row)
    issued = town.frame("issued_lists")
    now = issued[issued["list_year"] == town.school_year]
    return {str(row["school_id"]): bool(row["is_listed"]) for row in rows(now)}


def _pooled_of(town: TownIndicators, row: Row | None) -> dict[str, Any]:
    if row is None:
        missing = NotEstimable("no_results_in_year", {"years": years_of(town.school_year)})
        return {"tested_n": None, "low": missing, "success": missing, "procedures_n": 0}
    known, tested = int(row["known_n"]), int(row["tested_n"])
    return {
        "tested_n": tested,
        "low": measure_of(row, "low"),
        "success": measure_of(row, "success"),
        "procedures_n": int(row["procedures_n"]),
        "interval_basis": "pupils" if known == tested else "partly" if known else "works",
    }


def _rules_of(town: TownIndicators, years: tuple[RuleYear, ...]) -> dict[str, Any]:
    answers = {item.list_year: item.outcome for item in years}
    return {
        "rule": answers.get(town.rule_list_year, without_outcome(town, town.rule_list_year)),
        "earlier_rules": tuple(item for item in years if item.list_year != town.rule_list_year),
    }


def _levels(town: TownIndicators, region_id: str, origins: Origins) -> tuple[ProcedureResult, ...]:
    municipality_id = town.settings.municipality_id
    finder = LevelFinder(town, municipality_id=municipality_id, region_id=region_id)
    frame = town.frame("levels")
    own = frame[(frame["area_level"] == "municipality") & (frame["area_id"] == municipality_id)]
    results = []
    for row in rows(own.sort_values(ORDER)):
        levels, sources = finder.levels(row, origins)
        results.append(
            ProcedureResult(
                procedure=procedure_of(row),
                school=mark_result_of(row),
                without_special_needs=NotEstimable("not_summed_over_schools"),
                levels=levels,
                sources=sources,
            )
        )
    return tuple(results)


def _flows(town: TownIndicators) -> tuple[ListFlow, ...]:
    return tuple(_flow(row) for row in rows(town.frame("list_flow")))


def _flow(row: Row) -> ListFlow:
    return ListFlow(
        school_year=int(row["list_year"]),
        source=str(row["source"]),
        listed_n=int(row["listed_n"]),
        stayed_n=int(row["stayed_n"]),
        left_n=int(row["left_n"]),
        entered_n=int(row["entered_n"]),
        without_result_n=int(row["without_result_n"]),
    )


def _coverage(shares: pd.DataFrame) -> tuple[CoverageCell, ...]:
    cells = shares.groupby(list(PROCEDURE_KEY), as_index=False).agg(
        schools_n=("school_id", "nunique"), tested_n=("tested_n", "sum"), sizes=("tested_n", list)
    )
    # schools may write on different days: a cell has none
    cells["test_date"] = pd.NaT
    return tuple(
        CoverageCell(
            procedure_of(row),
            int(row["schools_n"]),
            int(row["tested_n"]),
            tuple(int(n) for n in row["sizes"]),
        )
        for row in rows(cells.sort_values(ORDER))
    )


def _accounting(town: TownIndicators, schools: pd.DataFrame, lines: tuple[SchoolLine, ...]) -> Accounting:
    with_results = sum(line.tested_n is not None for line in lines)
    return (
        Accounting().then("town_facts", town.settings.municipality_id, len(schools), with_results)
        + town.accounting
    )
