"""Whatever the nesting and the terms: the likelihood is that of the dense normal law, and its slope is its slope."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shnor_analysis.kernels.multilevel import (
    MultilevelSpec,
    RandomTerm,
    fit_moments,
    moments_from_arrays,
    parameters,
    random_effects,
    satterthwaite_df,
)
from shnor_analysis.kernels.multilevel.descent import Search
from shnor_analysis.kernels.multilevel.working import prepare

COLUMNS = ("Intercept", "a", "b", "y")
few = settings(max_examples=6, deadline=None)
SEEDS = st.integers(0, 10_000)
TERMS = st.sampled_from(
    [((0,),), ((0, 1),), ((1,),), ((0, 1, 2),), ((0,), (1,)), ((2, 0), (1,))]
)  # columns of the terms of one level


@dataclass(frozen=True)
class Rows:
    """Invented pupils in up to four nested groupings, outermost last; slopes far from their zero."""

    values: np.ndarray
    codes: tuple[np.ndarray, ...]
    weights: np.ndarray


def rows(seed, levels):
    rng = np.random.default_rng(seed)
    codes = [np.arange(int(rng.integers(3, 6)))]
    for _ in range(levels - 1):
        codes = [np.repeat(one, 3) for one in codes]
        codes.append(np.arange(len(codes[0])))
    sizes = rng.integers(1, 6, len(codes[0]))
    codes = [np.repeat(one, sizes) for one in reversed(codes)]
    n = len(codes[0])
    a, b = 3 + rng.normal(size=n), 100 + 5 * rng.normal(size=n)
    y = 500 + 2 * a - 0.3 * b + rng.normal(size=n)
    for one in codes:
        y = y + rng.normal(0, 1.5, one.max() + 1)[one] + rng.normal(0, 0.7, one.max() + 1)[one] * a
    return Rows(np.column_stack([np.ones(n), a, b, y]), tuple(codes), rng.uniform(0.5, 2, n))


def sums(data, **settings_):
    groups = [
        (f"level {at}", one, np.array([f"g{label}" for label in range(one.max() + 1)], dtype=object))
        for at, one in enumerate(data.codes)
    ]
    return moments_from_arrays(COLUMNS, data.values, groups=groups, random=(0, 1, 2, 3), **settings_)


def model(terms, is_correlated, method):
    random = [RandomTerm(level, columns, is_correlated) for level, one in enumerate(terms) for columns in one]
    return MultilevelSpec((0, 1, 2), 3, tuple(random), method)


MODELS = st.builds(
    model, st.lists(TERMS, min_size=1, max_size=3), st.booleans(), st.sampled_from(["reml", "ml"])
)


def dense_deviance(data, spec, working, theta):
    """−2 log-likelihood from the whole covariance matrix of the rows, σ profiled out."""
    n = len(data.values)
    law = np.diag(1 / data.weights)
    for block, factor in zip(working.blocks, parameters.factors(working, theta), strict=True):
        raw = parameters.raw_factor(block, factor)
        spread = data.values[:, list(block.columns)] @ raw
        same = data.codes[block.level][:, None] == data.codes[block.level][None]
        law += same * (spread @ spread.T)
    fixed, y = data.values[:, list(spec.fixed)], data.values[:, spec.outcome]
    solved = np.linalg.solve(law, np.column_stack([fixed, y]))
    information = fixed.T @ solved[:, :-1]
    beta = np.linalg.solve(information, fixed.T @ solved[:, -1])
    residual = (y - fixed @ beta) @ np.linalg.solve(law, y - fixed @ beta)
    degrees = n - fixed.shape[1] if spec.method == "reml" else n
    found = np.linalg.slogdet(law)[1] + degrees * (1 + np.log(2 * np.pi * residual / degrees))
    return found + (np.linalg.slogdet(information)[1] if spec.method == "reml" else 0.0)


@given(SEEDS, MODELS)
@settings(max_examples=30, deadline=None)
def test_the_deviance_is_that_of_the_dense_normal_law_and_its_gradient_is_its_slope(seed, spec):
    data = rows(seed, levels=1 + max(term.level for term in spec.random))
    working = prepare(sums(data, weights=data.weights), spec)
    search = Search(working)
    theta = np.random.default_rng(seed).uniform(-1, 1, parameters.count(working))
    at = search.point(theta)
    assert at.deviance == pytest.approx(dense_deviance(data, spec, working, theta), abs=1e-7)
    sigma = 1.7
    fixed_sigma = search.point(theta, sigma=sigma)
    for one, slope in enumerate(at.gradient):
        away = np.zeros(len(theta))
        away[one] = 1e-5
        change = search.evaluation(theta + away).deviance - search.evaluation(theta - away).deviance
        assert slope == pytest.approx(change / 2e-5, rel=2e-5, abs=2e-4)
        up, down = (search.evaluation(theta + sign * away, sigma=sigma).deviance for sign in (1, -1))
        assert fixed_sigma.gradient[one] == pytest.approx((up - down) / 2e-5, rel=2e-5, abs=2e-4)


def answers(moments, spec):
    fit = fit_moments(moments, spec)
    modes = {
        label: tuple(one)
        for found in random_effects(moments, fit)
        for label, one in zip(moments.levels[found.level].labels, found.estimates, strict=True)
    }
    return fit, satterthwaite_df(moments, fit), modes


SLOPES = MultilevelSpec((0, 1, 2), 3, (RandomTerm(0, (0,)), RandomTerm(1, (0, 1))))


@given(SEEDS)
@few
def test_order_and_shift_of_the_sums_do_not_matter(seed):
    data = rows(seed, levels=2)
    rng = np.random.default_rng(seed)
    fit, df, _ = answers(sums(data), SLOPES)
    order = rng.permutation(len(data.values))
    relabel = [rng.permutation(one.max() + 1) for one in data.codes]
    mixed = Rows(
        data.values[order],
        tuple(names[one][order] for names, one in zip(relabel, data.codes, strict=True)),
        data.weights,
    )
    for moments in (sums(mixed), sums(data, shift=np.array([0, 2.0, 98.0, 510.0]))):
        other, other_df, _ = answers(moments, SLOPES)
        assert other.deviance == pytest.approx(fit.deviance, abs=1e-6)
        assert other.coefficients == pytest.approx(fit.coefficients, rel=1e-5)
        assert other.covariance == pytest.approx(fit.covariance, rel=1e-4, abs=1e-8)
        assert other_df == pytest.approx(df, rel=1e-2)


@given(SEEDS)
@few
def test_a_group_taken_twice_is_two_groups_and_a_group_left_out_is_gone(seed):
    data = rows(seed, levels=2)
    counts = np.random.default_rng(seed).integers(0, 3, data.codes[1].max() + 1)
    counts[:2] = (2, 1)
    picked, inner, outer, copy = [], [], [], 0
    for group, many in enumerate(counts):
        mine = np.flatnonzero(data.codes[1] == group)
        for _ in range(many):
            picked.append(mine)
            inner.append(data.codes[0][mine] + 1000 * copy)
            outer.append(np.full(len(mine), copy))
            copy += 1
    codes = tuple(np.unique(np.concatenate(one), return_inverse=True)[1] for one in (inner, outer))
    taken = np.concatenate(picked)
    repeated = sums(Rows(data.values[taken], codes, data.weights[taken]))
    resampled = sums(data).resample(counts)
    assert resampled.n_obs == len(taken)
    one, other = fit_moments(resampled, SLOPES), fit_moments(repeated, SLOPES)
    assert one.deviance == pytest.approx(other.deviance, abs=1e-6)
    assert one.coefficients == pytest.approx(other.coefficients, rel=1e-5)
    left = sums(data).leave_out(1)
    assert left.products == pytest.approx(
        sums(
            Rows(
                data.values[data.codes[1] != 1],
                tuple(code[data.codes[1] != 1] for code in data.codes),
                data.weights,
            ),
            shift=left.shift,
        ).products
    )


@given(SEEDS, st.sampled_from([1e-4, 1e3]))
@few
def test_units_of_a_column_and_the_zero_of_the_outcome_change_answers_as_they_must(seed, unit):
    data = rows(seed, levels=2)
    fit, df, modes = answers(sums(data), SLOPES)
    moved = data.values * np.array([1, unit, 1, 1]) + np.array([0, 0, 0, 1e4])
    other, other_df, other_modes = answers(sums(replace(data, values=moved)), SLOPES)
    assert other.coefficients * [1, unit, 1] - [1e4, 0, 0] == pytest.approx(fit.coefficients, rel=1e-5)
    assert other.std_errors * [1, unit, 1] == pytest.approx(fit.std_errors, rel=1e-5)
    assert other_df == pytest.approx(df, rel=1e-2)
    assert other.is_singular == fit.is_singular
    scaled = {
        label: tuple(np.array(one) * ([1, unit] if len(one) > 1 else 1)) for label, one in other_modes.items()
    }
    for label, one in modes.items():
        assert scaled[label] == pytest.approx(one, rel=1e-3, abs=1e-4)
