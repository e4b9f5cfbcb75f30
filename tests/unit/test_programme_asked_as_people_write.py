"""Panels, covariates and options as people write them: read the same, or refused in words, never a crash."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from invented_programme import a_region

from shnor_analysis.errors import UsageProblem
from shnor_analysis.models.list_flow import predict_list_flow
from shnor_analysis.models.list_rules import LowestShare, ShareOfLow
from shnor_analysis.models.planning import plan_power
from shnor_analysis.models.programme_effect import estimate_programme_effect
from shnor_analysis.models.programme_study import ProgrammeOptions
from shnor_analysis.models.school_panel import read_panel
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.analysis_plan import plan_of

QUICK = ProgrammeOptions(permutations=19, robustness=False)


@pytest.fixture(scope="module")
def numbered():
    """A region whose schools are whole numbers, and its programme."""
    panel, treated = a_region()
    panel = panel.assign(school_id=panel["school_id"].str[5:].astype(int))
    return panel, {int(school[5:]): year for school, year in treated.items()}


def codes(error):
    return sorted(problem.code for problem in error.value.problems)


@pytest.mark.parametrize("kind", ["category", object, float, "Int64"])
def test_whole_numbers_of_schools_stand_in_their_order_whatever_their_type(numbered, kind):
    """Ties and random numbers follow the order of schools: the type of a column must not change an answer."""
    panel, _ = numbered
    assert (
        read_panel(panel.assign(school_id=panel["school_id"].astype(kind))).school_ids
        == read_panel(panel).school_ids
    )


def test_whole_numbers_as_objects_and_decimals_are_the_programme_s_schools(numbered):
    panel, treated = numbered
    decimals = panel.assign(school_id=panel["school_id"].astype(float).astype(object))
    plain, found = (
        estimate_programme_effect(one, treated=treated, options=QUICK).tidy() for one in (panel, decimals)
    )
    pd.testing.assert_frame_equal(found, plain)


def test_numbers_of_numpy_are_numbers():
    assert LowestShare(np.float32(0.5), np.int64(2)) == LowestShare(0.5, 2)
    assert ShareOfLow(np.float32(0.5), np.int64(2)) == ShareOfLow(0.5, 2)
    assert LowestShare(0.5, np.int64(2)).code == "lowest_share"
    with pytest.raises(UsageProblem):
        LowestShare(0.5, True)


@pytest.mark.parametrize("seed", [-1, "a", 1.5, None])
def test_a_wrong_seed_is_refused(numbered, seed):
    panel, treated = numbered
    with pytest.raises(UsageProblem) as error:
        predict_list_flow(panel, rule=LowestShare(0.3, 1), year=2020, seed=seed)
    assert codes(error) == ["fit_option_wrong"]
    with pytest.raises(UsageProblem) as error:
        estimate_programme_effect(panel, treated=treated, options=ProgrammeOptions(seed=seed))
    assert codes(error) == ["programme_option_wrong"]


def test_other_things_than_options_are_refused(numbered):
    panel, treated = numbered
    for wrong in (None, {"delay": 1}):
        with pytest.raises(UsageProblem) as error:
            estimate_programme_effect(panel, treated=treated, options=wrong)
        assert codes(error) == ["programme_option_wrong"]


@pytest.mark.parametrize("year", ["2020", "2019/20", None, np.nan, 2020.5])
def test_years_of_covariates_are_school_years(numbered, year):
    panel, treated = numbered
    context = pd.DataFrame({"school_id": panel["school_id"].unique(), "school_year": year})
    context["poor"] = np.arange(len(context), dtype=float)
    with pytest.raises(UsageProblem) as error:
        estimate_programme_effect(panel, treated=treated, context=context, options=QUICK)
    assert codes(error) == ["programme_context_wrong"]


def test_one_school_written_in_two_ways_is_named_twice(numbered):
    panel, treated = numbered
    schools = panel["school_id"].unique()
    context = pd.DataFrame({"school_id": [*schools, str(schools[0])], "poor": np.arange(len(schools) + 1.0)})
    with pytest.raises(UsageProblem) as error:
        estimate_programme_effect(panel, treated=treated, context=context, options=QUICK)
    assert codes(error) == ["programme_context_repeated"]
    one = next(iter(treated))
    with pytest.raises(UsageProblem) as error:
        estimate_programme_effect(panel, treated={**treated, str(one): 2030}, options=QUICK)
    assert codes(error) == ["programme_year_wrong"]


@pytest.mark.parametrize(
    "treated", [{"sch1": 2022.7}, {"sch1": True}, [("sch1", 2022), ("sch1", 2023)], {"sch1": 2022, 1: 22}]
)
def test_a_plan_does_not_guess_years_of_the_programme(treated):
    """A year cut off, a school with two years: such a plan could never be kept, and its file not be read as fixed."""
    with pytest.raises(ValueError, match="treated"):
        plan_of({"name": "a", "question": "?", "treated": treated, "years_before": 1, "years_after": 1})


def test_the_order_of_rows_changes_no_digit(numbered):
    panel, treated = numbered
    panel = panel.assign(
        municipality_id=np.where(panel["school_year"] < panel["school_year"].max(), "a", "b")
    )
    mixed = panel.sample(frac=1, random_state=1)
    plain, found = (
        estimate_programme_effect(one, treated=treated, options=QUICK).tidy() for one in (panel, mixed)
    )
    pd.testing.assert_frame_equal(found, plain, check_exact=True)
    assert set(read_panel(mixed).municipalities) == {"b"}


def test_results_that_do_not_differ_are_graded_as_a_description(numbered):
    panel, treated = numbered
    same = panel[["school_id", "school_year", "subject", "grade"]].assign(tested_n=40, low_n=8)
    found = estimate_programme_effect(same, treated=treated, options=QUICK)
    assert found.is_descriptive
    assert found.reason is not None
    (told,) = found.glance()["grade"]
    assert told == 0
    assert [step.code for step in found.grade.steps] == ["design_descriptive"]


def test_a_plan_that_would_only_be_described_promises_no_effect():
    """`estimate_programme_effect` gives nothing under 4 treated or 10 other schools: nor does its plan."""
    refused = {(40, 3): "plan_treated_wrong", (16, 7): "plan_comparison_few", (10, 6): "plan_schools_wrong"}
    for (schools, treated), code in refused.items():
        with pytest.raises(UsageProblem) as error:
            plan_power(schools=schools, treated=treated, pupils=60, years_before=3, years_after=2)
        assert set(codes(error)) == {code}
    found = plan_power(schools=17, treated=7, pupils=60, years_before=3, years_after=2)
    assert np.isfinite(found.tidy()["mdes"]).all()
    assert {row.treated for row in found.rows} >= {7}
    assert min(row.treated for row in found.rows) >= 4
    assert min(row.schools - row.treated for row in found.rows) >= 10


@pytest.mark.parametrize("wrong", [{"components": None}, {"components": 1}])
def test_other_things_than_components_are_refused(wrong):
    with pytest.raises(UsageProblem) as error:
        plan_power(schools=40, treated=7, pupils=60, years_before=3, years_after=2, **wrong)
    assert codes(error) == ["fit_option_wrong"]


@pytest.mark.parametrize("wrong", [{"treated": "7"}, {"treated": None}, {"years_before": True}])
def test_sizes_of_a_plan_are_whole_numbers(wrong):
    with pytest.raises(UsageProblem) as error:
        plan_power(
            **{"schools": 40, "treated": 7, "pupils": 60, "years_before": 3, "years_after": 2, **wrong}
        )
    assert codes(error) == [f"plan_{next(iter(wrong))}_wrong"]


def test_a_prediction_at_the_end_of_a_cell_is_no_wall_of_bytes(numbered):
    panel, _ = numbered
    found = predict_list_flow(panel, rule=LowestShare(0.3, 1), year=2020, draws=200)
    assert len(repr(found)) < 2_000
    assert "expected_leavers" in repr(found)


def test_words_as_flags_and_columns_given_twice_are_refused(numbered):
    panel, _ = numbered
    with pytest.raises(UsageProblem) as words:
        read_panel(panel.assign(is_flagged="no"))
    assert codes(words) == ["panel_not_flag"]
    with pytest.raises(UsageProblem) as twice:
        read_panel(pd.concat([panel, panel[["tested_n"]]], axis=1))
    assert codes(twice) == ["panel_column_doubled"]
    assert not read_panel(panel.assign(is_flagged=0)).is_flagged.any()
    assert read_panel(
        panel.assign(is_flagged=pd.array([True] * len(panel), dtype="boolean"))
    ).is_flagged.all()


def test_the_programme_s_schools_may_stand_in_a_column_and_circumstances_by_an_index(numbered):
    panel, treated = numbered
    context = pd.DataFrame({"school_id": sorted(panel["school_id"].unique())})
    context["poor"] = np.random.default_rng(1).random(len(context))
    asked = ((treated, context), (pd.Series(treated), context.set_index("school_id")))
    plain, found = (
        estimate_programme_effect(panel, treated=schools, context=table, options=QUICK).tidy()
        for schools, table in asked
    )
    pd.testing.assert_frame_equal(found, plain, check_exact=True)


def test_circumstances_of_other_schools_are_unknown_not_the_same_everywhere(numbered):
    panel, treated = numbered
    context = pd.DataFrame({"school_id": ["a", "b"], "poor": [0.1, 0.2]})
    found = estimate_programme_effect(panel, treated=treated, context=context, options=QUICK)
    assert [one.reason for one in found.notes] == ["context_unknown"]
    assert "не известные ни об одной школе" in found.in_words("ru")


def test_everything_wrong_with_a_flow_s_question_is_said_at_once(numbered):
    panel, _ = numbered
    with pytest.raises(UsageProblem) as error:
        predict_list_flow(
            panel.drop(columns="tested_n"), rule="lowest", year="2020", level=2, exclude={"1": "2020"}
        )
    assert codes(error) == [
        "fit_option_wrong",
        "list_exclude_wrong",
        "list_rule_unknown",
        "list_year_wrong",
        "panel_column_missing",
    ]


def test_a_programme_left_out_of_a_flow_is_named_as_the_panel_names_schools(numbered):
    panel, treated = numbered
    found = [
        predict_list_flow(panel, rule=LowestShare(0.3, 1), year=2022, draws=200, calibrate=False, exclude=one)
        for one in (treated, pd.Series({float(school): float(year) for school, year in treated.items()}))
    ]
    assert found[0] == found[1]
    assert "programme_years_left_out" in found[0].notes


def test_dates_are_no_school_years_and_one_year_written_twice_is_one(numbered):
    panel, _ = numbered
    with pytest.raises(UsageProblem) as dates:
        read_panel(panel.assign(school_year=pd.to_datetime(panel["school_year"].astype(str))))
    assert codes(dates) == ["panel_not_number"]
    twice = pd.concat([panel.astype({"school_year": object}), panel.head(2).astype({"school_year": str})])
    with pytest.raises(UsageProblem) as repeated:
        read_panel(twice)
    assert codes(repeated) == ["panel_key_repeated"]


def test_a_year_that_the_rule_needs_and_the_panel_lacks_is_named(numbered):
    panel, _ = numbered
    found = predict_list_flow(panel[panel["school_year"] != 2020], rule=LowestShare(0.3, 2), year=2021)
    assert found == NotEstimable("list_no_year", {"year": 2020})
