"""What a programme's evaluation answers, where it answers nothing, and that it does not depend on what it should not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from invented_programme import MARKS, a_region

from shnor_analysis.errors import UsageProblem
from shnor_analysis.language import render_problem
from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_effect import estimate_programme_effect
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_rows import Windows
from shnor_analysis.models.programme_stacks import stack_rows
from shnor_analysis.models.programme_study import ProgrammeOptions
from shnor_analysis.models.school_panel import read_panel
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.programme_effect import DESIGNS, ProgrammeEffect
from shnor_analysis.simulation import simulate_town
from shnor_analysis.simulation.spec import ProgrammeCohort, TownSpec

QUICK = ProgrammeOptions(permutations=99, robustness=False)


def ask(panel, treated, **asked):
    """The usual question, quickly."""
    return estimate_programme_effect(panel, treated=treated, **{"options": QUICK, **asked})


def low_counts(counts, tested=100):
    """A panel of one procedure from low results by school and year, first year 2019."""
    rows = [
        (name, 2019 + at, tested, low)
        for name, lows in counts.items()
        for at, low in enumerate(lows)
        if low >= 0
    ]
    return pd.DataFrame(rows, columns=["school_id", "school_year", "tested_n", "low_n"])


def test_the_difference_in_differences_is_the_one_worked_out_by_hand():
    """2019, 2020 before, 2021 chosen, 2022 and 2023 after: treated 30 → 22, 40 → 30; others 20 → 21, 30 → 25."""
    counts = {
        "a": (28, 32, 45, 24, 20),
        "b": (41, 39, 50, 31, 29),
        "c": (20, 20, 18, 22, 20),
        "d": (35, 25, 30, 30, 20),
    }
    panel = read_panel(low_counts(counts))
    rows = stack_rows(school_years(panel, {"a": 2022, "b": 2022}), Windows())
    found = did(rows, "pp")
    assert found.estimate == pytest.approx(((22 - 30) + (30 - 40)) / 2 - ((21 - 20) + (25 - 30)) / 2)
    assert rows.pp.selection[rows.treated] - rows.pp.selection[~rows.treated].mean() == pytest.approx(
        [21, 26]
    )
    # two means of two schools: the variance of each is that of its two changes (2, 6), over 2
    assert found.std_error == pytest.approx(np.sqrt(2 / 2 + 18 / 2))


def test_schools_of_a_later_cohort_stand_for_comparison_while_they_are_untreated():
    counts = {
        "a": (30, 30, 30, 10, 10),
        "b": (30, 30, 30, 26, 90),
        "c": (20, 20, 20, 18, 18),
        "d": (20, 20, 20, 18, 18),
    }
    years = school_years(read_panel(low_counts(counts)), {"a": 2022, "b": 2023})
    rows = stack_rows(years, Windows())
    first = rows.cohort == 2022
    assert sorted(rows.school[first & ~rows.treated]) == [1, 2, 3]
    later = first & (rows.school == 1)
    assert rows.weight[later].tolist() == [100]
    assert rows.pp.post[later].tolist() == pytest.approx([26 - 18])
    assert sorted(rows.school[(rows.cohort == 2023) & ~rows.treated]) == [2, 3]
    never = stack_rows(years, Windows(comparison="never"))
    assert sorted(never.school[(never.cohort == 2022) & ~never.treated]) == [2, 3]
    delayed = stack_rows(years, Windows(delay=1))
    waiting = (delayed.cohort == 2022) & (delayed.school == 1)
    assert delayed.pp.post[waiting].tolist() == pytest.approx([90 - 18])


def test_years_written_in_two_waves_are_put_on_one_scale():
    """In 2021 strong schools wrote a hard test, weak ones an easy one; each stands where it stood in other years."""
    rows = []
    for at, low in enumerate((10, 20, 30, 40, 12, 22, 32, 42)):
        for year in (2019, 2020):
            rows.append((f"s{at}", year, "spring", 100, low))
        rows.append((f"s{at}", 2021, "autumn" if low > 25 else "spring", 100, low + (5 if low < 25 else -5)))
    panel = pd.DataFrame(rows, columns=["school_id", "school_year", "season", "tested_n", "low_n"])
    years = school_years(read_panel(panel), {})
    assert years.pp[:, 2] == pytest.approx(years.pp[:, 0], abs=1e-4)


def test_a_region_is_answered_whole():
    panel, treated = a_region(effect=0.3)
    found = ask(panel, treated)
    table = found.tidy().set_index("design")
    assert list(table.index) == list(DESIGNS)
    assert table.loc["ancova", "conf_low"] < 0.3 < table.loc["ancova", "conf_high"]
    assert table.loc["ancova", "estimate_pp"] < 0
    told = found.glance().loc[0]
    both = table.loc[["ancova", "did"]]
    assert told["hull_low"] == both["conf_low"].min()
    assert told["hull_high"] == both["conf_high"].max()
    assert told["hull_low_pp"] == both["conf_low_pp"].min()
    assert (told["n_treated"], told["n_comparison"]) == (7, 33)
    assert not told["is_descriptive"]
    assert told["permutation_p"] == table.loc["ancova", "permutation_p"] <= 0.05
    assert (
        found.flow[0].pupils
        == panel[panel["school_id"].isin(treated) & (panel["school_year"] >= 2022)]["tested_n"].sum()
    )
    assert "Hull of the intervals" in found._repr_html_() or "Общий интервал" in found._repr_html_()


def test_a_planted_effect_is_found_again_in_the_invented_town():
    cohorts = (ProgrammeCohort(2021, 5, 0.40), ProgrammeCohort(2022, 6, 0.40))
    town = simulate_town(TownSpec(school_level_only=True, seed=11, cohorts=cohorts))
    results = town.tables["school_results"].query("assessment == 'vpr'").copy()
    shares = results[[f"mark_{one}_share" for one in "2345"]].to_numpy(dtype=float)
    results[MARKS] = np.round(shares * results[["tested_n"]].to_numpy())
    results["tested_n"] = results[MARKS].sum(axis=1)
    # autumn tests are about the school year before
    results["school_year"] -= results["season"] == "autumn"
    treated = {one.school_id: one.cohort_year for one in town.truths.programmes}
    panel = results.drop(columns="low_n").dropna(subset="mark_2_n")
    found = ask(panel, treated, options=replace(QUICK, delay=1))
    assert found.cohorts == ((2021, 5), (2022, 6))
    for design in ("ancova", "did"):
        one = found.design(design)
        assert one.conf_low < 0.40 < one.conf_high
        assert one.p_value < 0.01


def test_nothing_depends_on_the_order_of_rows_or_the_names_of_schools():
    panel, treated = a_region(effect=0.2)
    whole = ask(panel, treated)
    shuffled = panel.sample(frac=1, random_state=1)
    other = shuffled.assign(school_id=shuffled["school_id"].str.replace("sch66", "школа "))
    renamed = ask(other, {name.replace("sch66", "школа "): year for name, year in treated.items()})
    pd.testing.assert_frame_equal(whole.tidy(), renamed.tidy(), rtol=1e-9)


def test_ten_times_the_pupils_leave_points_and_their_errors_as_they_are():
    panel, treated = a_region()
    numbers = ["tested_n", *MARKS]
    more = panel.assign(**{name: panel[name] * 10 for name in numbers})
    columns = ["estimate_pp", "std_error_pp", "conf_low_pp"]
    pd.testing.assert_frame_equal(ask(panel, treated).tidy()[columns], ask(more, treated).tidy()[columns])


def test_large_schools_weigh_more():
    """Without lasting differences the estimate of 'did' is the difference of two means weighted by pupils."""
    panel, treated = a_region(years=(2020, 2022))
    found = did(stack_rows(school_years(read_panel(panel), treated), Windows()), "pp")
    pooled = panel.assign(is_treated=panel["school_id"].isin(treated))
    share = 100 * pooled["mark_2_n"] / pooled["tested_n"]
    change = share[pooled["school_year"] == 2022].to_numpy() - share[pooled["school_year"] == 2020].to_numpy()
    last = pooled[pooled["school_year"] == 2022].reset_index(drop=True)
    mean = last.groupby("is_treated").apply(
        lambda part: np.average(change[part.index], weights=part["tested_n"])
    )
    assert found.estimate == pytest.approx(mean[True] - mean[False])


@pytest.mark.parametrize(("schools", "treated"), [(40, 3), (13, 4)])
def test_too_few_schools_are_described_and_nothing_is_estimated(schools, treated):
    panel, named = a_region(schools=schools, treated=treated)
    found = ask(panel, named)
    assert found.is_descriptive
    assert found.reason.reason == "programme_too_few"
    told = found.glance().loc[0]
    assert told[["hull_low", "hull_high", "permutation_p", "mdes", "baseline_g"]].isna().all()
    assert told["is_descriptive"]
    assert found.tidy()["estimate"].isna().all()
    assert set(found.tidy()["reason"]) == {"programme_too_few"}
    assert found.designs == found.leave_one_out == found.event_study == ()
    assert {one.group for one in found.groups_by_year} == {"comparison", "2022"}
    assert f"школ программы: {treated} (нужно не меньше 4)" in found.reason.in_words("ru")
    assert f"comparison schools: {schools - treated} (at least 10 are needed)" in found.reason.in_words("en")


def test_ten_comparison_schools_and_four_treated_are_enough():
    assert not ask(*a_region(schools=14, treated=4)).is_descriptive


def test_schools_that_cannot_be_looked_at_are_counted_by_what_they_lack():
    panel, treated = a_region()
    first, second, third = list(treated)[:3]
    school, year = panel["school_id"], panel["school_year"]
    lost = (
        ((school == first) & (year >= 2022))
        | ((school == second) & (year == 2021))
        | ((school == third) & (year < 2021))
        | ((school == next(one for one in school if one not in treated)) & (year == 2021))
    )
    found = ask(panel[~lost], {**treated, "sch669999": 2022})
    arms = {one.arm: one for one in found.flow}
    assert arms["treated"].schools_eligible == 8
    assert arms["treated"].schools_with_data == 7
    assert arms["treated"].schools_used == found.n_treated == 4
    assert {one.code: one.n for one in arms["treated"].excluded} == {
        "programme_not_in_panel": 1,
        "programme_no_selection_year": 1,
        "programme_no_earlier_years": 1,
        "programme_no_result_after": 1,
    }
    assert [one.code for one in arms["comparison"].excluded] == ["programme_no_selection_year"]


def test_without_years_before_the_selection_there_is_no_bracket_and_it_is_said():
    panel, treated = a_region()
    found = ask(panel[panel["school_year"] >= 2021], treated)
    assert isinstance(found.design("did"), NotEstimable)
    assert found.design("ancova").df > 0
    assert found.hull_low is None
    assert [one.reason for one in found.notes] == ["no_earlier_years"]
    assert found.tidy().set_index("design").loc["did", "reason"] == "no_earlier_years"


def test_several_selection_years_are_left_out_of_the_base():
    panel, treated = a_region()
    years = school_years(read_panel(panel), treated)
    rows = stack_rows(years, Windows(selection_years=3))
    school = rows.school[0]
    assert rows.sd.selection[0] == pytest.approx(
        np.average(years.sd[school, 2:5], weights=years.tested_n[school, 2:5])
    )
    assert rows.sd.earlier[0] == pytest.approx(
        np.average(years.sd[school, :2], weights=years.tested_n[school, :2])
    )
    assert isinstance(ancova(rows).estimate, float)


def test_covariates_enter_as_last_known_before_the_programme_and_those_left_out_are_named():
    panel, treated = a_region()
    names = sorted(set(panel["school_id"]))
    rng = np.random.default_rng(1)
    context = pd.DataFrame(
        {
            "school_id": names * 2,
            "school_year": [2020] * 40 + [2022] * 40,
            "poverty": [*rng.random(40), *rng.random(40)],
            "boiler": 7.0,
            "rural": rng.integers(0, 2, 80),
            "distance": rng.random(80),
        }
    )
    found = ask(panel, treated, context=context)
    assert found.context == ("poverty", "rural")
    assert [(one.reason, one.fields["columns"]) for one in found.notes] == [
        ("context_constant", "boiler"),
        ("context_left_out", "distance"),
    ]
    later = context.assign(poverty=context["poverty"].where(context["school_year"] < 2022, -5.0))
    assert ask(panel, treated, context=later).design("ancova") == found.design("ancova")
    assert found.design("did") == ask(panel, treated).design("did")
    unknown = context[context["school_id"] != names[0]]
    lost = [reason for arm in ask(panel, treated, context=unknown).flow for reason in arm.excluded]
    assert [(one.code, one.n) for one in lost] == [("programme_no_context", 1)]


def test_everything_that_is_wrong_is_said_at_once():
    panel, treated = a_region(schools=15, treated=4)
    context = pd.DataFrame({"school_id": ["a", "a"], "kind": ["lyceum", "school"]})
    with pytest.raises(UsageProblem) as caught:
        ask(
            panel.assign(tested_n=-1),
            {**treated, "sch660001": 2021.5},
            context=context,
            level=95,
            options=ProgrammeOptions(selection_years=0),
        )
    problems = caught.value.problems
    assert {one.code for one in problems} >= {
        "panel_negative",
        "programme_year_wrong",
        "programme_level_wrong",
        "programme_option_wrong",
        "programme_context_not_number",
        "programme_context_repeated",
    }
    for one in problems:
        assert all(render_problem(one, language) for language in ("ru", "en"))


@pytest.mark.parametrize(
    ("treated", "code"),
    [
        ({}, "programme_treated_wrong"),
        (["sch660001"], "programme_treated_wrong"),
        ({"x": 2022}, "programme_nobody_in_panel"),
    ],
)
def test_treated_schools_must_be_named(treated, code):
    with pytest.raises(UsageProblem) as caught:
        ask(a_region()[0], treated)
    assert [one.code for one in caught.value.problems] == [code]


def test_numbers_as_school_ids_are_found():
    panel, treated = a_region()
    numbered = panel.assign(school_id=panel["school_id"].str[3:].astype(int))
    found = ask(numbered, {int(name[3:]): np.int64(year) for name, year in treated.items()})
    assert found.n_treated == 7


def test_a_stored_evaluation_comes_back_equal(tmp_path):
    panel, treated = a_region(schools=24, treated=8)
    staggered = {name: 2022 + at % 2 for at, name in enumerate(treated)}
    context = pd.DataFrame({"school_id": list(treated), "boiler": 7})
    for name, schools in (("whole", staggered), ("few", dict(list(treated.items())[:2]))):
        found = ask(panel, schools, context=context, options=ProgrammeOptions(permutations=99))
        assert found.notes
        found = replace(found, mdes=float("inf"))
        found.store(tmp_path / name)
        assert ProgrammeEffect.load(tmp_path / name) == found
    (tmp_path / "whole" / "effect.json").write_text('{"kind": "other"}')
    with pytest.raises(ValueError, match="no stored"):
        ProgrammeEffect.load(tmp_path / "whole")
