"""Plausible values are combined by Rubin's rules."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shnor_analysis.kernels.rubin import pool


def test_three_values_combined_by_hand():
    # estimates 1, 2, 3: mean 2, between 1; variances 4, 5, 6: within 5; total 5 + 4/3 · 1 = 19/3
    pooled = pool(
        np.array([[1.0], [2.0], [3.0]]), np.array([[[4.0]], [[5.0]], [[6.0]]]), np.full((3, 1), 20.0)
    )
    share = (4 / 3) / (19 / 3)
    from_values = 2 / share**2
    observed = 21 / 23 * 20 * (1 - share)
    assert pooled.estimates[0] == pytest.approx(2)
    assert pooled.covariance[0, 0] == pytest.approx(19 / 3)
    assert pooled.missing_share[0] == pytest.approx(share)
    assert pooled.df[0] == pytest.approx(from_values * observed / (from_values + observed))


def test_endless_rows_leave_the_degrees_of_freedom_of_rubin_1987():
    pooled = pool(np.array([[1.0], [3.0]]), np.array([[[1.0]], [[1.0]]]), np.full((2, 1), math.inf))
    # between 2 · 3/2 = 3, total 4, share 3/4, df 1/(3/4)²
    assert pooled.df[0] == pytest.approx(16 / 9)


def test_equal_values_add_nothing():
    one = np.array([[1.0, 2.0], [0.0, 3.0]])
    pooled = pool(np.ones((4, 2)), np.stack([one @ one.T] * 4), np.full((4, 2), 30.0))
    assert np.allclose(pooled.covariance, one @ one.T)
    assert np.allclose(pooled.df, 31 / 33 * 30)


def test_correlations_between_coefficients_survive():
    estimates = np.array([[0.0, 0.0], [1.0, -1.0]])
    pooled = pool(estimates, np.zeros((2, 2, 2)), np.full((2, 2), 10.0))
    assert np.allclose(pooled.covariance, 1.5 * np.array([[0.5, -0.5], [-0.5, 0.5]]))
