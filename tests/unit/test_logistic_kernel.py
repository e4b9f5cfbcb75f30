"""The kernel of the logistic model: derivatives, boundaries, and what cannot be told from the data."""

from __future__ import annotations

import numpy as np
import pytest

from shnor_analysis.kernels.logistic import LogisticSpec, fit_logistic, sort_rows, sorting_order
from shnor_analysis.kernels.logistic.block_curvature import coefficient_curvature
from shnor_analysis.kernels.logistic.block_modes import BlockModes
from shnor_analysis.kernels.logistic.blocks import evaluate_blocks
from shnor_analysis.kernels.logistic.intercept import evaluate_intercept
from shnor_analysis.kernels.multilevel import CannotFit

N, GROUPS = 3000, 40
INTERCEPT = LogisticSpec((0,), np.ones((1, 1), dtype=bool))
SLOPE = LogisticSpec((0, 1), np.tril(np.ones((2, 2), dtype=bool)))
FREE_SLOPE = LogisticSpec((0, 1), np.eye(2, dtype=bool))
NESTED = LogisticSpec((0,), np.ones((1, 1), dtype=bool), has_inner=True)
NESTED_SLOPE = LogisticSpec((0, 1), np.tril(np.ones((2, 2), dtype=bool)), has_inner=True)


def made_up(*, has_trials=False, seed=1, spread=0.8):
    """Columns, successes, trials and groups of invented rows."""
    draw = np.random.default_rng(seed)
    columns = np.vstack((np.ones(N), draw.normal(size=(2, N))))
    outer = draw.integers(0, GROUPS, N)
    inner = outer * 5 + draw.integers(0, 5, N)
    trials = draw.integers(1, 6, N) if has_trials else np.ones(N, dtype=int)
    logit = np.array([0.2, 0.7, -0.4]) @ columns
    logit += spread * draw.normal(size=GROUPS)[outer] + 0.4 * draw.normal(size=GROUPS * 5)[inner]
    successes = draw.binomial(trials, 1 / (1 + np.exp(-logit))).astype(float)
    return columns, successes, trials.astype(float) if has_trials else None, outer, inner


def rows_of(columns, successes, outer, *, trials=None, inner=None):
    names = ("Intercept", *(f"x{at}" for at in range(1, len(columns))))
    return sort_rows(
        names,
        np.array(columns, dtype=float),
        np.array(successes, dtype=float),
        outer=np.asarray(outer),
        n_fixed=len(names),
        trials=trials,
        inner=inner,
    )


def differences(function, point, size=1e-5):
    """Central differences along each parameter."""
    steps = size * np.eye(len(point))
    return np.array([(function(point + one) - function(point - one)) / (2 * size) for one in steps])


@pytest.mark.parametrize("has_trials", [False, True])
def test_derivatives_of_the_intercept_model_are_those_of_its_likelihood(has_trials):
    columns, successes, trials, outer, _ = made_up(has_trials=has_trials)
    rows = rows_of(columns, successes, outer, trials=trials)
    point = np.array([0.1, 0.5, -0.3, 0.6])

    def at(place, **options):
        return evaluate_intercept(rows, place, np.zeros(GROUPS), pieces=rows.pieces, **options)

    found = at(point, with_curvature=True)
    assert found.gradient == pytest.approx(differences(lambda x: at(x).value, point), rel=1e-6)
    by_differences = differences(lambda x: at(x).gradient, point)
    assert found.curvature == pytest.approx(by_differences, abs=1e-7 * np.abs(by_differences).max())


@pytest.mark.parametrize("spec", [INTERCEPT, SLOPE, FREE_SLOPE, NESTED, NESTED_SLOPE])
@pytest.mark.parametrize("has_trials", [False, True])
def test_derivatives_of_the_block_model_are_those_of_its_likelihood(spec, has_trials):
    columns, successes, trials, outer, inner = made_up(has_trials=has_trials)
    rows = rows_of(columns, successes, outer, trials=trials, inner=inner if spec.has_inner else None)
    point = np.array([0.1, 0.5, -0.3, 0.6, 0.2, 0.4, 0.3])[: 3 + spec.n_theta]

    def modes():
        return BlockModes(np.zeros((len(spec.random), rows.n_groups)), np.zeros(rows.n_inner))

    def at(place):
        return evaluate_blocks(rows, spec, place, modes(), pieces=rows.pieces)

    assert at(point).gradient == pytest.approx(differences(lambda x: at(x).value, point), rel=1e-5)
    exact = coefficient_curvature(rows, spec, point, modes(), pieces=rows.pieces)
    by_differences = differences(lambda x: at(x).gradient, point)[:3, :3]
    assert exact == pytest.approx(by_differences, abs=1e-7 * np.abs(by_differences).max())


def test_both_engines_agree_on_random_intercepts_over_many_pieces():
    draw = np.random.default_rng(2)
    n = 130_000
    x, outer = draw.normal(size=n), draw.integers(0, 900, n)
    logit = 0.3 + 0.5 * x + 0.6 * draw.normal(size=900)[outer]
    successes = draw.random(n) < 1 / (1 + np.exp(-logit))
    rows = rows_of([np.ones(n), x], successes, outer)
    assert len(rows.pieces) > 12
    fit = fit_logistic(rows, INTERCEPT)
    point = np.append(fit.coefficients, np.sqrt(fit.outer_covariance[0, 0]))
    value = evaluate_blocks(
        rows, INTERCEPT, point, BlockModes(np.zeros((1, 900)), np.empty(0)), pieces=rows.pieces
    )
    assert fit.loglik == pytest.approx(value.value, abs=1e-6)
    assert np.abs(value.gradient).max() < 1e-3
    assert fit.coefficients == pytest.approx([0.3, 0.5], abs=4 * np.sqrt(fit.covariance[0, 0]))


def test_groups_that_do_not_differ_are_a_singular_fit_with_the_pooled_estimates():
    successes = np.tile([0.0, 1.0], 500)
    x = np.random.default_rng(3).normal(size=1000)
    outer = np.repeat(np.arange(20), 50)
    pooled = None
    for spec in (INTERCEPT, SLOPE):
        fit = fit_logistic(rows_of([np.ones(1000), x], successes, outer), spec)
        assert fit.is_singular
        assert fit.is_converged
        assert np.abs(fit.outer_covariance).max() < 1e-8
        pooled = fit.coefficients if pooled is None else pooled
        assert fit.coefficients == pytest.approx(pooled, abs=1e-6)
        shares = 1 / (1 + np.exp(-fit.coefficients @ np.vstack((np.ones(1000), x))))
        assert np.vstack((np.ones(1000), x)) @ (successes - shares) == pytest.approx([0, 0], abs=1e-4)
        information = (np.vstack((np.ones(1000), x)) * shares * (1 - shares)) @ np.vstack(
            (np.ones(1000), x)
        ).T
        assert fit.covariance == pytest.approx(np.linalg.inv(information), rel=1e-4, abs=1e-7)


def test_classes_inside_schools_that_do_not_differ_leave_the_model_of_schools():
    # every class has as many successes as the others of its school
    inner = np.arange(N) % 3 + 3 * (np.arange(N) // 75)
    outer = np.arange(N) // 75
    successes = ((np.arange(N) // 3) % 25 < 5 + outer % 15).astype(float)
    both = fit_logistic(rows_of([np.ones(N)], successes, outer, inner=inner), NESTED)
    alone = fit_logistic(rows_of([np.ones(N)], successes, outer), INTERCEPT)
    assert both.is_singular
    assert both.inner_variance == pytest.approx(0.0, abs=1e-8)
    assert both.loglik == pytest.approx(alone.loglik, abs=1e-7)
    assert both.outer_covariance == pytest.approx(alone.outer_covariance, rel=1e-5)


def refused(columns, successes, outer, spec=INTERCEPT, **options):
    with pytest.raises(CannotFit) as caught:
        fit_logistic(rows_of(columns, successes, outer, **options), spec)
    return caught.value.reason_code, caught.value.fields.get("columns")


@pytest.mark.parametrize("spec", [INTERCEPT, SLOPE])
def test_a_coefficient_without_end_is_named(spec):
    columns, successes, _, outer, _ = made_up()
    rare = (np.arange(N) % 60 == 0).astype(float)
    always = np.where(rare == 1, 1.0, successes)
    columns = np.vstack((columns, rare))
    assert refused(columns, always, outer, spec) == ("separated", ("x3",))
    assert fit_logistic(rows_of(columns, successes, outer), spec).is_converged


def test_what_cannot_be_told_is_refused_with_its_reason():
    columns, successes, _, outer, _ = made_up()
    ones, x = columns[0], columns[1]
    assert refused([ones, x], ones, outer) == ("constant_outcome", None)
    assert refused([ones, x], 0 * ones, outer) == ("constant_outcome", None)
    assert refused([ones, x], successes, 0 * outer) == ("one_group", None)
    assert refused([ones, x], successes, np.arange(N)) == ("one_pupil_per_group", None)
    assert refused([ones, x, 3 * ones], successes, outer) == ("constant_column", ("x2",))
    assert refused([ones, x, 2 * x + 1], successes, outer) == ("collinear", ("Intercept", "x1", "x2"))
    assert refused([ones, x], (outer % 2).astype(float), outer) == ("groups_separated", None)
    assert refused([ones[:0], x[:0]], ones[:0], outer[:0]) == ("no_rows", None)


def test_calendar_years_and_large_units_are_no_obstacle():
    columns, successes, _, outer, _ = made_up()
    year = 2018.0 + np.arange(N) % 5
    near = fit_logistic(rows_of([columns[0], year - 2020, columns[1]], successes, outer), INTERCEPT)
    far = fit_logistic(rows_of([columns[0], year, columns[1] * 1e6], successes, outer), INTERCEPT)
    assert far.loglik == pytest.approx(near.loglik, abs=1e-8)
    assert far.coefficients[1:] * [1, 1e6] == pytest.approx(near.coefficients[1:], rel=1e-5)
    assert np.sqrt(np.diag(far.covariance))[1:] * [1, 1e6] == pytest.approx(
        np.sqrt(np.diag(near.covariance))[1:], rel=1e-5
    )


def test_a_slope_over_calendar_years_is_the_slope_over_years_since_2020():
    columns, successes, _, outer, _ = made_up()
    year = 2018.0 + np.arange(N) % 5
    draw = np.random.default_rng(6)
    flips = draw.random(N) < 0.1 * (year - 2017) * (outer % 2)
    outcome = np.where(flips, 1.0, successes)
    near = fit_logistic(rows_of([columns[0], year - 2020], outcome, outer), SLOPE)
    far = fit_logistic(rows_of([columns[0], year], outcome, outer), SLOPE)
    assert not near.is_singular
    assert not far.is_singular
    assert far.loglik == pytest.approx(near.loglik, abs=1e-7)
    assert far.outer_covariance[1, 1] == pytest.approx(near.outer_covariance[1, 1], rel=1e-4)
    assert far.outer_effects @ [1, 2020] == pytest.approx(near.outer_effects[:, 0], abs=1e-5)


def test_rows_are_sorted_by_both_levels_with_many_groups():
    draw = np.random.default_rng(4)
    outer, inner = draw.integers(0, 300, 5000), draw.integers(0, 1000, 5000)
    order = sorting_order(outer, inner)
    assert list(order) == list(np.lexsort((inner, outer)))
