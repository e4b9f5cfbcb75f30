"""Reports of a workspace: which notebooks, run by the batch room, finished by the reporting room, linked by an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from shnor_analysis import warehouse
from shnor_analysis.batch.capacity import default_jobs
from shnor_analysis.batch.earlier_runs import prune, read_runs, unit_states
from shnor_analysis.batch.failures import failure_in_words
from shnor_analysis.batch.plan import Job, Plan, make_plan
from shnor_analysis.batch.plan_files import new_run_id
from shnor_analysis.batch.runs import Progress, run_plan
from shnor_analysis.batch.settling import Done, Failed
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.evaluation import assemble_school
from shnor_analysis.reporting.index import FailedReport, write_index
from shnor_analysis.reporting.orders import (
    FINISHER,
    ReportOrder,
    order_municipality_report,
    order_school_reports,
)
from shnor_analysis.settings import Settings
from shnor_analysis.workspace.lock import indexing, reporting
from shnor_analysis.workspace.preloading import PRELOADED
from shnor_analysis.workspace.rehearsing import Rehearsal
from shnor_analysis.workspace.report_inputs import Inputs, school_inputs, software, town_inputs_read
from shnor_analysis.workspace.report_requests import Manner, ReportRequest, same_order
from shnor_analysis.workspace.run_records import RUNS
from shnor_analysis.workspace.town_inputs import town_inputs

PLACES = ("folder",)
REHEARSED_FROM = 4


@dataclass(frozen=True, slots=True)
class ReportRun:
    """What became of an order of reports: the finished ones, the failed ones with reasons, and the year's index.

    `is_resumed` where an earlier run was gone on with.
    """

    done: tuple[Done, ...]
    failed: tuple[Failed, ...]
    index: Path
    seconds: float
    run_id: str = ""
    is_resumed: bool = False

    @property
    def made(self) -> tuple[Done, ...]:
        """Reports that were made now."""
        return tuple(one for one in self.done if not one.is_reused)

    @property
    def reused(self) -> tuple[Done, ...]:
        """Reports of earlier times whose every input is unchanged."""
        return tuple(one for one in self.done if one.is_reused)


def make_reports(
    folder: Path,
    settings: Settings,
    request: ReportRequest,
    *,
    manner: Manner | None = None,
    on_progress: Progress | None = None,
) -> ReportRun:
    """Make a report per school, one of the municipality (not for the audience `school`), and the index of the year.

    Reports that an earlier run made stay as they are where nothing that they are made of changed. One report that fails
    never stops the others; it is listed with its reason here and in the index.

    Raises:
        UsageProblem: `school_not_in_workspace` for every unknown school, `year_without_results`; a template and its
            parameters do not fit. Nothing has run then.
        EnvironmentProblem: `workspace_busy`, `reports_busy`.
    """
    asked, home = manner or Manner(), request.home(folder)
    _refuse_unknown(folder, settings, request)
    with reporting(folder, home, shard=request.shard):
        plan = plan_reports(folder, settings, request)
        earlier = None if asked.resume is None else same_order(folder, request, asked.resume)
        run_id = earlier.run_id if earlier else new_run_id(home / RUNS)
        here = asked.cluster in {"", "local"}
        outcome = run_plan(
            plan,
            run_folder=home / RUNS / run_id,
            jobs=asked.jobs or (default_jobs(settings.engine) if here else 0),
            engine=settings.engine,
            cluster=asked.cluster,
            force=asked.force,
            on_progress=on_progress,
        )
        index = index_reports(home, request)
        prune(home / RUNS)
    return ReportRun(outcome.done, outcome.failed, index, outcome.seconds, run_id, earlier is not None)


def plan_reports(folder: Path, settings: Settings, request: ReportRequest) -> Plan:
    """What is to be done for a request, each report with hashes of all that it reads."""
    tables = partial(warehouse.read_table, folder)
    read = town_inputs(folder, settings, request.school_year, tables)
    known = tuple(read.town.frame("schools")["school_id"])
    schools = known if request.school_ids is None else request.school_ids
    orders = [
        one
        for one in _orders(folder, settings, request, schools)
        if request.shard is None or request.shard.takes(one.unit_id)
    ]
    ordered = {one.unit_id for one in orders}
    inputs = school_inputs(
        folder, read, [code for code in schools if code in ordered], audience=request.audience
    )
    of_town = town_inputs_read(folder, read, audience=request.audience)
    return make_plan(
        _jobs(orders, inputs, of_town),
        finisher=FINISHER,
        preload=(*PRELOADED, *_rehearsal(folder, request, orders)),
        places=PLACES,
        versions=software(),
        request=request.told(),
    )


def _rehearsal(folder: Path, request: ReportRequest, orders: list[ReportOrder]) -> Iterator[str]:
    """One report to prepare for the others; for a few it takes longer than it saves."""
    schools = [str(one.parameters["school_id"]) for one in orders if "school_id" in one.parameters]
    if len(schools) >= REHEARSED_FROM:
        year, audience, language = request.school_year, request.audience, request.language
        yield Rehearsal(str(folder), schools[0], year, audience, language).as_preload()


def index_reports(home: Path, request: ReportRequest) -> Path:
    """Write the index of an edition; failed is what the newest run that had it says so of."""
    with indexing(home):
        newest = unit_states(read_runs(home / RUNS)).values()
        failed = [
            Failed(line.unit_id, line.reason, line.detail, line.cell, line.seconds or 0.0)
            for line in (state.line for state in newest)
            if line.event == "failed"
        ]
        return write_index(
            home,
            school_year=request.school_year,
            language=request.language,
            failed=[FailedReport(one.unit_id, failure_in_words(one, request.language)) for one in failed],
        )


def _refuse_unknown(folder: Path, settings: Settings, request: ReportRequest) -> None:
    """Before anything is written: every school that the register has not, and a year without results."""
    tables = partial(warehouse.read_table, folder)
    known = set(tables("schools", columns=["school_id"])["school_id"])
    years = tables("school_results", columns=["school_year"])["school_year"]
    unknown = [code for code in request.school_ids or () if code not in known]
    if not unknown and request.school_year in set(years):
        return
    town = town_inputs(folder, settings, request.school_year, tables).town
    problems: list[Problem] = []
    for code in unknown:
        try:
            assemble_school(town, code)
        except UsageProblem as error:
            problems.extend(error.problems)
    raise UsageProblem(problems)


def _orders(
    folder: Path, settings: Settings, request: ReportRequest, schools: tuple[str, ...]
) -> Iterator[ReportOrder]:
    year, audience, language = request.school_year, request.audience, request.language
    if request.with_municipality and audience != "school":
        yield order_municipality_report(
            folder, settings.municipality_id, school_year=year, audience=audience, language=language
        )
    yield from order_school_reports(folder, schools, school_year=year, audience=audience, language=language)


def _jobs(orders: Iterable[ReportOrder], inputs: dict[str, Inputs], of_town: Inputs) -> Iterator[Job]:
    for one in orders:
        own = inputs.get(str(one.parameters.get("school_id", "")), of_town)
        yield Job(one.unit_id, one.template, one.parameters, one.output, own)
