"""A fitted model is a value: frozen, printed with words, stored and read back without loss."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest

from shnor_analysis.errors import InputRefused, UsageProblem
from shnor_analysis.language import render_problem
from shnor_analysis.results import FitFacts, FittedModel, GroupEffects, NotEstimable, VarianceComponent
from shnor_analysis.results.frames import GLANCE_COLUMNS, TIDY_COLUMNS
from shnor_analysis.results.prediction import GroupRows, PredictionRows
from shnor_analysis.results.stored_fit import load_fit


@pytest.fixture
def fit():
    return FittedModel(
        model="multilevel",
        formula="points ~ ses + (ses | school_id)",
        outcome="points",
        method="reml",
        errors="model",
        level=0.95,
        terms=("Intercept", "ses"),
        estimates=np.array([1234.5678, -0.25]),
        covariance=np.array([[4.0, 0.1], [0.1, 0.0001]]),
        df=np.array([9.5, math.inf]),
        components=(
            VarianceComponent("school_id", "Intercept", None, 9.0, 3.0),
            VarianceComponent("school_id", "ses", None, 0.04, 0.2),
            VarianceComponent("school_id", "Intercept", "ses", -0.3, -0.5),
            VarianceComponent("Residual", None, None, 25.0, 5.0),
        ),
        effects=(
            GroupEffects("school_id", ("a", "b"), ("Intercept", "ses"), [[1.0, 0.1], [-1.0, -0.1]], np.ones((2, 2))),
        ),
        facts=FitFacts(n_obs=1200, rows_dropped=3, groups=(("school_id", 2),), loglik=-10.5, iterations=7),
    )  # fmt: skip


class Rows:
    """Stands for the recipe of a fit: column `ses` and the school."""

    has_data = False

    def rows(self, new, *, with_groups):
        fixed = np.column_stack([np.ones(len(new)), new["ses"]])
        labels = new["school_id"].to_numpy(dtype=object)
        return PredictionRows(new.index, fixed, (GroupRows(labels, fixed),) if with_groups else ())


def test_nothing_in_a_fitted_model_can_be_changed(fit):
    with pytest.raises(FrozenInstanceError):
        fit.level = 0.9
    with pytest.raises(FrozenInstanceError):
        fit.facts.n_obs = 1
    for array in (fit.estimates, fit.covariance, fit.df, fit.std_errors, fit.effects[0].estimates):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.setflags(write=True)
    for table in (fit.tidy, fit.glance, fit.variance_components, fit.random_effects):
        before = table()
        changed = table()
        for column in changed.select_dtypes("float64"):
            changed.loc[changed.index[0], column] = 99.0
        pd.testing.assert_frame_equal(table(), before)
    fit.glance()["groups"].iloc[0]["school_id"] = 99
    assert fit.glance()["groups"].iloc[0] == {"school_id": 2}


def test_the_arrays_given_do_not_lead_into_the_value():
    given = np.array([1.0])
    effects = GroupEffects("g", ("a",), ("Intercept",), given[:, None], given[:, None])
    given[0] = 2.0
    assert effects.estimates[0, 0] == 1.0


def test_coefficients_have_t_tests_and_intervals_and_normal_ones_without_degrees_of_freedom(fit):
    table = fit.tidy()
    assert tuple(table.columns) == TIDY_COLUMNS
    assert table["statistic"].tolist() == pytest.approx([617.2839, -25])
    # R: qt(.975, 9.5) = 2.2441374614923, qnorm(.975) = 1.959964
    assert table["conf_high"].tolist() == pytest.approx(
        [1234.5678 + 2 * 2.2441374614923, -0.25 + 0.01 * 1.959964], abs=1e-5
    )
    assert table["p_value"].iloc[1] == pytest.approx(6.1133934e-138, rel=1e-7)


def test_two_equal_fits_are_equal_whatever_data_they_remember(fit):
    assert replace(fit, predictor=Rows()) == fit
    assert hash(replace(fit, predictor=Rows())) == hash(fit)
    assert replace(fit, estimates=fit.estimates + 1) != fit
    assert "Rows" not in repr(replace(fit, predictor=Rows()))


def test_a_stored_model_comes_back_equal_and_replaces_the_one_before(fit, tmp_path):
    replace(fit, formula="another").store(tmp_path / "fit")
    fit.store(tmp_path / "fit")
    assert load_fit(tmp_path / "fit") == fit
    assert len(list((tmp_path / "fit").iterdir())) == 3


def test_a_damaged_store_is_refused_with_words(fit, tmp_path):
    fit.store(tmp_path)
    spec = json.loads((tmp_path / "spec.json").read_text())
    (tmp_path / "spec.json").write_text(json.dumps({**spec, "version": 99}))
    with pytest.raises(InputRefused) as refused:
        load_fit(tmp_path)
    assert refused.value.problems[0].code == "stored_model_unreadable"
    assert "другого вида" in render_problem(refused.value.problems[0], "ru")


def test_predictions_add_the_effects_of_known_groups_and_say_which_are_unknown(fit):
    fit = replace(fit, predictor=Rows())
    new = pd.DataFrame({"ses": [0.0, 2.0, 2.0], "school_id": ["a", "b", "nowhere"]}, index=[7, 8, 9])
    assert fit.predict(new)["predicted"].tolist() == pytest.approx([1234.5678, 1234.0678, 1234.0678])
    by_group = fit.predict(new, level="group")
    assert by_group["predicted"].tolist() == pytest.approx([1235.5678, 1232.8678, 1234.0678])
    assert by_group["unknown_groups"].tolist() == ["", "", "school_id"]
    assert by_group.index.tolist() == [7, 8, 9]
    chances = replace(fit, model="logistic", estimates=np.array([0.0, 1.0])).predict(new)
    assert chances["predicted"].tolist() == pytest.approx(
        [0.5, 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-2))]
    )


@pytest.mark.parametrize(
    ("change", "level", "code", "words"),
    [
        ({}, "population", "predict_without_data", "Передайте строки: predict(new=таблица)"),
        ({}, "pupil", "predict_level_unknown", "Допустимо: population, group"),
        ({"facts": FitFacts(1, df_absorbed=5)}, "population", "predict_absorbed", "поглощёнными эффектами"),
    ],
)
def test_a_prediction_that_cannot_be_made_says_what_to_do(fit, change, level, code, words):
    with pytest.raises(UsageProblem) as refused:
        replace(fit, **change).predict(level=level)
    assert refused.value.problems[0].code == code
    assert words in render_problem(refused.value.problems[0], "ru")
    assert render_problem(refused.value.problems[0], "en")


def test_a_model_prints_in_the_language_of_the_session(fit, monkeypatch):
    hostile = replace(fit, formula="y ~ x + (1 | `<b>`)", facts=replace(fit.facts, is_singular=True))
    monkeypatch.setenv("SHNOR_LANGUAGE", "ru")
    russian = hostile._repr_html_()
    assert "Многоуровневая модель, метод ограниченного наибольшего правдоподобия." in russian
    assert "1200 строк; группы «school_id»: 2; пропущено из-за пустых значений: 3." in russian
    assert "нулевая дисперсия не значит, что группы одинаковы" in russian
    assert "<b>" not in russian
    assert "<td>−0,2500</td><td>0,0100</td><td>∞</td><td>−25,00</td><td>&lt; 0,001</td>" in russian
    monkeypatch.setenv("SHNOR_LANGUAGE", "en")
    assert "Multilevel model, restricted maximum likelihood." in hostile._repr_html_()
    assert "1200 rows; groups of “school_id”: 2; left out for missing values: 3." in str(hostile)


def test_what_cannot_be_estimated_has_the_same_tables_and_words(monkeypatch):
    nothing = NotEstimable("one_pupil_per_group", {"group": "school_id"})
    assert tuple(nothing.tidy().columns) == TIDY_COLUMNS
    assert nothing.tidy().empty
    assert tuple(nothing.glance().columns) == GLANCE_COLUMNS
    assert nothing.glance()["reason"].tolist() == ["one_pupil_per_group"]
    monkeypatch.setenv("SHNOR_LANGUAGE", "ru")
    assert str(nothing).startswith("В каждой группе «school_id» одна строка")
    monkeypatch.setenv("SHNOR_LANGUAGE", "en")
    assert nothing._repr_html_().startswith("<p>Each group of “school_id” has one row")
