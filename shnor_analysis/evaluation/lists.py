"""The list status of a school, year by year: what was issued and what the rule says."""

from __future__ import annotations

from shnor_analysis.evaluation.conversion import Origins, Row, measure_of, procedure_of, rows
from shnor_analysis.evaluation.facts import Listing, ListYear, RuleEvidence, RuleOutcome
from shnor_analysis.evaluation.town_indicators import TownIndicators
from shnor_analysis.results import NotEstimable


def list_years_of(town: TownIndicators, school_id: str, origins: Origins) -> tuple[ListYear, ...]:
    """Every list year that is known by an issued list or by results, oldest first."""
    listings = town.frame("listings")
    known = {int(year) for year in listings.loc[listings["list"] == "low_results", "school_year"]}
    outcomes = town.frame("rule_outcomes")
    own = rows(listings[listings["school_id"] == school_id].sort_values(["school_year", "list", "issuer"]))
    own_outcomes = {int(row["list_year"]): row for row in rows(outcomes[outcomes["school_id"] == school_id])}
    evidence = town.frame("rule_evidence")
    own_evidence = rows(evidence[evidence["school_id"] == school_id])
    computed = {int(year) for year in evidence["list_year"]} | {town.rule_list_year}
    years = sorted(known | computed | {int(row["school_year"]) for row in own})
    return tuple(
        ListYear(
            school_year=year,
            issued=_issued([row for row in own if int(row["school_year"]) == year], origins),
            has_issued_list=year in known,
            rule=_rule_outcome(
                town, year, own_outcomes.get(year), [row for row in own_evidence if row["list_year"] == year]
            ),
        )
        for year in years
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


def _rule_outcome(
    town: TownIndicators, list_year: int, outcome: Row | None, evidence: list[dict[str, object]]
) -> RuleOutcome | NotEstimable:
    rule = town.rule
    if outcome is None:
        return NotEstimable("rule_without_results", {"version": rule.version, "list_year": list_year})
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
