"""The fronts of the models: sources, one scan for many questions, plausible values, what is refused and how."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pandas as pd
import pytest

import shnor_analysis as shnor
from shnor_analysis.errors import EnvironmentProblem, ShnorError
from shnor_analysis.kernels.rubin import pool
from shnor_analysis.language import render_problem
from shnor_analysis.models import crossed
from shnor_analysis.models.multilevel import scan as scan_of_multilevel

FORMULA = "points ~ ses * sex + (1 + ses | school_id)"


@pytest.fixture(scope="module")
def pupils():
    """Invented pupils of 15 schools, with five plausible values."""
    rng = np.random.default_rng(500)
    school = np.repeat(np.arange(15), 30)
    ses, sex = rng.normal(size=450), rng.choice(["f", "m"], 450)
    level, slope = rng.normal(0, 4, 15)[school], rng.normal(3, 1.5, 15)[school]
    points = 50 + level + slope * ses + 2.0 * (sex == "m") + rng.normal(0, 5, 450)
    frame = pd.DataFrame(
        {"points": points, "ses": ses, "sex": sex, "school_id": school, "teacher": rng.integers(0, 20, 450)}
    )
    frame["weight"] = rng.uniform(0.5, 2, 450)
    return frame.assign(**{f"pv{at}": points + rng.normal(0, 3, 450) for at in range(1, 6)})


def numbers_of(fit):
    return [*fit.tidy()["estimate"], *fit.tidy()["std_error"], *fit.variance_components()["variance"]]


def test_a_frame_a_file_and_a_relation_give_one_answer_and_predict_alike(pupils, tmp_path):
    path = tmp_path / "pupils.parquet"
    pupils.to_parquet(path)
    sources = [pupils, path, str(path), duckdb.sql("SELECT * FROM pupils")]
    fits = [shnor.fit_multilevel(FORMULA, one) for one in sources]
    for fit in fits[1:]:
        assert numbers_of(fit) == pytest.approx(numbers_of(fits[0]), rel=1e-6)
        assert fit.predict(level="group")["predicted"].sum() == pytest.approx(
            fits[0].predict(level="group")["predicted"].sum()
        )


def test_every_model_of_a_scan_is_the_model_fitted_by_itself(pupils):
    scanned = shnor.scan_model([FORMULA, "pv1 ~ 1 + (1 | school_id)"], pupils, with_group_products=True)
    for formula, options in (
        (FORMULA, {}),
        ("pv1 ~ ses + (1 | school_id)", {"method": "ml"}),
        ("points ~ sex + (1 | school_id)", {"errors": "CR2"}),
    ):
        apart = shnor.fit_multilevel(formula, pupils, **options)
        assert numbers_of(shnor.fit_multilevel(formula, scanned, **options)) == pytest.approx(
            numbers_of(apart), rel=1e-6
        )
    linear = shnor.fit_linear("points ~ ses", scanned, cluster="school_id")
    assert numbers_of(linear) == pytest.approx(
        numbers_of(shnor.fit_linear("points ~ ses", pupils, cluster="school_id")), rel=1e-9
    )


def test_explained_shares_are_those_of_the_rows(pupils):
    fit = shnor.fit_multilevel(FORMULA, pupils)
    table = fit.variance_components().set_index(["term_1", "term_2"])["variance"].to_numpy()
    design = np.column_stack([np.ones(450), pupils["ses"]])
    matrix = np.array([[table[0], table[2]], [table[2], table[1]]])
    # Johnson (2014): mean over the rows of z'Σz
    random = np.einsum("ni,ij,nj->n", design, matrix, design).mean()
    fixed = fit.predict()["predicted"].var(ddof=1)
    total = fixed + random + table[3]
    glance = fit.glance().iloc[0]
    assert glance["icc"] == pytest.approx(random / (random + table[3]), rel=1e-9)
    assert glance["r2_marginal"] == pytest.approx(fixed / total, rel=1e-9)
    assert glance["r2_conditional"] == pytest.approx((fixed + random) / total, rel=1e-9)


@pytest.mark.parametrize("weights", [None, "weight"])
def test_plausible_values_share_one_scan_and_are_combined_by_rubins_rules(pupils, weights, monkeypatch):
    scans = []

    def counted(*given, **options):
        scans.append(given)
        return scan_of_multilevel(*given, **options)

    monkeypatch.setattr("shnor_analysis.models.multilevel.scan", counted)
    formula = "pv1 + pv2 + pv3 + pv4 + pv5 ~ ses + (1 | school_id)"
    fit = shnor.fit_plausible_values(formula, pupils, weights=weights)
    assert len(scans) == 1
    apart = [
        shnor.fit_multilevel(f"pv{at} ~ ses + (1 | school_id)", pupils, weights=weights) for at in range(1, 6)
    ]
    known = pool(
        *(np.stack([getattr(one, name) for one in apart]) for name in ("estimates", "covariance", "df"))
    )
    assert fit.tidy()["estimate"].to_numpy() == pytest.approx(known.estimates, rel=1e-7)
    assert fit.tidy()["std_error"].to_numpy() == pytest.approx(np.sqrt(np.diag(known.covariance)), rel=1e-6)
    assert fit.tidy()["df"].to_numpy() == pytest.approx(known.df, rel=1e-4)
    means = np.mean([one.variance_components()["variance"] for one in apart], axis=0)
    assert fit.variance_components()["variance"].to_numpy() == pytest.approx(means, rel=1e-5)
    glance = fit.glance().iloc[0]
    assert (glance["n_imputations"], glance["df_method"], glance["loglik"]) == (5, "barnard_rubin", None)
    assert "объединено вероятных значений: 5" in fit.html("ru")


def test_one_singular_fit_makes_the_combined_fit_singular(pupils):
    school = pupils["school_id"]
    alike = pupils["ses"] - pupils["ses"].groupby(school).transform("mean")
    fit = shnor.fit_plausible_values("pv1 + alike ~ 1 + (1 | school_id)", pupils.assign(alike=alike))
    assert fit.facts.is_singular
    assert not shnor.fit_multilevel("pv1 ~ 1 + (1 | school_id)", pupils).facts.is_singular


def test_linear_models_over_plausible_values_keep_their_clusters(pupils):
    fit = shnor.fit_plausible_values("pv1 + pv2 ~ ses", pupils, fit=shnor.fit_linear, cluster="school_id")
    assert (fit.errors, fit.outcome) == ("CR2", "pv1 + pv2")
    absorbed = shnor.fit_plausible_values("pv1 + pv2 ~ ses", pupils, fit=shnor.fit_linear, absorb="school_id")
    assert absorbed.facts.df_absorbed == 15


def test_a_plausible_value_that_cannot_be_fitted_is_the_answer(pupils):
    answer = shnor.fit_plausible_values("pv1 + pv2 ~ ses + (1 | school_id)", pupils.assign(pv2=1.0))
    assert answer.reason == "constant_outcome"


def test_absorbing_one_way_is_least_squares_with_dummies_also_with_weights(pupils):
    absorbed = shnor.fit_linear("points ~ ses + sex", pupils, absorb="school_id", weights="weight")
    dummies = shnor.fit_linear("points ~ ses + sex + C(school_id)", pupils, weights="weight")
    for name in ("estimate", "std_error", "df"):
        assert absorbed.tidy()[name].to_numpy() == pytest.approx(
            dummies.tidy()[name].to_numpy()[1:3], rel=1e-8
        )
    for name in ("loglik", "aic", "bic", "sigma", "df_residual", "r2_marginal"):
        assert absorbed.glance()[name][0] == pytest.approx(dummies.glance()[name][0], rel=1e-9), name


def test_effects_that_cross_the_clusters_in_many_groups_leave_clusters_less_one(pupils, monkeypatch):
    exact = shnor.fit_linear("points ~ ses", pupils, absorb="teacher", cluster="school_id", errors="CR1")
    monkeypatch.setattr("shnor_analysis.kernels.linear.MOST_CELLS", 0)
    rough = shnor.fit_linear("points ~ ses", pupils, absorb="teacher", cluster="school_id", errors="CR1")
    assert rough.tidy()["std_error"].to_numpy() == pytest.approx(
        exact.tidy()["std_error"].to_numpy(), rel=1e-9
    )
    assert (exact.facts.df_method, rough.facts.df_method) == ("cluster_satterthwaite", "clusters")
    assert rough.tidy()["df"].tolist() == [14.0]
    refused = shnor.fit_linear("points ~ ses", pupils, absorb="teacher", cluster="school_id", errors="CR2")
    assert refused.reason == "absorbed_crossing"
    assert "Возьмите вид 1" in refused.in_words("ru")


def test_rows_left_out_are_counted_and_not_predicted(pupils):
    holes = pupils.assign(weight=pupils["weight"].where(pupils.index % 10 != 0, 0.0))
    holes.loc[holes.index[5:25:5], "ses"] = math.nan
    left_out = 45 + 2  # every tenth row weighs nothing; of four empty cells two stand in such rows
    for fit in (
        shnor.fit_multilevel("points ~ ses + (1 | school_id)", holes, weights="weight"),
        shnor.fit_linear("points ~ ses", holes, weights="weight", cluster="school_id"),
    ):
        assert (fit.facts.n_obs, fit.facts.rows_dropped) == (450 - left_out, left_out)
        assert len(fit.predict()) == 450 - left_out
    absorbed = shnor.fit_linear("points ~ ses", holes, weights="weight", absorb="school_id")
    assert (absorbed.facts.n_obs, absorbed.facts.rows_dropped) == (450 - left_out, left_out)


def test_terms_constant_within_absorbed_groups_are_named(pupils):
    rows = pupils.assign(size=pupils["school_id"] % 4)
    answer = shnor.fit_linear("points ~ ses + size", rows, absorb=["school_id", "teacher"])
    assert (answer.reason, answer.fields["columns"]) == ("absorbed_column", "size")


REFUSED = {
    "fit_option_wrong": (lambda rows: shnor.fit_multilevel(FORMULA, rows, method="bayes"), "«method»"),
    "fit_one_outcome": (lambda rows: shnor.fit_linear("pv1 + pv2 ~ ses", rows), "ровно один результат"),
    "multilevel_without_groups": (lambda rows: shnor.fit_multilevel("points ~ ses", rows), "fit_linear()"),
    "linear_with_groups": (lambda rows: shnor.fit_linear(FORMULA, rows), "fit_multilevel()"),
    "errors_need_cluster": (lambda rows: shnor.fit_linear("points ~ ses", rows, errors="CR2"), "cluster=столбец"),
    "absorb_too_many": (
        lambda rows: shnor.fit_linear("points ~ ses", rows, absorb=["school_id", "teacher", "sex"]),
        "одного или двух столбцов",
    ),
    "scan_without_slopes": (
        lambda rows: shnor.fit_multilevel(FORMULA, shnor.scan_model("points ~ ses*sex + (1 | school_id)", rows)),
        "в скобках с чертой",
    ),
    "scan_without_products": (
        lambda rows: shnor.fit_multilevel(FORMULA, shnor.scan_model(FORMULA, rows), errors="CR2"),
        "with_group_products=True",
    ),
    "scan_without_cluster": (
        lambda rows: shnor.fit_linear("points ~ ses", shnor.scan_model(FORMULA, rows), cluster="teacher"),
        "cluster=столбец",
    ),
    "crossed_errors": (
        lambda rows: shnor.fit_multilevel("points ~ 1 + (1 | school_id) + (1 | teacher)", rows, errors="CR2"),
        "только ошибки по модели",
    ),
    "pool_nothing": (lambda rows: shnor.fit_plausible_values("~ ses", rows), "Объединять нечего"),
    "formula_column": (lambda rows: shnor.fit_linear("points ~ ses", rows, absorb="scool_id"), "scool_id"),
}  # fmt: skip


@pytest.mark.parametrize("code", REFUSED)
def test_what_contradicts_itself_is_refused_with_words_in_both_languages(pupils, code, monkeypatch):
    monkeypatch.setattr(crossed, "ENGINE", "json")  # refused before the engine is asked, installed or not
    ask, words = REFUSED[code]
    with pytest.raises(ShnorError) as refused:
        ask(pupils)
    problem = refused.value.problems[0]
    assert problem.code == code
    assert words in render_problem(problem, "ru")
    assert render_problem(problem, "en")


def test_groups_that_cross_need_the_extra_and_the_refusal_names_it(pupils, monkeypatch):
    monkeypatch.setattr(crossed, "ENGINE", "a_package_that_nobody_has")
    with pytest.raises(EnvironmentProblem) as refused:
        shnor.fit_multilevel("points ~ ses + (1 | school_id) + (1 | teacher)", pupils)
    assert [one.code for one in refused.value.problems] == ["groups_crossed", "crossed_needs_mixed"]
    assert "pip install shnor-analysis[mixed]" in render_problem(refused.value.problems[1], "ru")


def test_crossed_groups_say_what_the_data_cannot_tell(pupils, monkeypatch):
    monkeypatch.setattr(crossed, "ENGINE", "json")
    rows = pupils.assign(twice=2 * pupils["ses"], flat=1.0)
    for terms, reason in (("ses + twice", "collinear"), ("flat", "constant_column")):
        answer = shnor.fit_multilevel(f"points ~ {terms} + (1 | school_id) + (1 | teacher)", rows)
        assert answer.reason == reason


def test_a_scan_of_nothing_answers_for_every_model(pupils):
    nothing = shnor.scan_model(FORMULA, pupils.assign(ses=math.nan))
    assert nothing.reason == "no_rows"
    assert shnor.fit_multilevel(FORMULA, nothing) is nothing
    assert shnor.fit_linear("points ~ ses", nothing) is nothing


def test_a_model_read_from_disk_predicts_for_new_rows(pupils, tmp_path):
    fit = shnor.fit_multilevel(
        "points ~ poly(ses, 2) * sex + bs(weight, df=4) + (1 + ses | school_id)", pupils
    )
    fit.store(tmp_path / "fit")
    read = shnor.load_fit(tmp_path / "fit")
    assert read == fit
    holes = pupils.astype({"school_id": float})
    holes.loc[3, "ses"] = math.nan
    holes.loc[4, "school_id"] = math.nan
    predicted = read.predict(holes, level="group")
    whole = fit.predict(level="group")
    assert predicted["predicted"].iloc[5:].to_numpy() == pytest.approx(whole["predicted"].iloc[5:].to_numpy())
    assert math.isnan(predicted["predicted"][3])
    assert predicted["unknown_groups"][4] == "school_id"
    assert predicted["predicted"][4] == pytest.approx(fit.predict()["predicted"][4])
