"""Files of frozen plans: written as TOML that comes back as it was, found again, unreadable ones named."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shnor_analysis.errors import InputRefused, Problem, ShnorError, UsageProblem
from shnor_analysis.results.analysis_plan import FrozenPlan, hash_of, plan_of

PLANS_FOLDER = "plans"
SHOWN = 80


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A frozen plan and the file that it lies in."""

    file: str
    frozen: FrozenPlan


@dataclass(frozen=True, slots=True)
class PlansFound:
    """What lies in the folder of plans: `files` by the time of freezing, `unreadable` a problem a file."""

    files: tuple[PlanFile, ...]
    unreadable: tuple[Problem, ...] = ()

    @property
    def plans(self) -> tuple[FrozenPlan, ...]:
        """The plans that can be read, oldest first."""
        return tuple(one.frozen for one in self.files)

    @property
    def unreadable_files(self) -> tuple[str, ...]:
        """Names of the files that cannot be read."""
        return tuple(str(one.file) for one in self.unreadable)


def find_plan_files(folder: Path) -> PlansFound:
    """Read every file of the folder of plans; none of them can keep another from being read."""
    home = folder / PLANS_FOLDER
    if home.exists() and not home.is_dir():
        return PlansFound((), (Problem("plan_unreadable", file=PLANS_FOLDER),))
    found: list[PlanFile] = []
    unreadable: list[Problem] = []
    for path in sorted(home.glob("*.toml")):
        try:
            found.append(PlanFile(path.name, _read_file(path)))
        except ShnorError as error:
            unreadable += error.problems
    ordered = sorted(found, key=lambda one: (one.frozen.frozen_at, one.frozen.plan.name))
    return PlansFound(tuple(ordered), tuple(unreadable))


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file says.

    Raises:
        UsageProblem: ``path_missing``.
        InputRefused: ``toml_broken``.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(Problem("toml_broken", file=path.name, found=str(error))) from error
    # a folder, a name too long, characters that no name has
    except (OSError, ValueError) as error:
        raise UsageProblem(Problem("path_missing", file=str(path))) from error


def as_toml(frozen: FrozenPlan) -> str:
    """A frozen plan as TOML; JSON of text, numbers, yes and no and lists is TOML, too.

    Raises:
        UsageProblem: ``plan_not_kept`` where the text would not be read as the same plan.
    """
    plan = {
        name: value for name, value in asdict(frozen.plan).items() if name != "treated" and value is not None
    }
    told = {name: value for name, value in asdict(frozen).items() if name != "plan"}
    lines = ["[frozen]", *_lines(told), "", "[plan]", *_lines(plan), "", "[plan.treated]"]
    text = "\n".join([*lines, *_lines(dict(frozen.plan.treated))]) + "\n"
    try:
        is_kept = _frozen_of(tomllib.loads(text)) == frozen
    except (KeyError, TypeError, ValueError, OverflowError):
        is_kept = False
    if not is_kept:
        raise UsageProblem(Problem("plan_not_kept", found=frozen.plan.name))
    return text


def _lines(values: Mapping[str, Any]) -> list[str]:
    return [f"{json.dumps(name)} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]


def _read_file(path: Path) -> FrozenPlan:
    try:
        return _frozen_of(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        found = str(error)[:SHOWN]
        raise InputRefused(Problem("plan_unreadable", file=path.name, found=found)) from error


def _frozen_of(told: Mapping[str, Any]) -> FrozenPlan:
    """The value that a file says; TypeError or ValueError where it is not even one that could have been changed."""
    frozen = FrozenPlan(
        plan=plan_of(told["plan"]),
        **{**told["frozen"], "loaded_years": tuple(told["frozen"]["loaded_years"])},
    )
    kinds: dict[str, type] = {"frozen_at": str, "is_before_outcome": bool, "sha256": str}
    wrong = [name for name, kind in kinds.items() if not isinstance(getattr(frozen, name), kind)]
    wrong += [] if isinstance(frozen.plan.name, str) else ["name"]
    wrong += [] if isinstance(frozen.plan.question, str) else ["question"]
    wrong += [] if isinstance(frozen.plan.programme, str) else ["programme"]
    wrong += [] if frozen.plan.treated else ["treated"]
    wrong += [] if isinstance(frozen.plan.delay, int) else ["delay"]
    if wrong:
        raise ValueError(", ".join(wrong))
    # what has no hash, such as a date, cannot be set beside one
    hash_of(frozen)
    return frozen
