"""A run of a plan: some engine does the jobs, this process writes the ledger and gives folders their final names."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from shnor_analysis.batch.ledger import Ledger
from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.publishing import discard, part_folder, part_path, publish, recover
from shnor_analysis.language import render, session_language

FAILED_FOLDER = "failed"
EngineName = Literal["warm", "plain"]
logger = logging.getLogger(__name__)


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


class Crew(Protocol):
    """What does the jobs: tells `started` and `over` of each, with the answer of the failing or finishing side."""

    events: queue.Queue[tuple[str, Job, dict[str, Any]]]

    def start(self) -> None:
        """Begin."""

    def kill(self) -> None:
        """End everything at once."""

    def close(self) -> None:
        """End when all is done."""


def run_plan(
    plan: Plan,
    *,
    run_folder: Path,
    jobs: int = 1,
    limits: Limits | None = None,
    engine: EngineName = "plain",
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
        engine: `warm` forks a child a report from a parent that has imported the libraries; where that is not safe
            the plain engine does the run, which is said once.
        on_progress: called in this process after each unit with how many are over and how many there are.
    """
    started = time.perf_counter()
    for place in {job.output.parent for job in plan.jobs}:
        recover(place)
    ledger = Ledger(run_folder)
    ledger.write("run_started", detail=f"{len(plan.jobs)}")
    results: dict[str, Done | Failed] = {}
    crew = _start_crew(plan, run_folder=run_folder, size=jobs, limits=limits or Limits(), engine=engine)
    try:
        while len(results) < len(plan.jobs):
            kind, job, answer = crew.events.get()
            if kind == "started":
                ledger.write("started", job.unit_id)
                continue
            result = _settle(job, answer, run_folder)
            results[job.unit_id] = result
            _note(ledger, result, answer)
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
    return _outcome([results[job.unit_id] for job in plan.jobs], time.perf_counter() - started)


def job_message(job: Job, *, finisher: str, limits: Limits) -> dict[str, Any]:
    """A job as the executing side takes it; makes the folder in which it works."""
    return {
        "unit_id": job.unit_id,
        "template": str(job.template),
        "part": str(part_folder(job.output)),
        "parameters": dict(job.parameters),
        "finisher": finisher,
        "cell_seconds": limits.cell_seconds,
        "start_seconds": limits.start_seconds,
        "report_seconds": limits.report_seconds,
    }


def _start_crew(plan: Plan, *, run_folder: Path, size: int, limits: Limits, engine: EngineName) -> Crew:
    from shnor_analysis.batch.plain_engine import PlainCrew
    from shnor_analysis.batch.warm.crew import CannotFork, WarmCrew

    if engine == "warm" and plan.jobs:
        warm = WarmCrew(plan, run_folder=run_folder, size=size, limits=limits)
        try:
            warm.start()
        except CannotFork as error:
            logger.warning(render(f"warm.{error.reason}", session_language(), detail=error.detail))
        else:
            return warm
    plain = PlainCrew(plan, run_folder=run_folder, size=size, limits=limits)
    plain.start()
    return plain


def _outcome(ordered: list[Done | Failed], seconds: float) -> Outcome:
    return Outcome(
        done=tuple(item for item in ordered if isinstance(item, Done)),
        failed=tuple(item for item in ordered if isinstance(item, Failed)),
        seconds=seconds,
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


def _note(ledger: Ledger, result: Done | Failed, answer: dict[str, Any]) -> None:
    peak_mb = answer.get("peak_mb")
    if isinstance(result, Done):
        ledger.write("finished", result.unit_id, seconds=result.seconds, peak_mb=peak_mb)
    else:
        ledger.write(
            "failed",
            result.unit_id,
            reason=result.reason,
            detail=result.detail,
            cell=result.cell,
            seconds=result.seconds,
            peak_mb=peak_mb,
        )
