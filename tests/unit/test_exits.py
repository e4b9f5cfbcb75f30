"""The three statements of an exit: each rests on its own evidence, and what cannot be said is said to be missing."""

from functools import lru_cache

import pytest
import small_town as town
from statsmodels.stats.proportion import confint_proportions_2indep

from shnor_analysis.evaluation import assemble_school, prepare_town
from shnor_analysis.evaluation.exits import with_chance
from shnor_analysis.results import Estimate, NotEstimable

ISSUED = """
sch1 2022 low_results ministry
sch2 2023 low_results ministry
sch10 2022 biased_results ministry
"""
# nine and ten of twenty are low in 2021; in 2022 two and three
RESULTS = """
sch1 2021 oge mathematics 9 spring 9 5 4 2
sch1 2021 oge russian     9 spring 10 4 4 2
sch1 2021 vpr russian     5 spring 8 6 4 2
sch1 2022 oge mathematics 9 spring 2 8 6 4
sch1 2022 oge russian     9 spring 3 7 6 4
sch1 2022 vpr russian     5 spring 1 9 6 4
sch2 2021 oge mathematics 9 spring 1 9 6 4
sch2 2021 oge russian     9 spring 1 9 6 4
sch2 2022 oge mathematics 9 spring 9 5 4 2
sch2 2022 oge russian     9 spring 9 5 4 2
sch10 2021 oge mathematics 9 spring 0 4 8 8
sch10 2021 oge russian     9 spring 0 4 8 8
sch10 2022 oge mathematics 9 spring 0 4 8 8
sch10 2022 oge russian     9 spring 0 4 8 8
"""


@lru_cache(maxsize=8)
def exits(school_id, *, results=RESULTS, issued=ISSUED, year=2022):
    tables = town.tables_of(school_results=town.school_results(results), listings=town.listings(issued))
    prepared = prepare_town(tables, settings=town.SETTINGS, school_year=year)
    return assemble_school(prepared, school_id).exits


def test_a_school_that_left_has_all_three_statements_with_their_evidence():
    found = exits("sch1")
    issued, rule = found.issued, found.rule
    assert (issued.before_list_year, issued.now_list_year, issued.has_left) == (2022, 2023, True)
    assert [(one.issuer, one.sources[0].cells) for one in issued.listings] == [("ministry", "A2:G2")]
    assert (issued.now_listings, issued.documents) == ((), ("ministry",))
    assert (rule.before_list_year, rule.now_list_year, rule.has_left) == (2022, 2023, True)
    assert (rule.before.fires, rule.now.fires, len(rule.before.evidence)) == (True, False, 3)
    assert (found.change.before_school_year, found.change.after_school_year) == (2021, 2022)


def test_the_change_of_each_test_has_newcombes_interval_and_none_across_a_break():
    change = exits("sch1").change
    assert (change.comparable_n, change.not_comparable_n) == (2, 1)
    by_test = {(one.after.assessment, one.after.subject): one.difference for one in change.changes}
    low, high = confint_proportions_2indep(2, 20, 9, 20, method="newcomb", compare="diff")
    found = by_test["oge", "mathematics"]
    assert (found.value, found.low, found.high) == pytest.approx((-0.35, low, high))
    assert by_test["vpr", "russian"].reason == "across_break"


def test_leaving_the_issued_list_says_nothing_of_the_rule():
    still_low = RESULTS.replace("2022 oge mathematics 9 spring 2 8", "2022 oge mathematics 9 spring 9 1")
    still_low = still_low.replace("2022 oge russian     9 spring 3 7", "2022 oge russian     9 spring 9 1")
    found = exits("sch1", results=still_low)
    assert (found.issued.has_left, found.rule.has_left) == (True, False)
    kept = exits("sch1", issued=ISSUED + "sch1 2023 low_results ministry")
    assert (kept.issued.has_left, kept.rule.has_left) == (False, True)
    assert [one.school_year for one in kept.issued.now_listings] == [2023]


def test_a_school_on_no_list_before_has_no_exit_and_a_list_of_biased_results_is_none():
    assert exits("sch10").reason == "never_listed"
    assert exits("sch2").issued.reason == "first_issued_list"
    assert exits("sch2").rule.reason == "rule_never_held"


def test_what_is_missing_is_said_statement_by_statement():
    without_lists = exits("sch1", issued="")
    assert without_lists.issued.reason == "no_issued_list"
    assert without_lists.rule.has_left is True
    not_tested = "\n".join(line for line in RESULTS.splitlines() if not line.startswith("sch1 2022"))
    silent = exits("sch1", results=not_tested)
    assert silent.issued.has_left is True
    assert silent.rule.reason == "rule_without_results"
    assert silent.change.reason == "change_without_results"
    for one in (without_lists.issued, silent.rule, silent.change):
        assert isinstance(one, NotEstimable)
        assert one.in_words("ru") != one.in_words("en")


def test_the_change_starts_from_the_list_that_the_school_left_not_from_the_year_before():
    later = "\n".join(line.replace(" 2022 ", " 2023 ") for line in RESULTS.splitlines() if " 2022 " in line)
    found = exits("sch1", results=RESULTS + later, year=2023)
    assert (found.rule.before_list_year, found.rule.now_list_year) == (2022, 2024)
    assert (found.change.before_school_year, found.change.after_school_year) == (2021, 2023)
    # off the list already a year after it: what the chance of one year is about
    assert (found.rule.first_off_list_year, found.rule.is_one_year) == (2023, True)
    gap = "\n".join(line for line in (RESULTS + later).splitlines() if not line.startswith("sch1 2022"))
    found = exits("sch1", results=gap, year=2023)
    assert (found.rule.before_list_year, found.rule.first_off_list_year, found.rule.is_one_year) == (
        2022,
        2024,
        False,
    )


def test_the_chance_to_leave_anyway_is_that_of_the_list_the_school_stood_on():
    assert with_chance(exits("sch1"), {2021: 0.25, 2022: 0.9}).rule.chance_left == 0.25
    assert with_chance(exits("sch1"), {2022: 0.9}).rule.chance_left.reason == "chance_of_another_list"
    assert with_chance(exits("sch10"), {2021: 0.25}).reason == "never_listed"


def test_evidence_of_the_rule_holds_the_shares_themselves():
    low = {one.procedure.subject: one.low for one in exits("sch1").rule.before.evidence}
    assert isinstance(low["mathematics"], Estimate)
    assert low["mathematics"].value == pytest.approx(9 / 20)
