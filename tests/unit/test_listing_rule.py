"""The listing rule recomputed, and the flow of lists, on hand-counted schools."""

import numpy as np
import pytest
import small_town as town

from shnor_analysis import indicators
from shnor_analysis.kernels.ranking import chance_among_highest
from shnor_analysis.reference.listing_rules import listing_rule


def apply(text, version="rosobr_2020", years=(2022,)):
    shares, _ = indicators.build_mark_shares(town.school_results(text))
    return indicators.apply_listing_rule(shares, listing_rule(version), list_years=years)


TWO_LOW = """
sch1 2021 vpr mathematics 5 spring 3 7 0 0
sch1 2021 vpr russian 5 spring 9 11 5 5
sch1 2021 vpr russian 6 spring 8 12 5 5
sch1 2021 vpr biology 6 spring 20 5 0 0
sch1 2020 vpr mathematics 6 spring 20 5 0 0
"""


def test_the_rule_fires_on_two_procedures_with_exactly_thirty_percent():
    outcomes, evidence, _ = apply(TWO_LOW)
    assert outcomes[["fires", "procedures_low_n"]].to_numpy().tolist() == [[True, 2]]
    # biology is no procedure of the rule, 2020 is no data year of the list of 2022
    assert evidence[["subject", "grade", "is_low"]].to_numpy().tolist() == [
        ["mathematics", 5, True],
        ["russian", 5, True],
        ["russian", 6, False],
    ]


def test_one_low_procedure_is_not_enough():
    outcomes, _, _ = apply(
        "sch1 2021 vpr mathematics 5 spring 9 1 0 0\nsch1 2021 oge russian 9 spring 2 8 9 9"
    )
    assert outcomes["fires"].tolist() == [False]


def test_the_chance_if_nothing_changed_agrees_with_simulation():
    outcomes, evidence, _ = apply(TWO_LOW)
    trials, shares = evidence["tested_n"].to_numpy(int), evidence["low_share"].to_numpy(float)
    drawn = np.random.default_rng(1).binomial(trials, shares, size=(200_000, 3)) / trials
    simulated = ((drawn >= 0.3 - 1e-9).sum(axis=1) >= 2).mean()
    assert outcomes["chance_if_unchanged"].item() == pytest.approx(simulated, abs=0.005)


def test_a_version_takes_the_data_years_that_it_names():
    text = """
    sch1 2019 oge russian 9 spring 9 1 0 0
    sch1 2021 vpr mathematics 5 autumn 9 1 0 0
    sch1 2021 vpr mathematics 5 spring 9 1 0 0
    """
    _, evidence, _ = apply(text, "rosobr_2021", (2021,))
    assert evidence[["school_year", "season"]].to_numpy().tolist() == [[2019, "spring"], [2021, "autumn"]]


@pytest.mark.parametrize("year", [2018, 2021])
def test_a_school_without_two_procedures_of_the_data_year_has_no_outcome(year):
    outcomes, _, _ = apply(f"sch1 {year} vpr mathematics 5 spring 9 1 0 0")
    assert outcomes.empty


def lowest_schools(year, shares):
    return "\n".join(
        f"s{n:02d} {year} meap mathematics 4 spring low {low} 100" for n, low in enumerate(shares)
    )


def test_the_lowest_fifteen_percent_two_years_running_are_three_of_twenty_at_the_most():
    first = [90, 80, 80, 80, *range(1, 17)]
    second = [90, 10, 80, 80, *range(20, 36)]
    text = lowest_schools(1997, first) + "\n" + lowest_schools(1998, second)
    outcomes, evidence, _ = apply(text, "lowest_share_15_2", (1998,))
    year = evidence[evidence["school_year"] == 1997]
    # three places: 90 and, of three schools with 80, the two that come first by school_id
    assert year.loc[year["is_low"], "school_id"].tolist() == ["s00", "s01", "s02"]
    assert set(year["threshold"]) == {0.8}
    assert outcomes.loc[outcomes["fires"], "school_id"].tolist() == ["s00", "s02"]


def test_a_school_with_one_of_two_years_has_no_outcome_under_the_rule_of_two_years():
    text = lowest_schools(1997, [90, 80]) + "\n" + lowest_schools(1998, [90])
    outcomes, _, _ = apply(text, "lowest_share_15_2", (1998,))
    assert outcomes["school_id"].tolist() == ["s00"]


def test_the_chance_to_be_the_highest_of_two_equals_the_sum_over_all_outcomes():
    # X ~ B(2, 0.5), Y ~ B(2, 0.25), ties to the first
    first, second = np.array([1, 2, 1]) / 4, np.array([9, 6, 1]) / 16
    exact = sum(first[x] * second[y] for x in range(3) for y in range(x + 1))
    simulated = chance_among_highest([2, 2], [0.5, 0.25], places=1, draws=100_000)
    assert simulated == pytest.approx([exact, 1 - exact], abs=0.006)


def test_the_flow_between_two_lists_adds_up():
    listings = town.listings(
        """
        sch1 2021 low_results ministry
        sch2 2021 low_results ministry
        sch2 2022 low_results ministry
        sch10 2022 low_results ministry
        sch10 2022 biased_results agency
        """
    )
    status, accounting = indicators.build_issued_lists(listings, town.schools())
    flow, _ = indicators.build_list_flow(status, source="issued")
    row = flow.iloc[0]
    assert (row.list_year, row.listed_n, row.stayed_n, row.left_n, row.entered_n, row.without_result_n) == (
        2022,
        2,
        1,
        1,
        1,
        0,
    )
    assert accounting.steps[0].reasons[0].code == "other_list"


def test_a_listed_school_without_results_the_next_year_has_not_left_the_list():
    text = """
    sch1 2021 vpr mathematics 5 spring 9 1 0 0
    sch1 2021 vpr russian 5 spring 9 1 0 0
    sch2 2022 vpr mathematics 5 spring 0 1 9 0
    sch2 2022 vpr russian 5 spring 0 1 9 0
    """
    outcomes, _, _ = apply(text, years=(2022, 2023))
    flow, _ = indicators.build_list_flow(outcomes.rename(columns={"fires": "is_listed"}), source="rule")
    assert flow[["left_n", "without_result_n", "listed_n"]].to_numpy().tolist() == [[0, 1, 0]]
