"""Shares, levels, changes, agreement, circumstances: hand-counted small towns."""

import numpy as np
import pytest
import small_town as town
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from shnor_analysis import indicators
from shnor_analysis.reference.calendar_breaks import calendar_breaks


def shares_of(text):
    return indicators.build_mark_shares(town.school_results(text))[0]


def only(frame, **wanted):
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_shares_of_marks_are_counted_by_hand_and_their_bounds_are_wilsons():
    row = only(shares_of("sch1 2021 vpr mathematics 5 spring 3 7 10 5"))
    assert (row.low_share, row.success_share, row.quality_share) == pytest.approx((3 / 25, 22 / 25, 15 / 25))
    for name, count in (("low", 3), ("success", 22), ("quality", 15)):
        expected = proportion_confint(count, 25, method="wilson")
        assert (row[f"{name}_conf_low"], row[f"{name}_conf_high"]) == pytest.approx(expected, abs=1e-12)


def test_a_row_with_shares_only_keeps_its_shares_and_gets_no_counts():
    row = only(shares_of("sch1 2021 vpr mathematics 5 spring share 30 12.35 40.1 30.05 17.5"))
    assert (row.low_share, row.quality_share) == pytest.approx((0.1235, 0.4755))
    assert row[["mark_2_n", "mark_3_n", "mark_4_n", "mark_5_n"]].isna().all()
    expected = proportion_confint(0.1235 * 30, 30, method="wilson")
    assert (row.low_conf_low, row.low_conf_high) == pytest.approx(expected, abs=1e-12)


def test_a_row_with_low_results_only_has_success_but_no_quality():
    row = only(shares_of("sch1 1995 meap mathematics 4 spring low 12 40"))
    assert (row.low_share, row.success_share) == (0.3, 0.7)
    assert np.isnan(row.quality_share)


def test_the_accounting_of_shares_says_which_rows_have_no_counts():
    text = """
    sch1 2021 vpr mathematics 5 spring 0 0 0 0
    sch2 2021 vpr mathematics 5 spring share 30 10 40 30 20
    sch10 2021 vpr mathematics 5 spring 3 7 10 5
    """
    step = indicators.build_mark_shares(town.school_results(text))[1].steps[0]
    assert (step.rows_in, step.rows_out) == (3, 2)
    assert {(reason.code, reason.n) for reason in step.reasons} == {
        ("nobody_tested", 1),
        ("only_shares_known", 1),
    }


def test_the_municipality_weighs_pupils_not_schools():
    text = """
    sch1 2021 vpr mathematics 5 spring 10 0 0 0
    sch2 2021 vpr mathematics 5 spring 0 50 40 0
    """
    areas = indicators.build_area_shares(shares_of(text), town.schools(), level="municipality")[0]
    row = only(areas, area_id="maly")
    assert (row.tested_n, row.schools_n, row.mark_2_n, row.result_source) == (100, 2, 10, "computed")
    # the mean of the two schools' shares would be 0.5
    assert row.low_share == 0.1


def test_a_school_with_shares_only_leaves_the_municipality_without_counts_of_marks():
    text = """
    sch1 2021 vpr mathematics 5 spring 5 5 5 5
    sch2 2021 vpr mathematics 5 spring share 20 10 40 30 20
    """
    row = only(indicators.build_area_shares(shares_of(text), town.schools(), level="municipality")[0])
    assert row[["mark_2_n", "mark_5_n"]].isna().all()
    assert (row.low_share, row.quality_share) == pytest.approx((7 / 40, 20 / 40))


REGISTER = """
sch1 Школа№1 school maly zarechny
sch2 Школа№2 school bolshoy zarechny
sch3 Школа№3 school bolshoy zarechny
"""


def test_the_region_is_summed_only_where_all_of_its_schools_are_there():
    text = """
    sch1 2021 vpr mathematics 5 spring 5 5 5 5
    sch2 2021 vpr mathematics 5 spring 1 5 5 5
    sch3 2021 vpr mathematics 5 spring 2 5 5 5
    sch1 2021 vpr russian 5 spring 5 5 5 5
    sch2 2021 vpr russian 5 spring 5 5 5 5
    """
    regions, accounting = indicators.build_complete_regions(shares_of(text), town.schools(REGISTER))
    assert only(regions).subject == "mathematics"
    assert only(regions).tested_n == 53
    assert accounting.steps[-1].reasons[0].code == "region_schools_missing"


def test_one_municipality_is_never_taken_for_the_region():
    shares = shares_of("sch1 2021 vpr mathematics 5 spring 5 5 5 5")
    assert indicators.build_complete_regions(shares, town.schools())[0].empty


def test_pupils_with_special_needs_are_left_out_where_everyone_is_known():
    shares = shares_of(
        """
        sch1 2021 vpr mathematics 5 spring 2 1 1 0
        sch1 2021 vpr russian 5 spring 1 1 0 0
        sch2 2021 vpr mathematics 5 spring 3 7 10 5
        """
    )
    pupils, results = town.pupils_of(
        """
        sch1 2021 vpr mathematics 5 spring 2 2n 3 4
        sch1 2021 vpr russian 5 spring 2 3?
        """
    )
    table, accounting = indicators.build_shares_without_special_needs(shares, results, pupils)
    row = only(table, school_id="sch1", subject="mathematics")
    assert (row.tested_n, row.mark_2_n, row.low_share, row.reason) == (3, 1, pytest.approx(1 / 3), "")
    assert only(table, subject="russian").reason == "special_needs_unknown"
    assert only(table, school_id="sch2").reason == "no_pupil_rows"
    assert accounting.steps[0].rows_out == 1


def test_a_change_is_the_difference_of_two_years_with_newcombes_interval():
    text = """
    sch1 2023 vpr mathematics 5 spring 10 5 5 5
    sch1 2024 vpr mathematics 5 spring 4 9 9 8
    """
    row = only(indicators.build_changes(shares_of(text), breaks=calendar_breaks())[0])
    assert row.difference == pytest.approx(4 / 30 - 10 / 25)
    expected = confint_proportions_2indep(4, 30, 10, 25, method="newcomb", compare="diff")
    assert (row.conf_low, row.conf_high) == pytest.approx(expected, abs=1e-12)
    assert row.reason == ""


@pytest.mark.parametrize(
    ("before", "after"), [(2019, 2021), (2021, 2022), (2021, 2023), (2022, 2023), (2024, 2025)]
)
def test_no_change_of_spring_tests_goes_across_a_break(before, after):
    text = "\n".join(f"sch1 {year} vpr mathematics 5 spring 10 5 5 5" for year in (before, after))
    row = only(indicators.build_changes(shares_of(text), breaks=calendar_breaks())[0])
    assert row.reason == "across_break"
    assert before <= row.break_year <= after
    assert np.isnan(row.difference)


def test_tests_of_two_seasons_are_never_a_pair():
    text = """
    sch1 2023 vpr mathematics 5 autumn 10 5 5 5
    sch1 2023 vpr mathematics 5 spring 4 9 9 8
    sch1 2024 vpr mathematics 5 spring 4 9 9 8
    """
    row = only(indicators.build_changes(shares_of(text), breaks=calendar_breaks())[0])
    assert (row.season, row.before_school_year, row.after_school_year) == ("spring", 2023, 2024)


def test_agreement_with_the_journal_is_counted_from_pupils_where_no_report_gives_it():
    _, results = town.pupils_of("sch1 2021 vpr mathematics 5 spring 2-3 3-3 4-4 5-4 3-4 3")
    table = indicators.build_agreement(town.table("mark_comparisons", []), results)[0]
    row = only(table)
    assert (row.tested_n, row.lowered_share, row.confirmed_share, row.raised_share) == (5, 0.4, 0.4, 0.2)


def test_a_report_on_agreement_wins_over_the_pupils_rows():
    _, results = town.pupils_of("sch1 2021 vpr mathematics 5 spring 2-3 3-3 4-4")
    given = town.table(
        "mark_comparisons",
        [
            {
                "area_level": "school",
                "area_id": "sch1",
                **town.procedure(["2021", "vpr", "mathematics", "5", "spring"]),
                "tested_n": 20,
                "lowered_share": 0.25,
                "confirmed_share": 0.7,
                "raised_share": 0.05,
                "counts_rebuilt": False,
            }
        ],
    )
    row = only(indicators.build_agreement(given, results)[0])
    assert (row.tested_n, row.lowered_share, row.source_cells) == (20, 0.25, "A2:G2")
    expected = proportion_confint(5, 20, method="wilson")
    assert (row.lowered_conf_low, row.lowered_conf_high) == pytest.approx(expected, abs=1e-12)


def test_circumstances_stand_beside_the_quartiles_of_the_municipality():
    register = "\n".join(f"s{n} Школа№{n} school maly zarechny" for n in range(1, 6))
    values = "\n".join(f"s{n} 2021 low_income_share 0.{n}" for n in range(1, 6))
    table = indicators.build_context(town.factors(values), town.schools(register))[0]
    row = only(table, school_id="s4")
    assert (row.value, row.quartile_1, row["median"], row.quartile_3) == pytest.approx((0.4, 0.2, 0.3, 0.4))


def test_three_schools_are_too_few_for_quartiles():
    values = "\n".join(f"{school} 2021 low_income_share 0.2" for school in ("sch1", "sch2", "sch10"))
    table, accounting = indicators.build_context(town.factors(values), town.schools())
    assert table[["quartile_1", "median", "quartile_3"]].isna().all(axis=None)
    assert (accounting.steps[0].reasons[0].code, accounting.steps[0].reasons[0].n) == ("too_few_schools", 3)
