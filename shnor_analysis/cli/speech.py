"""What the commands print: words to people, JSON to machines, progress only to a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from shnor_analysis.language import render, render_count


@dataclass(slots=True)
class _Speech:
    language: str = "ru"
    is_json: bool = False
    said: dict[str, object] = field(default_factory=dict)


_speech = _Speech()


class Progress(Protocol):
    """Called after each unit with how many are done, how many there are and what it was."""

    def __call__(self, done: int, total: int, what: str, /) -> None:
        """Take note of one more unit."""


def speak_language(language: str | None = None) -> str:
    """Set the language of this run, or tell which it is."""
    if language:
        _speech.language = language
    return _speech.language


def speak_json(is_json: bool) -> None:
    """Print one JSON object at the end instead of sentences."""
    _speech.is_json = is_json


def is_json() -> bool:
    """Whether machines listen."""
    return _speech.is_json


def say(code: str, /, **fields: object) -> str:
    """The text of a code in the language of this run."""
    return render(code, _speech.language, **fields)


def say_count(code: str, n: int, /, **fields: object) -> str:
    """The text of a code in the plural form of `n`."""
    return render_count(code, _speech.language, n, **fields)


def tell(text: str = "") -> None:
    """Print a line for a person; silent under `--json`."""
    if not _speech.is_json:
        sys.stdout.write(text + "\n")


def tell_facts(facts: Mapping[str, object]) -> None:
    """Print the facts as one JSON object; silent without `--json`."""
    if _speech.is_json:
        json.dump(facts, sys.stdout, ensure_ascii=False, default=str, indent=2)
        sys.stdout.write("\n")


def warn(text: str) -> None:
    """Print a line to the error stream."""
    sys.stderr.write(text + "\n")


@contextmanager
def progress_line(code: str) -> Iterator[Progress]:
    """Show one line with count and time left while the block runs; nothing without a terminal."""
    if _speech.is_json or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say(code), total=None, what="")
        yield lambda done, total, what, /: bar.update(task, completed=done, total=total, what=what)
