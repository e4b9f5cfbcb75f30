"""Predicted list flow holds what comes at the rate that it promises, where schools are known to go on by chance."""

from __future__ import annotations

import numpy as np
import pytest
from list_flow_panels import LEVEL, Schools, naive_coverage, study
from scipy.stats import chisquare

from shnor_analysis.models.list_rules import LowestShare, ShareOfLow

pytestmark = pytest.mark.slow

DRAWS = 2_000
TOWN, FEW_YEARS = Schools(schools=40, years=5), Schools(schools=40, years=3, tested=25)
SUBJECTS = Schools(schools=40, years=5, procedures=3)
REGION = Schools(schools=1_000, years=5, tested=50, is_varied=True)
GAPS = Schools(schools=300, years=5, tested=50, is_varied=True, goes_away=0.08)
ANY_TOWN = Schools(schools=40, years=5, is_varied=True)
TWICE, ONCE = LowestShare(share=0.15, years=2), LowestShare(share=0.30, years=1)


def is_uniform(pit):
    """Twenty equal parts of the randomised transform, by χ² at 1 in 1,000."""
    counts, _ = np.histogram(pit, bins=20, range=(0, 1))
    return chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize(
    ("schools", "rule"),
    [(TOWN, TWICE), (TOWN, ONCE), (FEW_YEARS, ONCE), (SUBJECTS, ShareOfLow())],
    ids=["lowest_15_twice", "lowest_30", "lowest_30_three_years_known", "share_of_low"],
)
def test_short_lists_are_held_at_least_as_often_as_promised(schools, rule):
    found = study(schools, rule, draws=DRAWS)
    assert np.median(found.listed) < 30
    assert found.is_inside.mean() > LEVEL - 3 * found.error
    assert found.entrants_inside.mean() > LEVEL - 3 * found.error
    assert abs((found.observed - found.expected).sum() / found.listed.sum()) < 0.02


@pytest.mark.parametrize(
    ("schools", "rule"),
    [(REGION, TWICE), (REGION, ONCE), (ANY_TOWN, ONCE), (GAPS, ONCE), (GAPS, TWICE)],
    ids=["region_lowest_15_twice", "region_lowest_30", "any_town", "gaps_lowest_30", "gaps_lowest_15_twice"],
)
def test_whatever_makes_schools_differ_lists_are_held_as_often_as_promised(schools, rule):
    """Counts are whole, so that an interval holds a little more; the randomised transform does not."""
    found = study(schools, rule, draws=DRAWS, of_next=500)
    held = np.mean((found.pit > (1 - LEVEL) / 2) & (found.pit < (1 + LEVEL) / 2))
    assert held == pytest.approx(LEVEL, abs=3 * found.error)
    assert found.is_inside.mean() > LEVEL - 3 * found.error
    assert is_uniform(found.pit)


def test_last_years_shares_taken_as_true_do_not_hold():
    assert naive_coverage(TOWN, ONCE, draws=400) < 0.6
    assert naive_coverage(REGION, ONCE, draws=40) == 0
