"""The report of a school of a small invented town, through both engines."""

from __future__ import annotations

import json
import os
from pathlib import Path

import fidelity
import nbformat
import pytest

from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.runs import EngineName, run_plan
from shnor_analysis.batch.sharding import Shard
from shnor_analysis.batch.warm.forking import why_not_fork
from shnor_analysis.reporting.orders import FINISHER, order_school_reports
from shnor_analysis.settings import Settings
from shnor_analysis.simulation import TownSpec, simulate_town, write_town
from shnor_analysis.workspace import create_workspace, open_workspace, town_inputs
from shnor_analysis.workspace.preloading import PRELOADED
from shnor_analysis.workspace.rehearsing import Rehearsal
from shnor_analysis.workspace.report_requests import ReportRequest
from shnor_analysis.workspace.reports import plan_reports

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


def report(town: Path, home: Path, engine: EngineName, *, preload: tuple[str, ...] = PRELOADED) -> Path:
    """The folder of a finished report."""
    (order,) = order_school_reports(
        town, ["sch660002"], school_year=2024, audience="department", language="ru"
    )
    job = Job(order.unit_id, order.template, order.parameters, home / engine)
    plan = make_plan([job], finisher=FINISHER, preload=preload)
    (done,) = run_plan(plan, run_folder=home / f"run-{engine}", engine=engine).done
    return done.output


def test_a_school_report_is_the_same_by_both_engines(town: Path, tmp_path: Path) -> None:
    plain = report(town, tmp_path, "plain")
    one = nbformat.read(plain / "executed.ipynb", as_version=4)
    assert sum(len(cell.get("outputs", ())) for cell in one.cells) > 20
    stranger = Rehearsal(str(town), "sch660003", 2024, "department", "ru").as_preload()
    for name, preload in {"alone": PRELOADED, "rehearsed": (*PRELOADED, stranger)}.items():
        warm = report(town, tmp_path / name, "warm", preload=preload)
        other = nbformat.read(warm / "executed.ipynb", as_version=4)
        assert fidelity.differences(one, other) == []
        assert sorted(path.name for path in plain.iterdir()) == sorted(path.name for path in warm.iterdir())
        shared = json.loads((warm / "manifest.json").read_text(encoding="utf-8"))["shared_state"]
        assert list(shared) == (["indicators_2024"] if name == "rehearsed" else [])
    assert json.loads((plain / "manifest.json").read_text(encoding="utf-8"))["shared_state"] == {}


def test_a_rehearsal_that_fails_stops_nobody(town: Path, tmp_path: Path) -> None:
    unknown = Rehearsal(str(town), "sch669999", 2024, "department", "ru").as_preload()
    assert (report(town, tmp_path, "warm", preload=(*PRELOADED, unknown)) / "report.html").is_file()
    assert "school_not_in_workspace" in (tmp_path / "run-warm" / "warm.log").read_text(encoding="utf-8")


def test_what_is_shared_serves_until_something_is_stored_built_or_fitted(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town_inputs, "_shared", {})
    workspace = open_workspace(town)
    told = {code: workspace.evaluate_school(code, 2024) for code in workspace.school_ids()}

    def ask() -> town_inputs.TownInputs:
        return town_inputs.town_inputs(town, workspace.settings, 2024, workspace.table)

    assert ask() is not ask()
    assert town_inputs.share_inputs(town, workspace.settings, 2024)
    shared = ask()
    assert ask() is shared
    assert {code: workspace.evaluate_school(code, 2024) for code in told} == told
    for changed in ("data/warehouse/current", "data/validated/cards"):
        known = (town / changed).stat()
        os.utime(town / changed, ns=(known.st_atime_ns, known.st_mtime_ns + 1))
        assert ask() is not shared, changed
        os.utime(town / changed, ns=(known.st_atime_ns, known.st_mtime_ns))
        assert ask() is shared
    other = workspace.settings.model_copy(update={"seed": 7})
    assert town_inputs.town_inputs(town, other, 2024, workspace.table) is not shared


def test_parts_of_an_order_are_the_whole_order_and_the_municipality_is_in_one_of_them(town: Path) -> None:
    def units(shard: Shard | None) -> list[str]:
        request = ReportRequest(None, 2024, "department", "ru", shard=shard)
        return [job.unit_id for job in plan_reports(town, SETTINGS, request).jobs]

    whole = units(None)
    parts = [units(Shard(number, 3)) for number in (1, 2, 3)]
    assert len(whole) == SPEC.schools_n + 1
    assert sorted(unit for part in parts for unit in part) == sorted(whole)
    assert all(parts)
