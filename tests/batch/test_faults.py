"""What can happen to a warm run: each unit fails alone, with a reason, and nothing half done has a final name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import ended

import notebooks
from shnor_analysis.batch.ledger import read_ledger
from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.runs import Limits, run_plan
from shnor_analysis.batch.warm import crew as crew_module
from shnor_analysis.batch.warm.forking import why_not_fork

pytestmark = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
WORK = """
import ctypes, os, subprocess, sys, time
from pathlib import Path
Path(place, mode).write_text(str(os.getpid()))
---
if mode == "raises":
    raise ValueError("no such school")
if mode == "exits":
    os._exit(7)
if mode == "segfault":
    ctypes.string_at(0)
if mode == "sleeps":
    time.sleep(60)
if mode == "loops":
    ctypes.PyDLL(None).sleep(60)
if mode == "deaf":
    import signal
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    nurse = subprocess.Popen(["sleep", "60"])
    Path(place, "nurse").write_text(str(nurse.pid))
    nurse.wait()
if mode == "leaves":
    Path(place, "orphan").write_text(str(subprocess.Popen(["sleep", "60"]).pid))
    sys.exit(0)
"""
BY_ITSELF = """
import sys
from pathlib import Path
from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.runs import run_plan
template, folder = Path(sys.argv[1]), Path(sys.argv[2])
jobs = [Job(mode, template, {"mode": mode, "place": str(folder)}, folder / "out" / mode) for mode in sys.argv[3:]]
run_plan(make_plan(jobs), run_folder=folder / "run", engine="warm", jobs=2)
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.ipynb"
    return notebooks.write(path, WORK, parameters='mode: str = "works"\nplace: str = "."')


def jobs_of(template: Path, folder: Path, modes: list[str]) -> list[Job]:
    return [
        Job(mode, template, {"mode": mode, "place": str(folder)}, folder / "out" / mode) for mode in modes
    ]


def wait_for(path: Path) -> int:
    """The number that a notebook writes when it has begun."""
    limit = time.monotonic() + 60
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < limit
        time.sleep(0.02)
    return int(path.read_text())


def test_every_fault_has_its_reason_and_the_others_are_done(template: Path, tmp_path: Path) -> None:
    modes = ["works", "raises", "exits", "segfault", "sleeps", "loops", "leaves"]
    outcome = run_plan(
        make_plan(jobs_of(template, tmp_path, modes)),
        run_folder=tmp_path / "run",
        jobs=3,
        limits=Limits(cell_seconds=3),
        engine="warm",
    )
    assert [one.unit_id for one in outcome.done] == ["works", "leaves"]
    assert {one.unit_id: (one.reason, one.detail, one.cell) for one in outcome.failed} == {
        "raises": ("cell_failed", "ValueError: no such school", 5),
        "exits": ("kernel_died", "exit 7", 5),
        "segfault": ("kernel_died", "SIGSEGV", 5),
        "sleeps": ("cell_timeout", "", 5),
        "loops": ("cell_timeout", "", 5),
    }
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["leaves", "works"]
    assert (tmp_path / "run" / "failed" / "raises" / "executed.ipynb").is_file()
    over = [line for line in read_ledger(tmp_path / "run") if line.event in {"finished", "failed"}]
    assert len(over) == len(modes)
    assert ended(int((tmp_path / "orphan").read_text())), "what a report started ends with it"
    assert all(line.peak_mb and line.peak_mb > 20 and line.seconds for line in over)


def test_a_report_over_its_limit_is_killed_with_all_it_started(template: Path, tmp_path: Path) -> None:
    outcome = run_plan(
        make_plan(jobs_of(template, tmp_path, ["deaf"])),
        run_folder=tmp_path / "run",
        limits=Limits(report_seconds=4),
        engine="warm",
    )
    (failed,) = outcome.failed
    assert (failed.reason, failed.cell) == ("report_timeout", 5)
    assert 3.9 < failed.seconds < 15
    assert ended(int((tmp_path / "deaf").read_text()))
    assert ended(int((tmp_path / "nurse").read_text()))


def test_a_killed_fork_server_is_started_again_and_nothing_is_lost(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = []
    start = crew_module.WarmCrew._start_server

    def start_and_kill_the_first(crew: crew_module.WarmCrew) -> None:
        start(crew)
        servers.append(crew._server)
        if len(servers) == 1:
            crew._server.kill()

    monkeypatch.setattr(crew_module.WarmCrew, "_start_server", start_and_kill_the_first)
    outcome = run_plan(
        make_plan(jobs_of(template, tmp_path, ["works", "raises"])),
        run_folder=tmp_path / "run",
        engine="warm",
    )
    assert len(servers) == 2
    assert [one.unit_id for one in outcome.done] == ["works"]
    assert [one.reason for one in outcome.failed] == ["cell_failed"]
    events = [(line.event, line.unit_id) for line in read_ledger(tmp_path / "run")]
    assert len(events) == len(set(events)), "a unit is told of once"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_end_of_the_parent_is_the_end_of_all(
    template: Path, tmp_path: Path, number: signal.Signals
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", BY_ITSELF, str(template), str(tmp_path), "sleeps", "deaf"],
        stderr=subprocess.DEVNULL,
    )
    pids = [wait_for(tmp_path / name) for name in ("sleeps", "nurse")]
    parent.send_signal(number)
    assert parent.wait(20) != 0
    assert all(ended(pid) for pid in pids)
    assert not list((tmp_path / "out").glob("[!.]*")), "nothing has a final name"
    if number == signal.SIGINT:
        last = (tmp_path / "run" / "ledger.jsonl").read_text().splitlines()[-1]
        assert json.loads(last)["event"] == "interrupted"
        assert not list((tmp_path / "out").glob(".*"))


def test_where_a_fork_is_not_safe_the_plain_engine_does_the_run(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    outcome = run_plan(
        make_plan(jobs_of(template, tmp_path, ["works"]), preload=["threaded"]),
        run_folder=tmp_path / "run",
        engine="warm",
    )
    assert [one.unit_id for one in outcome.done] == ["works"]
    (said,) = caplog.messages
    assert said.startswith("Тёплый запуск здесь небезопасен: в процессе есть другие потоки (")
