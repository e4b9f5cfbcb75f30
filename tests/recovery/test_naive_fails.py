"""The careless comparisons fail in the towns in which the headline test holds: the check can fail."""

from __future__ import annotations

import pytest
from programme_draws import draw_towns
from programme_studies import answers, estimators, margin
from test_programme_size import BY_RESULTS, PERMUTATIONS, named

pytestmark = pytest.mark.slow

CARELESS = ("before and after", "did, base = selection year")
# success: a gain, and p below 0.05; by chance alone in 2.5 of 100 towns
BY_CHANCE = 0.025
LEAST = {"last_year": 0.15, "three_years": BY_CHANCE + margin(BY_CHANCE)}


def successes(estimates, p):
    """Share of towns in which a success would be announced."""
    return float(((p <= 0.05) & (estimates > 0)).mean())


@named(BY_RESULTS)
def test_careless_comparisons_announce_successes_that_nobody_had_and_the_headline_test_does_not(
    design, record_property
):
    """On the very draws of `test_programme_size.py`, where the true effect is 0."""
    by_estimator = estimators(draw_towns(design))
    careless = {name: by_estimator[name] for name in CARELESS}
    rates = {name: successes(*found) for name, found in careless.items()}
    told = answers(design, permutations=PERMUTATIONS)
    headline = successes(told.ancova[:, 0], told.permutation_p)
    record_property("successes", rates | {"headline": headline})
    record_property("called an effect", {name: float((p < 0.05).mean()) for name, (_, p) in careless.items()})
    record_property("mean gain", {name: float(gain.mean()) for name, (gain, _) in careless.items()})
    assert min(rates.values()) > LEAST[design.chosen_by]
    assert headline == pytest.approx(BY_CHANCE, abs=margin(BY_CHANCE))
