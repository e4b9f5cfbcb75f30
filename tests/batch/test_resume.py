"""Going on: what a killed run left is never half a report, and the run that goes on does what is missing and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import killed_runs
import pytest

import notebooks
from shnor_analysis.batch.earlier_runs import prune, read_runs, unit_states, units_left
from shnor_analysis.batch.ledger import read_ledger
from shnor_analysis.batch.plan import Job, Plan, make_plan
from shnor_analysis.batch.plan_files import new_run_id, read_plan
from shnor_analysis.batch.runs import EngineName, Outcome, run_plan
from shnor_analysis.batch.warm.forking import why_not_fork

NO_FORK = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
KEPT = ("a", "b", "c")
BY_ITSELF = """
import os, signal, sys
from pathlib import Path
from shnor_analysis.batch.ledger import Ledger
import test_resume
write = Ledger.write
finished = 0
def write_and_die(ledger, event, *rest, **more):
    global finished
    finished += event == "finished"
    if finished == 2 and sys.argv[4] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    write(ledger, event, *rest, **more)
    if finished == 2:
        os.kill(os.getpid(), signal.SIGKILL)
Ledger.write = write_and_die
test_resume.run(Path(sys.argv[1]), Path(sys.argv[2]), engine=sys.argv[3])
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.ipynb"
    source = 'from pathlib import Path\nassert not Path(place, f"fault-{number}").exists()\nnumber * 2'
    return notebooks.write(path, source, parameters='number: int = 1\nplace: str = ""')


def plan_of(template: Path, folder: Path, *, data: str = "d1", count: int = 4) -> Plan:
    jobs = [
        Job(
            f"u{number}",
            template,
            {"number": number, "place": str(folder)},
            folder / f"u{number}",
            {"data": data},
        )
        for number in range(count)
    ]
    return make_plan(jobs, places=["place"], versions={}, request={"schools": None})


def run(
    template: Path,
    folder: Path,
    *,
    engine: EngineName = "plain",
    run_id: str = "20240101T000000-0001",
    data: str = "d1",
    force: bool = False,
) -> Outcome:
    plan = plan_of(template, folder, data=data)
    return run_plan(plan, run_folder=folder / "runs" / run_id, engine=engine, jobs=2, force=force)


def by_hand(
    folder: Path, template: Path, run_id: str, monkeypatch: pytest.MonkeyPatch, **changed: Any
) -> Outcome:
    """A run without notebooks, in this process."""
    monkeypatch.setattr(
        "shnor_analysis.batch.runs._crew", lambda plan, _, **more: killed_runs.HandCrew(plan, **more)
    )
    return run(template, folder, run_id=run_id, **changed)


def made(outcome: Outcome) -> list[str]:
    return [one.unit_id for one in outcome.done if not one.is_reused]


def reused(outcome: Outcome) -> list[str]:
    return [one.unit_id for one in outcome.done if one.is_reused]


@pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")
@pytest.mark.parametrize("story", ["fresh", "anew"])
def test_killed_at_any_step_on_the_disk_a_run_goes_on_to_what_an_unbroken_one_gives(
    tmp_path: Path, story: str
) -> None:
    """Before and after the plan, each line, each folder, each rename; in `anew` older reports stand at the final names."""
    template = notebooks.write(tmp_path / "template.ipynb", "number")
    said = subprocess.run(
        [sys.executable, killed_runs.__file__, template, tmp_path / "town", story],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    trials = [json.loads(line) for line in said.splitlines()]
    files = ("executed.ipynb", "report.html")
    unbroken = {f"{unit}/{name}": f"{name} of {unit} in 2" for unit in KEPT for name in files}
    older = {path: text.replace(" in 2", " in 1") for path, text in unbroken.items()}
    assert len(trials) >= 40
    for one in trials:
        for unit in {path.partition("/")[0] for path in one["left"]}:
            mine = {path: text for path, text in one["left"].items() if path.startswith(f"{unit}/")}
            assert any(
                mine == {path: text for path, text in whole.items() if path in mine}
                and len(mine) == len(files)
                for whole in ([unbroken] if story == "fresh" else [unbroken, older])
            ), "half a report has a final name"
        assert one["files"] == unbroken
        assert not one["hidden"]
        assert one["finished"] == dict.fromkeys(KEPT, 1), "each is finished once"
        assert not one["done_twice"], "what the ledger calls finished is not begun again"
        assert one["last"] == "run_ended"
    assert {one["is_planned"] for one in trials} == {True, False}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("engine", [pytest.param("warm", marks=NO_FORK), "plain"])
def test_a_killed_batch_of_notebooks_goes_on(
    template: Path, tmp_path: Path, engine: EngineName, moment: str
) -> None:
    arguments = [str(template), str(tmp_path), engine, moment]
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    ended = subprocess.run([sys.executable, "-c", BY_ITSELF, *arguments], check=False, env=here)
    assert ended.returncode == -signal.SIGKILL
    run_folder = tmp_path / "runs" / "20240101T000000-0001"
    told = [line.unit_id for line in read_ledger(run_folder) if line.event == "finished"]
    outcome = run(template, tmp_path, engine=engine)
    assert len(told) == (1 if moment == "before" else 2)
    assert reused(outcome) == sorted(told)
    assert len(outcome.done) == 4
    assert not list(tmp_path.glob(".*"))
    shown = [
        json.loads((tmp_path / f"u{n}" / "executed.ipynb").read_text())["cells"][-1]["outputs"]
        for n in range(4)
    ]
    assert [one[0]["data"]["text/plain"] for one in shown] == [["0"], ["2"], ["4"], ["6"]]
    finished = [line.unit_id for line in read_ledger(run_folder) if line.event == "finished"]
    assert sorted(finished) == ["u0", "u1", "u2", "u3"]


def test_unchanged_units_are_reused_and_changed_ones_are_made(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again(number: int, **changed: Any) -> Outcome:
        return by_hand(tmp_path, template, f"2024010{number}T000000-0001", monkeypatch, **changed)

    assert made(again(1)) == ["u0", "u1", "u2", "u3"]
    assert reused(again(2)) == ["u0", "u1", "u2", "u3"]
    (tmp_path / "u1" / "report.html").write_text("edited")
    (tmp_path / "u2" / "executed.ipynb").unlink()
    third = again(3)
    assert (made(third), reused(third)) == (["u1", "u2"], ["u0", "u3"])
    assert made(again(4, data="d2")) == ["u0", "u1", "u2", "u3"]
    assert made(again(5, data="d2", force=True)) == ["u0", "u1", "u2", "u3"]
    lines = read_ledger(tmp_path / "runs" / "20240103T000000-0001")
    of_u0 = next(line for line in lines if line.unit_id == "u0")
    assert (of_u0.event, of_u0.run_id) == ("reused", "20240101T000000-0001"), "the run that made it"


def test_a_template_of_another_version_makes_all_anew(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.ipynb"
    own.write_bytes(template.read_bytes())
    folder = tmp_path / "town"
    by_hand(folder, own, "20240101T000000-0001", monkeypatch)
    own.write_bytes(template.read_bytes() + b"\n")
    assert len(made(by_hand(folder, own, "20240102T000000-0001", monkeypatch))) == 4


def test_only_the_failed_one_is_done_again_until_it_succeeds(template: Path, tmp_path: Path) -> None:
    (tmp_path / "fault-2").write_text("")
    engine: EngineName = "plain" if why_not_fork()[0] == "no_fork" else "warm"
    first = run(template, tmp_path, engine=engine)
    assert [one.unit_id for one in first.failed] == ["u2"]
    runs = read_runs(tmp_path / "runs")
    assert units_left(runs[0], unit_states(runs)) == ("u2",)
    still = run(template, tmp_path, engine=engine)
    assert (made(still), [one.unit_id for one in still.failed]) == ([], ["u2"])
    (tmp_path / "fault-2").unlink()
    last = run(template, tmp_path, engine=engine)
    assert (made(last), reused(last)) == (["u2"], ["u0", "u1", "u3"])
    runs = read_runs(tmp_path / "runs")
    assert not units_left(runs[0], unit_states(runs))


def test_a_forced_run_that_is_gone_on_with_counts_its_own_work_only(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand(tmp_path, template, "20240101T000000-0001", monkeypatch)
    from shnor_analysis.batch import runs as runs_room

    settle, seen = runs_room.settle, []

    def stop_at_the_third(job: Job, *rest: Any, **more: Any) -> Any:
        seen.append(job.unit_id)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return settle(job, *rest, **more)

    monkeypatch.setattr(runs_room, "settle", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        by_hand(tmp_path, template, "20240102T000000-0001", monkeypatch, force=True)
    monkeypatch.setattr(runs_room, "settle", settle)
    outcome = by_hand(tmp_path, template, "20240102T000000-0001", monkeypatch)
    assert (made(outcome), reused(outcome)) == (["u2", "u3"], ["u0", "u1"])
    found = read_plan(tmp_path / "runs" / "20240102T000000-0001")
    assert found
    assert found.is_forced


def test_the_newest_word_counts_by_sittings_and_not_by_names_of_runs(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older run is gone on with after the newer one: its word is the newest, whatever its name and the clock say."""
    by_hand(tmp_path, template, "20240102T000000-0001", monkeypatch)
    by_hand(tmp_path, template, "20240101T000000-0001", monkeypatch, data="d2")
    assert reused(by_hand(tmp_path, template, "20240103T000000-0001", monkeypatch, data="d2")) == [
        "u0",
        "u1",
        "u2",
        "u3",
    ]


def test_the_plan_is_kept_without_places_and_with_its_request(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand(tmp_path, template, "20240101T000000-0001", monkeypatch)
    found = read_plan(tmp_path / "runs" / "20240101T000000-0001")
    assert found
    assert dict(found.request) == {"schools": None}
    assert [unit.output for unit in found.units] == ["u0", "u1", "u2", "u3"]
    assert dict(found.units[1].parameters) == {"number": 1}
    assert str(tmp_path) not in (tmp_path / "runs" / "20240101T000000-0001" / "plan.json").read_text()


def test_old_runs_go_and_those_that_made_what_stands_stay(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 7):
        by_hand(tmp_path, template, f"2024010{day}T000000-0001", monkeypatch, data="d1" if day == 1 else "d2")
    (tmp_path / "runs" / "20240107T000000-0001").mkdir()  # killed before it had a plan
    gone = prune(tmp_path / "runs", keep=2)
    assert [name[7] for name in gone] == ["1", "3", "4", "7"], (
        "the second made the reports, the last two are the last"
    )
    assert len(reused(by_hand(tmp_path, template, "20240108T000000-0001", monkeypatch, data="d2"))) == 4


def test_a_new_run_comes_after_all_others_whatever_the_clock_says(tmp_path: Path) -> None:
    (tmp_path / "20991231T235959-ffff").mkdir()
    assert new_run_id(tmp_path).startswith("21000101T000000-")
