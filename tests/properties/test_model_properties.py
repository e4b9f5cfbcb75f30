"""Whatever the data: models answer alike where nothing of substance changed, and say why where there is no answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shnor_analysis as shnor
from shnor_analysis.results import NotEstimable

FORMULA = "points ~ ses + sex + (1 + ses | school_id)"
SEEDS = st.integers(0, 10_000)
few = settings(max_examples=6, deadline=None)


def pupils(seed, schools=12, size=25):
    """Invented pupils: schools differ in level and in the slope of `ses`."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(schools), size)
    ses = rng.normal(size=school.size) + 0.5 * rng.normal(size=schools)[school]
    sex = rng.choice(["f", "m"], school.size)
    level, slope = rng.normal(0, 4, schools), rng.normal(3, 1.5, schools)
    points = 50 + level[school] + slope[school] * ses + 2.0 * (sex == "m") + rng.normal(0, 5, school.size)
    names = np.array([f"sch{one:03d}" for one in range(schools)])
    return pd.DataFrame({"points": points, "ses": ses, "sex": sex, "school_id": names[school]})


def answers(fit):
    """Every number of a fit that is an estimate, by name."""
    tidy = fit.tidy().set_index("term")
    components = fit.variance_components().set_index(["group", "term_1", "term_2"])
    modes = fit.random_effects().set_index(["level", "term"])
    return {
        "estimates": tidy["estimate"],
        "errors": tidy["std_error"],
        "df": tidy["df"],
        "components": components["variance"],
        "modes": modes["estimate"].sort_index(),
        "mode errors": modes["std_error"].sort_index(),
        "loglik": pd.Series(fit.glance()["loglik"].iloc[0]),
    }


def assert_same(one, other, but=(), rel=1e-6, abs_=1e-7):
    for name in one.keys() - set(but):
        assert one[name].to_numpy() == pytest.approx(other[name].to_numpy(), rel=rel, abs=abs_), name


@given(SEEDS)
@few
def test_the_order_of_rows_does_not_matter(seed):
    rows = pupils(seed)
    mixed = rows.sample(frac=1, random_state=seed)
    assert_same(answers(shnor.fit_multilevel(FORMULA, rows)), answers(shnor.fit_multilevel(FORMULA, mixed)))


@given(SEEDS, st.sampled_from([-500.0, 1e6]))
@few
def test_a_constant_added_to_the_outcome_moves_the_intercept_alone(seed, constant):
    rows = pupils(seed)
    one = answers(shnor.fit_multilevel(FORMULA, rows))
    other = answers(shnor.fit_multilevel(FORMULA, rows.assign(points=rows["points"] + constant)))
    assert_same(one, other, but=["estimates"], rel=1e-5, abs_=1e-5)
    moved = (other["estimates"] - one["estimates"]).to_numpy()
    assert moved == pytest.approx([constant, 0, 0], rel=1e-7, abs=1e-5)


@given(SEEDS, st.sampled_from([0.001, 1000.0]))
@few
def test_a_rescaled_factor_rescales_its_own_numbers(seed, scale):
    rows = pupils(seed)
    one = answers(shnor.fit_multilevel(FORMULA, rows, method="ml"))
    other = answers(shnor.fit_multilevel(FORMULA, rows.assign(ses=rows["ses"] * scale), method="ml"))
    for name in ("estimates", "errors"):
        back = other[name] * np.where(other[name].index == "ses", scale, 1.0)
        assert back.to_numpy() == pytest.approx(one[name].to_numpy(), rel=1e-6)
    # variances of the intercept and the slope, their covariance, the residual
    back = other["components"].to_numpy() * scale ** np.array([0.0, 2.0, 1.0, 0.0])
    assert back == pytest.approx(one["components"].to_numpy(), rel=1e-4)
    assert_same(one, other, but=["estimates", "errors", "components", "modes", "mode errors"])


@given(SEEDS)
@few
def test_another_name_for_a_school_changes_nothing_but_the_name(seed):
    rows = pupils(seed)
    one = answers(shnor.fit_multilevel(FORMULA, rows))
    renamed = rows.assign(school_id=rows["school_id"].replace("sch004", "zzz"))
    other = answers(shnor.fit_multilevel(FORMULA, renamed))
    assert_same(one, other, but=["modes", "mode errors"])
    for name in ("modes", "mode errors"):
        back = other[name].rename(index={"zzz": "sch004"}).sort_index()
        assert back.to_numpy() == pytest.approx(one[name].to_numpy(), rel=1e-5, abs=1e-6)


@given(SEEDS)
@few
def test_rows_with_missing_cells_are_left_out_and_counted(seed):
    rows = pupils(seed)
    holes = rows.copy()
    holes.loc[holes.index[::7], "ses"] = np.nan
    holes.loc[holes.index[::11], "school_id"] = None
    kept = holes.dropna()
    fit = shnor.fit_multilevel(FORMULA, holes)
    assert_same(answers(fit), answers(shnor.fit_multilevel(FORMULA, kept)))
    assert fit.glance()["rows_dropped"].iloc[0] == len(rows) - len(kept)


def one_pupil_a_school():
    rows = pupils(1)
    return rows.assign(school_id=[f"sch{at}" for at in range(len(rows))])


def many(**columns):
    rows = pupils(1)
    return rows.assign(**{name: value(rows) for name, value in columns.items()})


HOPELESS = {
    "one_pupil_per_group": ("points ~ ses + (1 | school_id)", one_pupil_a_school(), "одна строка"),
    "one_group": ("points ~ ses + (1 | school_id)", many(school_id=lambda _: "sch1"), "Группа всего одна"),
    "constant_column": ("points ~ ses + (1 | school_id)", many(ses=lambda _: 0.3), "ses"),
    "collinear": (
        "points ~ ses + twice + (1 | school_id)",
        many(twice=lambda rows: 3 - 2 * rows["ses"]),
        "twice",
    ),
    "constant_outcome": ("points ~ ses + (1 | school_id)", many(points=lambda _: 5.0), "один и тот же"),
    "perfect_fit": (
        "points ~ ses + (1 | school_id)",
        many(points=lambda rows: 2 * rows["ses"] + 1),
        "повторяют результат точно",
    ),
    "no_rows": ("points ~ ses + (1 | school_id)", many(ses=lambda _: np.nan), "Нет ни одной строки"),
    "too_few_rows": ("points ~ ses + sex + (1 | school_id)", pupils(1).iloc[[0, 30, 60]], "Строк не больше"),
}


@pytest.mark.parametrize("reason", HOPELESS)
def test_what_the_data_cannot_tell_is_said_in_words(reason):
    formula, rows, words = HOPELESS[reason]
    answer = shnor.fit_multilevel(formula, rows)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == reason
    assert words in answer.in_words("ru")
    assert answer.in_words("en")
    assert answer.tidy().empty


@pytest.mark.parametrize("reason", sorted(HOPELESS.keys() - {"one_pupil_per_group", "one_group"}))
def test_a_linear_model_says_the_same(reason):
    formula, rows, _ = HOPELESS[reason]
    answer = shnor.fit_linear(formula.partition(" + (")[0], rows)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == reason


@given(SEEDS)
@few
def test_equal_schools_are_a_singular_fit_that_says_so(seed):
    rows = pupils(seed)
    noise = np.random.default_rng(seed).normal(size=len(rows))
    # less than no spread between schools: each school has the same mean
    same = noise - pd.Series(noise).groupby(rows["school_id"].to_numpy()).transform("mean").to_numpy()
    fit = shnor.fit_multilevel("points ~ 1 + (1 | school_id)", rows.assign(points=same))
    assert fit.glance()["is_singular"].iloc[0]
    assert fit.variance_components()["variance"].iloc[0] == pytest.approx(0, abs=1e-12)
    assert "нулевая дисперсия не значит" in fit.html("ru")
