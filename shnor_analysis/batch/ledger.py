"""The memory of a run: one JSON line an event, written by the parent alone and flushed to disk before it goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

LEDGER_NAME = "ledger.jsonl"
Event = Literal[
    "run_started",
    "run_resumed",
    "started",
    "finished",
    "reused",
    "failed",
    "interrupted",
    "run_ended",
]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One event; what does not belong to it is None or empty.

    `reason` is a code (msgid ``failure.<reason>``), `detail` what the failing side said. `content_key` says what a finished
    or reused unit was made of, `content` is the hash of its folder (`content_keys.folder_digest`), `run_id` the run that
    made what is reused. `turn` numbers the sittings at all runs of a place: it orders their lines where clocks do not.
    """

    at: str
    event: Event
    unit_id: str = ""
    reason: str = ""
    detail: str = ""
    cell: int | None = None
    seconds: float | None = None
    peak_mb: float | None = None
    content_key: str = ""
    content: str = ""
    run_id: str = ""
    turn: int | None = None


KINDS = {**get_type_hints(LedgerLine), "event": str}
EVENTS = frozenset(get_args(Event))


class Ledger:
    """Appends events to the ledger of a run folder; a line is on disk when `write` returns."""

    def __init__(self, folder: Path) -> None:
        """Open the ledger of a run folder, making the folder where it is absent; a line cut by a crash is removed."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / LEDGER_NAME
        _cut_torn_line(self.path)

    def write(self, event: Event, unit_id: str = "", **rest: Any) -> None:
        """Append one event; `rest` as the fields of a ledger line."""
        self.write_all([line(event, unit_id, **rest)])

    def write_all(self, lines: Iterable[LedgerLine]) -> None:
        """Append several events at once."""
        text = "".join(json.dumps(_told(one), ensure_ascii=False) + "\n" for one in lines)
        with self.path.open("ab") as stream:
            stream.write(text.encode("utf-8", "backslashreplace"))
            stream.flush()
            os.fsync(stream.fileno())


def line(event: Event, unit_id: str = "", **rest: Any) -> LedgerLine:
    """An event of this moment."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    made = LedgerLine(at=now, event=event, unit_id=unit_id, **rest)
    return made if made.seconds is None else replace(made, seconds=round(made.seconds, 3))


def read_ledger(folder: Path) -> tuple[LedgerLine, ...]:
    """Read the events of a run.

    Left out are a last line cut by a crash, what a later version adds to a line, and lines that are damaged: they say
    nothing, so what they may have called finished is made again.
    """
    path = folder / LEDGER_NAME
    if not path.is_file():
        return ()
    whole = path.read_bytes().split(b"\n")[:-1]
    return tuple(one for piece in whole if (one := _line_of(piece)) is not None)


def _line_of(piece: bytes) -> LedgerLine | None:
    try:
        told = json.loads(piece)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    known = {name: value for name, value in told.items() if name in KINDS}
    is_sound = known.get("event") in EVENTS and all(isinstance(known[name], KINDS[name]) for name in known)
    return LedgerLine(**known) if is_sound and "at" in known else None


def _told(one: LedgerLine) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in asdict(one).items() if value not in {None, ""}}


def _cut_torn_line(path: Path) -> None:
    """Nobody was told of an event whose line is not whole: the next line begins where it began."""
    if not path.is_file():
        return
    with path.open("rb+") as stream:
        written = stream.read()
        if not written.endswith(b"\n"):
            stream.truncate(written.rfind(b"\n") + 1)
            stream.flush()
            os.fsync(stream.fileno())
