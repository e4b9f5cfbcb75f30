"""The rule by which schools are put on the list of low results, recomputed with its evidence."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.indicators.lowest import find_lowest
from shnor_analysis.kernels.binomial import SLACK, chance_of_at_least, chance_of_share
from shnor_analysis.reference.listing_rules import ListingRule
from shnor_analysis.schemas import PROCEDURE_KEY

EVIDENCE_COLUMNS = (
    "school_id",
    "list_year",
    *PROCEDURE_KEY,
    "test_date",
    "tested_n",
    "low_n",
    "low_share",
    "low_conf_low",
    "low_conf_high",
    "threshold",
    "is_low",
    "chance",
)
OUTCOME_COLUMNS = ("school_id", "list_year", "fires", "procedures_low_n", "chance_if_unchanged")


def apply_listing_rule(
    shares: pd.DataFrame, rule: ListingRule, *, list_years: tuple[int, ...], seed: int = 500
) -> tuple[pd.DataFrame, pd.DataFrame, Accounting]:
    """Recompute a rule for several list years on the results that are there.

    Args:
        shares: Schools' mark shares (`build_mark_shares`).
        rule: The rule; `threshold` or `lowest_share`.
        list_years: Years of the lists.
        seed: For the simulated rankings of a `lowest_share` rule.

    Returns:
        Outcomes, a row a school and list year in which it has what the rule needs at the least (as many procedures
        as have to be low; for `lowest_share` a result in every data year): `fires`, `procedures_low_n` and
        `chance_if_unchanged`, the chance that sampling alone lets the rule fire when the true shares equal the
        observed ones. Evidence, a row a school, list year and procedure: `is_low` against `threshold`. Accounting.

    Limits:
        The chance takes procedures as independent and observed shares as true; it is a caution, not a forecast.
    """
    admitted = [
        _admitted(shares, rule, list_year).assign(list_year=list_year) for list_year in sorted(list_years)
    ]
    results = pd.concat(admitted, ignore_index=True) if admitted else shares.head(0).assign(list_year=0)
    results = results[results["low_n"].notna()]
    judge = _judge_threshold if rule.kind == "threshold" else _judge_lowest
    evidence = judge(results, rule, seed)
    outcomes = _sum_up(evidence, rule)
    return outcomes, evidence, _account(results, outcomes, rule)


def _account(results: pd.DataFrame, outcomes: pd.DataFrame, rule: ListingRule) -> Accounting:
    """Results that stand behind an outcome, and outcomes from them: two steps, so that no sum looks like a loss."""
    group = ["school_id", "list_year"]
    judged = pd.MultiIndex.from_frame(results[group]).isin(pd.MultiIndex.from_frame(outcomes[group]))
    used, few = int(judged.sum()), int((~judged).sum())
    reasons = [Reason("rule_too_few_results", few)] if few else []
    return (
        Accounting()
        .then("listing_rule", rule.version, len(results), used, reasons)
        .then("rule_outcomes", rule.version, used, len(outcomes))
    )


def _admitted(shares: pd.DataFrame, rule: ListingRule, list_year: int) -> pd.DataFrame:
    """The results that count for a list year: procedures of the rule within its data years."""
    keys = shares[list(PROCEDURE_KEY)].astype({"school_year": int, "grade": int})
    known: list[dict[str, Any]] = keys.drop_duplicates().to_dict("records")  # type: ignore[assignment]
    admitted = [tuple(one.values()) for one in known if rule.admits(list_year, **one)]
    return shares[pd.MultiIndex.from_frame(keys).isin(admitted)]


def _judge_threshold(results: pd.DataFrame, rule: ListingRule, seed: int) -> pd.DataFrame:
    del seed  # exact, nothing is drawn
    evidence = results.assign(
        threshold=rule.threshold,
        is_low=results["low_share"] >= rule.threshold - SLACK,
        chance=chance_of_share(
            results["tested_n"].to_numpy(float),
            results["low_share"].to_numpy(float),
            threshold=rule.threshold,
        ),
    )
    order = ["school_id", "list_year", *PROCEDURE_KEY]
    return evidence[list(EVIDENCE_COLUMNS)].sort_values(order, ignore_index=True)


def _judge_lowest(results: pd.DataFrame, rule: ListingRule, seed: int) -> pd.DataFrame:
    if results.empty:
        return pd.DataFrame(columns=list(EVIDENCE_COLUMNS))
    list_years = results[["list_year", "school_year"]].drop_duplicates()
    once = results.drop(columns="list_year").drop_duplicates(["school_id", *PROCEDURE_KEY])
    years = [find_lowest(year, share=rule.threshold, seed=seed) for _, year in once.groupby("school_year")]
    evidence = pd.concat(years, ignore_index=True).merge(list_years, on="school_year")
    needed = evidence["list_year"].map(
        {year: len(rule.data_years(int(year))) for year in list_years["list_year"]}
    )
    years_n = evidence.groupby(["school_id", "list_year"])["school_year"].transform("nunique")
    complete = evidence[years_n == needed]
    order = ["school_id", "list_year", *PROCEDURE_KEY]
    return complete[list(EVIDENCE_COLUMNS)].sort_values(order, ignore_index=True)


def _sum_up(evidence: pd.DataFrame, rule: ListingRule) -> pd.DataFrame:
    group = ["school_id", "list_year"]
    evidence = _with_enough(evidence, rule)
    if evidence.empty:
        return pd.DataFrame(columns=list(OUTCOME_COLUMNS))
    outcomes = evidence.groupby(group, as_index=False).agg(procedures_low_n=("is_low", "sum"))
    outcomes["procedures_low_n"] = outcomes["procedures_low_n"].astype(int)
    outcomes["fires"] = outcomes["procedures_low_n"] >= rule.procedures_needed_n
    place = evidence.groupby(group).cumcount()
    wide = evidence.assign(place=place).pivot_table(
        index=group, columns="place", values="chance", dropna=False, observed=True
    )
    chances = wide.reindex(pd.MultiIndex.from_frame(outcomes[group]))
    outcomes["chance_if_unchanged"] = chance_of_at_least(chances.to_numpy(float), rule.procedures_needed_n)
    return outcomes[list(OUTCOME_COLUMNS)]


def _with_enough(evidence: pd.DataFrame, rule: ListingRule) -> pd.DataFrame:
    """Where fewer procedures were written than have to be low, a rule that does not fire says nothing."""
    if evidence.empty:
        return evidence
    procedures_n = evidence.groupby(["school_id", "list_year"])["is_low"].transform("size")
    return evidence[procedures_n >= rule.procedures_needed_n]
