"""A run of a plan: some engine does the jobs, this process writes the ledger and gives folders their final names."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.publishing import discard, part_folder, part_path
from shnor_analysis.batch.run_locks import owning
from shnor_analysis.batch.settling import Done, Failed, settle
from shnor_analysis.batch.sittings import Sitting, sit_down
from shnor_analysis.language import render, session_language

EngineName = Literal["warm", "plain"]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a cell, the start of a kernel and a whole report may take."""

    cell_seconds: int = 120
    start_seconds: int = 60
    report_seconds: int = 600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan, in the plan's order, and how long it took; what was reused is done, too."""

    done: tuple[Done, ...]
    failed: tuple[Failed, ...]
    seconds: float


Progress = Callable[[Done | Failed, int, int], None]


class Crew(Protocol):
    """What does the jobs: tells `started` and `over` of each, with the answer of the failing or finishing side.

    A crew that cannot go on tells `lost` of any job, with the exception to raise as `error`.
    """

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
    cluster: str = "",
    force: bool = False,
    on_progress: Progress | None = None,
) -> Outcome:
    """Execute the jobs of a plan in `jobs` child processes, but those that an earlier run did and nothing changed since.

    Each unit is worked on in a hidden folder and renamed when whole. Plan and ledger in `run_folder` are written by this
    process alone. A run folder that has a plan already is gone on with. After Ctrl-C the children are ended, unfinished
    folders removed and KeyboardInterrupt goes on.

    Args:
        plan: from `make_plan`.
        run_folder: where plan, ledger, log and the remains of failed units go; beside it lie the other runs of the place.
        jobs: child processes at a time.
        limits: seconds allowed.
        engine: `warm` forks a child a report from a parent that has imported the libraries; where that is not safe
            the plain engine does the run, which is said once.
        cluster: address of a scheduler of Dask, or "local" for `jobs` workers here; empty for this process alone. On
            another cluster `jobs` is what each worker does at a time, 0 for as many as it has threads.
        force: do every job anew, whatever earlier runs did; an interrupted run that was forced stays so.
        on_progress: called in this process after each unit that was worked on, with how many are over and how many
            there are.

    Raises:
        Held: another process works on this very run.
        EnvironmentProblem, UsageProblem: the cluster is not there, does not fit, or was lost.
    """
    started = time.perf_counter()
    with owning(run_folder):
        sitting = sit_down(plan, run_folder, force=force)
        over: dict[str, Done | Failed] = {one.unit_id: one for one in sitting.reused}
        if sitting.plan.jobs:
            crew = _start_crew(
                sitting,
                run_folder=run_folder,
                size=jobs,
                limits=limits or Limits(),
                engine=engine,
                cluster=cluster,
            )
            _attend(crew, sitting, over, on_progress)
        seconds = time.perf_counter() - started
        sitting.ledger.write("run_ended", seconds=seconds)
    return _outcome([over[job.unit_id] for job in plan.jobs], seconds)


def _attend(
    crew: Crew, sitting: Sitting, over: dict[str, Done | Failed], on_progress: Progress | None
) -> None:
    """Settle what the crew brings until all is over; an exception ends the crew and leaves nothing in the making."""
    plan, ledger = sitting.plan, sitting.ledger
    everything = len(plan.jobs) + len(sitting.reused)
    try:
        while len(over) < everything:
            kind, job, answer = crew.events.get()
            _go_on_only_with_a_crew(kind, answer)
            if kind == "started":
                ledger.write("started", job.unit_id)
                continue
            result = settle(job, answer, plan=plan, ledger=ledger)
            over[job.unit_id] = result
            if on_progress:
                on_progress(result, len(over), everything)
    except BaseException:
        crew.kill()
        for job in plan.jobs:
            if job.unit_id not in over:
                discard(part_path(job.output, plan.label))
        ledger.write("interrupted")
        raise
    crew.close()


def _go_on_only_with_a_crew(kind: str, answer: dict[str, Any]) -> None:
    if kind == "lost":
        raise answer["error"]


def job_message(job: Job, *, plan: Plan, limits: Limits) -> dict[str, Any]:
    """A job as the executing side takes it; makes the folder in which it works."""
    return {
        "unit_id": job.unit_id,
        "template": str(job.template),
        "part": str(part_folder(job.output, plan.label)),
        "parameters": dict(job.parameters),
        "finisher": plan.finisher,
        "cell_seconds": limits.cell_seconds,
        "start_seconds": limits.start_seconds,
        "report_seconds": limits.report_seconds,
    }


def _start_crew(
    sitting: Sitting, *, run_folder: Path, size: int, limits: Limits, engine: EngineName, cluster: str
) -> Crew:
    options = {"run_folder": run_folder, "size": size, "limits": limits}
    try:
        return (
            _cluster_crew(sitting.plan, cluster, **options)
            if cluster
            else _crew(sitting.plan, engine, **options)
        )
    except BaseException:
        sitting.ledger.write("interrupted")
        raise


def _cluster_crew(plan: Plan, address: str, **options: Any) -> Crew:
    from shnor_analysis.batch.cluster.crew import ClusterCrew

    crew = ClusterCrew(plan, address=address, **options)
    crew.start()
    return crew


def _crew(plan: Plan, engine: EngineName, **options: Any) -> Crew:
    from shnor_analysis.batch.plain_engine import PlainCrew
    from shnor_analysis.batch.warm.crew import CannotFork, WarmCrew

    if engine == "warm":
        warm = WarmCrew(plan, **options)
        try:
            warm.start()
        except CannotFork as error:
            logger.warning(render(f"warm.{error.reason}", session_language(), detail=error.detail))
        else:
            return warm
    plain = PlainCrew(plan, **options)
    plain.start()
    return plain


def _outcome(ordered: list[Done | Failed], seconds: float) -> Outcome:
    return Outcome(
        done=tuple(item for item in ordered if isinstance(item, Done)),
        failed=tuple(item for item in ordered if isinstance(item, Failed)),
        seconds=seconds,
    )
