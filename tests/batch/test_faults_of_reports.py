"""What can go wrong with a report, through the real command: it is named, nothing half done has a final name, and
`--resume` ends with exactly the files of an order in which nothing went wrong."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tiny_reports
from tiny_reports import files_of, half_done, home, last_ledger, make_town, order, unbroken

from shnor_analysis.batch import ledger as ledger_room
from shnor_analysis.batch import plan_files
from shnor_analysis.batch import runs as runs_room
from shnor_analysis.batch.runs import Limits
from shnor_analysis.batch.warm import fork_server
from shnor_analysis.batch.warm.forking import why_not_fork
from shnor_analysis.workspace.run_records import find_runs

pytestmark = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
# a unit's name is its fault; the reason, its detail and the cell as the ledger must name them
FAULTS = {
    "raises": ("cell_failed", "ValueError: no such school", 5),
    "asks for too much": ("out_of_memory", "MemoryError: ", 5),
    "killed": ("kernel_died", "SIGKILL", 5),
    "exits": ("kernel_died", "exit 7", 5),
    "segfault": ("kernel_died", "SIGSEGV", 5),
    "late": ("cell_timeout", "", 5),
    "disk full": ("disk_full", f"OSError: [Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}", None),
    "read only": ("folder_closed", f"OSError: [Errno {errno.EROFS}] {os.strerror(errno.EROFS)}", None),
}
GOOD = ("first", "second")
UNITS = (*FAULTS, *GOOD)


def asked(*units: str) -> list[str]:
    return [word for unit in units for word in ("--school", unit)]


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return make_town(tmp_path / "town")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes; only for who may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_every_fault_of_a_report_is_named_and_healed(
    town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs_room, "Limits", lambda: Limits(cell_seconds=3))
    for name in FAULTS:
        (town / f"fault-{name}").write_text(name)
    assert order(town, "report", *asked(*UNITS)) == 3
    failed = {line["unit_id"]: line for line in last_ledger(town) if line["event"] == "failed"}
    told = {unit: (line["reason"], line.get("detail", ""), line.get("cell")) for unit, line in failed.items()}
    assert told == FAULTS
    assert all(line["seconds"] > 0 and line["peak_mb"] > 20 for line in failed.values())
    said = capsys.readouterr().err
    assert all(f"{unit}: " in said for unit in FAULTS)
    expected = unbroken(town, *UNITS)
    assert files_of(town) == {name: text for name, text in expected.items() if name.split("/")[0] in GOOD}
    assert half_done(town) == []
    for name in FAULTS:
        (town / f"fault-{name}").unlink()
    assert order(town, "report", "--resume") == 0
    assert files_of(town) == expected
    assert half_done(town) == []


def test_of_a_hundred_with_one_bad_99_are_made_and_the_code_is_3(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (town / "fault-unit050").write_text("raises")
    assert order(town, "report", "--all") == 3
    said = capsys.readouterr()
    assert said.out.startswith("готово 99 отчётов\n")
    assert said.err.strip() == "unit050: ошибка в ячейке 5: ValueError: no such school"
    assert sorted(files_of(town)) == [f"unit{n:03d}/page.txt" for n in range(1, 101) if n != 50]


def test_a_child_that_the_system_ended_for_want_of_memory_is_told_from_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = iter([4, 4, 5])
    monkeypatch.setattr(fork_server, "memory_kills", lambda: next(counted))

    def child() -> fork_server.Child:
        return fork_server.Child(1, "a", 0, 0.0, 0.0, 0.0, memory_kills=4)

    def reason(status: int) -> str:
        return str(fork_server._death_of(child(), status)["reason"])

    assert reason(9) == "kernel_died", "killed, but the system counts no more kills than before"
    assert reason(11) == "kernel_died", "the system ends with SIGKILL and with nothing else"
    assert next(counted) == 4
    assert reason(9) == "out_of_memory"


def test_a_full_disk_leaves_whole_reports_only(
    small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = make_town(small_disk / "town")
    units = [f"unit{number}" for number in range(40)]
    filler = small_disk / "filler"
    free = os.statvfs(small_disk)
    filler.write_bytes(b"\0" * (free.f_bavail * free.f_frsize - (180 << 10)))
    code = order(town, "report", *asked(*units))
    assert code in {3, 6}, "some reports failed, or the ledger itself had no room"
    assert "на диске не осталось места" in capsys.readouterr().err.lower()
    expected = unbroken(tmp_path / "town", *units)
    found = files_of(town)
    assert 0 < len(found) < len(units)
    assert found.items() <= expected.items()
    assert list(home(town).glob("runs/*/failed/*")) == [], (
        "half a notebook tells nobody anything and takes room"
    )
    filler.unlink()
    assert order(town, "report", "--resume") == 0
    assert files_of(town) == expected
    assert half_done(town) == []


def test_a_folder_that_may_not_be_written_is_said_in_words(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = home(town)
    place.parent.mkdir(exist_ok=True)
    place.write_text("a file in the place of the folder")
    assert order(town, "report", *asked("a")) == 6
    assert f"файл «{place}" in (said := capsys.readouterr().err)
    assert "Сюда нельзя записать" in said
    place.unlink()
    assert order(town, "report", *asked("a")) == 0
    assert files_of(town) == unbroken(town, "a")


def test_what_stands_in_the_place_of_a_report_gives_way(town: Path) -> None:
    place = home(town)
    place.mkdir(parents=True)
    (place / "a").write_text("a file in the place of the report")
    assert order(town, "report", *asked("a")) == 0
    assert files_of(town) == unbroken(town, "a")
    assert half_done(town) == []


def test_a_report_open_elsewhere_is_replaced_and_its_reader_keeps_the_old_one(town: Path) -> None:
    assert order(town, "report", *asked("a")) == 0
    page = home(town) / "a" / "page.txt"
    with page.open() as reader:
        assert order(town, "report", *asked("a"), "--force") == 0
        assert os.fstat(reader.fileno()).st_ino != page.stat().st_ino
        assert reader.read() == page.read_text()
    assert half_done(town) == []


def test_a_clock_that_goes_back_changes_nothing(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            nonlocal now
            now -= timedelta(hours=1)
            return now

    for room in (ledger_room, plan_files):
        monkeypatch.setattr(room, "datetime", Clock)
    monkeypatch.setattr(time, "time", lambda: now.timestamp())
    (town / "fault-a").write_text("raises")
    assert order(town, "report", *asked("a", "b")) == 3
    (town / "fault-a").unlink()
    assert order(town, "report", "--resume") == 0
    assert order(town, "report", *asked("a", "b"), "--force") == 0
    (town / "fault-a").write_text("raises")
    assert order(town, "report", *asked("a", "b")) == 0, "unchanged since the forced run: nothing is made"
    assert [line["event"] for line in last_ledger(town)] == ["run_started", "reused", "reused", "run_ended"]
    forced = sorted(home(town).glob("runs/*/ledger.jsonl"))[-2].parent.name
    assert {line.get("run_id") for line in last_ledger(town)} == {None, forced}
    assert files_of(town) == unbroken(town, "a", "b")
    lines = [line for line in last_ledger(town) if line.get("seconds") is not None]
    assert all(0 <= line["seconds"] < 60 for line in lines)


def test_parts_of_one_whole_are_made_at_once_in_one_folder(town: Path) -> None:
    units = [f"unit{number}" for number in range(12)]
    parts = [
        subprocess.Popen(
            [*tiny_reports.COMMAND, str(town), "report", *asked(*units), "--shard", f"{number}/2"],
            stdout=subprocess.DEVNULL,
        )
        for number in (1, 2)
    ]
    assert [part.wait(120) for part in parts] == [0, 0]
    done = [sorted(one.unit_id for one in run.of("done")) for run in find_runs(town)]
    assert all(done), "each has its part"
    assert sorted(done[0] + done[1]) == sorted(units), "and no report is made twice"
    assert files_of(town) == unbroken(town, *units)
    assert half_done(town) == []
