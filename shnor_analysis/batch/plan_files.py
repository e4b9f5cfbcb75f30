"""The plan of a run beside its ledger: what was ordered, unit by unit, written before anything runs."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shnor_analysis.batch.plan import Plan, Value
from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.files import write_text

PLAN_NAME = "plan.json"
VERSION = 1
RUN_ID = re.compile(r"^(\d{8}T\d{6})-[0-9a-f]{4}$")
MOMENT = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """One unit as planned: parameters without places on a machine, the output relative to the home of the runs."""

    unit_id: str
    template: str
    parameters: Mapping[str, Value]
    inputs: Mapping[str, str]
    output: str
    content_key: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run was to do: its units, how it was ordered, whether units of earlier runs may count."""

    run_id: str
    units: tuple[PlannedUnit, ...]
    request: Mapping[str, Any] = field(default_factory=dict)
    is_forced: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "request", MappingProxyType(dict(self.request)))


def new_run_id(runs: Path) -> str:
    """A name for a run that no other in a folder of runs has and that comes after all of them, whatever the clock says."""
    moments = [found[1] for path in runs.glob("*") if (found := RUN_ID.match(path.name))]
    now = datetime.now(UTC)
    if moments:
        last = datetime.strptime(max(moments), MOMENT).replace(tzinfo=UTC)
        now = max(now, last + timedelta(seconds=1))
    return f"{now.strftime(MOMENT)}-{secrets.token_hex(2)}"


def write_plan(run_folder: Path, plan: Plan, *, is_forced: bool) -> None:
    """Write `plan.json` of a run, whole or not at all."""
    home = run_folder.parent.parent
    units = [
        {
            "unit_id": job.unit_id,
            "template": job.template.name,
            "parameters": {name: value for name, value in job.parameters.items() if name not in plan.places},
            "inputs": dict(job.inputs),
            "output": Path(os.path.relpath(job.output, home)).as_posix(),
            "content_key": plan.keys[job.unit_id],
        }
        for job in plan.jobs
    ]
    told = {
        "version": VERSION,
        "run_id": run_folder.name,
        "request": dict(plan.request),
        "is_forced": is_forced,
        "units": units,
    }
    write_text(run_folder / PLAN_NAME, json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def read_plan(run_folder: Path) -> RunPlan | None:
    """The plan of a run; None where the run ended before it had one.

    Raises:
        UsageProblem: `run_unreadable`; the file is damaged, closed to this user, or of another version.
    """
    path = run_folder / PLAN_NAME
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(told, dict) and told.get("version") != VERSION:
            raise _unreadable(path, found=f"version {told.get('version')}", allowed=f"version {VERSION}")
        return TypeAdapter(RunPlan).validate_python(told)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(one) for one in first["loc"])
        raise _unreadable(path, found=f"{place}: {first['msg']}".lstrip(": ")) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, found=f"{type(error).__name__}: {error}") from None


def _unreadable(path: Path, *, found: str, allowed: str | None = None) -> UsageProblem:
    return UsageProblem(Problem("run_unreadable", file=str(path), found=found[:200], allowed=allowed))
