"""The runs of a workspace: all of them, one by its name, and two set side by side."""

from __future__ import annotations

from pathlib import Path

from shnor_analysis.batch.earlier_runs import read_run, read_runs
from shnor_analysis.batch.records import RunComparison, RunRecord, compare, record_of
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.reporting.orders import REPORTS
from shnor_analysis.reporting.page_numbers import numbers_of

RUNS = "runs"
MOST_NAMED = 5


def find_runs(folder: Path) -> tuple[RunRecord, ...]:
    """Every run of a workspace, the newest first."""
    found = [record_of(run) for runs in (folder / REPORTS).glob(f"*/{RUNS}") for run in read_runs(runs)]
    return tuple(sorted(found, key=lambda run: run.run_id, reverse=True))


def find_run(folder: Path, run_id: str) -> RunRecord:
    """A run by its name or the beginning of it.

    Raises:
        UsageProblem: `run_unknown`, `run_ambiguous`, `run_unreadable`.
    """
    known = find_runs(folder)
    found = [run for run in known if run.run_id == run_id] or [
        run for run in known if run_id and run.run_id.startswith(run_id)
    ]
    if len(found) == 1:
        return found[0]
    if run_id and not found:
        _refuse_damaged(folder, run_id)
    named = ", ".join(run.run_id for run in (found or known)[:MOST_NAMED])
    code = "run_ambiguous" if found else "run_unknown"
    raise UsageProblem(Problem(code, found=run_id[:40], allowed=named or None))


def _refuse_damaged(folder: Path, run_id: str) -> None:
    for path in (folder / REPORTS).glob(f"*/{RUNS}/*"):
        if path.name.startswith(run_id):
            read_run(path)


def compare_runs(folder: Path, old: str, new: str) -> RunComparison:
    """Set what the pages of two runs showed side by side, number by number.

    Raises:
        UsageProblem: as `find_run`.
    """
    return compare(find_run(folder, old), find_run(folder, new), numbers_of=numbers_of)
