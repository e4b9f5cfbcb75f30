"""A workspace of a hundred tiny reports behind the real command, each of which can be told to go wrong and to be cured.

A fault is a file beside the workspace, so that it is no part of what a report is made of: once the file is gone, the
same order gives what it would have given without it. As a program: `tiny_reports.py FOLDER ARGUMENTS OF shnor …`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import notebooks
from shnor_analysis.batch.plan import Job, Plan, make_plan
from shnor_analysis.cli import main
from shnor_analysis.settings import Settings
from shnor_analysis.workspace import create_workspace
from shnor_analysis.workspace import reports as reports_room
from shnor_analysis.workspace.report_requests import ReportRequest

HERE = Path(__file__).parent
COMMAND = (sys.executable, str(HERE / "tiny_reports.py"))
YEAR = 2024
SETTINGS = Settings(
    workspace_id="tiny",
    title_ru="Город (вымышленный)",
    title_en="A town (invented)",
    municipality_id="Светлоярск",
    region_id="Заречная область (вымышленная)",
    is_invented=True,
    listing_rule="rosobr_2023",
)
NOTEBOOK = """
import ctypes, os, signal, time
from pathlib import Path
fault = Path(place, f"fault-{name}")
mode = fault.read_text() if fault.exists() else "none"
Path(place, f"began-{name}").write_text(str(os.getpid()))
---
if mode == "raises":
    raise ValueError("no such school")
if mode == "asks for too much":
    bytearray(1 << 62)
if mode == "eats":
    hog = b"x" * (3 << 29)
if mode == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if mode == "exits":
    os._exit(7)
if mode == "segfault":
    ctypes.string_at(0)
if mode == "late":
    time.sleep(60)
if mode == "slow":
    time.sleep(0.3)
---
f"{name}: {len(name) * 7} %"
"""


def tiny_plan(folder: Path, settings: Settings, request: ReportRequest) -> Plan:
    """A hundred jobs in place of a town's, or those that are asked for, or one part of them."""
    units = request.school_ids or tuple(f"unit{number:03d}" for number in range(1, 101))
    home = request.home(folder)
    jobs = [
        Job(unit, folder / "template.ipynb", {"name": unit, "place": str(folder)}, home / unit)
        for unit in units
        if request.shard is None or request.shard.takes(unit)
    ]
    return make_plan(jobs, finisher="tiny_finisher:finish", places=("place",), request=request.told())


def make_town(folder: Path) -> Path:
    """A workspace whose reports are the tiny ones."""
    create_workspace(folder, SETTINGS)
    notebooks.write(folder / "template.ipynb", NOTEBOOK, parameters='name: str = "none"\nplace: str = "."')
    return folder


def order(folder: Path, *arguments: str) -> int:
    """`shnor ARGUMENTS --folder FOLDER` in this process, with the tiny reports; the exit code."""
    if {"--school", "--all"} & set(arguments):
        arguments = (*arguments, "--year", str(YEAR))
    with (
        mock.patch.dict(os.environ, PYTHONPATH=str(HERE)),  # for the children, who look for the finisher
        mock.patch.object(reports_room, "plan_reports", tiny_plan),
        mock.patch.object(reports_room, "_refuse_unknown", return_value=None),  # there is no register
    ):
        return main([*arguments, "--folder", str(folder)])


def home(folder: Path) -> Path:
    """Where the reports of a workspace stand."""
    return folder / "reports" / str(YEAR)


def files_of(folder: Path) -> dict[str, str]:
    """Every file of every report and what is in it; parts, which have no final name, are not reports."""
    found = [path for path in home(folder).glob("*/*") if path.is_file()]
    return {
        f"{path.parent.name}/{path.name}": path.read_text() for path in found if path.parent.name[0] != "."
    }


def half_done(folder: Path) -> list[str]:
    """What was left in the making."""
    return [path.name for path in home(folder).glob(".*") if path.name != ".locks"]


def last_ledger(folder: Path) -> list[dict[str, Any]]:
    """The lines of the last run."""
    path = sorted(home(folder).glob("runs/*/ledger.jsonl"))[-1]
    return [json.loads(line) for line in path.read_text().splitlines()]


def unbroken(folder: Path, *units: str) -> dict[str, str]:
    """The files that an order gives where nothing goes wrong; all hundred when no unit is named."""
    other = make_town(folder.parent / f"{folder.name}-unbroken")
    assert order(other, "report", *_asked(units)) == 0
    found = files_of(other)
    shutil.rmtree(other)
    return found


def _asked(units: tuple[str, ...]) -> list[str]:
    return [word for unit in units for word in ("--school", unit)] or ["--all"]


if __name__ == "__main__":
    sys.exit(order(Path(sys.argv[1]), *sys.argv[2:]))
