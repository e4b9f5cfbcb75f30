import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from shnor_analysis.batch.ledger import Ledger, read_ledger
from shnor_analysis.batch.plan import Job, make_plan
from shnor_analysis.batch.publishing import publish
from shnor_analysis.batch.runs import Limits, Outcome, run_plan

WORK = """
import os, time
if mode == "fails":
    raise ValueError("no such school")
if mode == "dies":
    os._exit(7)
if mode == "sleeps":
    time.sleep(60)
os.environ["OMP_NUM_THREADS"]
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parameters = nbformat.v4.new_code_cell('mode: str = "works"')
    parameters.metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(
        cells=[parameters, nbformat.v4.new_code_cell(WORK)],
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}},
    )
    path = tmp_path_factory.mktemp("template") / "template.ipynb"
    nbformat.write(notebook, path)
    return path


def run(template: Path, folder: Path, modes: dict[str, str], *, finisher: str = "", **limits: int) -> Outcome:
    jobs = [Job(unit, template, {"mode": mode}, folder / "out" / unit) for unit, mode in modes.items()]
    return run_plan(
        make_plan(jobs, finisher=finisher), run_folder=folder / "run", jobs=2, limits=Limits(**limits)
    )


def test_one_failing_unit_of_five_leaves_four_done_and_one_named(template: Path, tmp_path: Path) -> None:
    modes = {"a": "works", "b": "works", "c": "fails", "d": "works", "e": "works"}
    outcome = run(template, tmp_path, modes)
    assert [one.unit_id for one in outcome.done] == ["a", "b", "d", "e"]
    (failed,) = outcome.failed
    assert (failed.unit_id, failed.reason, failed.cell) == ("c", "cell_failed", 3)
    assert failed.detail == "ValueError: no such school"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "b", "d", "e"]
    assert (tmp_path / "run" / "failed" / "c" / "executed.ipynb").is_file()
    executed = nbformat.read(tmp_path / "out" / "a" / "executed.ipynb", as_version=4)
    assert executed.cells[-1].outputs[0].data["text/plain"] == "'1'", "one thread a child"


def test_the_ledger_has_a_line_for_each_event(template: Path, tmp_path: Path) -> None:
    run(template, tmp_path, {"a": "works", "b": "fails"})
    events = [(line.event, line.unit_id, line.reason) for line in read_ledger(tmp_path / "run")]
    assert events[0] == ("run_started", "", "")
    assert events[-1] == ("run_ended", "", "")
    assert ("finished", "a", "") in events
    assert ("failed", "b", "cell_failed") in events


def test_a_dead_kernel_and_a_late_cell_fail_alone(template: Path, tmp_path: Path) -> None:
    outcome = run(template, tmp_path, {"dead": "dies", "late": "sleeps", "good": "works"}, cell_seconds=2)
    assert {one.unit_id: one.reason for one in outcome.failed} == {
        "dead": "kernel_died",
        "late": "cell_timeout",
    }
    assert [one.unit_id for one in outcome.done] == ["good"]


def test_a_late_report_is_ended_from_outside(template: Path, tmp_path: Path) -> None:
    outcome = run(template, tmp_path, {"late": "sleeps"}, report_seconds=4)
    assert [one.reason for one in outcome.failed] == ["report_timeout"]
    assert not list((tmp_path / "out").glob("*"))


def test_a_finisher_that_fails_is_the_reason_of_its_unit(template: Path, tmp_path: Path) -> None:
    outcome = run(template, tmp_path, {"a": "works"}, finisher="json:no_such_function")
    assert [one.reason for one in outcome.failed] == ["finisher_failed"]


def test_a_new_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    for name in ("part", "out"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
    publish(tmp_path / "part", tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "part.txt"]


def test_a_ledger_line_cut_by_a_crash_is_left_out(tmp_path: Path) -> None:
    Ledger(tmp_path).write("started", "a")
    with (tmp_path / "ledger.jsonl").open("a") as stream:
        stream.write('{"at": "2024')
    assert [line.unit_id for line in read_ledger(tmp_path)] == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_interrupt_leaves_no_half_report(template: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from shnor_analysis.batch.runs import run_plan;"
        "from shnor_analysis.batch.plan import Job, make_plan; t, f = Path(sys.argv[1]), Path(sys.argv[2]);"
        "run_plan(make_plan([Job('late', t, {'mode': 'sleeps'}, f / 'out' / 'late')]), run_folder=f / 'run')"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(template), str(tmp_path)], stderr=subprocess.DEVNULL
    )
    ledger = tmp_path / "run" / "ledger.jsonl"
    while not (ledger.exists() and '"started"' in ledger.read_text()):
        time.sleep(0.05)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    assert child.wait(20) != 0
    assert json.loads(ledger.read_text().splitlines()[-1])["event"] == "interrupted"
    assert not list((tmp_path / "out").glob("*"))
    assert not list((tmp_path / "out").glob(".*"))
