"""Multilevel models give the digits of lme4, lmerTest and clubSandwich, through the public front."""

from __future__ import annotations

import pytest
from reference_data import data_of, numbers, term_of_r

import shnor_analysis as shnor

MODELS = ("exam_null", "exam_ri", "exam_rs", "mathach_ri", "egsingle_3ri")
# lme4's own optimum is good to 1e-6 … 3e-5 in the variances, where the likelihood is flat
FIXED, VARIANCE, LOGLIK, MODE, FREEDOM = 1e-6, 1e-4, 1e-7, 1e-5, 1e-4


@pytest.fixture(scope="module")
def fits():
    made = {}

    def fit(name, method):
        if (name, method) not in made:
            made[name, method] = shnor.fit_multilevel(numbers(name)["formula"], data_of(name), method=method)
        return made[name, method]

    return fit


def in_our_names(values, name):
    return {term_of_r(term, numbers(name)["levels"]): value for term, value in values.items()}


def column(fit, name):
    return dict(zip(fit.tidy()["term"], fit.tidy()[name], strict=True))


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", MODELS)
def test_estimates_are_those_of_lme4(fits, name, method):
    known = numbers(name)[method]
    fit = fits(name, method.lower())
    assert column(fit, "estimate") == pytest.approx(in_our_names(known["fixef"], name), rel=FIXED)
    assert column(fit, "std_error") == pytest.approx(in_our_names(known["se"], name), rel=FIXED)
    glance = fit.glance().iloc[0]
    assert glance["loglik"] == pytest.approx(known["logLik"], abs=LOGLIK)
    assert glance["aic"] == pytest.approx(known["AIC"], abs=1e-6)
    assert glance["bic"] == pytest.approx(known["BIC"], abs=1e-6)
    assert glance["sigma"] == pytest.approx(known["sigma"], rel=VARIANCE)
    assert glance["n_obs"] == known["nobs"]
    assert glance["groups"] == known["ngrps"]
    assert glance["converged"]
    assert not glance["is_singular"]


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", MODELS)
def test_variance_components_stand_in_the_order_of_lme4(fits, name, method):
    known = numbers(name)[method]["varcorr"]
    table = fits(name, method.lower()).variance_components()
    levels = numbers(name)["levels"]
    terms = [
        [None if one[key] is None else term_of_r(one[key], levels) for key in ("var1", "var2")]
        for one in known
    ]
    assert table["group"].tolist() == [one["grp"] for one in known]
    assert table[["term_1", "term_2"]].to_numpy().tolist() == terms
    assert table["variance"].tolist() == pytest.approx([one["vcov"] for one in known], rel=VARIANCE)
    assert table["sd_or_corr"].tolist() == pytest.approx([one["sdcor"] for one in known], rel=VARIANCE)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", MODELS)
def test_conditional_modes_and_their_errors_are_those_of_lme4(fits, name, method):
    table = fits(name, method.lower()).random_effects()
    table = table.assign(level=table["level"].astype(str)).set_index(["group", "level", "term"])
    for group, known in numbers(name)[method]["blup"].items():
        for (term, modes), errors in zip(known["mode"].items(), known["condSE"], strict=True):
            at = [(group, label, term_of_r(term, numbers(name)["levels"])) for label in known["groups"]]
            assert table.loc[at, "estimate"].tolist() == pytest.approx(modes, abs=MODE)
            assert table.loc[at, "std_error"].tolist() == pytest.approx(errors, abs=MODE)


@pytest.mark.parametrize("name", ["exam_null", "exam_ri"])
def test_degrees_of_freedom_are_those_of_lmer_test(fits, name):
    known = numbers(name)["satterthwaite"]
    assert column(fits(name, "reml"), "df") == pytest.approx(in_our_names(known["df"], name), rel=FREEDOM)
    assert column(fits(name, "reml"), "p_value") == pytest.approx(in_our_names(known["p"], name), rel=1e-3)


def test_cluster_robust_errors_are_those_of_club_sandwich():
    known = numbers("exam_ri_cr2")
    fit = shnor.fit_multilevel(known["formula"], data_of("exam_ri_cr2"), errors="CR2")
    assert column(fit, "estimate") == pytest.approx(in_our_names(known["estimate"], "exam_ri_cr2"), rel=FIXED)
    assert column(fit, "std_error") == pytest.approx(
        in_our_names(known["CR2"]["se"], "exam_ri_cr2"), rel=1e-6
    )
    assert column(fit, "df") == pytest.approx(
        in_our_names(known["CR2"]["satterthwaite_df"], "exam_ri_cr2"), rel=FREEDOM
    )
