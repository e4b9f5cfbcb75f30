"""The multilevel kernel gives the digits of lme4, lmerTest and clubSandwich where the front has no stored reference."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from nested_models import MODELS, caschools
from reference_data import numbers

from shnor_analysis.kernels.multilevel import cluster_robust, fit_moments, random_effects, satterthwaite_df

# the optimum of the reference itself is good to 1e-6 … 3e-5 in the variances, where the likelihood is flat;
# fixed effects and errors inherit a tenth of that
FIXED, THETA, LOGLIK, MODE, FREEDOM, ROBUST = 3e-6, 2e-5, 1e-7, 1e-5, 1e-4, 1e-6
cases = pytest.mark.parametrize(
    ("name", "method"), [(name, way) for name in MODELS for way in ("REML", "ML")]
)


@lru_cache
def fitted(name, method):
    moments, spec = MODELS[name]()
    return moments, fit_moments(moments, spec(method.lower()))


@cases
def test_estimates_are_those_of_lme4(name, method):
    known = numbers(name)[method]
    _, fit = fitted(name, method)
    assert fit.coefficients == pytest.approx(known["fixef"], rel=FIXED)
    assert fit.std_errors == pytest.approx(known["se"], rel=FIXED)
    assert fit.theta == pytest.approx(known["theta"], rel=THETA, abs=1e-7)
    assert fit.sigma == pytest.approx(known["sigma"], rel=1e-6)
    assert fit.loglik == pytest.approx(known["logLik"], abs=LOGLIK)
    assert fit.is_singular == known["is_singular"]
    assert fit.is_converged


@cases
def test_conditional_modes_and_errors_are_those_of_lme4(name, method):
    moments, fit = fitted(name, method)
    for found in random_effects(moments, fit):
        level = moments.levels[found.level]
        known = numbers(name)[method]["blup"][level.name]
        at = [level.labels.tolist().index(label) for label in known["groups"]]
        scale = np.abs(known["mode"]).max()
        modes, errors = found.estimates[at].T, found.std_errors[at].T
        assert modes == pytest.approx(np.array(known["mode"]), rel=MODE, abs=MODE * scale)
        assert errors == pytest.approx(np.array(known["condSE"]), rel=MODE)


@cases
def test_degrees_of_freedom_are_those_of_lmer_test(name, method):
    moments, fit = fitted(name, method)
    assert satterthwaite_df(moments, fit) == pytest.approx(numbers(name)[method]["df"], rel=FREEDOM)


@pytest.mark.parametrize("name", ["egsingle_two_slopes", "pixel_side_in_dog"])
def test_robust_errors_of_clusters_with_groups_inside_are_those_of_club_sandwich(name):
    known = numbers(name)["CR2"]
    found = cluster_robust(*fitted(name, "REML"))
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(known["se"], rel=ROBUST)
    assert found.df == pytest.approx(known["df"], rel=ROBUST)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2"])
def test_robust_errors_of_the_linear_model_are_those_of_club_sandwich(kind):
    moments, spec = caschools()
    fit = fit_moments(moments, spec("reml"))
    known = numbers("caschools_cr2")
    found = cluster_robust(moments, fit, kind=kind)
    assert fit.std_errors == pytest.approx(list(known["se_classical"].values()), rel=1e-10)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(list(known[kind]["se"].values()), rel=1e-10)
    if kind == "CR2":
        assert found.df == pytest.approx(list(known[kind]["satterthwaite_df"].values()), rel=1e-10)
