"""The list status of a school, year by year: what was issued and what the rule says."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from shnor_analysis.evaluation.conversion import Origins, Row, measure_of, procedure_of, rows, years_of
from shnor_analysis.evaluation.facts import Listing, ListYear, RuleEvidence, RuleOutcome, RuleYear
from shnor_analysis.evaluation.town_indicators import TownIndicators
from shnor_analysis.results import NotEstimable


def list_years_of(town: TownIndicators, school_id: str, origins: Origins) -> tuple[ListYear, ...]:
    """Every list year that is known by an issued list or by results, oldest first."""
    listings = town.frame("listings")
    known = {int(year) for year in listings.loc[listings["list"] == "low_results", "school_year"]}
    own = rows(town.own("listings", school_id).sort_values(["school_year", "list", "issuer"]))
    evidence, answers = (town.own(name, school_id) for name in ("rule_evidence", "rule_outcomes"))
    outcomes = {
        item.list_year: item.outcome for item in _rule_years(town, answers, evidence).get(school_id, ())
    }
    computed = {int(year) for year in town.frame("rule_evidence")["list_year"]} | {town.rule_list_year}
    years = sorted(known | computed | {int(row["school_year"]) for row in own})
    return tuple(
        ListYear(
            school_year=year,
            issued=_issued([row for row in own if int(row["school_year"]) == year], origins),
            has_issued_list=year in known,
            rule=outcomes.get(year, without_outcome(town, year)),
        )
        for year in years
    )


def rule_years_of(town: TownIndicators, school_ids: Iterable[str]) -> dict[str, tuple[RuleYear, ...]]:
    """The rule's answers for schools with their evidence, oldest list year first; a school without any is left out."""
    wanted = frozenset(school_ids)
    answers, evidence = (
        frame[frame["school_id"].isin(wanted)]
        for frame in (town.frame("rule_outcomes"), town.frame("rule_evidence"))
    )
    return _rule_years(town, answers, evidence)


def _rule_years(
    town: TownIndicators, outcomes: pd.DataFrame, evidence: pd.DataFrame
) -> dict[str, tuple[RuleYear, ...]]:
    behind: dict[tuple[str, int], list[dict[str, object]]] = {}
    for row in rows(evidence):
        behind.setdefault((str(row["school_id"]), int(row["list_year"])), []).append(row)
    found: dict[str, tuple[RuleYear, ...]] = {}
    for row in rows(outcomes.sort_values("list_year")):
        school_id, year = str(row["school_id"]), int(row["list_year"])
        known = RuleYear(year, _rule_outcome(town, row, behind.get((school_id, year), [])))
        found[school_id] = (*found.get(school_id, ()), known)
    return found


def without_outcome(town: TownIndicators, list_year: int) -> NotEstimable:
    """Why the rule has no answer for a list year."""
    return NotEstimable(
        "rule_without_results", {"version": town.rule.version, "list_years": years_of(list_year)}
    )


def _issued(listed: list[dict[str, object]], origins: Origins) -> tuple[Listing, ...]:
    """One listing a list and issuer: a list by subjects has several rows."""
    found: dict[tuple[str, str], Listing] = {}
    for row in listed:
        key = str(row["list"]), str(row["issuer"])
        document = row["document"]
        sources = found[key].sources if key in found else ()
        found[key] = Listing(
            school_year=int(str(row["school_year"])),
            list=key[0],
            issuer=key[1],
            document=str(document) if isinstance(document, str) else None,
            sources=(*sources, *origins.of(row)),
        )
    return tuple(found.values())


def _rule_outcome(town: TownIndicators, outcome: Row, evidence: list[dict[str, object]]) -> RuleOutcome:
    rule = town.rule
    return RuleOutcome(
        version=rule.version,
        is_verified=rule.provenance.is_verified,
        data_years=tuple(sorted({int(str(row["school_year"])) for row in evidence})),
        fires=bool(outcome["fires"]),
        procedures_low_n=int(outcome["procedures_low_n"]),
        procedures_needed_n=rule.procedures_needed_n,
        evidence=tuple(_evidence(row) for row in evidence),
        chance_if_unchanged=float(outcome["chance_if_unchanged"]),
    )


def _evidence(row: Row) -> RuleEvidence:
    return RuleEvidence(
        procedure=procedure_of(row),
        tested_n=int(row["tested_n"]),
        low=measure_of(row, "low"),
        threshold=float(row["threshold"]),
        is_low=bool(row["is_low"]),
    )
