"""Reports on a cluster: the same files, each unit told of once whatever workers do, refusals in words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import fidelity
import nbformat
import pytest
from processes import ended, is_running

import notebooks
from shnor_analysis.batch.cluster import checking, crew, joining
from shnor_analysis.batch.ledger import read_ledger
from shnor_analysis.batch.plan import Job, Plan, make_plan
from shnor_analysis.batch.runs import Outcome, run_plan
from shnor_analysis.batch.warm.forking import why_not_fork
from shnor_analysis.errors import EnvironmentProblem, UsageProblem

pytestmark = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
LIMIT_SECONDS = 60
RUN, WARM_RUN = "20260101T000000-aaaa", "20260101T000000-bbbb"
# the first time, a unit may end the fork server that made it, the worker beside that, or the scheduler
WORK = """
import os, signal, time
from pathlib import Path
begun, server = Path(place, f"{mode}-{number}"), os.getppid()
worker = int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1])
---
victim = {"server": server, "worker": worker}.get(mode)
if mode == "scheduler":
    victim = int(Path(place, "scheduler.pid").read_text())
if victim and not begun.exists():
    begun.write_text(str(os.getpid()))
    os.kill(victim, signal.SIGKILL)
    time.sleep(60)
---
if mode == "waits":
    begun.write_text(str(os.getpid()))
    Path(place, f"worker-of-{number}").write_text(str(worker))
    time.sleep(60)
---
if mode == "raises":
    raise ValueError("no such school")
f"report {number}"
"""
BY_ITSELF = """
import sys
from pathlib import Path
from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.runs import run_plan
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    parameters = [{"number": one, "mode": "waits", "place": str(folder)} for one in range(2)]
    jobs = [Job(f"unit-{one['number']}", folder / "t.ipynb", one, folder / "out" / str(one["number"])) for one in parameters]
    run_plan(make_plan(jobs), run_folder=folder / "runs" / "20260101T000000-aaaa", jobs=2, cluster=sys.argv[2])
"""


def plan_of(folder: Path, modes: dict[int, str], units: int, versions: dict[str, str] | None = None) -> Plan:
    """Units 0, 1, …; some with a mode."""
    template = folder / "t.ipynb"
    if not template.exists():
        notebooks.write(template, WORK, parameters='number: int = 1\nmode: str = ""\nplace: str = "."')
    return make_plan(
        [
            Job(
                f"unit-{one}",
                template,
                {"number": one, "mode": modes.get(one, ""), "place": str(folder)},
                folder / "out" / f"unit-{one}",
            )
            for one in range(units)
        ],
        versions=versions,
    )


def counts(folder: Path, event: str) -> Counter[str]:
    """How often the ledger says something of each unit."""
    return Counter(line.unit_id for line in read_ledger(folder / "runs" / RUN) if line.event == event)


def text_of(path: Path) -> str:
    """What somebody else is about to write."""
    limit = time.monotonic() + LIMIT_SECONDS
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < limit, path
        time.sleep(0.02)
    return path.read_text()


def units(many: int) -> set[str]:
    return {f"unit-{one}" for one in range(many)}


def test_killed_workers_and_servers_cost_nothing_and_files_are_those_of_the_warm_engine(
    tmp_path: Path,
) -> None:
    modes = {2: "worker", 5: "raises", 7: "server"}
    outcome = run_plan(
        plan_of(tmp_path, modes, 12), run_folder=tmp_path / "runs" / RUN, jobs=2, cluster="local"
    )
    assert {one.unit_id for one in outcome.done} == units(12) - {"unit-5"}
    assert [(one.unit_id, one.reason, one.cell) for one in outcome.failed] == [("unit-5", "cell_failed", 7)]
    assert counts(tmp_path, "finished") == Counter(units(12) - {"unit-5"})
    assert counts(tmp_path, "failed") == {"unit-5": 1}
    assert counts(tmp_path, "started") == Counter(units(12))
    assert all(ended(int(path.read_text())) for path in (tmp_path / "worker-2", tmp_path / "server-7"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(units(12) - {"unit-5"})
    assert not list((tmp_path / "runs" / RUN).glob(".token*"))
    by_cluster = {one: executed(tmp_path, one) for one in units(12) - {"unit-5"}}
    run_plan(
        plan_of(tmp_path, modes, 12),
        run_folder=tmp_path / "runs" / WARM_RUN,
        jobs=2,
        engine="warm",
        force=True,
    )
    assert {one: fidelity.differences(executed(tmp_path, one), book) for one, book in by_cluster.items()} == {
        one: [] for one in by_cluster
    }


def executed(folder: Path, unit: str) -> nbformat.NotebookNode:
    return nbformat.read(folder / "out" / unit / "executed.ipynb", as_version=4)


@dataclass(frozen=True, slots=True)
class Running:
    """A cluster that runs beside the test."""

    address: str
    scheduler: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Running]:
    """A scheduler and one worker without anybody who would start it again; another folder than the test's."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = elsewhere / "scheduler.json"
    common = ["--scheduler-file", str(place), "--no-dashboard", "--host", "127.0.0.1"]
    with (elsewhere / "log").open("wb") as log:
        options = {"cwd": elsewhere, "stdout": log, "stderr": log}
        started = [dask("scheduler", *common, "--port", "0", "--dashboard-address", "127.0.0.1:0", **options)]
        text_of(place)
        started.append(dask("worker", *common, "--no-nanny", "--nthreads", "2", **options))
    (tmp_path / "scheduler.pid").write_text(str(started[0].pid))
    try:
        yield Running(json.loads(place.read_text())["address"], *started)
    finally:
        for one in started:
            one.kill()
            one.wait()


def dask(*words: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-W", "ignore", "-m", "dask", *words], **options)  # type: ignore[call-overload]


def go(folder: Path, address: str, modes: dict[int, str], many: int = 4, **options: object) -> Outcome:
    return run_plan(
        plan_of(folder, modes, many), run_folder=folder / "runs" / RUN, jobs=0, cluster=address, **options
    )


@contextmanager
def new_worker(cluster: Running, **environment: str) -> Iterator[None]:
    """One more worker for a block."""
    quiet = subprocess.DEVNULL
    words = ("worker", cluster.address, "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    started = dask(*words, env={**os.environ, **environment}, stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        started.kill()
        started.wait()


def test_of_workers_that_come_later_only_those_that_fit_take_part_and_a_lost_scheduler_ends_the_run(
    tmp_path: Path, cluster: Running, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "old" / "pandas-0.1.dist-info").mkdir(parents=True)

    def send_others() -> None:
        text_of(tmp_path / "worker-2")
        with new_worker(cluster, PYTHONPATH=str(tmp_path / "old")):
            limit = time.monotonic() + LIMIT_SECONDS
            while not caplog.messages and time.monotonic() < limit:
                time.sleep(0.02)
            others.enter_context(new_worker(cluster))
            text_of(tmp_path / "runs" / RUN / "all-done")

    with ExitStack() as others:
        sender = threading.Thread(target=send_others)
        sender.start()
        outcome = go(tmp_path, cluster.address, {2: "worker"})
        (tmp_path / "runs" / RUN / "all-done").write_text("yes")
        sender.join()
        assert {one.unit_id for one in outcome.done} == units(4)
        assert counts(tmp_path, "finished") == Counter(units(4))
        (said,) = caplog.messages
        assert said.startswith("Исполнитель не допущен к работе. У исполнителя tcp://127.0.0.1:")
        assert "pandas" in said
        assert "≠ 0.1" in said

        with pytest.raises(EnvironmentProblem) as lost:
            go(tmp_path, cluster.address, {2: "worker", 5: "scheduler"}, 6)
    assert lost.value.problems[0].code == "cluster_scheduler_lost"
    assert "shnor report --resume" in str(lost.value)
    assert read_ledger(tmp_path / "runs" / RUN)[-1].event == "interrupted"
    again = run_plan(
        plan_of(tmp_path, {2: "worker", 5: "scheduler"}, 6), run_folder=tmp_path / "runs" / RUN, engine="warm"
    )
    assert {one.unit_id for one in again.done} == units(6)
    assert counts(tmp_path, "finished") == Counter(units(6)), "each unit was done once in all three sittings"


def test_without_any_worker_for_too_long_the_run_ends_in_words(
    tmp_path: Path, cluster: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "NO_WORKERS_SECONDS", 1)
    with pytest.raises(EnvironmentProblem) as lost:
        go(tmp_path, cluster.address, {2: "worker"})
    assert str(lost.value).startswith("На кластере 1 с нет ни одного подходящего исполнителя.")
    assert read_ledger(tmp_path / "runs" / RUN)[-1].event == "interrupted"
    assert not list((tmp_path / "out").glob(".*"))


def test_workers_that_do_not_fit_are_refused_in_words_before_any_work(
    tmp_path: Path, cluster: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_folder = tmp_path / "runs" / RUN
    (tmp_path / "ours").mkdir()
    monkeypatch.chdir(tmp_path / "ours")
    # the same name leads elsewhere in another process
    unseen = plan_of(tmp_path, {}, 1, versions={"pandas": "0.1"})
    with pytest.raises(EnvironmentProblem) as refused:
        run_plan(unseen, run_folder=Path("/proc/self/cwd") / RUN, jobs=0, cluster=cluster.address)
    words = str(refused.value)
    assert [one.code for one in refused.value.problems] == [
        "cluster_folder_unseen",
        "cluster_versions_differ",
    ]
    assert "другие версии программ: pandas 0.1 ≠ 3." in words
    assert "не видит рабочую папку" in words

    monkeypatch.setattr(checking, "code_digest", lambda: "changed")
    with pytest.raises(EnvironmentProblem) as refused:
        go(tmp_path, cluster.address, {})
    assert [one.code for one in refused.value.problems] == ["cluster_code_differs"]
    assert not (tmp_path / "out").exists(), "nothing has run"
    assert not list(run_folder.glob(".token*"))


def test_what_is_no_cluster_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "JOIN_SECONDS", 1)
    with pytest.raises(UsageProblem, match="Это не адрес планировщика кластера"):
        go(tmp_path, "carrier-pigeon://roof", {})
    with pytest.raises(EnvironmentProblem, match="С кластером не удалось связаться"):
        go(tmp_path, "tcp://127.0.0.1:1", {})
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EnvironmentProblem, match=r"pip install 'shnor-analysis\[cluster\]'"):
        go(tmp_path, "local", {})


def start_parent(folder: Path, address: str) -> tuple[subprocess.Popen[bytes], list[int], list[int]]:
    """A run of two reports that wait, in a process of its own; its reports and the workers that made them."""
    plan_of(folder, {}, 1)
    parent = subprocess.Popen(
        [sys.executable, "-c", BY_ITSELF, str(folder), address],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    reports = [int(text_of(folder / f"waits-{one}")) for one in range(2)]
    return parent, reports, [int(text_of(folder / f"worker-of-{one}")) for one in range(2)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_local_cluster_ends_with_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    parent, reports, workers = start_parent(tmp_path, "local")
    if number == signal.SIGINT:
        os.killpg(parent.pid, number)  # as the terminal does
    else:
        parent.kill()
    assert parent.wait(LIMIT_SECONDS) != 0
    assert all(ended(pid) for pid in (*reports, *workers))
    if number == signal.SIGINT:
        assert read_ledger(tmp_path / "runs" / RUN)[-1].event == "interrupted"
        assert not list((tmp_path / "out").iterdir())


def test_workers_that_live_on_end_the_reports_of_a_parent_that_was_killed(
    tmp_path: Path, cluster: Running
) -> None:
    parent, reports, workers = start_parent(tmp_path, cluster.address)
    assert set(workers) == {cluster.worker.pid}
    parent.kill()
    parent.wait()
    assert all(ended(pid) for pid in reports)
    assert is_running(cluster.worker.pid)
