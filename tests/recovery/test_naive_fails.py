"""The careless comparisons fail in the towns in which the headline test holds: the check can fail."""

from __future__ import annotations

import numpy as np
import pytest
from programme_draws import draw_towns
from programme_studies import before_and_after, estimators, margin
from test_programme_size import BY_RESULTS, named

pytestmark = pytest.mark.slow

CARELESS = {"before and after", "did, base = selection year"}
# even where one bad year of three is a third of the choice
LEAST = {"last_year": 0.20, "three_years": 0.05 + margin(0.05)}


@named(BY_RESULTS)
def test_before_and_after_and_differences_from_the_selection_year_find_help_that_nobody_gave(
    design, record_property
):
    """On the very draws of `test_programme_size.py`, where the true effect is 0."""
    towns = draw_towns(design)
    found = {name: one for name, one in estimators(towns).items() if name in CARELESS}
    rates = {name: float((p < 0.05).mean()) for name, (_, p) in found.items()}
    record_property("called an effect", rates)
    record_property("mean gain", {name: float(one.mean()) for name, (one, _) in found.items()})
    for name, rate in rates.items():
        assert rate > LEAST[design.chosen_by], name
        assert found[name][0].mean() > 0.04, name


def test_nearly_all_that_before_and_after_calls_an_effect_is_called_a_success(record_property):
    estimates, p = before_and_after(draw_towns(BY_RESULTS[0]))
    successes = float(np.mean(estimates[p < 0.05] > 0))
    record_property("successes", successes)
    assert successes > 0.99
