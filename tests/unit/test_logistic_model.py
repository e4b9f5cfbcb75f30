"""The front of the logistic model: rows and counts are one model, rows are counted, refusals have words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from shnor_analysis.errors import ShnorError
from shnor_analysis.language import LANGUAGES, render_problem
from shnor_analysis.models.logistic import fit_multilevel_logistic
from shnor_analysis.results import NotEstimable
from shnor_analysis.warehouse.design_rows import read_design_rows
from shnor_analysis.warehouse.formulas import parse_formula

FORMULA = "passed ~ ses + sex + home + (1 | school_id)"


@pytest.fixture(scope="module")
def pupils():
    """Invented pupils of 60 schools in 6 municipalities."""
    draw = np.random.default_rng(11)
    n = 4000
    school = draw.integers(0, 60, n)
    frame = pd.DataFrame(
        {
            "school_id": [f"sch{660001 + one}" for one in school],
            "municipality_id": school % 6,
            "ses": draw.normal(size=n).round(3),
            "sex": draw.choice(["F", "M"], n),
            "home": pd.Categorical(draw.choice(["a", "b", "c"], n), categories=["b", "a", "c"]),
        }
    )
    logit = 0.3 + 0.5 * frame["ses"] - 0.3 * (frame["sex"] == "M") + 0.7 * draw.normal(size=60)[school]
    frame["passed"] = (draw.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    return frame


def same_fit(one, other):
    assert list(one.terms) == list(other.terms)
    assert one.estimates == pytest.approx(other.estimates, abs=1e-7)
    assert one.std_errors == pytest.approx(other.std_errors, rel=1e-6)
    assert one.variance_components()["variance"].to_numpy() == pytest.approx(
        other.variance_components()["variance"].to_numpy(), rel=1e-5
    )
    effects, others = one.random_effects(), other.random_effects()
    assert list(effects["level"]) == list(others["level"])
    assert effects["estimate"].to_numpy() == pytest.approx(others["estimate"].to_numpy(), abs=1e-6)


def test_cells_counted_by_sql_are_the_same_model_as_pupils(pupils):
    formula = "passed ~ sex * home + (1 + sex | school_id)"
    collapsed = read_design_rows(parse_formula(formula), pupils)
    assert collapsed.is_collapsed
    assert collapsed.matrix.shape == (6, 360)
    assert collapsed.n_obs == 4000
    one = fit_multilevel_logistic(formula, pupils)
    counts = pupils.groupby(["school_id", "sex", "home"], observed=True)["passed"].agg(["sum", "size"])
    given = fit_multilevel_logistic(formula.replace("passed", "sum"), counts.reset_index(), trials="size")
    same_fit(one, given)
    assert one.facts.n_obs == 4000
    assert given.facts.n_obs == 360
    ones = fit_multilevel_logistic(formula, pupils.assign(n=1), trials="n")
    same_fit(one, ones)
    assert ones.facts.loglik == pytest.approx(one.facts.loglik, abs=1e-8)
    assert ones.facts.r2_marginal == pytest.approx(one.facts.r2_marginal, rel=1e-6)


def test_the_order_of_rows_does_not_matter(pupils):
    shuffled = pupils.sample(frac=1.0, random_state=5)
    same_fit(fit_multilevel_logistic(FORMULA, pupils), fit_multilevel_logistic(FORMULA, shuffled))


def test_a_polynomial_is_read_by_formulaic_and_is_the_same_model(pupils):
    powers = fit_multilevel_logistic("passed ~ ses + I(ses**2) + sex + (1 | school_id)", pupils)
    poly = fit_multilevel_logistic("passed ~ poly(ses, 2) + sex + (1 | school_id)", pupils)
    assert poly.facts.loglik == pytest.approx(powers.facts.loglik, abs=1e-7)
    same = [list(one.tidy().set_index("term").loc["sex[T.M]"]) for one in (powers, poly)]
    assert same[0] == pytest.approx(same[1], rel=1e-6)
    assert poly.predict()["predicted"].to_numpy() == pytest.approx(powers.predict()["predicted"], abs=1e-8)


def test_missing_rows_and_rows_without_trials_are_left_out_and_counted(pupils):
    holed = pupils.astype({"ses": float, "sex": object})
    holed.loc[holed.index[:100], "ses"] = np.nan
    holed.loc[holed.index[50:130], "sex"] = None
    fit = fit_multilevel_logistic(FORMULA, holed)
    same_fit(fit, fit_multilevel_logistic(FORMULA, pupils.iloc[130:]))
    assert (fit.facts.n_obs, fit.facts.rows_dropped) == (3870, 130)
    counted = pupils.assign(
        n=np.where(np.arange(4000) < 7, 0, 1), passed=pupils["passed"].where(pupils.index > 6, 0)
    )
    assert fit_multilevel_logistic(FORMULA, counted, trials="n").facts.rows_dropped == 7


def test_predictions_are_probabilities_and_fit_the_shares_of_schools(pupils):
    fit = fit_multilevel_logistic(FORMULA, pupils)
    population = fit.predict()["predicted"]
    group = fit.predict(level="group")["predicted"]
    assert population.between(0, 1).all()
    of_schools = (
        pupils.assign(group=group, population=population)
        .groupby("school_id")[["passed", "group", "population"]]
        .mean()
    )
    far, near = (np.abs(of_schools["passed"] - of_schools[one]).mean() for one in ("population", "group"))
    assert near < far / 3
    # at the top of Laplace's likelihood expected and observed successes nearly balance
    assert group.mean() == pytest.approx(pupils["passed"].mean(), abs=2e-3)


def test_schools_inside_municipalities_give_effects_of_both(pupils):
    fit = fit_multilevel_logistic("passed ~ ses + (1 | municipality_id) + (1 | school_id)", pupils)
    assert fit.facts.groups == (("school_id", 60), ("municipality_id", 6))
    effects = fit.random_effects()
    assert list(effects["group"].value_counts()) == [60, 6]
    alone = fit_multilevel_logistic("passed ~ ses + (1 | school_id)", pupils).random_effects()
    of_schools = effects[effects["group"] == "school_id"]
    assert list(of_schools["level"]) == list(alone["level"])
    assert np.corrcoef(of_schools["estimate"], alone["estimate"])[0, 1] > 0.9


REFUSED = {
    "logistic_no_groups": "passed ~ ses",
    "logistic_levels": "passed ~ ses + (1 | school_id) + (1 | municipality_id) + (1 | home)",
    "logistic_inner_slopes": "passed ~ ses + (1 + ses | school_id) + (1 | municipality_id)",
    "logistic_crossed": "passed ~ ses + (1 | school_id) + (1 | sex)",
    "logistic_not_binary": "municipality_id ~ sex + (1 | school_id)",
    "logistic_not_counts": "ses ~ sex + (1 | school_id)",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_fitted_is_refused_with_words_that_name_what_can(code, pupils):
    trials = "tested" if code == "logistic_not_counts" else None
    with pytest.raises(ShnorError) as caught:
        fit_multilevel_logistic(REFUSED[code], pupils.assign(tested=9), trials=trials)
    assert [one.code for one in caught.value.problems] == [code]
    for language in LANGUAGES:
        assert "{" not in render_problem(caught.value.problems[0], language)


def test_a_category_whose_pupils_all_pass_is_named_in_both_languages(pupils):
    separated = pupils.assign(passed=pupils["passed"].where(pupils["home"] != "c", 1))
    answer = fit_multilevel_logistic(FORMULA, separated)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "separated"
    assert answer.in_words("en") == (
        "Some pupils all have one outcome, so the coefficient grows without end: home[T.c]. "
        "Join rare categories or leave the term out."
    )
    assert answer.in_words("ru") == (
        "У части учеников исход один и тот же, и коэффициент растёт без предела: home[T.c]. "
        "Объедините редкие категории или уберите слагаемое."
    )
    assert answer.tidy().empty


def test_no_complete_row_and_an_equal_outcome_are_answers_not_errors(pupils):
    assert fit_multilevel_logistic(FORMULA, pupils.assign(ses=np.nan)).reason == "no_rows"
    assert fit_multilevel_logistic(FORMULA, pupils.assign(passed=1)).reason == "constant_outcome"
    assert fit_multilevel_logistic(FORMULA, pupils.assign(school_id="one")).reason == "one_group"
