"""The beginning of each sitting at a run: what killed runs left is cleared, what is done is found, the plan is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from shnor_analysis.batch.earlier_runs import UnitState, next_turn, read_runs, unchanged, unit_states
from shnor_analysis.batch.ledger import Ledger, LedgerLine, line
from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.plan_files import write_plan
from shnor_analysis.batch.publishing import recover, run_label
from shnor_analysis.batch.run_locks import LOCK_NAME, is_going
from shnor_analysis.batch.settling import Done
from shnor_analysis.files import clear_parts


@dataclass(frozen=True, slots=True)
class Sitting:
    """What is to be done now, in a plan of its own, what is done already, and the ledger of the run."""

    plan: Plan
    reused: tuple[Done, ...]
    ledger: Ledger


def sit_down(plan: Plan, run_folder: Path, *, force: bool) -> Sitting:
    """Begin a run, or go on with one that has a plan; only for who owns the run.

    A forced run counts only what was done since it began, however often it is gone on with.
    """
    _clear(plan, run_folder)
    known = read_runs(run_folder.parent)
    own = next((run for run in known if run.folder == run_folder), None)
    turn = next_turn(known)
    is_forced = own.plan.is_forced if own else force
    since = (own.first_turn if own else turn) if is_forced else 0
    states = {unit: state for unit, state in unit_states(known).items() if state.turn >= since}
    done = unchanged(plan.jobs, plan.keys, states)
    write_plan(run_folder, plan, is_forced=is_forced)
    ledger = Ledger(run_folder)
    begins = line("run_resumed" if own else "run_started", detail=f"{len(plan.jobs)}", turn=turn)
    of_others = {unit: state for unit, state in done.items() if state.run_id != run_folder.name}
    ledger.write_all([begins, *(_reused(unit, state) for unit, state in of_others.items())])
    return Sitting(
        replace(
            plan,
            jobs=tuple(job for job in plan.jobs if job.unit_id not in done),
            label=run_label(run_folder.name, turn),
        ),
        tuple(_done(job, done[job.unit_id]) for job in plan.jobs if job.unit_id in done),
        ledger,
    )


def _clear(plan: Plan, run_folder: Path) -> None:
    """Remove what killed runs left where this one works; what a run that is going on has there stays."""
    runs, own = run_folder.parent, run_folder.name
    others = {
        path.parent.name
        for path in runs.glob(f"*/{LOCK_NAME}")
        if path.parent.name != own and is_going(path.parent)
    }
    for place in {job.output.parent for job in plan.jobs}:
        recover(place, is_going=others.__contains__)
        if not others:
            clear_parts(place)


def _reused(unit_id: str, state: UnitState) -> LedgerLine:
    return line(
        "reused",
        unit_id,
        content_key=state.line.content_key,
        content=state.line.content,
        seconds=state.line.seconds,
        run_id=state.made_in,
    )


def _done(job: Job, state: UnitState) -> Done:
    return Done(job.unit_id, job.output, state.line.seconds or 0.0, is_reused=True)
