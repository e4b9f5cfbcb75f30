"""Intervals and tails against statsmodels, enumeration and simulation."""

import itertools

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from shnor_analysis.kernels.binomial import chance_of_at_least, chance_of_share
from shnor_analysis.kernels.wilson import newcombe_difference, wilson_interval


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_wilson_bounds_equal_those_of_statsmodels_for_every_count_up_to_forty(level):
    pairs = [(x, n) for n in range(1, 41) for x in range(n + 1)]
    successes, trials = np.array(pairs).T
    low, high = wilson_interval(successes, trials, level=level)
    for place, (x, n) in enumerate(pairs):
        expected = proportion_confint(x, n, alpha=1 - level, method="wilson")
        assert (low[place], high[place]) == pytest.approx(expected, abs=1e-12)


def test_wilson_bounds_of_a_share_without_trials_are_not_numbers():
    low, high = wilson_interval([0, 3], [0, 10])
    assert np.isnan([low[0], high[0]]).all()
    assert np.isfinite([low[1], high[1]]).all()


def test_more_successes_than_trials_are_refused():
    with pytest.raises(ValueError, match="outside 0…trials"):
        wilson_interval(11, 10)


def test_difference_of_shares_equals_newcombe_in_statsmodels():
    for a, m, b, n in itertools.product((0, 3, 7, 20), (20, 33), (0, 1, 9, 15), (15, 80)):
        expected = confint_proportions_2indep(a, m, b, n, method="newcomb", compare="diff")
        difference, low, high = newcombe_difference((a, m), (b, n))
        assert float(difference) == pytest.approx(a / m - b / n, abs=1e-15)
        assert (float(low), float(high)) == pytest.approx(expected, abs=1e-12)


def test_published_newcombe_example_is_met():
    # Newcombe (1998), table II, first contrast: 56/70 − 48/80, method 10
    _, low, high = newcombe_difference((56, 70), (48, 80))
    assert (round(float(low), 4), round(float(high), 4)) == (0.0524, 0.3339)


def test_threshold_is_reached_by_exactly_three_of_ten():
    # 3 or more of 10 at p = 0.2: 1 − 0.8^10 − 10·0.2·0.8^9 − 45·0.04·0.8^8
    assert float(chance_of_share(10, 0.2, threshold=0.3)) == pytest.approx(0.3222004736, abs=1e-10)


def test_tail_of_several_events_equals_the_sum_over_all_outcomes():
    chances = np.array([0.05, 0.3, 0.5, 0.9, 1.0])
    for needed in range(7):
        expected = sum(
            np.prod(np.where(np.array(outcome) == 1, chances, 1 - chances))
            for outcome in itertools.product((0, 1), repeat=5)
            if sum(outcome) >= needed
        )
        assert float(chance_of_at_least(chances, needed)) == pytest.approx(expected, abs=1e-12)


def test_an_event_that_cannot_happen_does_not_count():
    assert float(chance_of_at_least([0.4, np.nan], 1)) == pytest.approx(0.4)


def test_chance_of_the_rule_agrees_with_simulation():
    trials, shares = np.array([22, 25, 48, 19]), np.array([0.32, 0.24, 0.29, 0.1])
    drawn = np.random.default_rng(500).binomial(trials, shares, size=(200_000, 4))
    simulated = ((drawn / trials >= 0.3).sum(axis=1) >= 2).mean()
    # four standard errors of a share from 200 000 draws
    chances = chance_of_share(trials, shares, threshold=0.3)
    assert float(chance_of_at_least(chances, 2)) == pytest.approx(simulated, abs=0.0045)
