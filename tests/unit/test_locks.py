"""Who may work at the same time, and that a lock goes with its holder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from shnor_analysis.batch.run_locks import is_going, owning
from shnor_analysis.batch.sharding import read_shard
from shnor_analysis.errors import EnvironmentProblem
from shnor_analysis.language import render_problem
from shnor_analysis.workspace.lock import reporting, writing


def entering(folder: Path, what: str) -> AbstractContextManager[None]:
    """`writes`, `reports` or a part such as `1/4`; locks of one process meet like those of two."""
    if what == "writes":
        return writing(folder)
    return reporting(folder, folder / "2024", shard=read_shard(what) if "/" in what else None)


def refusal(folder: Path, what: str) -> EnvironmentProblem | None:
    """How one is turned away; None for who may come in."""
    try:
        with entering(folder, what):
            return None
    except EnvironmentProblem as error:
        return error


@pytest.mark.parametrize(
    ("holder", "comer", "code"),
    [
        ("writes", "writes", "workspace_busy"),
        ("writes", "reports", "workspace_busy"),
        ("reports", "writes", "workspace_busy"),
        ("1/4", "writes", "workspace_busy"),
        ("reports", "reports", "reports_busy"),
        ("reports", "1/4", "reports_busy"),
        ("1/4", "reports", "reports_busy"),
        ("1/4", "1/4", "reports_busy"),
        ("1/4", "1/3", "reports_busy"),
        ("1/4", "2/4", None),
    ],
)
def test_who_may_come_in(holder: str, comer: str, code: str | None, tmp_path: Path) -> None:
    with entering(tmp_path, holder):
        error = refusal(tmp_path, comer)
    assert (error and error.problems[0].code) == code
    assert refusal(tmp_path, comer) is None, "and all may when the holder is gone"


def test_reports_of_another_edition_may_be_made_at_once(tmp_path: Path) -> None:
    with entering(tmp_path, "reports"), reporting(tmp_path, tmp_path / "2024-public"):
        assert refusal(tmp_path, "reports") is not None, "the first edition is still held"


def test_the_one_turned_away_learns_by_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/shnor", "build", "--debug"])
    with entering(tmp_path, "writes"):
        error = refusal(tmp_path, "reports")
    assert error is not None
    said = {language: render_problem(error.problems[0], language) for language in ("ru", "en")}
    assert f": shnor build (процесс {os.getpid()} на компьютере {socket.gethostname()}, с 20" in said["ru"]
    assert f": shnor build (process {os.getpid()} on {socket.gethostname()}, since 20" in said["en"]


def test_a_run_is_going_until_its_process_ends_in_any_way(tmp_path: Path) -> None:
    held = "from shnor_analysis.batch.run_locks import owning"
    script = f"{held}; from pathlib import Path; import sys\nwith owning(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    assert not is_going(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert is_going(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not is_going(tmp_path)
    with owning(tmp_path):
        assert is_going(tmp_path)


def test_who_has_left_is_named_no_more(tmp_path: Path) -> None:
    with entering(tmp_path, "1/2"), entering(tmp_path, "2/2"):
        pass
    with entering(tmp_path, "writes"):
        pass
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.lock")} == {
        ".lock": b"",
        "whole.lock": b"",
        "of-2.lock": b"",
        "part-1-of-2.lock": b"",
        "part-2-of-2.lock": b"",
    }
