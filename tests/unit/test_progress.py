"""Progress of reports: one line to people at a terminal, a JSON line a report to machines, nothing to anybody else."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shnor_analysis.batch.settling import Done, Failed
from shnor_analysis.cli.progress import Pace, in_words, report_progress
from shnor_analysis.cli.speech import speak_json, speak_language

RESULTS = [
    Done("a", Path("a"), 1.25),
    Failed("b", "cell_failed", "ValueError: no", 5, 0.5),
    Done("c", Path("c"), 1.0),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def spoken() -> Iterator[None]:
    yield
    speak_json(False)
    speak_language("ru")


def told() -> None:
    """Three of five reports, of which one was there already."""
    with report_progress() as tell:
        for over, one in enumerate(RESULTS, 2):
            tell(one, over, 5)


def test_without_a_terminal_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    told()
    assert capsys.readouterr() == ("", "")


def test_machines_get_a_line_a_report_on_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    speak_json(True)
    told()
    said = capsys.readouterr()
    events = [json.loads(line) for line in said.err.splitlines()]
    assert said.out == "", "the output is for the one object at the end"
    assert [(one["event"], one["unit_id"], one["reason"], one["seconds"]) for one in events] == [
        ("done", "a", "", 1.25),
        ("failed", "b", "cell_failed", 0.5),
        ("done", "c", "", 1.0),
    ]
    assert [(one["done"], one["failed"], one["total"]) for one in events] == [(2, 0, 5), (2, 1, 5), (3, 1, 5)]
    assert all(one["a_minute"] > 0 and one["seconds_left"] >= 0 for one in events)


def test_people_at_a_terminal_see_counts_pace_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    told()
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert re.search(r"Отчёты .*готово 3 из 5, не удалось 1 · [\d\s,]+ в минуту · осталось 0:0\d", plain)


def test_the_pace_is_that_of_what_was_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(began=100.0)
    assert pace.seconds_left(100.0) == 0.0
    for over in (41, 42, 43):
        pace.note(is_failed=over == 42, over=over, total=1_043)
    assert pace.a_minute(106.0) == 30.0
    assert pace.seconds_left(106.0) == 2_000.0
    assert in_words(pace, 106.0) == "готово 42 из 1043, не удалось 1 · 30 в минуту · осталось 33:20"
    speak_language("en")
    assert in_words(pace, 106.0) == "42 of 1043 done, 1 failed · 30 a minute · 33:20 left"
