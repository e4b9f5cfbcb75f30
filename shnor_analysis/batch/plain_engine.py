"""The plain engine: papermill in a few child processes. One unit that fails never stops the others."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shnor_analysis.batch.ledger import Ledger
from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.publishing import discard, part_folder, part_path, publish, recover
from shnor_analysis.batch.worker_process import WorkerProcess

FAILED_FOLDER = "failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a cell, the start of a kernel and a whole report may take."""

    cell_seconds: int = 120
    start_seconds: int = 60
    report_seconds: int = 600


@dataclass(frozen=True, slots=True)
class Done:
    """A unit whose folder stands at its final name."""

    unit_id: str
    output: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A unit that failed: a code (msgid ``failure.<reason>``), the cell's number, what the failing side said."""

    unit_id: str
    reason: str
    detail: str
    cell: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan, in the plan's order, and how long it took."""

    done: tuple[Done, ...]
    failed: tuple[Failed, ...]
    seconds: float


Progress = Callable[[Done | Failed, int, int], None]


def run_plan(
    plan: Plan,
    *,
    run_folder: Path,
    jobs: int = 1,
    limits: Limits | None = None,
    on_progress: Progress | None = None,
) -> Outcome:
    """Execute every job of a plan in `jobs` child processes.

    Each unit is worked on in a hidden folder and renamed when whole. The ledger in `run_folder` is written by this
    process alone. After Ctrl-C the children are ended, unfinished folders removed and KeyboardInterrupt goes on.

    Args:
        plan: from `make_plan`.
        run_folder: where ledger, log and the remains of failed units go.
        jobs: child processes at a time.
        limits: seconds allowed.
        on_progress: called in this process after each unit with how many are over and how many there are.
    """
    started = time.perf_counter()
    for place in {job.output.parent for job in plan.jobs}:
        recover(place)
    ledger = Ledger(run_folder)
    ledger.write("run_started", detail=f"{len(plan.jobs)}")
    crew = _Crew(plan, run_folder=run_folder, size=jobs, limits=limits or Limits())
    results: dict[str, Done | Failed] = {}
    try:
        crew.start()
        while len(results) < len(plan.jobs):
            kind, job, answer = crew.events.get()
            if kind == "started":
                ledger.write("started", job.unit_id)
                continue
            result = _settle(job, answer, run_folder)
            results[job.unit_id] = result
            _note(ledger, result)
            if on_progress:
                on_progress(result, len(results), len(plan.jobs))
    except BaseException:
        crew.kill()
        for job in plan.jobs:
            if job.unit_id not in results:
                discard(part_path(job.output))
        ledger.write("interrupted")
        raise
    crew.close()
    ledger.write("run_ended", seconds=time.perf_counter() - started)
    ordered = [results[job.unit_id] for job in plan.jobs]
    return Outcome(
        done=tuple(item for item in ordered if isinstance(item, Done)),
        failed=tuple(item for item in ordered if isinstance(item, Failed)),
        seconds=time.perf_counter() - started,
    )


def _settle(job: Job, answer: dict[str, Any], run_folder: Path) -> Done | Failed:
    """Publish a good folder; put the remains of a bad one into the run folder."""
    part = part_path(job.output)
    seconds = float(answer.get("seconds", 0.0))
    if not answer["reason"]:
        try:
            publish(part, job.output)
        except OSError as error:
            answer = {"reason": "not_published", "detail": str(error)}
        else:
            return Done(job.unit_id, job.output, seconds)
    discard(part, keep=run_folder / FAILED_FOLDER / job.output.name)
    return Failed(job.unit_id, answer["reason"], answer.get("detail", ""), answer.get("cell"), seconds)


def _note(ledger: Ledger, result: Done | Failed) -> None:
    if isinstance(result, Done):
        ledger.write("finished", result.unit_id, seconds=result.seconds)
    else:
        ledger.write(
            "failed",
            result.unit_id,
            reason=result.reason,
            detail=result.detail,
            cell=result.cell,
            seconds=result.seconds,
        )


class _Crew:
    """Threads that each keep one child busy; what happens comes out as events for the parent's one hand."""

    def __init__(self, plan: Plan, *, run_folder: Path, size: int, limits: Limits) -> None:
        self.events: queue.Queue[tuple[str, Job, dict[str, Any]]] = queue.Queue()
        self._limits, self._finisher = limits, plan.finisher
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in plan.jobs:
            self._waiting.put(job)
        count = max(1, min(size, len(plan.jobs)))
        self._workers = [WorkerProcess(run_folder / f"worker-{number}.log") for number in range(1, count + 1)]
        self._threads = [
            threading.Thread(target=self._work, args=(one,), daemon=True) for one in self._workers
        ]
        self._is_stopping = threading.Event()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def _work(self, worker: WorkerProcess) -> None:
        while not self._is_stopping.is_set():
            try:
                job = self._waiting.get_nowait()
            except queue.Empty:
                return
            self.events.put(("started", job, {}))
            try:
                answer = worker.ask(self._message(job), seconds=self._limits.report_seconds)
            except Exception as error:
                answer = {"reason": "worker_failed", "detail": f"{type(error).__name__}: {error}"}
            self.events.put(("over", job, answer))

    def _message(self, job: Job) -> dict[str, Any]:
        return {
            "unit_id": job.unit_id,
            "template": str(job.template),
            "part": str(part_folder(job.output)),
            "parameters": dict(job.parameters),
            "finisher": self._finisher,
            "cell_seconds": self._limits.cell_seconds,
            "start_seconds": self._limits.start_seconds,
        }

    def kill(self) -> None:
        self._is_stopping.set()
        for worker in self._workers:
            worker.kill()

    def close(self) -> None:
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            worker.close()
