"""Shares of the between-school variance against closed forms, against single fits, and against brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from shnor_analysis.kernels.multilevel import MultilevelSpec, RandomTerm, fit_moments, moments_from_arrays
from shnor_analysis.kernels.multiplicity import benjamini_hochberg
from shnor_analysis.kernels.principal_component import first_component
from shnor_analysis.kernels.shapley import all_subsets, draw_orders, exact_shares, sampled_shares
from shnor_analysis.kernels.variance_shares import (
    blocks_of,
    fit_known_noise,
    left_out_coefficients,
    models_of,
    resampled_shares,
    variance_shares,
)
from shnor_analysis.kernels.variance_shares.polish import polish
from shnor_analysis.kernels.variance_shares.profile import FEW_POINTS, POINTS, peaks, points


def pupils_of(factors, *, sizes, seed, tau=0.3, weights=None):
    """Pupils in schools: ones, an adjuster, the factors of the school, the outcome; and the school of each."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(len(sizes)), sizes)
    girl = (rng.random(len(school)) < 0.5).astype(float)
    coefficients = np.linspace(0.3, -0.1, factors.shape[1])
    level = factors @ coefficients + rng.normal(0, tau, len(sizes))
    outcome = 50 + 10 * (level[school] + 0.2 * girl + rng.normal(0, 1, len(school)))
    columns = ("Intercept", "girl", *(f"f{at}" for at in range(factors.shape[1])), "points")
    values = np.column_stack([np.ones(len(school)), girl, factors[school], outcome])
    labels = np.arange(len(sizes)).astype(object)
    return moments_from_arrays(
        columns, values, groups=[("school", school, labels)], random=range(len(columns)), weights=weights
    )


def blocks_for(moments, groups):
    """Blocks with factors of the given columns, the ones and the adjuster always in the model."""
    return blocks_of(moments, base=[0, 1], factors=groups, outcome=len(moments.columns) - 1)


def uneven_schools(seed=1, schools=41, factors=5):
    rng = np.random.default_rng(seed)
    return pupils_of(rng.normal(size=(schools, factors)), sizes=rng.integers(8, 120, schools), seed=seed)


def fitted_variance(moments, columns):
    """τ² of one model by the general engine."""
    spec = MultilevelSpec((0, 1, *columns), len(moments.columns) - 1, (RandomTerm(0, (0,)),))
    return float(fit_moments(moments, spec).components[0].covariance[0, 0])


def test_shares_sum_to_what_all_factors_carry_together():
    moments = uneven_schools()
    found = variance_shares(blocks := blocks_for(moments, [[2], [3, 4], [5], [6]]), models_of(blocks, seed=1))
    assert found.total == pytest.approx(
        1 - fitted_variance(moments, range(2, 7)) / fitted_variance(moments, []), abs=1e-6
    )
    assert found.shares.sum() == pytest.approx(found.total, abs=1e-12)
    assert found.shares.min() < 0  # a factor that says nothing costs a degree of freedom, and that is shown


@pytest.mark.parametrize("is_weighted", [False, True])
def test_the_variance_of_every_subset_is_that_of_the_general_engine(is_weighted):
    rng = np.random.default_rng(7)
    sizes = rng.integers(3, 60, 35)
    weights = rng.uniform(0.5, 3, sizes.sum()) if is_weighted else None
    moments = pupils_of(rng.normal(size=(35, 4)), sizes=sizes, seed=7, weights=weights)
    blocks = blocks_for(moments, [[2], [3, 4], [5]])
    masks = all_subsets(3)
    solved = polish(blocks, masks, np.full(len(masks), 0.05)).tau2 * blocks.scale[-1] ** 2
    groups = np.array([[2, -1], [3, 4], [5, -1]])
    expected = [fitted_variance(moments, [c for c in groups[mask].ravel() if c > 0]) for mask in masks]
    assert solved == pytest.approx(expected, rel=1e-8)


def test_balanced_schools_follow_the_closed_form():
    schools, pupils, rng = 60, 25, np.random.default_rng(3)
    noise = rng.normal(size=(schools, pupils))
    factors = rng.normal(size=(schools, 3))
    y = factors @ [0.4, 0.2, 0.0] + rng.normal(0, 0.3, schools)
    outcome = y[:, None] + noise
    means, within = outcome.mean(axis=1), outcome.var(axis=1, ddof=1).mean()
    values = []
    for mask in all_subsets(3):
        x = np.column_stack([np.ones(schools), factors[:, mask]])
        left = means - x @ np.linalg.lstsq(x, means, rcond=None)[0]
        values.append(left @ left / (schools - x.shape[1]) - within / pupils)
    expected = exact_shares(1 - np.array(values) / values[0])
    school = np.repeat(np.arange(schools), pupils)
    columns = np.column_stack([np.ones(len(school)), factors[school], outcome.ravel()])
    moments = moments_from_arrays(
        ("Intercept", "a", "b", "c", "y"),
        columns,
        groups=[("school", school, np.arange(schools).astype(object))],
        random=range(5),
    )
    blocks = blocks_of(moments, base=[0], factors=[[1], [2], [3]], outcome=4)
    assert variance_shares(blocks, models_of(blocks, seed=1)).shares == pytest.approx(expected, rel=1e-8)


def exact_world(factors, coefficients, *, schools=600, pupils=40, left=0.5):
    """Schools whose factors and own levels have exactly the wished moments, pupils with exact noise."""
    rng = np.random.default_rng(11)
    made = np.linalg.qr(
        np.column_stack([np.ones(schools), rng.normal(size=(schools, factors.shape[0] + 1))])
    )[0]
    made = made[:, 1:] * math.sqrt(schools)
    values = made[:, :-1] @ factors
    level = values @ coefficients + left * made[:, -1]
    noise = np.linspace(-0.1, 0.1, pupils)  # pupils add nearly nothing to the means of schools
    school = np.repeat(np.arange(schools), pupils)
    outcome = level[school] + np.tile(noise, schools)
    names = ("Intercept", *(f"f{at}" for at in range(values.shape[1])), "y")
    moments = moments_from_arrays(
        names,
        np.column_stack([np.ones(len(school)), values[school], outcome]),
        groups=[("school", school, np.arange(schools).astype(object))],
        random=range(len(names)),
    )
    blocks = blocks_of(
        moments, base=[0], factors=[[at + 1] for at in range(values.shape[1])], outcome=len(names) - 1
    )
    return variance_shares(blocks, models_of(blocks, seed=1)).shares


def test_orthogonal_factors_carry_their_own_variance():
    coefficients = np.array([0.6, 0.4, 0.2])
    shares = exact_world(np.eye(3), coefficients)
    assert shares == pytest.approx(coefficients**2 / (coefficients @ coefficients + 0.25), abs=0.004)


def test_equal_factors_that_go_together_carry_equal_shares():
    # correlation 0.6 between the first two, the third apart
    mixed = np.array([[1, 0.6, 0], [0, 0.8, 0], [0, 0, 1.0]])
    shares = exact_world(mixed, np.array([0.4, 0.4, 0.2]))
    assert shares[0] == pytest.approx(shares[1], abs=1e-9)
    together = 0.4**2 * (2 + 2 * 0.6)
    assert shares[:2].sum() == pytest.approx(together / (together + 0.04 + 0.25), abs=0.004)


@pytest.mark.parametrize(("many", "error"), [(POINTS, 2e-6), (FEW_POINTS, 1e-3)])
def test_a_sample_of_schools_is_solved_as_if_its_rows_had_been_read(many, error):
    moments = uneven_schools(seed=4, factors=3)
    blocks = blocks_for(moments, [[2], [3], [4]])
    models = models_of(blocks, seed=1)
    counts = np.random.default_rng(4).multinomial(41, np.full(41, 1 / 41), size=3)
    t, ratios = points(blocks.largest, 1.0, many=many)
    from shnor_analysis.kernels.variance_shares.blocks import resampled_nodes

    found = (
        peaks(blocks, resampled_nodes(blocks, counts, ratios), t, models.eliminate).tau2
        * blocks.scale[-1] ** 2
    )
    for sample, times in enumerate(counts):
        copied = moments.resample(times)
        for mask, tau2 in zip(models.masks, found[sample], strict=True):
            assert tau2 == pytest.approx(
                fitted_variance(copied, np.flatnonzero(mask) + 2), rel=error, abs=1e-9
            )


def test_samples_do_not_make_factors_look_stronger_than_they_are():
    rng = np.random.default_rng(9)
    totals, resampled = [], []
    for seed in range(20):
        moments = pupils_of(rng.normal(size=(41, 8)), sizes=np.full(41, 50), seed=seed)
        blocks = blocks_for(moments, [[at] for at in range(2, 10)])
        models = models_of(blocks, seed=1)
        found = variance_shares(blocks, models)
        counts = rng.multinomial(41, np.full(41, 1 / 41), size=40)
        totals.append(found.total)
        resampled.append(
            np.nanmean(resampled_shares(blocks, models, counts, highest_ratio=found.highest_ratio)[1])
        )
    assert np.mean(resampled) == pytest.approx(np.mean(totals), abs=0.06)


def test_estimates_without_a_school_are_those_of_the_other_schools():
    moments = uneven_schools(seed=5, factors=3)
    blocks = blocks_for(moments, [[2], [3], [4]])
    found = left_out_coefficients(blocks, highest_ratio=0.5)
    for school in (0, 17, 40):
        spec = MultilevelSpec((0, 1, 2, 3, 4), 5, (RandomTerm(0, (0,)),))
        alone = fit_moments(moments.leave_out(school), spec)
        assert found[school, 1:] == pytest.approx(alone.coefficients[1:], rel=1e-7)


def test_many_factors_are_sampled_with_an_honest_error():
    moments = uneven_schools(seed=6, schools=80, factors=6)
    blocks = blocks_for(moments, [[at] for at in range(2, 8)])
    exact = variance_shares(blocks, models_of(blocks, seed=1))
    sampled = variance_shares(blocks, models_of(blocks, seed=1, most_exact=5))
    assert not sampled.is_exact
    assert sampled.total == pytest.approx(exact.total, rel=1e-9)
    assert sampled.shares.sum() == pytest.approx(exact.total, rel=1e-9)
    away = (sampled.shares - exact.shares) / sampled.sampling_errors
    assert np.abs(away).max() < 3.5
    assert sampled.sampling_errors.max() < 0.02


def test_known_noise_is_not_taken_for_differences_of_schools():
    rng = np.random.default_rng(8)
    schools = 2000
    factor, noise = rng.normal(size=schools), rng.uniform(0.5, 6, schools)
    outcome = 3 + 2 * factor + rng.normal(0, 1.5, schools) + rng.normal(0, np.sqrt(noise))
    values = np.column_stack([np.ones(schools), factor, outcome])
    moments = moments_from_arrays(
        ("Intercept", "f", "y"),
        values,
        groups=[("school", np.arange(schools), np.arange(schools).astype(object))],
        random=range(3),
        weights=1 / noise,
    )
    blocks = blocks_of(moments, base=[0], factors=[[1]], outcome=2, is_noise_known=True)
    found = variance_shares(blocks, models_of(blocks, seed=1))
    x = values[:, :2]

    def deviance(tau2):
        weight = 1 / (noise + tau2)
        inner = x.T @ (weight[:, None] * x)
        left = outcome - x @ np.linalg.solve(inner, x.T @ (weight * outcome))
        return -np.log(weight).sum() + (weight * left**2).sum() + np.linalg.slogdet(inner)[1]

    best = minimize_scalar(deviance, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-9})
    assert found.tau2_full == pytest.approx(best.x, rel=1e-5)
    assert found.tau2_full == pytest.approx(2.25, abs=0.5)  # its standard error is 0.17
    assert found.total == pytest.approx(4 / 6.25, abs=0.06)
    fit = fit_known_noise(blocks)
    assert fit.tau2 == pytest.approx(found.tau2_full, rel=1e-9)
    weight = 1 / (noise + fit.tau2)
    by_hand = np.linalg.inv(x.T @ (weight[:, None] * x))
    assert fit.coefficients[1] == pytest.approx((by_hand @ x.T @ (weight * outcome))[1], rel=1e-9)
    assert fit.covariance[1, 1] == pytest.approx(by_hand[1, 1], rel=0.05)


def test_exact_shares_are_the_mean_over_all_orders():
    values = np.random.default_rng(2).normal(size=16)
    added = np.zeros(4)
    for order in itertools.permutations(range(4)):
        mask = 0
        for part in order:
            added[part] += values[mask | 1 << part] - values[mask]
            mask |= 1 << part
    assert exact_shares(values) == pytest.approx(added / 24, rel=1e-12)


def test_sampled_shares_come_to_the_exact_ones():
    values = np.random.default_rng(3).normal(size=32)
    orders = draw_orders(5, pairs=4000, seed=1)
    masks = np.cumsum(1 << orders, axis=1)
    shares, errors = sampled_shares(np.column_stack([np.full(len(orders), values[0]), values[masks]]), orders)
    assert np.abs((shares - exact_shares(values)) / errors).max() < 3.5


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg():
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(4).random(40) ** 2
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], rel=1e-12)
    gaps = benjamini_hochberg([0.01, np.nan, 0.04])
    assert gaps[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(gaps[1])


def test_the_index_is_the_leading_component_turned_to_harder_circumstances():
    rng = np.random.default_rng(5)
    hard = rng.normal(size=200)
    values = np.column_stack(
        [hard + rng.normal(0, 0.5, 200), -3 * hard + rng.normal(0, 1, 200), rng.normal(size=200)]
    )
    found = first_component(values, directions=[1, -1, 0])
    standard = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    left, singular, _ = np.linalg.svd(standard, full_matrices=False)
    assert found.explained_share == pytest.approx(singular[0] ** 2 / (singular**2).sum())
    assert np.abs(found.scores @ left[:, 0]) == pytest.approx(np.linalg.norm(found.scores))
    assert found.scores.std(ddof=1) == pytest.approx(1)
    assert np.corrcoef(found.scores, hard)[0, 1] > 0.9
    turned = first_component(values, directions=[-1, 1, 0])
    assert turned.weights == pytest.approx(-found.weights)
