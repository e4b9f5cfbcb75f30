"""The report of a school of a small invented town, through both engines."""

from __future__ import annotations

from pathlib import Path

import fidelity
import nbformat
import pytest

from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.runs import EngineName, run_plan
from shnor_analysis.batch.warm.forking import why_not_fork
from shnor_analysis.reporting.orders import FINISHER, order_school_reports
from shnor_analysis.settings import Settings
from shnor_analysis.simulation import TownSpec, simulate_town, write_town
from shnor_analysis.workspace import create_workspace, open_workspace
from shnor_analysis.workspace.preloading import PRELOADED

pytestmark = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
SPEC = TownSpec(
    schools_n=12,
    first_year=2023,
    last_year=2024,
    pupil_years=(),
    cohorts=(),
    inflated_schools_n=0,
    inflated_treated_n=0,
)
SETTINGS = Settings(
    workspace_id="warm-town",
    title_ru="Город (вымышленный)",
    title_en="A town (invented)",
    municipality_id="Светлоярск",
    region_id="Заречная область (вымышленная)",
    is_invented=True,
    listing_rule="rosobr_2023",
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a warehouse."""
    folder = tmp_path_factory.mktemp("town")
    create_workspace(folder, SETTINGS)
    write_town(simulate_town(SPEC), folder / "incoming")
    workspace = open_workspace(folder)
    workspace.ingest([folder / "incoming"])
    workspace.build()
    return folder


def report(town: Path, home: Path, engine: EngineName) -> Path:
    """The folder of a finished report."""
    (order,) = order_school_reports(
        town, ["sch660002"], school_year=2024, audience="department", language="ru"
    )
    job = Job(order.unit_id, order.template, order.parameters, home / engine)
    plan = make_plan([job], finisher=FINISHER, preload=PRELOADED)
    (done,) = run_plan(plan, run_folder=home / f"run-{engine}", engine=engine).done
    return done.output


def test_a_school_report_is_the_same_by_both_engines(town: Path, tmp_path: Path) -> None:
    plain, warm = report(town, tmp_path, "plain"), report(town, tmp_path, "warm")
    one, other = (nbformat.read(folder / "executed.ipynb", as_version=4) for folder in (plain, warm))
    assert sum(len(cell.get("outputs", ())) for cell in one.cells) > 20
    assert fidelity.differences(one, other) == []
    assert sorted(path.name for path in plain.iterdir()) == sorted(path.name for path in warm.iterdir())
