"""The jump at the threshold: its closed form beside the package, and real schools that nobody helped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from diff_diff import RegressionDiscontinuity
from reference_data import published

from shnor_analysis.models.list_flow_rows import read_flow_rows
from shnor_analysis.models.list_rules import LowestShare
from shnor_analysis.models.programme_discontinuity import discontinuity, distance_to_threshold
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_study import ProgrammeOptions, ProgrammeStudy
from shnor_analysis.models.school_panel import read_panel

RULE = LowestShare(0.3, 1)


@pytest.fixture(scope="module")
def schools():
    """Michigan: who is low in mathematics of grade 4, a sixth of the enrolment tested."""
    told = published("wooldridge", "school93_98").dropna(subset=["math4", "enrol"])
    tested = (told["enrol"] / 6).round().clip(lower=5).astype(int)
    low = ((100 - told["math4"]) / 100 * tested).round().astype(int)
    keys = {"school_id": told["schid"].astype(int), "school_year": told["year"].astype(int)}
    return read_panel(pd.DataFrame({**keys, "tested_n": tested, "low_n": low}))


def would_be(panel, start):
    """A programme for the whole list of the year before, which never was."""
    flow = read_flow_rows(panel, rule=RULE, exclude={})
    listed = flow.listed(start - 1)
    treated = {name: start for name, is_on in zip(flow.school_ids, listed, strict=True) if is_on}
    options = ProgrammeOptions(rule=RULE)
    study = ProgrammeStudy(panel, school_years(panel, treated), options.windows, 0.95, options)
    return study, dict(zip(flow.school_ids, distance_to_threshold(flow, start - 1), strict=True))


def local_fit(x, y, width, order):
    """Coefficients of a polynomial at 0 with a triangular kernel."""
    weight = np.sqrt(np.clip(1 - np.abs(x) / width, 0, None))
    columns = np.vander(x, order + 1, increasing=True)
    return np.linalg.lstsq(weight[:, None] * columns, weight * y, rcond=None)[0]


def corrected(x, y, width, pilot):
    """Local line less the curve that a wider local parabola shows (Calonico and others, 2014, section 2.1)."""
    curve = local_fit(x, y, pilot, 2)[2]
    return local_fit(x, y - curve * x**2, width, 1)[0]


@pytest.mark.parametrize("start", [1996, 1997, 1998])
def test_schools_that_nobody_helped_show_no_jump_and_the_estimate_is_its_closed_form(schools, start):
    study, distances = would_be(schools, start)
    found = discontinuity(study)
    assert found.conf_low < 0 < found.conf_high
    rows = study.rows()
    x = np.array([distances[rows.school_ids[one]] for one in rows.school])
    y = rows.sd.post
    with pytest.warns(UserWarning, match="[Mm]ass points"):
        chosen = RegressionDiscontinuity().fit(pd.DataFrame({"x": x, "y": y}), outcome="y", running="x")
    assert found.bandwidth == chosen.h_left
    above = corrected(x[x >= 0], y[x >= 0], chosen.h_right, chosen.b_right)
    below = corrected(x[x < 0], y[x < 0], chosen.h_left, chosen.b_left)
    assert found.estimate == pytest.approx(above - below, abs=1e-9)
    assert (found.n_below, found.n_above) == (chosen.n_h_left, chosen.n_h_right)
