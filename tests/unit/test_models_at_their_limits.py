"""Odd rows and odd formulas at the public front: an answer, or words that say why there is none."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

import shnor_analysis as shnor
from shnor_analysis.errors import InputRefused, UsageProblem


def rows(n=120, schools=12):
    draw = np.random.default_rng(1)
    school = np.arange(n) % schools
    return pd.DataFrame(
        {
            "school": [f"s{one:02d}" for one in school],
            "x": draw.normal(size=n),
            "z": draw.normal(size=n),
            "sex": np.where(draw.random(n) < 0.5, "f", "m"),
            "y": draw.normal(size=schools)[school] + draw.normal(size=n),
        }
    )


def words_of(call, monkeypatch, language):
    monkeypatch.setenv("SHNOR_LANGUAGE", language)
    with pytest.raises(shnor.ShnorError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "ru",
            "Эти колонки различаются только прописными буквами; для базы данных это одна колонка. "
            "Найдено: «x, X». Переименуйте одну из них. [columns_alike]",
        ),
        (
            "en",
            "These columns differ in capitals alone; the database takes them for one. "
            "Found: “x, X”. Give one of them another name. [columns_alike]",
        ),
    ],
)
def test_columns_that_differ_in_capitals_alone_are_refused_in_words(language, said, monkeypatch):
    twins = rows().rename(columns={"z": "X"})
    call = lambda: shnor.fit_multilevel("y ~ x + X + (1 | school)", twins)  # noqa: E731
    assert words_of(call, monkeypatch, language) == said


def test_a_column_whose_name_is_a_number_is_a_term_and_predicts():
    named = rows().rename(columns={"x": 2021})
    fit = shnor.fit_multilevel("y ~ `2021` + (1 | school)", named)
    known = shnor.fit_multilevel("y ~ x + (1 | school)", rows())
    assert list(fit.estimates) == list(known.estimates)
    assert list(fit.predict(named)["predicted"]) == list(known.predict(rows())["predicted"])


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("y ~ x + (0 | school)", "formula_bar"),
        ("y ~ C(sex, levels=['m']) + (1 | school)", "formula_refused"),
        ("y ~ 0 + Intercept + (1 | school)", "column_reserved"),
        (None, "formula_syntax"),
        (b"y ~ x", "formula_syntax"),
    ],
)
def test_formulas_without_a_meaning_are_refused(formula, code):
    with pytest.raises(UsageProblem) as caught:
        shnor.fit_multilevel(formula, rows())
    assert [one.code for one in caught.value.problems] == [code]


def test_a_code_of_each_row_is_no_factor(monkeypatch):
    many = rows(n=3000).assign(code=[f"p{one}" for one in range(3000)])
    call = lambda: shnor.fit_multilevel("y ~ code + (1 | school)", many)  # noqa: E731
    assert words_of(call, monkeypatch, "ru") == (
        "У фактора больше 2000 категорий. Найдено: «code». Код школы или ученика — это группа: (1 | имя) или "
        "«absorb=имя» в fit_linear(). Числа, записанные текстом, сначала переведите в числа. [factor_large]"
    )
    assert "more than 2000 categories" in words_of(call, monkeypatch, "en")


@pytest.mark.parametrize(
    "call",
    [
        lambda one: shnor.fit_multilevel("y ~ x + (1 | school)", one, weights=one["x"]),
        lambda one: shnor.fit_linear("y ~ x", one, cluster=one["school"]),
        lambda one: shnor.fit_linear("y ~ x", one, absorb=one["school"]),
        lambda one: shnor.fit_multilevel_logistic("y ~ x + (1 | school)", one, trials=5),
    ],
)
def test_a_column_is_named_and_not_handed_over(call, monkeypatch):
    assert "[fit_option_no_name]" in words_of(lambda: call(rows()), monkeypatch, "ru")


@pytest.mark.parametrize("fit", [shnor.fit_linear, shnor.fit_multilevel])
def test_weights_that_a_scan_was_not_made_with_are_refused(fit, monkeypatch):
    formula = "y ~ x" if fit is shnor.fit_linear else "y ~ x + (1 | school)"
    scanned = shnor.scan_model(formula, rows())
    call = lambda: fit(formula, scanned, weights="z")  # noqa: E731
    assert words_of(call, monkeypatch, "en").startswith(
        "The scan of the data was made without these weights."
    )
    assert words_of(call, monkeypatch, "ru").startswith("Просмотр данных сделан без этих весов.")


def test_absorbing_from_a_scan_keeps_its_weights():
    weighted = rows().assign(w=lambda frame: 0.5 + frame.index % 3)
    scanned = shnor.scan_model("y ~ x", weighted, weights="w")
    known = shnor.fit_linear("y ~ x", weighted, weights="w", absorb="school")
    assert shnor.fit_linear("y ~ x", scanned, absorb="school").estimates == pytest.approx(known.estimates)


def test_a_logistic_model_of_groups_alone_has_no_coefficients():
    passed = rows().assign(passed=lambda frame: frame["y"] > 0)
    fit = shnor.fit_multilevel_logistic("passed ~ 0 + (1 | school)", passed)
    assert fit.terms == ()
    assert fit.variance_components()["variance"][0] > 0


def test_files_that_differ_and_a_closed_database_are_refused_in_words(tmp_path):
    rows().iloc[:60].to_parquet(tmp_path / "a.parquet")
    rows().iloc[60:].drop(columns="z").to_parquet(tmp_path / "b.parquet")
    database = duckdb.connect()
    relation = database.from_parquet(str(tmp_path / "a.parquet"))
    database.close()
    for source in (tmp_path, relation):
        with pytest.raises(InputRefused, match="rows_unreadable"):
            shnor.fit_multilevel("y ~ x + z + (1 | school)", source)


def test_rows_with_an_empty_cell_have_no_prediction_and_spoil_no_other():
    fit = shnor.fit_multilevel("y ~ poly(z, 2) + sex + (1 | school)", rows())
    new = rows().iloc[:4].astype({"sex": object})
    holes = new.assign(z=new["z"].where([False, True, True, True]), sex=["m", None, "f", "m"])
    found = fit.predict(holes)["predicted"]
    assert list(found.isna()) == [True, True, False, False]
    assert list(found[2:]) == list(fit.predict(new.assign(sex=["m", "f", "f", "m"]))["predicted"][2:])


def test_what_the_owner_of_a_frame_changes_later_does_not_reach_the_fit():
    frame = rows()
    fit = shnor.fit_multilevel("y ~ x + (1 | school)", frame)
    before = fit.predict()
    frame["x"] = 0.0
    frame.loc[3, "school"] = "gone"
    pd.testing.assert_frame_equal(fit.predict(), before)


@pytest.mark.parametrize("fit", [shnor.fit_linear, shnor.fit_multilevel])
def test_clusters_that_the_terms_fit_exactly_give_no_errors_of_zero(fit):
    two = rows().assign(half=np.where(rows().index < 60, "a", "b"), treated=(rows().index < 60) * 1.0)
    if fit is shnor.fit_linear:
        found = fit("y ~ treated", two, cluster="half")
    else:
        found = fit("y ~ treated + (1 | half)", two, errors="CR2")
    assert isinstance(found, shnor.NotEstimable)
    assert found.in_words("en") == (
        "Too few clusters differ in these terms for errors that allow for clusters: Intercept, treated. "
        "Take the errors of the model, or fewer terms."
    )
    assert found.in_words("ru") == (
        "По этим членам модели различается слишком мало кластеров, и ошибки с поправкой на кластеры "
        "для них неизвестны: Intercept, treated. Возьмите ошибки самой модели или уберите лишние члены."
    )


@pytest.mark.parametrize("unit", [1e-150, 1e-8, 1e6, 1e150])
def test_degrees_of_freedom_do_not_depend_on_the_unit_of_the_outcome(unit):
    known = shnor.fit_multilevel("y ~ x + (x | school)", rows())
    scaled = shnor.fit_multilevel("y ~ x + (x | school)", rows().assign(y=lambda frame: frame["y"] * unit))
    assert scaled.df == pytest.approx(known.df, rel=1e-6)
    assert scaled.estimates / unit == pytest.approx(known.estimates, rel=1e-9)
