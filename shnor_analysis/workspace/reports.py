"""Reports of a workspace: which notebooks, run by the batch room, finished by the reporting room, linked by an index."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shnor_analysis.batch.failures import failure_in_words
from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.runs import Done, Failed, Limits, Progress, run_plan
from shnor_analysis.reporting.folders import edition
from shnor_analysis.reporting.index import FailedReport, write_index
from shnor_analysis.reporting.orders import (
    FINISHER,
    REPORTS,
    ReportOrder,
    order_municipality_report,
    order_school_reports,
)
from shnor_analysis.settings import Settings
from shnor_analysis.workspace.lock import writing
from shnor_analysis.workspace.preloading import PRELOADED

RUNS = "runs"


@dataclass(frozen=True, slots=True)
class ReportRun:
    """What became of an order of reports: the finished ones, the failed ones with reasons, and the year's index."""

    done: tuple[Done, ...]
    failed: tuple[Failed, ...]
    index: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Which schools of which year, for whom, in which language, how many at a time."""

    school_ids: tuple[str, ...]
    school_year: int
    audience: str
    language: str
    jobs: int | None = None
    with_municipality: bool = True


def make_reports(
    folder: Path, settings: Settings, request: ReportRequest, *, on_progress: Progress | None = None
) -> ReportRun:
    """Make a report per school, one of the municipality (not for the audience `school`), and the index of the year.

    One report that fails never stops the others; it is listed with its reason here and in the index.

    Raises:
        UsageProblem: a template and its parameters do not fit; nothing has run then.
    """
    plan = make_plan(_jobs(_orders(folder, settings, request)), finisher=FINISHER, preload=PRELOADED)
    home = (
        folder / REPORTS / edition(request.school_year, audience=request.audience, language=request.language)
    )
    run_folder = home / RUNS / time.strftime("%Y%m%dT%H%M%S")
    with writing(folder):
        outcome = run_plan(
            plan,
            run_folder=run_folder,
            jobs=request.jobs or usable_cores(),
            limits=Limits(),
            engine=settings.engine,
            on_progress=on_progress,
        )
        index = write_index(
            home,
            school_year=request.school_year,
            language=request.language,
            failed=[
                FailedReport(one.unit_id, failure_in_words(one, request.language)) for one in outcome.failed
            ],
        )
    return ReportRun(outcome.done, outcome.failed, index, outcome.seconds)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _orders(folder: Path, settings: Settings, request: ReportRequest) -> Iterable[ReportOrder]:
    year, audience, language = request.school_year, request.audience, request.language
    if request.with_municipality and audience != "school":
        yield order_municipality_report(
            folder, settings.municipality_id, school_year=year, audience=audience, language=language
        )
    yield from order_school_reports(
        folder, request.school_ids, school_year=year, audience=audience, language=language
    )


def _jobs(orders: Iterable[ReportOrder]) -> Iterable[Job]:
    return (Job(order.unit_id, order.template, order.parameters, order.output) for order in orders)
