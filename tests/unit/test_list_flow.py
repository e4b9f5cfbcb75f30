"""List flow by chance: the panel's reader, the rules as values, what is predicted and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from shnor_analysis.errors import ShnorError, UsageProblem, render_problem
from shnor_analysis.indicators.lowest import find_lowest
from shnor_analysis.kernels.list_flow.draws import draw_counts
from shnor_analysis.kernels.list_flow.lists import lowest
from shnor_analysis.models.list_flow import predict_list_flow
from shnor_analysis.models.list_flow_returns import find_returns
from shnor_analysis.models.list_flow_rows import read_flow_rows
from shnor_analysis.models.list_rules import LowestShare, ShareOfLow
from shnor_analysis.models.school_course import predict_school_courses
from shnor_analysis.models.school_panel import read_panel
from shnor_analysis.results import NotEstimable

ONCE = LowestShare(share=0.30, years=1)


def a_panel(schools=40, years=(2019, 2020, 2021, 2022), procedures=1, seed=1):
    """Schools that differ for good and from year to year; procedures are the rule's own."""
    random = np.random.default_rng(seed)
    level = random.normal(-1.1, 0.6, (schools, 1, 1)) + random.normal(0, 0.3, (schools, len(years), 1))
    level = level + random.normal(0, 0.2, (schools, len(years), procedures))
    tested = random.integers(20, 60, level.shape)
    low = random.binomial(tested, 1 / (1 + np.exp(-level)))
    subjects = ("mathematics", "russian")
    index = [(school, year, one) for school in range(schools) for year in years for one in range(procedures)]
    frame = pd.DataFrame(index, columns=["school", "school_year", "one"])
    frame["school_id"] = frame["school"].map("sch66{:04d}".format)
    frame["tested_n"], frame["low_n"] = tested.ravel(), low.ravel()
    if procedures > 1:
        frame["assessment"] = "vpr"
        frame["subject"] = frame["one"].map(lambda one: subjects[one % 2])
        frame["grade"] = frame["one"].map(lambda one: 5 + one // 2)
    return frame.drop(columns=["school", "one"])


def codes(error):
    return sorted(problem.code for problem in error.value.problems)


def test_everything_wrong_with_a_panel_is_said_at_once():
    frame = a_panel(12).astype({"tested_n": float, "low_n": object})
    frame.loc[0, "tested_n"] = -1
    frame.loc[1, "tested_n"] = 20.5
    frame.loc[2, "low_n"] = "много"
    with pytest.raises(UsageProblem) as error:
        read_panel(frame.drop(columns="school_id"))
    assert codes(error) == ["panel_column_missing", "panel_negative", "panel_not_number", "panel_not_whole"]
    wrong = a_panel(12)
    wrong.loc[3, "low_n"] = 99
    with pytest.raises(UsageProblem) as error:
        read_panel(pd.concat([wrong, wrong.head(1)]))
    assert codes(error) == ["panel_key_repeated", "panel_low_above_tested"]
    said = render_problem(error.value.problems[0], "ru")
    assert said == (
        "Низких результатов больше, чем писавших: столбец «low_n», строк 1, первая из них 4. Найдено: «99». "
        "Исправьте одно из двух чисел."
    )


def test_rows_without_a_result_are_left_out_and_accounted():
    frame = a_panel(12).astype({"low_n": float})
    frame.loc[0, "low_n"] = np.nan
    frame.loc[1, ["tested_n", "low_n"]] = 0
    panel = read_panel(frame)
    (step,) = panel.accounting.steps
    assert (step.rows_in, step.rows_out) == (48, 46)
    assert [(one.code, one.n) for one in step.reasons] == [("panel_unknown", 1), ("panel_nobody_tested", 1)]
    with pytest.raises(ValueError, match="read-only"):
        panel.low[0] = 1


def test_numbers_of_schools_may_be_whole_numbers():
    frame = a_panel(12)
    frame["school_id"] = frame["school_id"].str[5:].astype(int) + 5
    assert read_panel(frame).school_ids == tuple(str(one) for one in range(5, 17))


def test_ranks_agree_with_the_rule_of_the_house():
    random = np.random.default_rng(7)
    tested = random.integers(3, 12, 57)
    low = random.binomial(tested, 0.4)
    results = pd.DataFrame(
        {
            "school_id": [f"s{one:03}" for one in range(57)], "school_year": 2022, "assessment": "vpr",
            "subject": "russian", "grade": 5, "season": "spring", "test_date": None, "tested_n": tested, "low_n": low,
        }
    )  # fmt: skip
    for share in (0.1, 0.15, 0.3, 1 / 3):
        known = find_lowest(results, share=share, seed=1)
        assert (
            lowest(low.astype(float), tested.astype(float), share=share).tolist() == known["is_low"].tolist()
        )


def test_rules_refuse_what_makes_no_sense():
    with pytest.raises(UsageProblem) as error:
        LowestShare(share=15, years=0)
    assert codes(error) == ["list_rule_wrong", "list_rule_wrong"]
    with pytest.raises(UsageProblem) as error:
        ShareOfLow(threshold=0, procedures=2.5, version="lowest_share_15_2")
    assert codes(error) == ["list_rule_wrong"] * 3
    with pytest.raises(UsageProblem) as error:
        ShareOfLow(version="rosobr_1999")
    assert codes(error) == ["listing_rule_unknown"]
    with pytest.raises(UsageProblem) as error:
        predict_list_flow(a_panel(12), rule="lowest", year=2022)
    assert codes(error) == ["list_rule_unknown"]
    with pytest.raises(UsageProblem) as error:
        predict_list_flow(a_panel(12), rule=ONCE, year="2022", level=95, draws=10)
    assert codes(error) == ["fit_option_wrong", "fit_option_wrong", "list_year_wrong"]
    with pytest.raises(UsageProblem) as error:
        predict_list_flow(a_panel(12), rule=ONCE, year=2022, exclude={"sch660001": "2022"})
    assert codes(error) == ["list_exclude_wrong"]


def test_what_is_predicted_adds_up():
    found = predict_list_flow(a_panel(), rule=ONCE, year=2021, draws=400)
    (told,) = found.glance().to_dict("records")
    assert told["list_n"] == 12 == len(found.listed)
    assert told["expected_leavers"] + told["expected_stayers"] == pytest.approx(12)
    # every draw has a list of the same length, so leavers and entrants are as many
    assert told["expected_leavers"] == pytest.approx(told["expected_entrants"])
    assert found.tidy()["p_on_list"].sum() == pytest.approx(12)
    assert sum(1 - one.p_on_list for one in found.listed) == pytest.approx(told["expected_leavers"])
    assert sum(found.leavers_distribution) == pytest.approx(1)
    assert told["observed_leavers"] == sum(not one.is_listed_next for one in found.listed)
    everybody = found.of_schools(one.school_id for one in found.schools)
    assert (everybody.expected, everybody.observed) == (found.expected_leavers, found.observed_leavers)
    assert everybody.p_at_least_observed == found.p_at_least_observed
    assert found.of_schools(["nobody"]).listed_n == 0
    assert [one.year for one in found.calibration] == [2020]


def test_the_same_question_has_the_same_answer_whatever_the_order_of_rows():
    frame = a_panel()
    first = predict_list_flow(frame, rule=ONCE, year=2022, draws=400)
    second = predict_list_flow(frame.sample(frac=1, random_state=3), rule=ONCE, year=2022, draws=400)
    assert first == second
    assert first.observed_leavers is None
    assert "next_year_unknown" in first.notes


def test_a_listed_school_without_a_result_is_counted_apart():
    frame = a_panel()
    whole = predict_list_flow(frame, rule=ONCE, year=2021, draws=400)
    gone = whole.listed[0].school_id
    is_gone = (frame["school_id"] == gone) & (frame["school_year"] == 2022)
    found = predict_list_flow(frame[~is_gone], rule=ONCE, year=2021, draws=400)
    assert (found.list_n, found.without_result_n, found.of(gone).is_listed_next) == (12, 1, None)
    assert found.expected_leavers == pytest.approx(whole.expected_leavers - (1 - whole.of(gone).p_on_list))
    assert found.of_schools([gone]).without_result_n == 1


def test_programme_years_change_nothing_but_what_is_observed():
    frame = a_panel(years=(2018, 2019, 2020, 2021, 2022))
    first = {"sch660001": 2021, "sch660002": 2021, "sch660003": 2021}
    better = frame.assign(
        low_n=frame["low_n"].where(~frame["school_id"].isin(first) | (frame["school_year"] < 2021), 0)
    )
    plain = predict_list_flow(frame, rule=ONCE, year=2020, draws=400, exclude=first)
    found = predict_list_flow(better, rule=ONCE, year=2020, draws=400, exclude=first)
    assert plain.tidy()["p_on_list"].tolist() == found.tidy()["p_on_list"].tolist()
    later = predict_list_flow(better, rule=ONCE, year=2022, draws=400, exclude=first)
    assert "programme_years_left_out" in later.notes
    # without the programme these schools would be where their earlier years say, not at 0
    assert all(later.of(one).expected_share > 0.05 for one in first)


def test_procedures_of_the_version_count_and_others_do_not():
    frame = a_panel(procedures=3)
    rule = ShareOfLow(procedures=2)
    found = predict_list_flow(frame, rule=rule, year=2021, draws=400)
    shares = frame.assign(is_low=frame["low_n"] >= 0.3 * frame["tested_n"] - 1e-9)
    low_n = shares[shares["school_year"] == 2021].groupby("school_id")["is_low"].sum()
    assert {one.school_id for one in found.listed} == set(low_n[low_n >= 2].index)
    other = frame[frame["subject"] == "russian"].assign(subject="history", low_n=lambda one: one["tested_n"])
    assert (
        predict_list_flow(pd.concat([frame, other]), rule=rule, year=2021, draws=400).listed == found.listed
    )
    unnamed = predict_list_flow(
        frame.assign(subject="history_" + frame["subject"]), rule=rule, year=2021, draws=400
    )
    assert "procedures_unmatched" in unnamed.notes
    assert [one.school_id for one in unnamed.listed] == [one.school_id for one in found.listed]


HOSTILE = {
    "empty": (lambda frame: frame.head(0), "list_no_year"),
    "one_school": (lambda frame: frame.head(4), "list_few_schools"),
    "one_year": (lambda frame: frame[frame["school_year"] == 2022], "list_few_years"),
    "another_year": (lambda frame: frame[frame["school_year"] < 2022], "list_no_year"),
    "nobody_low": (lambda frame: frame.assign(low_n=0), "list_one_value"),
    "all_low": (lambda frame: frame.assign(low_n=frame["tested_n"]), "list_one_value"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_cannot_be_told_has_its_reason(case):
    change, reason = HOSTILE[case]
    found = predict_list_flow(change(a_panel()), rule=ONCE, year=2022)
    assert isinstance(found, NotEstimable)
    assert found.reason == reason
    assert found.in_words("ru")[0].islower()
    assert found.in_words("en")


def test_an_empty_list_and_too_few_procedures_have_their_reasons():
    empty = predict_list_flow(a_panel(20), rule=LowestShare(share=0.04, years=1), year=2022)
    assert (empty.reason, empty.in_words("en")) == (
        "list_empty",
        "the rule puts no school on the list of 2022.",
    )
    assert predict_list_flow(a_panel(20), rule=ShareOfLow(), year=2022).reason == "list_not_judged"


@pytest.mark.parametrize("tested", [1, 3])
def test_a_handful_of_pupils_gives_numbers_that_are_numbers(tested):
    frame = a_panel().assign(tested_n=tested)
    frame["low_n"] = (frame["low_n"] % (tested + 1)).clip(upper=tested)
    found = predict_list_flow(frame, rule=ONCE, year=2021, draws=400)
    assert np.isfinite(found.tidy()[["expected_share", "p_on_list"]].to_numpy(float)).all()
    assert 0 < found.expected_leavers < found.list_n


def test_fast_counts_are_binomial():
    tested, chance = np.full(200_000, 60.0), np.full(200_000, 0.3)
    fast = draw_counts(tested, chance, generator=np.random.default_rng(1))
    exact = np.random.default_rng(2).binomial(60, 0.3, 200_000)
    cumulated = [np.cumsum(np.bincount(one.astype(int), minlength=61)) / 200_000 for one in (fast, exact)]
    assert np.abs(cumulated[0] - cumulated[1]).max() < 0.006


def test_courses_hold_their_rate_and_tell_a_change():
    frame = a_panel(80, years=(2018, 2019, 2020, 2021, 2022), seed=5)
    treated = [f"sch66{one:04d}" for one in range(8)]
    is_after = frame["school_id"].isin(treated) & (frame["school_year"] == 2022)
    better = frame.assign(low_n=frame["low_n"].where(~is_after, 0))
    courses = predict_school_courses(frame, through=2020)
    verdicts = pd.concat([one.tidy() for one in courses.values()]).query("school_year > 2020")["verdict"]
    assert (verdicts == "inside").mean() == pytest.approx(0.95, abs=0.045)
    told = predict_school_courses(better, through=dict.fromkeys(treated, 2021))
    assert list(told) == treated
    assert sum(one.years[-1].verdict == "better" for one in told.values()) >= 4
    assert told[treated[0]].years[-2].verdict is None
    # what came after is not learnt from: the expectation is the same without the change
    plain = predict_school_courses(frame, through=dict.fromkeys(treated, 2021))
    assert [one.years[-1].low for one in told.values()] == [one.years[-1].low for one in plain.values()]
    with pytest.raises(ShnorError) as error:
        predict_school_courses(frame, through="2021")
    assert codes(error) == ["course_through_wrong"]
    assert predict_school_courses(frame.head(5), through=2020).reason == "list_few_schools"


def test_schools_that_may_come_back_are_ranked_with_the_others():
    """All of one town away in the list's year and bad: each that comes back takes a place of somebody's."""
    frame = a_panel(60)
    worst = frame["school_id"] >= "sch660050"
    frame.loc[worst, "low_n"] = frame.loc[worst, "tested_n"]
    gaps = frame["school_year"].isin([2020, 2022]) & worst
    away = frame[~gaps]
    found = find_returns(read_flow_rows(read_panel(away), rule=ONCE, exclude={}), 2022)
    assert found.tested.ravel()[50:].min() > 0
    assert found.tested.ravel()[:50].max() == 0
    assert (found.came.tolist(), found.stayed_away.tolist()) == ([10, 0], [0, 0])
    told = predict_list_flow(away, rule=ONCE, year=2022, calibrate=False)
    never_seen = predict_list_flow(frame[~worst], rule=ONCE, year=2022, calibrate=False)
    assert told.expected_leavers > never_seen.expected_leavers + 2


def test_ranks_among_those_who_are_there():
    low, tested = np.array([[5.0, 9.0, 5.0, 1.0], [5.0, 9.0, 5.0, 1.0]]), np.full(4, 10.0)
    is_here = np.array([[True, True, True, True], [True, False, True, True]])
    found = lowest(low, tested, share=0.5, is_here=is_here)
    assert found.tolist() == [[True, True, False, False], [True, False, False, False]]
    nobody = lowest(low, tested, share=0.5, is_here=np.zeros((2, 4), dtype=bool))
    assert not nobody.any()
