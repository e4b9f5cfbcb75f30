"""The multilevel logistic model gives the digits of lme4's Laplace approximation, through the public front."""

from __future__ import annotations

import numpy as np
import pytest
from reference_data import data_of, numbers, published, term_of_r, with_levels

from shnor_analysis.models.logistic import fit_multilevel_logistic

LEVELS = {
    "sex": ["F", "M"],
    "gender": ["M", "F"],
    "urban": ["N", "Y"],
    "livch": ["0", "1", "2", "3+"],
    "period": ["1", "2", "3", "4"],
}
FORMULAS = {
    "cbpp": "incidence ~ period + (1 | herd)",
    "exam": "I(normexam > 0) ~ standLRT + sex + (1 | school)",
    "exam_slope": "I(normexam > 0) ~ standLRT + sex + (1 + standLRT | school)",
    "contraception_slope": "I(use == 'Y') ~ age + I(age**2) + urban + livch + (1 + urban | district)",
    "contraception_free": "I(use == 'Y') ~ age + I(age**2) + urban + livch + (1 + age || district)",
    "chem97": "I(score >= 6) ~ gcsecnt + gender + (1 | school)",
    "chem97_nested": "I(score >= 6) ~ gcsecnt + gender + (1 | lea) + (1 | school)",
}
SOURCES = {"cbpp": ("lme4", "cbpp"), "exam": ("mlmRev", "Exam"), "contraception": ("mlmRev", "Contraception")}
# lme4's own search leaves its coefficients 1e-4 standard errors from the top, its variances 1e-5 of their size, and its
# errors come from differences of second order
FIXED_IN_ERRORS, ERROR, VARIANCE, MODE = 2e-4, 1e-4, 1e-4, 1e-4


def rows_of(name):
    frame = published(*SOURCES.get(name.split("_")[0], ("mlmRev", "Chem97")))
    if name == "chem97_nested":
        frame = frame[frame["lea"].astype(int) <= 25]
    return with_levels(frame.astype({one: str for one in LEVELS if one in frame}), LEVELS)


@pytest.fixture(scope="module")
def fits():
    trials = {"cbpp": "size"}
    return {
        name: fit_multilevel_logistic(formula, rows_of(name), trials=trials.get(name))
        for name, formula in FORMULAS.items()
    }


def in_our_names(values):
    made = {term_of_r(term, LEVELS): value for term, value in values.items()}
    return {term.replace("I(age^2)", "I(age ** 2)"): value for term, value in made.items()}


@pytest.mark.parametrize("name", FORMULAS)
def test_estimates_are_those_of_lme4(fits, name):
    known, tidy = numbers("logistic_lme4")[name], fits[name].tidy().set_index("term")
    fixed, errors = in_our_names(known["fixef"]), in_our_names(known["se"])
    assert list(tidy.index) == list(fixed)
    distance = {term: (tidy["estimate"][term] - fixed[term]) / errors[term] for term in fixed}
    assert distance == pytest.approx(dict.fromkeys(fixed, 0.0), abs=FIXED_IN_ERRORS)
    assert tidy["std_error"].to_dict() == pytest.approx(errors, rel=ERROR)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_likelihood_is_that_of_lme4_or_higher(fits, name):
    known, glance = numbers("logistic_lme4")[name], fits[name].glance().iloc[0]
    assert -1e-8 < glance["loglik"] - known["logLik"] < 1e-5
    assert glance["aic"] == pytest.approx(known["AIC"], abs=2e-5)
    assert glance["bic"] == pytest.approx(known["BIC"], abs=2e-5)
    assert glance["n_obs"] == known["nobs"]
    assert glance["groups"] == known["ngrps"]
    assert glance["converged"]
    assert not glance["is_singular"]


@pytest.mark.parametrize("name", FORMULAS)
def test_variances_and_modes_are_those_of_lme4(fits, name):
    known = numbers("logistic_lme4")[name]
    components = fits[name].variance_components()
    assert list(components["variance"]) == pytest.approx(
        [one["vcov"] for one in known["varcorr"] if one["grp"] != "Residual"], rel=VARIANCE
    )
    effects = fits[name].random_effects()
    for grouping, blup in known["blup"].items():
        of_group = effects[effects["group"] == grouping].assign(
            level=lambda frame: frame["level"].astype(str)
        )
        of_group = of_group[of_group["level"].isin(blup["groups"])]
        width = len(of_group) // len(blup["groups"])
        order = [list(of_group["level"]).index(one) for one in blup["groups"]]
        places = np.add.outer(order, np.arange(width)).ravel()
        errors = np.array(blup["cond_se"], dtype=float).ravel()
        modes = np.array(blup["mode"], dtype=float).ravel()
        assert of_group["estimate"].to_numpy()[places] == pytest.approx(modes, abs=MODE * errors.max())
        assert of_group["std_error"].to_numpy()[places] == pytest.approx(errors, rel=MODE)


def test_lme4_with_its_own_tolerance_differs_by_less_than_the_bounds_asked_for():
    """The reference file stops early (see logistic_reference.R), so the bounds are wider here."""
    known = numbers("exam_logit")["nAGQ1"]
    rows = with_levels(data_of("exam_logit"), LEVELS)
    fit = fit_multilevel_logistic("I(normexam > 0) ~ standLRT + sex + (1 | school)", rows)
    tidy = fit.tidy().set_index("term")
    assert tidy["estimate"].to_dict() == pytest.approx(in_our_names(known["fixef"]), rel=1e-4)
    assert tidy["std_error"].to_dict() == pytest.approx(in_our_names(known["se"]), rel=2e-3)
    assert fit.glance()["loglik"][0] == pytest.approx(known["logLik"], abs=1e-4)
    assert fit.variance_components()["sd_or_corr"][0] == pytest.approx(known["sd_school"], rel=1e-4)
