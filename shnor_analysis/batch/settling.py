"""What becomes of a unit that is over: its folder gets its final name and the ledger a line, or it failed with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shnor_analysis.batch.content_keys import folder_digest
from shnor_analysis.batch.ledger import Ledger
from shnor_analysis.batch.numbers import keep_numbers
from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.publishing import discard, part_path, publish
from shnor_analysis.batch.worker import SYSTEM_REASONS

FAILED_FOLDER = "failed"


@dataclass(frozen=True, slots=True)
class Done:
    """A unit whose folder stands at its final name; `is_reused` where an earlier run made it and nothing changed since."""

    unit_id: str
    output: Path
    seconds: float
    is_reused: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A unit that failed: a code (msgid ``failure.<reason>``), the cell's number, what the failing side said."""

    unit_id: str
    reason: str
    detail: str
    cell: int | None
    seconds: float


def settle(job: Job, answer: dict[str, Any], *, plan: Plan, ledger: Ledger) -> Done | Failed:
    """Publish a good folder and say so; put the remains of a bad one into the run folder and say why."""
    part = part_path(job.output, plan.label)
    seconds = float(answer.get("seconds", 0.0))
    told = {"seconds": seconds, "peak_mb": answer.get("peak_mb")}
    if not answer["reason"]:
        try:
            content = folder_digest(part)
            keep_numbers(ledger.path.parent, job.unit_id, answer.get("numbers", ""))
            publish(part, job.output)
        except OSError as error:
            answer = {"reason": SYSTEM_REASONS.get(error.errno or 0, "not_published"), "detail": str(error)}
        else:
            ledger.write("finished", job.unit_id, content_key=plan.keys[job.unit_id], content=content, **told)
            return Done(job.unit_id, job.output, seconds)
    remains = ledger.path.parent / FAILED_FOLDER / job.output.name
    discard(
        part, keep=None if answer["reason"] == "disk_full" else remains
    )  # half of it, where there is no room
    failed = Failed(job.unit_id, answer["reason"], answer.get("detail", ""), answer.get("cell"), seconds)
    ledger.write("failed", job.unit_id, reason=failed.reason, detail=failed.detail, cell=failed.cell, **told)
    return failed
