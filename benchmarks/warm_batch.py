"""Reports in a batch: papermill in a loop against the warm engine, in turns in one run, the same school notebook.

Use: python benchmarks/warm_batch.py [--folder WORKSPACE] [--reports 4] [--rounds 3] [--year 2024]

Without a workspace the invented town is made in a temporary folder. Papermill's time has no HTML in it, ours has.
CPU is user and system time of every process concerned. The start of the fork server (imports, and the report that is
made to prepare for the others) is printed apart, and so are the imports that papermill repeats for every report.
"""

from __future__ import annotations

import argparse
import json
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat

from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.publishing import part_path, publish
from shnor_analysis.batch.runs import Limits
from shnor_analysis.batch.warm.crew import WarmCrew
from shnor_analysis.reporting.orders import FINISHER, order_school_reports
from shnor_analysis.workspace.preloading import PRELOADED, THIRD_PARTY
from shnor_analysis.workspace.rehearsing import Rehearsal

NOTEBOOK_IMPORTS = (
    "shnor_analysis.workspace",
    "shnor_analysis.disclosure",
    "shnor_analysis.exhibits.figures",
    "shnor_analysis.exhibits.sentences",
    "shnor_analysis.exhibits.tables",
)
SMALL = ("import pandas as pd", 'frame = pd.DataFrame({"a": range(number)})', "frame")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds a report, by the clock and of processors; what a child reported of itself; seconds of its cells."""

    wall: float
    cpu: float
    answers: tuple[dict[str, Any], ...] = ()
    start: float = 0.0
    cells: tuple[float, ...] = ()


def measured(work: Callable[[], None], reports: int) -> Spent:
    """Run something that waits for its children."""
    before, clock = _children(), time.perf_counter()
    work()
    return Spent((time.perf_counter() - clock) / reports, (_children() - before) / reports)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def by_loop(jobs: list[Job], options: tuple[str, ...] = ()) -> Spent:
    """The command, once a report."""

    def work() -> None:
        for job in jobs:
            job.output.mkdir(parents=True, exist_ok=True)
            given = [word for name, value in job.parameters.items() for word in ("-p", name, str(value))]
            command = [sys.executable, "-m", "papermill", "--no-progress-bar", *options, str(job.template)]
            subprocess.run(
                [*command, str(job.output / "executed.ipynb"), *given], check=True, capture_output=True
            )

    return measured(work, len(jobs))


def by_xargs(jobs: list[Job], processes: int) -> Spent:
    """The command, several at a time, as `xargs -P` runs it."""
    lines = []
    for job in jobs:
        job.output.mkdir(parents=True, exist_ok=True)
        given = [word for name, value in job.parameters.items() for word in ("-p", name, str(value))]
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(job.template)]
        lines.append(shlex.join([*command, str(job.output / "executed.ipynb"), *given]))

    def work() -> None:
        told = "\0".join(lines).encode()
        xargs = ["xargs", "-0", "-n", "1", "-P", str(processes), "sh", "-c"]
        subprocess.run(xargs, input=told, check=True, capture_output=True)

    return measured(work, len(jobs))


def by_fork(
    jobs: list[Job], *, size: int, finisher: str, preload: tuple[str, ...], run_folder: Path
) -> Spent:
    """The warm engine; its folders get their names as in a run."""
    run_folder.mkdir(parents=True, exist_ok=True)
    plan = make_plan(jobs, finisher=finisher, preload=preload)
    crew = WarmCrew(plan, run_folder=run_folder, size=size, limits=Limits())
    clock = time.perf_counter()
    crew.start()
    started, answers = time.perf_counter(), []
    while len(answers) < len(jobs):
        kind, job, answer = crew.events.get()
        if kind == "over":
            assert not answer["reason"], answer
            publish(part_path(job.output, plan.label), job.output)
            answers.append(answer)
    ended = time.perf_counter()
    crew.close()
    cpu = sum(answer["cpu_seconds"] for answer in answers)
    return Spent((ended - started) / len(jobs), cpu / len(jobs), tuple(answers), started - clock)


def small_jobs(folder: Path, count: int) -> list[Job]:
    """A notebook of three cells."""
    first = nbformat.v4.new_code_cell("number: int = 1", metadata={"tags": ["parameters"]})
    kernel = {"name": "python3", "language": "python", "display_name": "Python"}
    cells = [first, *map(nbformat.v4.new_code_cell, SMALL)]
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "small.ipynb"
    )
    return [
        Job(f"{n}", folder / "small.ipynb", {"number": n + 1}, folder / f"small-{n}") for n in range(count)
    ]


def school_jobs(workspace: Path, home: Path, *, count: int, year: int) -> list[Job]:
    """The school report of the first schools."""
    ids = [f"sch66{number:04d}" for number in range(1, count + 1)]
    orders = order_school_reports(workspace, ids, school_year=year, audience="department", language="ru")
    return [Job(one.unit_id, one.template, one.parameters, home / one.unit_id) for one in orders]


def seconds_of_cells(jobs: list[Job]) -> tuple[float, ...]:
    """What the cells of each executed notebook took, as papermill wrote it down."""
    found = []
    for job in jobs:
        notebook: Any = nbformat.read(job.output / "executed.ipynb", as_version=4)
        found.append(
            sum(cell.metadata.get("papermill", {}).get("duration") or 0.0 for cell in notebook.cells)
        )
    return tuple(found)


def import_seconds(statement: str) -> float:
    """Seconds of a Python that imports and ends, the best of three."""
    best = float("inf")
    for _ in range(3):
        clock = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True)
        best = min(best, time.perf_counter() - clock)
    return best


def tell(name: str, rounds: list[Spent], base: list[Spent]) -> None:
    """Medians, and the ratio to the peer of the same round."""
    wall, cpu = (statistics.median(getattr(one, what) for one in rounds) for what in ("wall", "cpu"))
    ratios = [
        statistics.median(getattr(b, what) / getattr(one, what) for b, one in zip(base, rounds, strict=True))
        for what in ("wall", "cpu")
    ]
    print(f"{name:<52} {wall:8.3f} {ratios[0]:6.1f}× {cpu:8.3f} {ratios[1]:6.1f}×", flush=True)
    cells = [one for spent in rounds for one in spent.cells]
    if cells:
        print(f"{'':<52} cells {statistics.median(cells):.3f} s")
    answers = [answer for one in rounds for answer in one.answers]
    if answers:
        private = statistics.median(answer["private_kb"] for answer in answers) / 1024
        peak = statistics.median(answer["peak_mb"] for answer in answers)
        start = statistics.median(one.start for one in rounds)
        print(f"{'':<52} start once {start:.2f} s; a child: {private:.0f} MB private, {peak:.0f} MB in all")


def ways_of(
    jobs: list[Job], small: list[Job], *, run: Path, rehearsal: str
) -> dict[str, Callable[[], Spent]]:
    """Every way to make the reports; the first of a kind is what the others are set beside."""

    def school(size: int, preload: tuple[str, ...]) -> Spent:
        return by_fork(jobs, size=size, finisher=FINISHER, preload=preload, run_folder=run)

    def cells_too(way: Callable[[], Spent]) -> Callable[[], Spent]:
        return lambda: replace(way(), cells=seconds_of_cells(jobs))

    as_shnor = (*PRELOADED, rehearsal)
    return {
        "school report: papermill in a loop": cells_too(lambda: by_loop(jobs)),
        "school report: papermill --engine warm": cells_too(lambda: by_loop(jobs, ("--engine", "warm"))),
        "school report: warm, libraries preloaded": cells_too(lambda: school(1, THIRD_PARTY)),
        "school report: warm, package preloaded too": cells_too(lambda: school(1, PRELOADED)),
        "school report: warm, rehearsed (shnor report)": cells_too(lambda: school(1, as_shnor)),
        "school report: the same, two at a time": cells_too(lambda: school(2, as_shnor)),
        "two at a time: xargs -P2 papermill": lambda: by_xargs(jobs, 2),
        "two at a time: warm, rehearsed (shnor report)": lambda: school(2, as_shnor),
        "three cells: papermill in a loop": lambda: by_loop(small),
        "three cells: warm": lambda: by_fork(
            small, size=1, finisher="", preload=("pandas", "pandas.io.formats.html"), run_folder=run
        ),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--reports", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--year", type=int, default=2024)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as kept:
        home = Path(kept)
        workspace = (asked.folder or home / "town").resolve()
        if not asked.folder:
            shnor = str(Path(sys.executable).with_name("shnor"))
            made = [shnor, "demo", "--no-reports", "--folder", str(workspace)]
            subprocess.run(made, check=True, capture_output=True)
        jobs = school_jobs(workspace, home / "out", count=asked.reports, year=asked.year)
        # the report that prepares is none of those that are measured
        stranger = f"sch66{asked.reports + 1:04d}"
        rehearsal = Rehearsal(str(workspace), stranger, asked.year, "department", "ru").as_preload()
        ways = ways_of(jobs, small_jobs(home, asked.reports), run=home / "run", rehearsal=rehearsal)
        spent: dict[str, list[Spent]] = {name: [] for name in ways}
        for _ in range(asked.rounds):
            for name, way in ways.items():
                spent[name].append(way())
        print(f"{asked.reports} reports a way, {asked.rounds} rounds in turns; seconds a report, medians")
        print(f"{'':<52} {'wall':>8} {'ratio':>7} {'CPU':>8} {'ratio':>7}")
        for name, rounds in spent.items():
            base = next(key for key in spent if key.split(":")[0] == name.split(":")[0])
            tell(name, rounds, spent[base])
        for statement in ("import papermill", f"import {', '.join(NOTEBOOK_IMPORTS)}"):
            print(f"{statement}: {import_seconds(statement):.2f} s")
        sizes = {job.unit_id: (job.output / "executed.ipynb").stat().st_size for job in jobs}
        print(json.dumps({"bytes of the executed notebooks": sizes}))


if __name__ == "__main__":
    main()
