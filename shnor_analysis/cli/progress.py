"""How far a batch of reports has come: a line to people at a terminal, JSON lines to machines, nothing to anybody else."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shnor_analysis.cli.speech import is_json, say, speak_language
from shnor_analysis.language import number

if TYPE_CHECKING:
    from shnor_analysis.batch.settling import Done, Failed

    Tell = Callable[[Done | Failed, int, int], None]


@dataclass(slots=True)
class Pace:
    """Counts of a run and how fast it goes; seconds are those of a clock that never goes back."""

    began: float = field(default_factory=time.monotonic)
    worked_n: int = 0
    failed_n: int = 0
    over_n: int = 0
    total_n: int = 0

    def note(self, *, is_failed: bool, over: int, total: int) -> None:
        """Count one unit that was worked on; what is over may hold more than was worked on."""
        self.worked_n += 1
        self.failed_n += is_failed
        self.over_n, self.total_n = over, total

    @property
    def done_n(self) -> int:
        """Units that are done, by this run or before it."""
        return self.over_n - self.failed_n

    def a_minute(self, now: float) -> float:
        """Units worked on in a minute."""
        return 60 * self.worked_n / max(now - self.began, 0.001)

    def seconds_left(self, now: float) -> float:
        """Seconds until all is over at this pace."""
        return (self.total_n - self.over_n) * 60 / self.a_minute(now) if self.worked_n else 0.0


@contextmanager
def report_progress() -> Iterator[Tell]:
    """Tell how far the reports of a block have come: to people on one line, to machines a JSON line a report.

    Both go to the error stream: the output belongs to what comes of the whole.
    """
    pace = Pace()
    if is_json():
        yield _lines_for_machines(pace)
    elif sys.stderr.isatty():
        with _line_for_people(pace) as tell:
            yield tell
    else:
        yield lambda *_: None


def _lines_for_machines(pace: Pace) -> Tell:
    def tell(one: Done | Failed, over: int, total: int) -> None:
        reason = str(getattr(one, "reason", ""))
        pace.note(is_failed=bool(reason), over=over, total=total)
        now = time.monotonic()
        event = {
            "event": "failed" if reason else "done",
            "unit_id": one.unit_id,
            "reason": reason,
            "seconds": round(one.seconds, 3),
            "done": pace.done_n,
            "failed": pace.failed_n,
            "total": pace.total_n,
            "a_minute": round(pace.a_minute(now), 1),
            "seconds_left": round(pace.seconds_left(now), 1),
        }
        sys.stderr.write(json.dumps(event, ensure_ascii=False) + "\n")
        sys.stderr.flush()

    return tell


@contextmanager
def _line_for_people(pace: Pace) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn(say("progress.report")), BarColumn(), TextColumn("{task.fields[words]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, words="")

        def tell(one: Done | Failed, over: int, total: int) -> None:
            pace.note(is_failed=hasattr(one, "reason"), over=over, total=total)
            bar.update(task, completed=over, total=total, words=in_words(pace, time.monotonic()))

        yield tell


def in_words(pace: Pace, now: float) -> str:
    """The counts, the pace and the time left, in the language of the run."""
    minutes, seconds = divmod(round(pace.seconds_left(now)), 60)
    return say(
        "progress.report_words",
        done=pace.done_n,
        failed=pace.failed_n,
        total=pace.total_n,
        rate=number(pace.a_minute(now), speak_language()),
        left=f"{minutes}:{seconds:02d}",
    )
