"""Runs that kill themselves at the n-th step that leaves a trace on the disk, and what is left; as a program it tries all n.

`killed_runs.py TEMPLATE FOLDER STORY`: for every n a child is forked, begins the story's run and is killed by SIGKILL right
before its n-th step (a file opened for writing, renamed, removed, cut, a folder made or removed) or in the midst of a line
of the ledger. What it left is looked at, another child goes on with the run, and that is looked at. One JSON line a trial.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shnor_analysis.batch import runs as runs_room
from shnor_analysis.batch.ledger import Ledger, read_ledger
from shnor_analysis.batch.plan import Job, Plan, declared_parameters, make_plan
from shnor_analysis.batch.plan_files import PLAN_NAME

UNITS = ("a", "b", "c", "bad")
RUN = "20240101T000000-0001"
EARLIER = "20230101T000000-0001"
WRITING = os.O_WRONLY | os.O_RDWR
STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
MOST_STEPS = 400


class HandCrew:
    """Does the jobs in this very process: two files a unit; one unit always fails."""

    def __init__(self, plan: Plan, **options: Any) -> None:
        self.events: queue.Queue[tuple[str, Job, dict[str, Any]]] = queue.Queue()
        self._plan, self._limits, self._waiting = plan, options["limits"], list(plan.jobs)
        self.events.get = self._next  # type: ignore[method-assign]
        self._told: list[tuple[str, Job, dict[str, Any]]] = []

    def _next(self, *_: Any, **__: Any) -> tuple[str, Job, dict[str, Any]]:
        if not self._told:
            job = self._waiting.pop(0)
            part = Path(runs_room.job_message(job, plan=self._plan, limits=self._limits)["part"])
            for name in ("executed.ipynb", "report.html"):
                (part / name).write_text(f"{name} of {job.unit_id} in {job.parameters['number']}")
            reason = "cell_failed" if job.unit_id == "bad" else ""
            self._told = [("started", job, {}), ("over", job, {"reason": reason, "cell": 1})]
        return self._told.pop(0)

    def kill(self) -> None: ...

    def close(self) -> None: ...


def begin(template: Path, folder: Path, run_id: str, *, number: int) -> None:
    """One sitting at a run of all units."""
    runs_room._crew = lambda plan, engine, **options: HandCrew(plan, **options)
    jobs = [Job(unit, template, {"number": number}, folder / unit) for unit in UNITS]
    runs_room.run_plan(make_plan(jobs, versions={}), run_folder=folder / "runs" / run_id)


def die_at(step: int, folder: Path) -> None:
    """Be killed right before a step on the disk below a folder."""
    seen = 0

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        is_step = event in STEPS or (event == "open" and bool(arguments[2] & WRITING))
        if is_step and str(folder) in str(arguments[0]):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def die_in_line(number: int) -> None:
    """Be killed in the midst of a line of the ledger."""
    whole, seen = Ledger.write_all, 0

    def torn(ledger: Ledger, lines: Any) -> None:
        nonlocal seen
        seen += 1
        if seen < number:
            whole(ledger, lines)
            return
        with ledger.path.open("ab") as stream:
            stream.write(b'{"at": "2024-01-01T00:00:00", "event": "fini')
        os.kill(os.getpid(), signal.SIGKILL)

    Ledger.write_all = torn  # type: ignore[method-assign]


def in_child(work: Callable[[], None]) -> bool:
    """Do something in a forked process; whether it was killed."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def final_files(folder: Path) -> dict[str, str]:
    """What stands at final names."""
    return {
        f"{home.name}/{path.name}": path.read_text()
        for home in folder.glob("[!.]*")
        if home.name != "runs"
        for path in home.iterdir()
    }


def trial(template: Path, folder: Path, *, story: str, arm: Callable[[], None]) -> dict[str, Any] | None:
    """Kill a run where `arm` says, look, go on, look again; None where the run came to its end alive."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if story == "anew":  # every unit was made before, of something else
        in_child(lambda: begin(template, folder, EARLIER, number=1))

    def killed() -> None:
        arm()
        begin(template, folder, RUN, number=2)

    if not in_child(killed):
        return None
    left, run = final_files(folder), folder / "runs" / RUN
    is_planned = (run / PLAN_NAME).exists()
    told = [line.unit_id for line in read_ledger(run) if line.event == "finished"]
    in_child(lambda: begin(template, folder, RUN, number=2))
    lines = read_ledger(run)
    places = [place for place, line in enumerate(lines) if line.event in {"run_started", "run_resumed"}]
    again = [line.unit_id for line in lines[places[-1] :] if line.event == "started"]
    return {
        "left": left,
        "is_planned": is_planned,
        "files": final_files(folder),
        "hidden": [path.name for path in folder.glob(".*")],
        "finished": Counter(line.unit_id for line in lines if line.event == "finished"),
        "done_twice": sorted(set(told) & set(again)),
        "last": lines[-1].event,
    }


def main() -> None:
    """Try every step and every line of a story."""
    template, folder, story = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    declared_parameters(template)  # what it imports and works out is there for all children
    for way in (lambda n: die_at(n, folder), die_in_line):
        for number in range(1, MOST_STEPS):
            found = trial(template, folder, story=story, arm=lambda way=way, number=number: way(number))
            if found is None:
                break
            sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
