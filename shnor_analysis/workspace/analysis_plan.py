"""Plans of analyses in a workspace: fixed with a hash before the outcome is loaded, found again, set beside the result."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from shnor_analysis import warehouse
from shnor_analysis.errors import InputRefused, Problem, UsageProblem
from shnor_analysis.files import write_text
from shnor_analysis.models.plan_comparison import compare_plan
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.analysis_plan import (
    ANALYSES,
    COMPARISONS,
    OUTCOMES,
    AnalysisPlan,
    FrozenPlan,
    PlanState,
    field_names,
    hash_of,
    plan_of,
)
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.settings import check_folder
from shnor_analysis.workspace.lock import writing

PLANS_FOLDER = "plans"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RESULT_TABLES = ("school_results", "pupil_results")
REQUIRED = ("name", "question", "treated", "years_before", "years_after")


class HasFolder(Protocol):
    """A workspace, as far as plans need it."""

    @property
    def folder(self) -> Path:
        """Where it lies."""


def freeze_plan(
    workspace: HasFolder | Path | str,
    plan: AnalysisPlan | Mapping[str, Any] | Path | str,
    *,
    after_data: bool = False,
) -> FrozenPlan:
    """Fix a plan of analysis before its outcome is loaded, and write it to `plans/<name>.toml` with its hash.

    Args:
        workspace: A workspace, or its folder.
        plan: The plan, a mapping of its fields (`results.analysis_plan.AnalysisPlan`), or a TOML file of them;
            `treated` may be a table school_id → first school year, or is taken from the table `participation` for
            the programme that `programme` names.
        after_data: Fix it although results of the outcome year are there; every report then says so.

    Returns:
        The frozen plan. Its `sha256` is worth writing down outside the workspace: it proves that nothing was changed.

    Raises:
        UsageProblem: ``plan_field_missing``, ``plan_field_unknown``, ``plan_field_wrong``, ``plan_exists`` (a frozen
            plan is never written over), ``plan_after_data``, ``path_missing``.
        InputRefused: ``toml_broken``.
        EnvironmentProblem: ``no_workspace``, ``workspace_busy``.
    """
    folder = _folder_of(workspace)
    wanted = plan if isinstance(plan, AnalysisPlan) else _read_draft(folder, plan)
    _check(wanted)
    with writing(folder):
        path = folder / PLANS_FOLDER / f"{wanted.name}.toml"
        if path.exists():
            raise UsageProblem(Problem("plan_exists", file=str(path), found=wanted.name))
        years = loaded_years(folder)
        is_before = all(year < wanted.outcome_year for year in years)
        if not is_before and not after_data:
            found = ", ".join(str(year) for year in years if year >= wanted.outcome_year)
            raise UsageProblem(Problem("plan_after_data", found=found, fields={"year": wanted.outcome_year}))
        frozen = FrozenPlan(
            plan=wanted,
            frozen_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            loaded_years=years,
            is_before_outcome=is_before,
            data_sha256=_data_hash(folder),
            sha256="",
        )
        frozen = replace(frozen, sha256=hash_of(frozen))
        write_text(path, _as_toml(frozen))
    return frozen


def read_plans(workspace: HasFolder | Path | str) -> tuple[FrozenPlan, ...]:
    """Every frozen plan of a workspace, oldest first, changed ones included (`is_intact` tells).

    Raises:
        InputRefused: ``toml_broken``, ``plan_unreadable``.
    """
    home = _folder_of(workspace) / PLANS_FOLDER
    found = [_read_frozen(path) for path in sorted(home.glob("*.toml"))]
    return tuple(sorted(found, key=lambda one: (one.frozen_at, one.plan.name)))


def plan_state(
    workspace: HasFolder | Path | str,
    effect: ProgrammeEffect,
    *,
    treated: Mapping[str, int] | None = None,
) -> PlanState | NotEstimable:
    """The plan that belongs to an evaluation, and how far it was kept.

    Of several plans the one whose cohorts overlap most counts; then one fixed before the outcome; then the oldest.

    Returns:
        NotEstimable `no_plan` where none overlaps, `plan_changed` (name) where it is not the one that was fixed.
    """
    cohorts = {year for year, _ in effect.cohorts}
    fitting = [one for one in read_plans(workspace) if cohorts & {year for year, _ in one.plan.cohorts}]
    if not fitting:
        return NotEstimable("no_plan")
    # plans come oldest first, and the first of equals is kept
    frozen = max(
        fitting,
        key=lambda one: (len(cohorts & {year for year, _ in one.plan.cohorts}), one.is_before_outcome),
    )
    if not frozen.is_intact:
        return NotEstimable("plan_changed", {"name": frozen.plan.name})
    return compare_plan(frozen, effect, treated=treated)


def loaded_years(folder: Path) -> tuple[int, ...]:
    """School years whose programme the stored results test: autumn counts for the year before; oldest first."""
    years: set[int] = set()
    for name in RESULT_TABLES:
        frame = warehouse.read_stored(folder, name)
        tested = frame["school_year"].astype("Int64") - (frame["season"] == "autumn").astype("Int64")
        years |= {int(year) for year in tested.dropna().unique()}
    return tuple(sorted(years))


def _folder_of(workspace: HasFolder | Path | str) -> Path:
    return check_folder(Path(workspace) if isinstance(workspace, Path | str) else workspace.folder)


def _read_draft(folder: Path, plan: Mapping[str, Any] | Path | str) -> AnalysisPlan:
    """A plan as people write it."""
    told = dict(plan) if isinstance(plan, Mapping) else _toml(Path(plan))
    programme = told.pop("programme", None)
    if programme is not None and "treated" not in told:
        told["treated"] = _participants(folder, str(programme))
    problems = [
        Problem("plan_field_missing", fields={"field": name}) for name in REQUIRED if name not in told
    ]
    known = field_names()
    problems += [
        Problem("plan_field_unknown", found=name, allowed=", ".join(known))
        for name in told
        if name not in known
    ]
    if problems:
        raise UsageProblem(problems)
    try:
        return plan_of(told)
    except (TypeError, ValueError) as error:
        wrong = Problem("plan_field_wrong", found=str(told["treated"])[:80], fields={"field": "treated"})
        raise UsageProblem(wrong) from error


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UsageProblem(Problem("path_missing", file=str(path)))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(Problem("toml_broken", file=path.name, found=str(error))) from error


def _participants(folder: Path, programme: str) -> dict[str, int]:
    table = warehouse.read_stored(folder, "participation")
    rows = table[table["programme"] == programme]
    return {str(school): int(year) for school, year in rows.groupby("school_id")["cohort_year"].min().items()}


def _check(plan: AnalysisPlan) -> None:
    """UsageProblem with every field that cannot be."""
    wrong = {
        "name": (bool(NAME.fullmatch(plan.name)), "a–z, 0–9, _, -"),
        "question": (bool(plan.question.strip()), "…"),
        "treated": (bool(plan.treated), "≥ 1"),
        "outcome": (plan.outcome in OUTCOMES, ", ".join(OUTCOMES)),
        "comparison": (plan.comparison in COMPARISONS, ", ".join(COMPARISONS)),
        "primary": (plan.primary in plan.analyses, ", ".join(plan.analyses)),
        "analyses": (set(plan.analyses) <= set(ANALYSES), ", ".join(ANALYSES)),
        "level": (_is_number(plan.level) and 0 < plan.level < 1, "0 < level < 1"),
        "wanted": (plan.wanted is None or _is_number(plan.wanted), "0.20"),
    }
    least = {
        "years_before": 1,
        "years_after": 1,
        "selection_years": 1,
        "delay": 0,
        "permutations": 1,
        "seed": 0,
    }
    for name, lowest in least.items():
        value = getattr(plan, name)
        is_right = isinstance(value, int) and not isinstance(value, bool) and value >= lowest
        wrong[name] = (is_right, f"≥ {lowest}")
    problems = [
        Problem(
            "plan_field_wrong", found=str(getattr(plan, name))[:80], allowed=allowed, fields={"field": name}
        )
        for name, (is_right, allowed) in wrong.items()
        if not is_right
    ]
    if problems:
        raise UsageProblem(problems)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _data_hash(folder: Path) -> str:
    """SHA-256 over the hashes of all files that the workspace has taken in."""
    files = sorted(record.card.sha256 for record in warehouse.read_records(folder))
    return hashlib.sha256("\n".join(files).encode("ascii")).hexdigest()


def _as_toml(frozen: FrozenPlan) -> str:
    """A frozen plan as TOML; JSON of text, numbers, yes and no and lists is TOML, too."""
    plan = {
        name: value for name, value in asdict(frozen.plan).items() if name != "treated" and value is not None
    }
    told = {name: value for name, value in asdict(frozen).items() if name != "plan"}
    lines = ["[frozen]", *_lines(told), "", "[plan]", *_lines(plan), "", "[plan.treated]"]
    return "\n".join([*lines, *_lines(dict(frozen.plan.treated))]) + "\n"


def _lines(values: Mapping[str, Any]) -> list[str]:
    return [f"{json.dumps(name)} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]


def _read_frozen(path: Path) -> FrozenPlan:
    told = _toml(path)
    try:
        frozen = {**told["frozen"], "loaded_years": tuple(told["frozen"]["loaded_years"])}
        return FrozenPlan(plan=plan_of(told["plan"]), **frozen)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputRefused(Problem("plan_unreadable", file=path.name, found=str(error)[:80])) from error
