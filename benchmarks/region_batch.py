"""A thousand schools: the reports of an invented region, with one kill -9 and one resume in the middle.

Use: python benchmarks/region_batch.py [--schools 1000] [--jobs 2] [--folder KEPT]

Makes two workspaces, of a town of 41 schools and of a region (kept in the folder given, else thrown away). Orders all
reports of the town several times and of the region, kills the latter when half of its reports are made, goes on with
`--resume`, orders those of the town again, and checks that every report and the index are there, that nothing half made
is, and that no report was made twice. Told are reports a second from the first report begun to the last one finished: of
every order of the town, and of both halves of the region beside their median.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from shnor_analysis import warehouse
from shnor_analysis.cli.demonstration import town_settings
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.simulation import TownSpec, simulate_town
from shnor_analysis.workspace import create_workspace

TOWN_SCHOOLS, SCHOOLS_IN_MUNICIPALITY, YEAR = 41, 40, 2024
REPORT = "mark_statistics"
TIMES = 3
REPLICATES = 0  # samples behind the bounds of shares, which no page of a school shows


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say how long a step took."""
    clock = time.perf_counter()
    yield
    print(f"  {what}: {time.perf_counter() - clock:.1f} s", flush=True)


def make_workspace(folder: Path, schools_n: int) -> None:
    """A workspace of an invented place with its models; results of schools, no rows of pupils.

    Its tables are stored as if one file had brought them: the reading of raw files is measured elsewhere.
    """
    if (folder / "made").exists():
        return
    print(f"{schools_n} schools", flush=True)
    spec = TownSpec(
        schools_n=schools_n,
        municipalities_n=max(1, schools_n // SCHOOLS_IN_MUNICIPALITY),
        school_level_only=True,
    )
    with told("drawn"):
        tables = {name: frame for name, frame in simulate_town(spec).tables.items() if len(frame)}
    workspace = create_workspace(folder, town_settings(spec.seed))
    card = FileCard(
        sha256=spec.fingerprint,
        file_name="invented.xlsx",
        report=REPORT,
        received="2026-09-01T08:00:00+00:00",
        owner="",
        rows=tuple((name, len(frame)) for name, frame in tables.items()),
        is_verified_layout=False,
        has_personal=False,
    )
    with told("stored"):
        warehouse.store_reading(folder, card, tables)
    with told("built"):
        workspace.build()
    with told("fitted"):
        workspace.fit(YEAR, replicates=REPLICATES)
    (folder / "made").touch()


def command(folder: Path, *options: str) -> list[str]:
    """The command line of a run."""
    return [str(Path(sys.executable).with_name("shnor")), "report", "--folder", str(folder), *options]


def lines_of(folder: Path) -> list[dict[str, str]]:
    """Every line of every ledger of the workspace, in order; the last may still be on its way."""
    found = []
    for path in sorted(folder.glob("reports/*/runs/*/ledger.jsonl")):
        told_lines = path.read_text(encoding="utf-8").split("\n")
        found += [json.loads(line) for line in told_lines if line.endswith("}")]
    return found


def rate(lines: list[dict[str, str]]) -> float:
    """Reports a second, from the first begun to the last finished."""
    begun = [datetime.fromisoformat(line["at"]) for line in lines if line["event"] == "started"]
    done = [datetime.fromisoformat(line["at"]) for line in lines if line["event"] == "finished"]
    return len(done) / (max(done) - min(begun)).total_seconds()


def run_and_kill(folder: Path, jobs: int, after: int) -> None:
    """Begin a run and end its parent the hard way when that many reports are finished."""
    running = subprocess.Popen(
        command(folder, "--all", "--force", "--jobs", str(jobs)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while sum(line["event"] == "finished" for line in lines_of(folder)) < after:
        if running.poll() is not None:
            sys.exit(f"ended by itself with {running.returncode}")
        time.sleep(1.0)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()


def rates_of_town(folder: Path, jobs: int) -> list[float]:
    """Reports a second of some orders of everything, each in a folder of reports of its own."""
    rates = []
    for _ in range(TIMES):
        shutil.rmtree(folder / "reports", ignore_errors=True)
        subprocess.run(command(folder, "--all", "--jobs", str(jobs)), check=True, capture_output=True)
        rates.append(rate(lines_of(folder)))
    print(f"{TOWN_SCHOOLS} schools, reports/s: " + ", ".join(f"{one:.2f}" for one in rates), flush=True)
    return rates


def problems_of(folder: Path, schools_n: int) -> Iterator[str]:
    """What is not as it should be: missing pages, manifests and links, half folders, reports made twice."""
    (home,) = (folder / "reports").glob(str(YEAR))
    pages = {path.parent.name for path in home.glob("*/report.html")}
    if len(pages) != schools_n + 1:
        yield f"{len(pages)} pages"
    if {path.parent.name for path in home.glob("*/manifest.json")} != pages:
        yield "manifests are not those of the pages"
    links = re.findall(r'href="([^"/]+)/report\.html"', (home / "index.html").read_text(encoding="utf-8"))
    if sorted(map(unquote, links)) != sorted(pages):
        yield f"{len(links)} links in the index"
    yield from (str(path) for path in home.rglob("*") if path.name.endswith((".part", ".old")))
    finished = Counter(line["unit_id"] for line in lines_of(folder) if line["event"] == "finished")
    twice = sum(times != 1 for times in finished.values())
    if twice:
        yield f"{twice} reports were made more than once: has the code changed meanwhile?"


def main() -> int:
    """Make, run, kill, resume, check, tell; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--schools", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as thrown_away:
        home = asked.folder or Path(thrown_away)
        town, region = home / f"town-{TOWN_SCHOOLS}", home / f"region-{asked.schools}"
        make_workspace(town, TOWN_SCHOOLS)
        make_workspace(region, asked.schools)
        rates = rates_of_town(town, asked.jobs)
        shutil.rmtree(region / "reports", ignore_errors=True)
        with told("until kill -9"):
            run_and_kill(region, asked.jobs, asked.schools // 2)
        before = lines_of(region)
        with told("shnor report --resume"):
            order = command(region, "--resume", "--jobs", str(asked.jobs))
            subprocess.run(order, check=True, capture_output=True)
        after = lines_of(region)[len(before) :]
        rates += rates_of_town(town, asked.jobs)
        problems = list(problems_of(region, asked.schools))
    usual = statistics.median(rates)
    for name, lines in (("until the kill", before), ("after the resume", after)):
        print(f"{name}: {rate(lines):.2f} reports/s, {rate(lines) / usual:.2f} of the median {usual:.2f}")
    print("\n".join(problems) or "every page, manifest and link is there, none half made, none made twice")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
