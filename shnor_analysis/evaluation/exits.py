"""The three statements of an exit: not on the issued list, the rule on own data, the change of the share; kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shnor_analysis.evaluation.conversion import rows, years_of
from shnor_analysis.evaluation.exit_changes import change_statement
from shnor_analysis.evaluation.facts import NEVER_LISTED, NOT_FITTED, Listing, ListYear, RuleOutcome
from shnor_analysis.evaluation.school_programme_facts import (
    ChangeStatement,
    ExitStatements,
    IssuedStatement,
    RuleStatement,
)
from shnor_analysis.evaluation.town_indicators import TownIndicators, newest_years_back
from shnor_analysis.results import NotEstimable, Suppressed

LOW_RESULTS = "low_results"


def exits_of(
    town: TownIndicators, school_id: str, list_years: tuple[ListYear, ...]
) -> ExitStatements | NotEstimable:
    """State what speaks for a school's exit and what does not, each statement with its evidence.

    Args:
        town: The town's indicators of the report year.
        school_id: The school.
        list_years: What its report says of every list year (`list_years_of`).

    Returns:
        The statements, each NotEstimable with its reason where it cannot be made; `never_listed` for a school that
        stood on no list before the one that looks at the report year's results, neither issued nor by the rule.
    """
    issued = _issued_statement(town, list_years)
    rule = _rule_statement(town, list_years)
    if _was_never_listed(issued, rule):
        return NEVER_LISTED
    return ExitStatements(issued, rule, _change(town, school_id, issued, rule))


def with_chance(
    exits: ExitStatements | NotEstimable | Suppressed, chances: Mapping[int, float]
) -> ExitStatements | NotEstimable | Suppressed:
    """Put beside the rule's statement how often such a school leaves with no programme.

    Args:
        exits: What `exits_of` gave.
        chances: By the school year of a list, the chance to be off it a year later.
    """
    if not isinstance(exits, ExitStatements) or not isinstance(exits.rule, RuleStatement):
        return exits
    year = exits.rule.chance_school_year
    missing = NotEstimable("chance_of_another_list", {"years": years_of(year)})
    return replace(exits, rule=replace(exits.rule, chance_left=chances.get(year, missing)))


def _was_never_listed(issued: IssuedStatement | NotEstimable, rule: RuleStatement | NotEstimable) -> bool:
    never = {"never_on_issued_list", "no_issued_list", "rule_never_held"}
    return all(isinstance(one, NotEstimable) and one.reason in never for one in (issued, rule))


def _issued_statement(
    town: TownIndicators, list_years: tuple[ListYear, ...]
) -> IssuedStatement | NotEstimable:
    known = [year for year in list_years if year.has_issued_list]
    if not known:
        return NotEstimable("no_issued_list")
    now = known[-1]
    before = [year for year in known[:-1] if _low(year)]
    if not before:
        if _low(now):
            return NotEstimable("first_issued_list", {"list_year": now.school_year})
        return NotEstimable("never_on_issued_list", {"list_year": now.school_year})
    return IssuedStatement(
        before_list_year=before[-1].school_year,
        listings=_low(before[-1]),
        now_list_year=now.school_year,
        now_listings=_low(now),
        documents=_documents(town, now.school_year),
        has_left=not _low(now),
    )


def _low(year: ListYear) -> tuple[Listing, ...]:
    return tuple(one for one in year.issued if one.list == LOW_RESULTS)


def _documents(town: TownIndicators, list_year: int) -> tuple[str, ...]:
    """Documents of the issued lists of a year, by which somebody can look up who is on them and who is not."""
    listings = town.frame("listings")
    listed = listings[(listings["list"] == LOW_RESULTS) & (listings["school_year"] == list_year)]
    named = (
        str(row["document"] if isinstance(row["document"], str) else row["issuer"]) for row in rows(listed)
    )
    return tuple(dict.fromkeys(named))


def _rule_statement(town: TownIndicators, list_years: tuple[ListYear, ...]) -> RuleStatement | NotEstimable:
    answers = {year.school_year: year.rule for year in list_years if isinstance(year.rule, RuleOutcome)}
    now_year = town.rule_list_year
    held = [year for year, rule in answers.items() if year < now_year and rule.fires is True]
    if not held:
        is_known = any(year < now_year for year in answers)
        return NotEstimable("rule_never_held") if is_known else _without_results(town, now_year - 1)
    if now_year not in answers:
        return _without_results(town, now_year)
    before_year = max(held)
    fires = answers[now_year].fires
    off = [year for year, rule in answers.items() if before_year < year <= now_year and rule.fires is False]
    return RuleStatement(
        before_list_year=before_year,
        before=answers[before_year],
        now_list_year=now_year,
        now=answers[now_year],
        has_left=fires if isinstance(fires, Suppressed) else not fires,
        chance_left=NOT_FITTED,
        chance_school_year=before_year - newest_years_back(town.rule),
        first_off_list_year=min(off, default=None),
    )


def _without_results(town: TownIndicators, list_year: int) -> NotEstimable:
    fields = {"version": town.rule.version, "list_years": years_of(list_year)}
    return NotEstimable("rule_without_results", fields)


def _change(
    town: TownIndicators,
    school_id: str,
    issued: IssuedStatement | NotEstimable,
    rule: RuleStatement | NotEstimable,
) -> ChangeStatement | NotEstimable:
    if isinstance(rule, RuleStatement):
        return change_statement(town, school_id, before_list_year=rule.before_list_year)
    if isinstance(issued, IssuedStatement):
        return change_statement(town, school_id, before_list_year=issued.before_list_year)
    return rule
