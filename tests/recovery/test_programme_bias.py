"""How far each design is off in 2,000 towns where nobody helped, by how the schools were chosen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from programme_draws import (
    PUPILS,
    SCHOOL_SD,
    YEAR_CORRELATION,
    YEAR_SD,
    YEARS_AFTER,
    YEARS_BEFORE,
    Design,
    draw_towns,
)
from programme_studies import answers, estimators, excludes_zero
from scipy import integrate, stats

pytestmark = pytest.mark.slow

DESIGNS = {
    "last_year": Design(7, 40, "last_year"),
    "three_years": Design(7, 40, "three_years"),
    "level": Design(7, 40, "level"),
    "judged_level": Design(7, 40, "judged_level"),
    "decline": Design(7, 40, "last_year", has_decline=True),
}
YEARS = YEARS_BEFORE + YEARS_AFTER
PRIMARY, BRACKET = "ancova, selection year + earlier", "did, selection year dropped"


@pytest.fixture(scope="module")
def tables():
    """For each way of choosing: estimator -> mean estimate without any effect, its Monte Carlo error, rejections."""
    found = {}
    for name, design in DESIGNS.items():
        by_estimator = estimators(draw_towns(design))
        found[name] = {
            estimator: (
                float(estimates.mean()),
                float(estimates.std() / math.sqrt(len(estimates))),
                float((p < 0.05).mean()),
            )
            for estimator, (estimates, p) in by_estimator.items()
        }
    return found


def lowest(treated_n, schools_n):
    """Expected mean of the lowest of so many standard normal values, by the density of order statistics."""

    def expected(rank):
        order = stats.beta(rank, schools_n - rank + 1)
        return integrate.quad(lambda z: z * order.pdf(stats.norm.cdf(z)) * stats.norm.pdf(z), -9, 9)[0]

    return float(np.mean([expected(rank) for rank in range(1, treated_n + 1)]))


def expected_drift(chosen_by, base):
    """How far "after less base" of the lowest drifts from that of the others, and by itself, with nobody helping.

    All is normal, so a difference regresses on what the schools were chosen by with its covariance over the variance.
    """
    lag = np.abs(np.subtract.outer(np.arange(YEARS), np.arange(YEARS)))
    covariance = SCHOOL_SD**2 + YEAR_SD**2 * YEAR_CORRELATION**lag + np.eye(YEARS) / PUPILS
    looked_at, gain = np.zeros(YEARS), np.zeros(YEARS)
    looked_at[YEARS_BEFORE - (1 if chosen_by == "last_year" else 3) : YEARS_BEFORE] = 1
    looked_at /= looked_at.sum()
    gain[YEARS_BEFORE:] = 1 / YEARS_AFTER
    gain[base] -= 1 / len(range(*base.indices(YEARS)))
    drift = lowest(7, 40) * (looked_at @ covariance @ gain) / math.sqrt(looked_at @ covariance @ looked_at)
    return drift * 40 / 33, drift


BASES = {
    "did, base = selection year": slice(YEARS_BEFORE - 1, YEARS_BEFORE),
    "did, base = five years before": slice(0, YEARS_BEFORE),
    "did, selection year dropped": slice(0, YEARS_BEFORE - 1),
    "did, last three years dropped": slice(0, YEARS_BEFORE - 3),
}


@pytest.mark.parametrize("chosen_by", ["last_year", "three_years"])
def test_differences_drift_as_regression_to_the_mean_says(tables, chosen_by, record_property):
    record_property("bias", tables[chosen_by])
    for name, base in BASES.items():
        bias, error, _ = tables[chosen_by][name]
        assert abs(bias - expected_drift(chosen_by, base)[0]) < 3 * error, name
    bias, error, _ = tables[chosen_by]["before and after"]
    own = expected_drift(chosen_by, BASES["did, base = selection year"])[1]
    assert abs(bias - own) < 3 * error


@pytest.mark.parametrize("chosen_by", ["last_year", "three_years"])
def test_the_primary_design_is_right_where_schools_were_chosen_by_results(tables, chosen_by):
    bias, error, _ = tables[chosen_by][PRIMARY]
    assert abs(bias) < 3 * error


@pytest.mark.parametrize("chosen_by", ["level", "judged_level"])
def test_where_schools_were_chosen_by_their_level_the_primary_design_errs_low_and_the_bracket_is_right(
    tables, chosen_by, record_property
):
    record_property("bias", tables[chosen_by])
    bias, error, _ = tables[chosen_by][PRIMARY]
    assert bias < -0.04
    bias, error, _ = tables[chosen_by][BRACKET]
    assert abs(bias) < 3 * error


def test_where_low_schools_decline_both_designs_err_low_and_the_bracket_more(tables, record_property):
    record_property("bias", tables["decline"])
    assert tables["decline"][BRACKET][0] < tables["decline"][PRIMARY][0] < 0
    record_property("hull without 0", excludes_zero(answers(DESIGNS["decline"], permutations=0).hull))


def test_the_studies_of_all_towns_at_once_say_what_the_workbench_says_of_each(tables):
    found = answers(DESIGNS["decline"], permutations=0)
    assert found.ancova[:, 0].mean() == pytest.approx(tables["decline"][PRIMARY][0], rel=1e-9)
    assert found.did[:, 0].mean() == pytest.approx(tables["decline"][BRACKET][0], rel=1e-9)
    assert (found.ancova[:, 1] < 0.05).mean() == tables["decline"][PRIMARY][2]
