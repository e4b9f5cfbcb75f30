"""Absorbed effects leave what a regression on dummies leaves."""

from __future__ import annotations

import numpy as np
import pytest

from shnor_analysis.kernels.absorption import absorb, is_nested


def dummies(codes):
    return np.eye(codes.max() + 1)[codes]


@pytest.fixture
def rows():
    rng = np.random.default_rng(500)
    schools = np.unique(rng.integers(0, 40, 300), return_inverse=True)[1]
    # two worlds that share no row: schools of the first half never meet years of the second
    years = np.where(schools < 20, rng.integers(0, 4, 300), rng.integers(4, 9, 300))
    return rng.normal(size=(300, 3)) + schools[:, None] + years[:, None] ** 2, schools, years


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("n_ways", [1, 2])
def test_absorbing_is_regression_on_dummies(rows, n_ways, is_weighted):
    values, schools, years = rows
    ways = [schools, years][:n_ways]
    weights = np.random.default_rng(1).uniform(0.5, 3, len(values)) if is_weighted else None
    root = np.sqrt(np.ones(len(values)) if weights is None else weights)[:, None]
    design = np.hstack([dummies(codes) for codes in ways])
    effects = np.linalg.lstsq(design * root, values * root, rcond=None)[0]
    absorbed = absorb(values, ways, weights)
    assert absorbed.is_converged
    assert np.abs(absorbed.values - (values - design @ effects)).max() < 1e-10
    assert absorbed.rank == np.linalg.matrix_rank(design)


def test_a_column_made_of_the_absorbed_effects_is_named(rows):
    values, schools, years = rows
    made = np.column_stack([values[:, 0], schools**2 - 3.0 * years, np.full(len(values), 7.0)])
    assert absorb(made, [schools, years]).gone == (1, 2)


def test_three_ways_are_refused(rows):
    values, schools, years = rows
    with pytest.raises(ValueError, match="one or two"):
        absorb(values, [schools, years, schools])


def test_classes_lie_in_schools_and_years_do_not():
    classes, schools = np.array([0, 1, 2, 2, 0]), np.array([0, 0, 1, 1, 0])
    assert is_nested(classes, schools)
    assert not is_nested(schools, classes)
