"""What reports are ordered and how they are made: the order as a run keeps it, and the run that an order goes on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shnor_analysis.batch.cluster.joining import check_address
from shnor_analysis.batch.earlier_runs import EarlierRun, read_runs, unit_states, units_left
from shnor_analysis.batch.sharding import Shard, read_shard
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.reporting.folders import edition
from shnor_analysis.reporting.orders import REPORTS
from shnor_analysis.workspace.run_records import RUNS, find_run


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Which schools of which year (None: every school of the register), for whom, in which language, which part of all."""

    school_ids: tuple[str, ...] | None
    school_year: int
    audience: str
    language: str
    with_municipality: bool = True
    shard: Shard | None = None

    def home(self, folder: Path) -> Path:
        """The folder of the edition in a workspace."""
        name = edition(self.school_year, audience=self.audience, language=self.language)
        return folder / REPORTS / name

    def told(self) -> dict[str, Any]:
        """The request as a run's plan keeps it."""
        return {
            "schools": None if self.school_ids is None else list(self.school_ids),
            "school_year": self.school_year,
            "audience": self.audience,
            "language": self.language,
            "with_municipality": self.with_municipality,
            "shard": None if self.shard is None else str(self.shard),
        }


@dataclass(frozen=True, slots=True)
class Manner:
    """How reports are made, whatever is in them.

    `jobs` at a time; of all reports only those of a `shard`; on a `cluster` of Dask ("local" or an address) or here;
    `force` makes every report anew; `resume` goes on with a run by its number or the beginning of it, "" with the last
    that left something undone.

    Raises:
        UsageProblem: `resume_and_force`, `cluster_address`.
    """

    jobs: int | None = None
    shard: Shard | None = None
    cluster: str = ""
    force: bool = False
    resume: str | None = None

    def __post_init__(self) -> None:
        if self.cluster:
            check_address(self.cluster)
        if self.force and self.resume is not None:
            raise UsageProblem(Problem("resume_and_force"))


def request_of(told: Mapping[str, Any]) -> ReportRequest:
    """The request that a run's plan keeps.

    Raises:
        UsageProblem: `request_unreadable`; it is not one of reports, or damaged.
    """
    schools, shard = told.get("schools"), told.get("shard")
    try:
        return TypeAdapter(ReportRequest).validate_python(
            {**told, "school_ids": schools, "shard": None if shard is None else read_shard(shard)}
        )
    except ValidationError as error:
        place = ", ".join(str(one["loc"][0]) for one in error.errors())
        raise UsageProblem(Problem("request_unreadable", found=place)) from None


def run_to_resume(folder: Path, run_id: str) -> EarlierRun:
    """The run of a workspace to go on with: the one named, else the last that left something undone, else the last.

    Raises:
        UsageProblem: `no_run_to_resume`, `run_unknown`, `run_ambiguous`.
    """
    if run_id:
        named = find_run(folder, run_id)
        return next(run for run in read_runs(named.home / RUNS) if run.run_id == named.run_id)
    homes = [read_runs(runs) for runs in sorted((folder / REPORTS).glob(f"*/{RUNS}"))]
    if not any(homes):
        raise UsageProblem(Problem("no_run_to_resume", file=str(folder)))
    return max((_last(runs) for runs in homes if runs), key=_worth)[2]


def same_order(folder: Path, request: ReportRequest, run_id: str) -> EarlierRun | None:
    """The run with this very request to go on with: of those that left something undone the last, or the one named."""
    runs = read_runs(request.home(folder) / RUNS)
    same = tuple(run for run in runs if dict(run.plan.request) == request.told())
    if run_id:
        return next((run for run in same if run.run_id.startswith(run_id)), None)
    states = unit_states(runs)
    return next((run for run in reversed(same) if units_left(run, states)), None)


Worth = tuple[bool, str, EarlierRun]


def _last(runs: tuple[EarlierRun, ...]) -> Worth:
    states = unit_states(runs)
    return max(((bool(units_left(run, states)), run.run_id, run) for run in runs), key=_worth)


def _worth(one: Worth) -> tuple[bool, str]:
    return one[:2]
