"""Planning: what could be detected, what is needed, and how schools vary in a panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from shnor_analysis.cli import main
from shnor_analysis.errors import UsageProblem
from shnor_analysis.kernels.power import detectable
from shnor_analysis.kernels.series_components import series_components
from shnor_analysis.language import render_problem
from shnor_analysis.models.plan_components import components_of_panel
from shnor_analysis.models.planning import plan_power
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.planning import PlanComponents

TOWN = {"schools": 40, "treated": 7, "pupils": 60, "years_before": 3, "years_after": 2}


def panel(schools: int, years: int, *, seed: int = 500) -> pd.DataFrame:
    """Counts of the lowest mark with level 0.25, yearly part 0.12, autocorrelation 0.5, a fifth with the lowest mark."""
    rng = np.random.default_rng(seed)
    level, yearly = 0.25 * rng.normal(size=(schools, 1)), np.empty((schools, years))
    yearly[:, 0] = 0.12 * rng.normal(size=schools)
    for year in range(1, years):
        yearly[:, year] = 0.5 * yearly[:, year - 1] + 0.12 * np.sqrt(0.75) * rng.normal(size=schools)
    low = rng.binomial(60, ndtr(-0.84 - level - yearly))
    return pd.DataFrame(
        {
            "school_id": np.repeat([f"sch{one}" for one in range(schools)], years),
            "school_year": np.tile(np.arange(2015, 2015 + years), schools),
            "tested_n": 60,
            "low_n": low.ravel(),
        }
    )


def test_what_is_needed_is_the_least_that_is_enough():
    plan = plan_power(**TOWN, wanted=0.2)
    needed = {one.lever: one.needed for one in plan.needed}
    assert needed["years_before"] is None
    assert needed["years_after"] is None
    assert plan_power(**{**TOWN, "pupils": needed["pupils"]}).mdes <= 0.2
    assert plan_power(**{**TOWN, "pupils": needed["pupils"] - 1}).mdes > 0.2
    more = needed["schools"]
    assert plan_power(**{**TOWN, "schools": more, "treated": round(7 * more / 40)}).mdes <= 0.2


def test_more_years_pupils_and_schools_never_make_it_worse():
    rows = plan_power(**TOWN).tidy()
    for lever in ("schools", "years_before", "years_after", "pupils"):
        column = lever if lever != "schools" else "treated"
        own = rows[rows["lever"].isin([lever, "as_planned"])].sort_values(column)
        assert own["mdes"].is_monotonic_decreasing, lever
    assert rows["mdes_did"].isna().sum() == 1  # one year before leaves no base


def test_a_list_is_harder_to_judge_than_a_balanced_choice():
    listed, balanced = plan_power(**TOWN), plan_power(**TOWN, selection="balanced")
    assert listed.std_error / balanced.std_error == pytest.approx(1 / np.sqrt(1 - 0.4651), rel=1e-3)
    assert listed.power_for_wanted < balanced.power_for_wanted
    assert listed.mdes_points == pytest.approx(100 * (0.2 - ndtr(-0.841621 - listed.mdes)), abs=1e-3)


def test_without_level_and_yearly_part_only_the_chance_of_pupils_is_left():
    """All covariates are then noise: the error is that of two groups of pupils."""
    parts = PlanComponents(permanent_sd=0.0, yearly_sd=0.0)
    plan = plan_power(
        schools=40,
        treated=20,
        pupils=50,
        years_before=1,
        years_after=2,
        components=parts,
        selection="balanced",
    )
    assert plan.std_error == pytest.approx(np.sqrt(1 / 100 * (1 / 20 + 1 / 20)), rel=5e-3)
    longer = plan_power(schools=40, treated=20, pupils=50, years_before=3, years_after=2, components=parts)
    # two years after, two years before the selection year
    change = np.sqrt((1 / 100 + 1 / 100) * (1 / 20 + 1 / 20))
    assert longer.mdes_did == pytest.approx(detectable(change, 38.0), rel=1e-9)


def test_components_are_found_again_in_a_panel():
    found = components_of_panel(panel(1500, 8))
    assert not isinstance(found, NotEstimable)
    parts = found.components
    assert parts.permanent_sd == pytest.approx(0.25, abs=0.02)
    assert parts.yearly_sd == pytest.approx(0.12, abs=0.02)
    assert parts.autocorrelation == pytest.approx(0.5, abs=0.15)
    # a share of a fifth says as much of a pupil as p(1 − p) / φ² of a mark, in standard deviations
    assert parts.within_sd == pytest.approx(np.sqrt(0.16) / 0.28, rel=0.06)
    assert found.low_share == pytest.approx(0.21, abs=0.01)
    plan = plan_power(**TOWN, panel=panel(200, 5))
    assert plan.components.source == "panel"
    assert (plan.components.schools_n, plan.components.years_n) == (200, 5)
    told = {name: value for name, value in TOWN.items() if name != "pupils"}
    assert plan_power(**told, panel=panel(200, 5)).pupils == 60
    with pytest.raises(UsageProblem, match="plan_pupils_missing"):
        plan_power(**told)


def test_series_of_one_level_have_no_yearly_part():
    level = np.linspace(-1, 1, 30)[:, None]
    found = series_components(np.repeat(level, 4, axis=1), np.zeros((30, 4)))
    assert found is not None
    assert found.permanent == pytest.approx(level.var(ddof=1), rel=1e-9)
    assert found.yearly == pytest.approx(0.0, abs=1e-9)
    assert series_components(level, np.zeros((30, 1))) is None


def test_a_panel_of_one_year_is_not_enough():
    found = plan_power(**TOWN, panel=panel(40, 1))
    assert found == NotEstimable("plan_few_years", {"schools": 40, "needed": 10})
    assert isinstance(plan_power(**TOWN, panel=panel(9, 4)), NotEstimable)


def test_everything_wrong_is_said_at_once():
    with pytest.raises(UsageProblem) as refused:
        plan_power(
            schools=8, treated=7, pupils=1.5, years_before=0, years_after=1, power=1.0, size=3, selection="x"
        )
    told = [render_problem(one, "en") for one in refused.value.problems]
    assert told[0] == (
        "A plan cannot have so many schools in all. Found: “8”. Allowed: 14–2000. Give a whole number of schools, those "
        "of the programme included."
    )
    assert [one.code for one in refused.value.problems] == [
        "plan_schools_wrong",
        "plan_pupils_wrong",
        "plan_years_before_wrong",
        "plan_option_wrong",
        "fit_option_wrong",
        "fit_option_wrong",
    ]
    assert render_problem(refused.value.problems[3], "ru").startswith(
        "У расчёта мощности нет такого параметра. Найдено: «size»."
    )


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (
            {"schools": 40, "treated": 50},
            "Школ программы не меньше, чем школ всего (40): сравнивать не с кем. Найдено: «50». Допустимо: 4–30. Всего школ "
            "— это вместе со школами программы; исправьте одно из двух чисел.",
        ),
        (
            {"schools": 15, "treated": 7},
            "Для сравнения остаётся слишком мало школ: всего 15, в программе 7. Найдено: «8». Допустимо: ≥ 10. Возьмите "
            "больше школ всего или меньше школ программы: при меньшем числе школ сравнения результаты только описывают.",
        ),
        (
            {"treated": 3},
            "Школ программы в плане не может быть столько. Найдено: «3». Допустимо: 4–2000. Назовите целое число школ "
            "программы.",
        ),
    ],
)
def test_the_size_that_is_wrong_is_blamed_by_its_name(sizes, said):
    with pytest.raises(UsageProblem) as refused:
        plan_power(**{**TOWN, **sizes})
    assert [render_problem(one, "ru") for one in refused.value.problems] == [said]


def test_one_way_is_not_said_to_be_one_of_several():
    plan = plan_power(schools=40, treated=7, pupils=60, years_before=3, years_after=2, wanted=0.17)
    ways = [one.lever for one in plan.needed if one.needed is not None]
    assert ways == ["schools"]
    assert "Чтобы заметить эффект 0,17, достаточно изменить одно: школы всего — " in plan.in_words("ru")
    assert "чего-то одного" not in plan.in_words("ru")
    assert "one thing has to differ: schools in all: " in plan.in_words("en")


def test_a_plan_far_beyond_need_has_a_chance_that_is_a_number():
    plan = plan_power(schools=2000, treated=1000, pupils=1000, years_before=10, years_after=10)
    assert plan.power_for_wanted == 1.0
    assert "Эффект 0,20 будет замечен с вероятностью > 99 %." in plan.in_words("ru")
    assert "около 0,5 п. п. двоек" in plan.in_words("ru")


def test_the_answer_is_said_in_words():
    plan = plan_power(**TOWN)
    assert plan.in_words("en").startswith(
        "Schools: 40, in the programme: 7. Pupils of a school in a year: 60. Years before the programme: 3, from its "
        "start on: 2. An effect from 0.27 standard deviations of pupils up will be noticed with a chance of 80 % — "
        "about 7 percentage points of the lowest mark where its share is 20 %. An effect size of 0.20 will be noticed "
        "with a chance of 55 %. Programmes of help usually give less than 0.20"
    )
    assert "достаточно чего-то одного: школы всего — 69 вместо 40; ученики школы за год — 410 вместо 60" in (
        plan.in_words("ru")
    )
    assert "<table" in plan._repr_html_()


def test_the_command_says_the_same_and_reads_a_table(tmp_path, capsys):
    path = tmp_path / "results.csv"
    panel(40, 5).to_csv(path, index=False)
    sizes = ["--schools", "40", "--treated", "7", "--before", "3", "--after", "2", "--language", "en"]
    assert main(["plan", "power", *sizes]) == 0
    assert "An effect size of 0.20 will be noticed with a chance of 55 %." in capsys.readouterr().out
    assert main(["plan", "power", *sizes, "--panel", str(path)]) == 0
    assert "Estimated from own data (schools: 40, years: 5)" in capsys.readouterr().out
    assert main(["plan", "power", *sizes, "--panel", str(tmp_path / "gone.csv")]) == 2
    assert main(["plan", "power", *sizes, "--panel", str(path), "--own"]) == 2
    assert main(["plan", "power", *sizes, "--selection", "best"]) == 2
    (tmp_path / "broken.parquet").write_bytes(b"x")
    assert main(["plan", "power", *sizes, "--panel", str(tmp_path / "broken.parquet")]) == 4
