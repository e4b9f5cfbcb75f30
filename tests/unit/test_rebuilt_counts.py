"""Whole numbers behind percentages, against the search through all of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shnor_analysis.kernels.counts import AMBIGUOUS, EXACT, UNFIT, WRONG, rebuild_counts


def all_that_fit(percent, total, decimals):
    """Every set of whole numbers within the tolerance, by trying all."""
    tolerance = 0.5 * 10.0**-decimals * len(percent) + 1e-9
    return [
        counts
        for counts in itertools.product(range(total + 1), repeat=len(percent))
        if sum(counts) == total
        and sum(abs(100 * n / total - p) for n, p in zip(counts, percent, strict=True)) <= tolerance
    ]


def rebuilt(percent, total, decimals=2):
    return rebuild_counts(np.array([percent], dtype=float), np.array([total]), np.array([decimals]))


@settings(max_examples=150, deadline=None)
@given(
    counts=st.lists(st.integers(0, 6), min_size=3, max_size=4).filter(lambda counts: sum(counts) > 0),
    decimals=st.integers(0, 2),
    noise=st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, -1.0, 3.0]), min_size=4, max_size=4),
)
def test_state_is_that_of_the_search_through_all_sets(counts, decimals, noise):
    total = sum(counts)
    percent = [
        min(100.0, max(0.0, round(100 * n / total, decimals) + by * 10.0**-decimals))
        for n, by in zip(counts, noise, strict=False)
    ]
    fitting = all_that_fit(percent, total, decimals)
    done = rebuilt(percent, total, decimals)
    state = done.state[0]
    if state == EXACT:
        assert fitting == [tuple(done.counts[0])]
    elif state == AMBIGUOUS:
        assert len(fitting) > 1
    else:
        assert not fitting


@pytest.mark.parametrize("total", [1, 7, 26, 40, 111, 400])
def test_correctly_rounded_percentages_of_a_school_come_back(total):
    generator = np.random.default_rng(500)
    counts = generator.multinomial(total, [0.1, 0.4, 0.3, 0.2], size=200)
    percent = np.round(100 * counts / total, 2)
    done = rebuild_counts(percent, np.full(200, total), np.full(200, 2))
    assert (done.state == EXACT).all()
    assert (done.counts == counts).all()


@pytest.mark.parametrize(
    ("percent", "total", "decimals", "state"),
    [
        ((12.5, 37.5, 25.0, 25.0), 40, 1, EXACT),
        ((12.5, 37.5, 25.0, 25.0), 4000, 1, AMBIGUOUS),
        ((33.33, 33.33, 33.34, 0.0), 3, 2, EXACT),
        ((12.8, 37.2, 25.0, 25.0), 40, 1, UNFIT),
        ((12.5, 37.5, 25.0, 25.0), 10, 1, WRONG),
        ((42.5, 37.5, 25.0, 25.0), 40, 1, WRONG),
        ((0.0, 0.0, 0.0, 0.0), 0, 0, EXACT),
        ((100.0, 0.0, 0.0, 0.0), 0, 0, WRONG),
    ],
)
def test_state_of_known_rows(percent, total, decimals, state):
    assert rebuilt(percent, total, decimals).state[0] == state
