"""What runs of one place did before: which units are finished, which are left, which folders of runs are still needed."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shnor_analysis.batch.content_keys import folder_digest
from shnor_analysis.batch.ledger import LedgerLine, read_ledger
from shnor_analysis.batch.plan import Job
from shnor_analysis.batch.plan_files import PLAN_NAME, RUN_ID, RunPlan, read_plan
from shnor_analysis.batch.run_locks import is_going
from shnor_analysis.errors import UsageProblem

SITTINGS = frozenset({"run_started", "run_resumed"})
OVER = frozenset({"finished", "reused", "failed"})
KEPT = 20
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A run as its folder tells it."""

    folder: Path
    plan: RunPlan
    lines: tuple[LedgerLine, ...]

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return self.folder.name

    @property
    def first_turn(self) -> int:
        """The number of the first sitting at the run."""
        return min(self._turns(), default=0)

    @property
    def turn(self) -> int:
        """The number of the last sitting at the run."""
        return max(self._turns(), default=0)

    def _turns(self) -> list[int]:
        return [line.turn or 0 for line in self.lines if line.event in SITTINGS]


@dataclass(frozen=True, slots=True)
class UnitState:
    """The newest that any run said of a unit: the line, and the run whose ledger has it."""

    line: LedgerLine
    run_id: str
    turn: int

    @property
    def made_in(self) -> str:
        """The run that made what stands at the unit's final name."""
        return self.line.run_id or self.run_id


def read_runs(runs: Path) -> tuple[EarlierRun, ...]:
    """Every run of a folder of runs that came as far as a plan, by name; one whose plan is damaged is left out and said."""
    folders = [path.parent for path in sorted(runs.glob(f"*/{PLAN_NAME}"))]
    return tuple(run for folder in folders if (run := _run_or_word(folder)) is not None)


def read_run(folder: Path) -> EarlierRun | None:
    """The run of one folder; None where it ended before it had a plan.

    Raises:
        UsageProblem: `run_unreadable`.
    """
    plan = read_plan(folder)
    return None if plan is None else EarlierRun(folder, plan, read_ledger(folder))


def _run_or_word(folder: Path) -> EarlierRun | None:
    try:
        return read_run(folder)
    except UsageProblem as error:
        _say_once(str(error))
        return None


@cache
def _say_once(words: str) -> None:
    logger.warning(words)


def unit_states(runs: Iterable[EarlierRun]) -> dict[str, UnitState]:
    """The newest word on each unit over all runs of a place; sittings are in the order of their numbers, not of clocks."""
    newest: dict[str, UnitState] = {}
    for run in runs:
        turn = 0
        for line in run.lines:
            turn = (line.turn or turn) if line.event in SITTINGS else turn
            known = newest.get(line.unit_id)
            if line.event in OVER and (known is None or known.turn <= turn):
                newest[line.unit_id] = UnitState(line, run.run_id, turn)
    return newest


def units_left(run: EarlierRun, states: Mapping[str, UnitState]) -> tuple[str, ...]:
    """Units of a run that neither it nor any other has finished; of a forced run, since it began."""
    since = run.first_turn if run.plan.is_forced else 0
    finished = {
        unit_id for unit_id, state in states.items() if state.line.event != "failed" and state.turn >= since
    }
    return tuple(unit.unit_id for unit in run.plan.units if unit.unit_id not in finished)


def next_turn(runs: Iterable[EarlierRun]) -> int:
    """The number of a sitting that begins now."""
    return max((run.turn for run in runs), default=0) + 1


def unchanged(
    jobs: Iterable[Job], keys: Mapping[str, str], states: Mapping[str, UnitState]
) -> dict[str, UnitState]:
    """Units that are finished, made of the same, and whose files are still those that were made."""
    found = {}
    for job in jobs:
        state = states.get(job.unit_id)
        if state is None or state.line.event == "failed" or state.line.content_key != keys[job.unit_id]:
            continue
        if state.line.content and _digest(job.output) == state.line.content:
            found[job.unit_id] = state
    return found


def prune(runs: Path, *, keep: int = KEPT) -> tuple[str, ...]:
    """Remove folders of runs that nobody needs and that are not going on.

    They are those that ended before they had a plan, and of those before the last `keep` the ones that neither say the
    newest of a unit nor made what stands at its name. A run whose plan cannot be read stays.

    Returns:
        The names of the runs that went.
    """
    known = read_runs(runs)
    needed = {name for state in unit_states(known).values() for name in (state.run_id, state.made_in)}
    old = sorted(known, key=lambda run: (run.turn, run.run_id))[: max(0, len(known) - keep)]
    planned = {path.parent.name for path in runs.glob(f"*/{PLAN_NAME}")}
    gone = [run.run_id for run in old if run.run_id not in needed]
    gone += [path.name for path in runs.glob("*") if RUN_ID.match(path.name) and path.name not in planned]
    gone = [name for name in gone if not is_going(runs / name)]
    for name in gone:
        # the plan goes first: without it nothing takes what is left for a run
        (runs / name / PLAN_NAME).unlink(missing_ok=True)
        shutil.rmtree(runs / name, ignore_errors=True)
    return tuple(gone)


def _digest(folder: Path) -> str:
    try:
        return folder_digest(folder)
    except OSError:
        return ""
