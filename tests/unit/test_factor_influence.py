"""What a factor analysis answers for pupils, for schools, for many outcomes, and where there is no answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from shnor_analysis.errors import UsageProblem
from shnor_analysis.kernels.multiplicity import benjamini_hochberg
from shnor_analysis.kernels.rubin import pool
from shnor_analysis.language import render_problem
from shnor_analysis.models.factor_influence import fit_factor_influence
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import CompositeIndex, FactorInfluence


def a_town(schools=41, seed=1, pupils=(15, 80)):
    """Pupils with two factors of their schools that matter, one that does not, and a kind of school."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(*pupils, schools)
    school = np.repeat(np.arange(schools), sizes)
    education = rng.random(schools)
    poverty = 0.6 * (1 - education) + 0.4 * rng.random(schools)
    boiler = rng.integers(1, 45, schools)
    kind = np.array(["lyceum", "school", "school", "school"])[rng.integers(0, 4, schools)]
    level = 0.8 * education - 0.6 * poverty + rng.normal(0, 0.2, schools)
    girl = rng.random(len(school)) < 0.5
    ability = level[school] + 0.1 * girl + rng.normal(0, 0.9, len(school))
    return pd.DataFrame(
        {
            "school_id": [f"sch66{one:04d}" for one in school],
            "sex": np.where(girl, "f", "m"),
            "education": education[school],
            "poverty": poverty[school],
            "boiler": boiler[school],
            "kind": kind[school],
            "points": 500 + 100 * ability,
            "other": 20 + 5 * ability + rng.normal(0, 1, len(school)),
        }
    )


FACTORS = ["education", "poverty", "boiler", "kind"]


def ask(frame, **asked):
    """The usual question, with as few samples as it allows."""
    return fit_factor_influence(
        frame, **{"outcome": "points", "factors": FACTORS, "adjusters": ["sex"], "replicates": 0, **asked}
    )


def by_school(frame):
    """What a department has that knows schools only."""
    rows = frame.assign(passed=(frame["points"] > 480).astype(float))
    groups = rows.groupby("school_id")
    first = groups[FACTORS].first()
    return first.assign(passed=groups["passed"].mean(), tested_n=groups.size()).reset_index()


def test_a_town_is_answered_whole():
    found = ask(a_town(), replicates=199)
    table = found.tidy().set_index("term")
    assert list(table.index) == ["education", "poverty", "boiler", "kind[T.school]"]
    assert table.loc["education", "conf_low"] > 0
    assert table.loc["boiler", "conf_low"] < 0 < table.loc["boiler", "conf_high"]
    assert table["in_sd"].to_numpy() == pytest.approx(table["estimate"].to_numpy() / found.outcome_sd)
    assert found.outcome_sd == pytest.approx(a_town()["points"].std())
    shares = found.share_table()
    assert shares["factor"].tolist() == FACTORS
    assert shares["share"].sum() == pytest.approx(found.total_share.value, abs=1e-12)
    assert found.total_share.value == pytest.approx(1 - found.tau2_full / found.tau2_null)
    assert (shares["low"] < shares["share"]).all()
    assert (shares["share"] < shares["high"]).all()
    assert found.composite is None
    assert found.glance().loc[0, "n_schools"] == 41


def test_a_stored_answer_comes_back_equal(tmp_path):
    few = ask(a_town(12), replicates=199)
    few.store(tmp_path / "few")
    assert FactorInfluence.load(tmp_path / "few") == few
    unknown = ask(by_school(a_town()), outcome="passed", adjusters=(), pupils_n="tested_n")
    unknown.store(tmp_path / "unknown")
    assert FactorInfluence.load(tmp_path / "unknown") == unknown
    (tmp_path / "few" / "spec.json").write_text('{"kind": "school_effects"}', encoding="utf-8")
    with pytest.raises(ValueError, match="no stored factor_influence"):
        FactorInfluence.load(tmp_path / "few")


def test_the_answer_moves_as_the_data_move():
    frame = a_town()
    base = ask(frame)
    moved = frame.assign(points=frame["points"] * 2 + 1000, boiler=frame["boiler"] * 12 - 7)
    moved = moved.assign(school_id="x" + moved["school_id"]).sample(frac=1, random_state=1)
    after = ask(moved)
    ratio = after.tidy()["estimate"] / base.tidy()["estimate"]
    assert ratio.tolist() == pytest.approx([2, 2, 2 / 12, 2], rel=1e-7)
    assert after.tidy()["p_value"].tolist() == pytest.approx(base.tidy()["p_value"].tolist(), rel=1e-5)
    assert after.tidy()["in_sd"].tolist()[:2] == pytest.approx(base.tidy()["in_sd"].tolist()[:2], rel=1e-7)
    assert after.share_table()["share"].tolist() == pytest.approx(
        base.share_table()["share"].tolist(), abs=1e-7
    )


def test_bounds_do_not_depend_on_the_order_of_rows():
    frame = a_town(20)
    asked = {"factors": ["education", "boiler"], "replicates": 199}
    one, other = ask(frame, **asked), ask(frame.sample(frac=1, random_state=3), **asked)
    names = ["share", "low", "high"]
    assert other.share_table()[names].to_numpy() == pytest.approx(
        one.share_table()[names].to_numpy(), abs=1e-7
    )


def test_one_school_that_makes_an_association_is_noticed():
    frame = a_town(20, seed=6)
    odd = frame["school_id"] == "sch660007"
    frame.loc[odd, "boiler"] = 400
    frame.loc[odd, "points"] += 150
    found = ask(frame, factors=["education", "boiler"])
    boiler = found.associations[1]
    assert boiler.conf_low > 0 > boiler.leave_out_low
    assert not boiler.is_sign_stable
    assert "unstable_sign" in found.warnings


def test_few_schools_get_one_index_of_circumstances_as_well():
    frame = a_town(15)
    found = ask(frame, replicates=199)
    assert "few_schools_for_factors" in found.warnings
    index = found.composite
    assert isinstance(index, CompositeIndex)
    weights = {one.term: one.weight for one in index.weights}
    assert weights["poverty"] > 0 > weights["education"]
    assert index.association.conf_high < 0  # harder circumstances go with lower results
    assert isinstance(index.share, Estimate)
    means = frame.groupby("school_id")[["education", "poverty"]].first().mean()
    assert [one.mean for one in index.weights[:2]] == pytest.approx(means.tolist())
    turned = ask(frame, harder={"education": 1.0, "poverty": -1.0, "boiler": 0.0, "kind": 0.0})
    assert {one.term: one.weight for one in turned.composite.weights}["education"] > 0


def test_more_factors_than_schools_leave_only_the_index():
    found = ask(a_town(6), factors=["education", "poverty", "boiler", "log(boiler)", "I(poverty**2)"])
    assert found.associations == ()
    assert found.shares.reason == "few_schools_for_factors"
    assert isinstance(found.composite, CompositeIndex)
    assert found.tidy().empty
    assert found.share_table().empty


def test_finds_are_counted_over_all_outcomes():
    both = ask(a_town(), outcome=["points", "other"])
    raw = [one.p_value for name in ("points", "other") for one in both[name].associations]
    adjusted = [one.p_adjusted for name in ("points", "other") for one in both[name].associations]
    assert adjusted == pytest.approx(benjamini_hochberg(raw))
    alone = ask(a_town(), outcome="points")
    assert [one.estimate for one in alone.associations] == pytest.approx(
        [one.estimate for one in both["points"].associations]
    )


def test_a_row_without_one_outcome_still_counts_for_the_other():
    frame = a_town()
    frame.loc[:99, "other"] = np.nan
    both = ask(frame, outcome=["points", "other"])
    assert both["points"].n_obs == len(frame)
    assert (both["other"].n_obs, both["other"].rows_dropped) == (len(frame) - 100, 100)


def test_plausible_values_are_combined_by_rubins_rules():
    frame = a_town()
    rng = np.random.default_rng(2)
    for name in ("pv1", "pv2", "pv3"):
        frame[name] = frame["points"] + rng.normal(0, 40, len(frame))
    together = ask(frame, outcome={"reading": ["pv1", "pv2", "pv3"]}, replicates=199)["reading"]
    alone = [ask(frame, outcome=name).tidy().iloc[0] for name in ("pv1", "pv2", "pv3")]
    by_hand = pool(
        np.array([[one["estimate"]] for one in alone]),
        np.array([[[one["std_error"] ** 2]] for one in alone]),
        np.array([[one["df"]] for one in alone]),
    )
    first = together.associations[0]
    assert first.estimate == pytest.approx(by_hand.estimates[0])
    assert first.std_error == pytest.approx(np.sqrt(by_hand.covariance[0, 0]))
    assert first.df == pytest.approx(by_hand.df[0])
    assert together.share_table()["share"].sum() == pytest.approx(together.total_share.value)


def test_schools_alone_are_enough_where_numbers_tested_are_known():
    pupils = a_town(60)
    rows = by_school(pupils)
    found = ask(rows, outcome="passed", adjusters=(), pupils_n="tested_n", pupil_sd="share", replicates=199)
    from_pupils = ask(pupils.assign(passed=(pupils["points"] > 480) * 1.0), outcome="passed", adjusters=())
    assert (found.rows_kind, found.n_pupils) == ("schools", len(pupils))
    assert "noise_known" in found.warnings
    assert found.total_share.value == pytest.approx(from_pupils.total_share.value, abs=0.05)
    assert found.tidy()["estimate"].tolist() == pytest.approx(
        from_pupils.tidy()["estimate"].tolist(), rel=0.1, abs=0.02
    )
    unknown = ask(rows, outcome="passed", adjusters=(), pupils_n="tested_n")
    assert unknown.shares.reason == "noise_unknown"
    assert not unknown.tidy().empty
    assert unknown.associations[0].in_sd is None


def test_years_of_schools_tell_their_own_noise():
    rng = np.random.default_rng(4)
    rows = by_school(a_town(60))
    years = pd.concat(
        rows.assign(passed=rows["passed"] + rng.normal(0, 0.03, len(rows)), year=year)
        for year in (2021, 2022, 2023)
    )
    found = ask(years, outcome="passed", adjusters=["C(year)"], pupils_n="tested_n")
    assert isinstance(found.total_share, Estimate)
    assert found.outcome_sd is None
    moving = years.assign(education=years["education"] + rng.normal(0, 0.05, len(years)))
    varied = ask(moving, outcome="passed", adjusters=["C(year)"], pupils_n="tested_n")
    assert varied.errors == "CR2"
    assert "varies_within_schools" in varied.warnings


def test_partial_residuals_lie_about_the_line_of_the_factor():
    found = ask(a_town())
    points = pd.DataFrame([(one.value, one.residual) for one in found.partials if one.factor == "education"])
    assert len(points) == found.n_schools
    assert {one.factor for one in found.partials} == {"education", "poverty", "boiler"}
    line = found.associations[0].estimate * points[0]
    assert (points[1] - line).mean() == pytest.approx(0, abs=3)


NOTHING = {
    "one_group": (lambda frame: frame[frame["school_id"] == "sch660000"], {"factors": ["boiler"]}),
    "no_rows": (lambda frame: frame.assign(points=np.nan), {}),
    "constant_outcome": (lambda frame: frame.assign(points=5.0), {}),
    "collinear": (lambda frame: frame.assign(poverty=3 - 2 * frame["education"]), {}),
    "constant_column": (lambda frame: frame.assign(boiler=7), {}),
    "one_pupil_per_group": (lambda frame: frame.groupby("school_id").first().reset_index(), {}),
}


@pytest.mark.parametrize("reason", NOTHING)
def test_what_has_no_answer_says_why(reason):
    change, asked = NOTHING[reason]
    found = ask(change(a_town()), **asked)
    assert isinstance(found, NotEstimable)
    assert found.reason == reason
    assert found.in_words("ru") != found.in_words("en")
    assert found.tidy().empty


def test_schools_that_differ_by_chance_alone_have_nothing_to_share_out():
    frame = a_town(30, pupils=(100, 101))
    frame["points"] = np.tile(np.linspace(0, 100, 100), 30)
    found = ask(frame, replicates=199)
    assert found.shares.reason == "no_between_variance"
    assert "no_bounds" not in found.warnings


WRONG = {
    "factors_missing": ({"factors": []}, "Не назван ни один фактор.", "No factor is named."),
    "factor_repeated": (
        {"adjusters": ["kind"]},
        "Колонка названа дважды или в двух ролях.",
        "A column is named twice or in two roles.",
    ),
    "replicates_too_few": (
        {"replicates": 50},
        "Повторных выборок школ слишком мало.",
        "Too few resamples of schools.",
    ),
    "influence_option": (
        {"levels": 0.9},
        "Такой настройки нет, или её значение недопустимо.",
        "There is no such option, or its value is not allowed.",
    ),
}


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_question_is_refused_in_words(code):
    asked, russian, english = WRONG[code]
    with pytest.raises(UsageProblem) as refused:
        ask(a_town(), **asked)
    (problem,) = refused.value.problems
    assert problem.code == code
    assert render_problem(problem, "ru").startswith(russian)
    assert render_problem(problem, "en").startswith(english)
