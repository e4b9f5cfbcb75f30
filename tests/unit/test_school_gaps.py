"""Gaps from sums of products are those of the whole covariance matrix, worked out the long way."""

from __future__ import annotations

import numpy as np
import pytest

from shnor_analysis.kernels.multilevel import MultilevelSpec, RandomTerm, fit_moments, moments_from_arrays
from shnor_analysis.kernels.school_gaps import rank_bounds, school_gaps, school_sums

TAU2, CLASS2, SIGMA2 = 0.09, 0.04, 1.1
EXACT = 1e-9  # both ways are direct algebra in doubles


def draw_town(schools_n=14, seed=3):
    """Schools of one to three classes: school and class of each pupil, and columns 1, x, z of the school, y."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(1, 4, schools_n)
    sizes = rng.integers(3, 15, classes.sum())
    of_class = np.repeat(np.arange(len(sizes)), sizes)
    school = np.repeat(np.arange(schools_n), classes)[of_class]
    n = len(school)
    x, z = rng.normal(size=n), rng.normal(500, 100, schools_n)[school]
    y = 3 + 0.3 * x + rng.normal(0, 0.3, schools_n)[school] + rng.normal(0, 0.2, len(sizes))[of_class]
    return school, of_class, np.column_stack([np.ones(n), x, z, y + rng.normal(size=n)])


def moments_of(school, of_class, values, keep=None):
    keep = np.ones(len(school), dtype=bool) if keep is None else keep
    groups = [
        (name, codes[keep], np.arange(codes.max() + 1).astype(object))
        for name, codes in (("class", of_class), ("school", school))
    ]
    return moments_from_arrays(["Intercept", "x", "z", "y"], values[keep], groups=groups, random=[0, 1, 2, 3])


@pytest.fixture(scope="module")
def both():
    school, of_class, values = draw_town()
    sums = school_sums(moments_of(school, of_class, values), class_ratio=CLASS2 / SIGMA2)
    gaps = school_gaps(sums, fixed=(0, 1, 2), outcome=3, tau2=TAU2, sigma2=SIGMA2)
    return gaps, school, of_class, values


def covariance(school, of_class):
    schools, classes = np.eye(school.max() + 1)[school], np.eye(of_class.max() + 1)[of_class]
    whole = TAU2 * schools @ schools.T + CLASS2 * classes @ classes.T + SIGMA2 * np.eye(len(school))
    return schools, whole


def means(values, school):
    return np.array([values[school == one].mean() for one in range(school.max() + 1)])


def test_gap_and_its_error_are_those_of_the_dense_model(both):
    gaps, school, of_class, values = both
    schools, whole = covariance(school, of_class)
    x, y, inverse = values[:, :3], values[:, 3], np.linalg.inv(whole)
    precision = np.linalg.inv(x.T @ inverse @ x)
    beta = precision @ x.T @ inverse @ y
    projector = inverse - inverse @ x @ precision @ x.T @ inverse
    assert np.allclose(gaps.gap, TAU2 * schools.T @ inverse @ (y - x @ beta), atol=EXACT)
    assert np.allclose(gaps.observed, means(y, school), atol=EXACT)
    assert np.allclose(gaps.expected, means(x @ beta, school), atol=EXACT)
    between = schools.T @ projector @ schools
    henderson = TAU2 * np.eye(len(between)) - TAU2**2 * between
    step = 1e-5
    slope = (_weights(TAU2 + step, schools, whole) - _weights(TAU2 - step, schools, whole)) / (2 * step)
    of_tau = slope @ whole @ slope.T * 2 / np.trace(between @ between)
    assert np.allclose(gaps.std_error**2, np.diag(henderson + 2 * of_tau), rtol=1e-6)


def _weights(tau2, schools, whole):
    return tau2 * schools.T @ np.linalg.inv(whole + (tau2 - TAU2) * schools @ schools.T)


def test_expectation_without_a_school_is_that_of_a_fit_without_it(both):
    gaps, school, of_class, values = both
    _, whole = covariance(school, of_class)
    for one in range(school.max() + 1):
        kept = school != one
        x, inverse = values[kept, :3], np.linalg.inv(whole[np.ix_(kept, kept)])
        beta = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ values[kept, 3])
        assert gaps.expected_left_out[one] == pytest.approx((values[~kept, :3] @ beta).mean(), abs=EXACT)


def test_variances_estimated_anew_without_a_school_change_its_expectation_little():
    school, of_class, values = draw_town(schools_n=40, seed=5)
    spec = MultilevelSpec((0, 1, 2), 3, (RandomTerm(0, (0,)), RandomTerm(1, (0,))))
    fit = fit_moments(moments_of(school, of_class, values), spec)
    by_level = {one.level: float(one.covariance[0, 0]) for one in fit.components}
    sums = school_sums(moments_of(school, of_class, values), class_ratio=by_level[0] / fit.sigma**2)
    gaps = school_gaps(sums, fixed=(0, 1, 2), outcome=3, tau2=by_level[1], sigma2=fit.sigma**2)
    assert np.allclose(gaps.coefficients[1:], fit.coefficients[1:], rtol=1e-8)
    changes = []
    for one in range(0, 40, 4):
        refit = fit_moments(moments_of(school, of_class, values, school != one), spec)
        expected = (values[school == one, :3] @ refit.coefficients).mean()
        changes.append(abs(expected - gaps.expected_left_out[one]))
    assert max(changes) < 0.05 * np.std(gaps.expected - gaps.observed)


def test_a_school_without_which_nothing_can_be_fitted_has_no_such_expectation():
    school, of_class, values = draw_town()
    values[:, 2] = school == 0
    sums = school_sums(moments_of(school, of_class, values))
    gaps = school_gaps(sums, fixed=(0, 1, 2), outcome=3, tau2=TAU2, sigma2=SIGMA2)
    assert np.isnan(gaps.expected_left_out).tolist() == [True, *[False] * 13]


def test_bounds_of_places_hold_the_place_and_say_nothing_where_schools_do_not_differ(both):
    gaps = both[0]
    low, high = rank_bounds(gaps, level=0.95, draws=2000, seed=1)
    place = (-gaps.gap).argsort().argsort() + 1
    assert ((low <= place) & (place <= high)).all()
    assert low.min() == 1
    assert high.max() == 14
    again = rank_bounds(gaps, level=0.95, draws=2000, seed=1)
    assert np.array_equal(again, (low, high))
