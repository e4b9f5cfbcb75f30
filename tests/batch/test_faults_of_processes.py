"""What can happen to the processes of a run, through the real command: nothing half done has a final name, and going on
ends with exactly the files of an order in which nothing happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import ended
from tiny_reports import COMMAND, files_of, half_done, home, last_ledger, make_town, order, unbroken

from shnor_analysis.batch.capacity import GROUPS, PROC, group_folders
from shnor_analysis.batch.warm.forking import why_not_fork
from shnor_analysis.workspace.run_records import find_runs

pytestmark = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
UNITS = [f"unit{number:02d}" for number in range(12)]
ASKED = [word for unit in UNITS for word in ("--school", unit)]
PATIENCE = 60
KILLS = 5
LIMIT = "memory.limit_in_bytes"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Every report of it takes its time, so that there is something to interrupt."""
    folder = make_town(tmp_path / "town")
    for unit in UNITS:
        (folder / f"fault-{unit}").write_text("slow")
    return folder


@pytest.fixture
def little_memory() -> Iterator[Path]:
    """A control group that may hold 900 MB; only for who may make one."""
    own = next((folder for folder in group_folders(PROC, GROUPS) if (folder / LIMIT).is_file()), None)
    if own is None:
        pytest.skip("no control group counts memory here")
    group = own / f"little-{os.getpid()}"
    try:
        group.mkdir()
        (group / LIMIT).write_text(str(900 << 20))
    except OSError:
        pytest.skip("no control group can be made here")
    yield group
    group.rmdir()


def begin(town: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    with (town / "said").open("ab") as said:
        return subprocess.Popen(
            [*COMMAND, str(town), "report", *ASKED, *arguments], stdout=subprocess.DEVNULL, stderr=said
        )


def wait_until_finished(town: Path, least: int, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + PATIENCE
    while finished_lines(town) < least:
        assert time.monotonic() < limit
        assert process.poll() is None
        time.sleep(0.01)


def finished_lines(town: Path) -> int:
    return sum(path.read_text().count('"finished"') for path in home(town).glob("runs/*/ledger.jsonl"))


def children_of(pid: int) -> list[int]:
    """Every process below one, the nearest first."""
    near = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return near + [below for one in near for below in children_of(one)]


@pytest.mark.parametrize(
    ("number", "code", "state"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "interrupted"),
        (signal.SIGKILL, -9, "broken"),
    ],
)
def test_a_command_that_is_ended_takes_all_with_it_and_is_gone_on_with(
    town: Path, number: signal.Signals, code: int, state: str
) -> None:
    process = begin(town, "--jobs", "2")
    wait_until_finished(town, 3, process)
    pids = children_of(process.pid)
    assert len(pids) >= 2
    assert find_runs(town)[0].state == "going"
    process.send_signal(number)
    assert process.wait(PATIENCE) == code
    assert all(ended(pid) for pid in pids)
    run = find_runs(town)[0]
    assert run.state == state
    assert len(run.of("done")) >= 3
    assert run.of("left")
    expected = unbroken(town, *UNITS)
    assert files_of(town).items() < expected.items()
    if number != signal.SIGKILL:
        assert half_done(town) == []
        assert "Прервано" in (town / "said").read_text()
    assert order(town, "report", "--resume") == 0
    assert files_of(town) == expected
    assert half_done(town) == []
    told = Counter(line["unit_id"] for line in last_ledger(town) if line["event"] == "finished")
    assert told == Counter(UNITS), "one run, each report finished once"


def test_a_command_killed_at_any_moment_again_and_again_comes_to_the_same_end(town: Path) -> None:
    moments = random.Random(500)
    expected = unbroken(town, *UNITS)
    for _ in range(KILLS):
        process = begin(town, "--resume", "--jobs", "2")
        time.sleep(1.0 + moments.random() * 2.5)
        process.kill()
        process.wait()
        assert files_of(town).items() <= expected.items(), "whole reports only"
    assert order(town, "report", *ASKED, "--resume") == 0
    assert files_of(town) == expected
    assert half_done(town) == []
    finished = [
        line for path in home(town).glob("runs/*/ledger.jsonl") for line in path.read_text().split("\n")
    ]
    assert sum('"finished"' in line for line in finished) == len(UNITS)


def test_a_fork_server_killed_in_the_middle_is_replaced(town: Path) -> None:
    process = begin(town, "--jobs", "2")
    wait_until_finished(town, 2, process)
    (server,) = [
        pid
        for pid in children_of(process.pid)
        if b"fork_server" in Path(f"/proc/{pid}/cmdline").read_bytes() and os.getpgid(pid) == pid
    ][:1]
    os.kill(server, signal.SIGKILL)
    assert process.wait(PATIENCE) == 0
    assert files_of(town) == unbroken(town, *UNITS)
    assert half_done(town) == []
    told = Counter(line["unit_id"] for line in last_ledger(town) if line["event"] == "finished")
    assert told == Counter(UNITS)


def test_a_report_that_the_system_ends_for_want_of_memory_is_named_so(
    town: Path, little_memory: Path
) -> None:
    (town / "fault-unit05").write_text("eats")
    order_in_group = 'echo $$ > $0/cgroup.procs && exec "$@"'
    command = ["sh", "-c", order_in_group, str(little_memory), *COMMAND, str(town), "report", *ASKED]
    with (town / "said").open("ab") as said:
        ran = subprocess.run([*command, "--jobs", "1"], stdout=said, stderr=said, check=False)
    assert ran.returncode == 3
    (failed,) = (line for line in last_ledger(town) if line["event"] == "failed")
    assert (failed["unit_id"], failed["reason"], failed["cell"]) == ("unit05", "out_of_memory", 5)
    assert failed["peak_mb"] > 300
    assert len(files_of(town)) == len(UNITS) - 1
    (town / "fault-unit05").unlink()
    assert order(town, "report", "--resume") == 0
    assert files_of(town) == unbroken(town, *UNITS)


def test_a_second_order_of_the_same_reports_is_turned_away_in_words(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = begin(town)
    try:
        wait_until_finished(town, 1, process)
        assert order(town, "report", "--resume") == 6
        said = capsys.readouterr().err
        assert "Эти отчёты уже делает другая команда: tiny_reports.py" in said
        assert f"(процесс {process.pid} на компьютере " in said
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 143
