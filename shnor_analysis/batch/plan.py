"""What is to be run: notebooks with checked parameters. Nothing starts before the whole plan holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from shnor_analysis.batch.content_keys import content_keys, installed_versions
from shnor_analysis.batch.lean_papermill import papermill
from shnor_analysis.errors import Problem, UsageProblem

Value = str | int | float | bool
KINDS: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}
NAME = re.compile(r"^[a-z_][a-z0-9_]*$")
UNIT = re.compile(r"^[^/\\\x00-\x1f]{1,80}$")
DOTTED = re.compile(r"^[a-z_][a-z0-9_.]*:[a-z_][a-z0-9_]*$")
SECRET = re.compile(r"token|secret|passw|credential|api_?key|private_?key")


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a notebook: the unit it is about, the template, its parameters, the folder that it fills.

    `inputs` names all that the notebook reads besides, each with a hash of its content; what that is knows who orders.
    """

    unit_id: str
    template: Path
    parameters: Mapping[str, Value]
    output: Path
    inputs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))


@dataclass(frozen=True, slots=True)
class Plan:
    """Jobs that passed every check, and what is done with each executed notebook ("module:function" or empty).

    `preload` names modules that the notebooks need, or a function of one ("module:function") that reads what all of them
    read; an engine that can do so once for all does. `keys` has the content key of each unit. `label` tells the folders in
    the making of one sitting at a run from those of any other; whoever runs the plan sets it. `request` is how the run was
    ordered, kept in its plan file for whoever goes on with it. `versions` names the software that the content
    depends on.
    """

    jobs: tuple[Job, ...]
    finisher: str = ""
    preload: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))
        object.__setattr__(self, "request", MappingProxyType(dict(self.request)))
        object.__setattr__(self, "versions", MappingProxyType(dict(self.versions)))


def make_plan(
    jobs: Iterable[Job],
    *,
    finisher: str = "",
    preload: Iterable[str] = (),
    places: Iterable[str] = (),
    versions: Mapping[str, str] | None = None,
    request: Mapping[str, Any] | None = None,
) -> Plan:
    """Check all jobs against their templates and work out what each is made of.

    Names are code: papermill writes them into the notebook as they are, so only declared plain names pass.

    Args:
        jobs: what is to be run.
        finisher: "module:function" that takes each executed notebook, or empty.
        preload: modules that all notebooks need.
        places: parameters that say where something lies on this machine: no part of a unit's content.
        versions: software that the content depends on; all that is installed where none is given.
        request: how the run is ordered, in values that JSON has.

    Raises:
        UsageProblem: every problem at once: `parameter_unknown`, `parameter_missing`, `parameter_wrong_type`,
            `parameter_name`, `parameter_secret`, `template_absent`, `template_without_parameters`, `unit_repeated`,
            `output_repeated`, `unit_name`, `finisher_name`.
    """
    listed = tuple(jobs)
    problems = list(_repeated(listed))
    if finisher and not DOTTED.match(finisher):
        problems.append(Problem("finisher_name", found=finisher))
    declared: dict[Path, dict[str, str]] = {}
    for template in dict.fromkeys(job.template for job in listed):
        if template.is_file():
            declared[template] = declared_parameters(template)
            if not declared[template]:
                problems.append(Problem("template_without_parameters", file=template.name))
        else:
            problems.append(Problem("template_absent", file=template.name))
    for job in listed:
        if declared.get(job.template):
            problems += _problems_of(job, declared[job.template])
    if problems:
        raise UsageProblem(problems)
    software = installed_versions() if versions is None else versions
    keys = content_keys(listed, finisher=finisher, places=places, versions=software)
    return Plan(listed, finisher, tuple(preload), keys, tuple(places), request or {}, versions=software)


def declared_parameters(template: Path) -> dict[str, str]:
    """The parameters that a template declares, by name, with the name of their type ("None" where it has none)."""
    found: dict[str, dict[str, Any]] = papermill().inspect_notebook(str(template), parameters={})
    return {name: str(known["inferred_type_name"]) for name, known in found.items()}


def _repeated(jobs: tuple[Job, ...]) -> Iterable[Problem]:
    units: set[str] = set()
    outputs: set[Path] = set()
    for job in jobs:
        if not UNIT.match(job.unit_id):
            yield Problem("unit_name", found=job.unit_id[:80])
        if job.unit_id in units:
            yield Problem("unit_repeated", found=job.unit_id)
        if job.output in outputs:
            yield Problem("output_repeated", found=job.output.name)
        units.add(job.unit_id)
        outputs.add(job.output)


def _problems_of(job: Job, declared: Mapping[str, str]) -> Iterable[Problem]:
    place = {"file": job.template.name, "sheet": None}
    for name, value in job.parameters.items():
        if not NAME.match(name):
            yield Problem("parameter_name", **place, found=name[:80], fields={"unit": job.unit_id})
        elif SECRET.search(name):
            yield Problem("parameter_secret", **place, found=name, fields={"unit": job.unit_id})
        elif name not in declared:
            allowed = ", ".join(declared)
            yield Problem(
                "parameter_unknown", **place, found=name, allowed=allowed, fields={"unit": job.unit_id}
            )
        elif not _fits(value, declared[name]):
            yield Problem(
                "parameter_wrong_type",
                **place,
                found=repr(value)[:80],
                allowed=declared[name],
                fields={"unit": job.unit_id, "name": name},
            )
    for name in declared.keys() - job.parameters.keys():
        yield Problem("parameter_missing", **place, fields={"unit": job.unit_id, "name": name})


def _fits(value: Value, kind: str) -> bool:
    allowed = KINDS.get(kind, (str, int, float, bool))
    return isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))
