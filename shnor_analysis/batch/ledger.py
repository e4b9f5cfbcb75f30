"""The memory of a run: one JSON line an event, written by the parent alone and flushed to disk before it goes on."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

LEDGER_NAME = "ledger.jsonl"
Event = Literal["run_started", "started", "finished", "failed", "run_ended", "interrupted"]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One event. `reason` is a code (msgid ``failure.<reason>``), `detail` what the failing side said."""

    at: str
    event: Event
    unit_id: str = ""
    reason: str = ""
    detail: str = ""
    cell: int | None = None
    seconds: float | None = None
    peak_mb: float | None = None


class Ledger:
    """Appends events to the ledger of a run folder; a line is on disk when `write` returns."""

    def __init__(self, folder: Path) -> None:
        """Open the ledger of a run folder, making the folder where it is absent."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / LEDGER_NAME

    def write(
        self,
        event: Event,
        unit_id: str = "",
        *,
        reason: str = "",
        detail: str = "",
        cell: int | None = None,
        seconds: float | None = None,
        peak_mb: float | None = None,
    ) -> None:
        """Append one event."""
        line = LedgerLine(
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            event=event,
            unit_id=unit_id,
            reason=reason,
            detail=detail,
            cell=cell,
            seconds=None if seconds is None else round(seconds, 3),
            peak_mb=peak_mb,
        )
        with self.path.open("ab") as stream:
            stream.write(json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())


def read_ledger(folder: Path) -> tuple[LedgerLine, ...]:
    """Read the events of a run; a last line cut by a crash is left out."""
    path = folder / LEDGER_NAME
    if not path.is_file():
        return ()
    whole = path.read_bytes().split(b"\n")[:-1]
    return tuple(LedgerLine(**json.loads(line)) for line in whole)
