"""Plans of analyses in a workspace: fixed with a hash before the outcome is loaded, found again, set beside the result."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from shnor_analysis import warehouse
from shnor_analysis.errors import EnvironmentProblem, InputRefused, Problem, UsageProblem
from shnor_analysis.files import write_text
from shnor_analysis.models.plan_comparison import compare_plan
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.analysis_plan import AnalysisPlan, FrozenPlan, PlanState, hash_of
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.settings import check_folder
from shnor_analysis.workspace.lock import writing
from shnor_analysis.workspace.plan_drafts import read_draft
from shnor_analysis.workspace.plan_files import PLANS_FOLDER, PlansFound, as_toml, find_plan_files

RESULT_TABLES = ("school_results", "pupil_results")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


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
            `treated` may be a table school_id → first school year; without it the schools are those of the table
            `participation` that joined `programme`.
        after_data: Fix it although results of the outcome year are there; every report then says so.

    Returns:
        The frozen plan. Its `sha256` is worth writing down outside the workspace: it proves that nothing was changed.

    Raises:
        UsageProblem: ``plan_not_plan``, ``plan_no_workspace``, ``plan_field_missing``, ``plan_field_unknown``,
            ``plan_field_wrong``, ``plan_field_no_text``, ``plan_programme_unknown``,
            ``plan_school_unknown``, ``plan_exists`` (a frozen plan is never written over), ``plan_after_data``,
            ``plan_not_kept``, ``path_missing``.
        InputRefused: ``toml_broken``.
        EnvironmentProblem: ``no_workspace``, ``workspace_busy``, ``folder_closed``, ``disk_full``.
    """
    folder = _folder_of(workspace)
    wanted = read_draft(folder, plan)
    try:
        with writing(folder):
            return _freeze(folder, wanted, is_late_allowed=after_data)
    except OSError as error:
        code = "disk_full" if error.errno in FULL else "folder_closed"
        place = str(error.filename or folder / PLANS_FOLDER)
        raise EnvironmentProblem(Problem(code, file=place)) from error


def find_plans(workspace: HasFolder | Path | str) -> PlansFound:
    """Every frozen plan of a workspace with its file, oldest first, and a problem for each file that is unreadable."""
    return find_plan_files(_folder_of(workspace))


def read_plans(workspace: HasFolder | Path | str) -> tuple[FrozenPlan, ...]:
    """Every frozen plan of a workspace, oldest first, changed ones included (`is_intact` tells).

    Raises:
        InputRefused: ``plan_unreadable`` for each file that is; `find_plans` gives the others all the same.
    """
    found = find_plans(workspace)
    if found.unreadable:
        raise InputRefused(found.unreadable)
    return found.plans


def plan_state(
    workspace: HasFolder | Path | str,
    effect: ProgrammeEffect,
    *,
    treated: Mapping[str, int] | None = None,
    programme: str | None = None,
    rule: str | None = None,
) -> PlanState | NotEstimable:
    """The plan that belongs to an evaluation, and how far it was kept.

    A plan of another programme never does. Of several plans one that names the programme counts before one that names
    none; then the one whose cohorts overlap most; then one fixed before the outcome; then the oldest.

    Args:
        workspace: A workspace, or its folder.
        effect: The evaluation.
        treated: The schools that were evaluated with their first years.
        programme: The programme's name; left out, plans of any name count.
        rule: Version of the listing rule by which schools were chosen.

    Returns:
        NotEstimable `no_plan` where none overlaps, `plans_unreadable` (files) where none does and there are files that
        cannot be read, `plan_changed` (name) where it is not the one that was fixed.
    """
    cohorts = {year for year, _ in effect.cohorts} | set((treated or {}).values())
    found = find_plans(workspace)
    files = found.unreadable_files
    fitting = [
        one
        for one in found.plans
        if _shared(one.plan, cohorts) and (programme is None or one.plan.programme in {"", programme})
    ]
    if not fitting:
        return (
            NotEstimable("plans_unreadable", {"files": ", ".join(files)})
            if files
            else NotEstimable("no_plan")
        )
    # plans come oldest first, and the first of equals is kept
    frozen = max(
        fitting,
        key=lambda one: (
            bool(programme) and one.plan.programme == programme,
            _shared(one.plan, cohorts),
            one.is_before_outcome,
        ),
    )
    if not frozen.is_intact:
        return NotEstimable("plan_changed", {"name": frozen.plan.name})
    state = compare_plan(frozen, effect, treated=treated, programme=programme, rule=rule)
    return replace(state, unreadable=files)


def _shared(plan: AnalysisPlan, cohorts: set[int]) -> int:
    """How many first years of the programme a plan and an evaluation share."""
    return len(cohorts & {year for year, _ in plan.cohorts})


def loaded_years(folder: Path) -> tuple[int, ...]:
    """School years whose programme the stored results test: autumn counts for the year before; oldest first."""
    years: set[int] = set()
    for name in RESULT_TABLES:
        frame = warehouse.read_stored(folder, name)
        tested = frame["school_year"].astype("Int64") - (frame["season"] == "autumn").astype("Int64")
        years |= {int(year) for year in tested.dropna().unique()}
    return tuple(sorted(years))


def _folder_of(workspace: HasFolder | Path | str) -> Path:
    folder = Path(workspace) if isinstance(workspace, Path | str) else getattr(workspace, "folder", None)
    if not isinstance(folder, Path):
        raise UsageProblem(Problem("plan_no_workspace", found=type(workspace).__name__))
    return check_folder(folder)


def _freeze(folder: Path, wanted: AnalysisPlan, *, is_late_allowed: bool) -> FrozenPlan:
    path = folder / PLANS_FOLDER / f"{wanted.name}.toml"
    # a file that was renamed still holds its plan
    same = [one.file for one in find_plan_files(folder).files if one.frozen.plan.name == wanted.name]
    if path.exists() or same:
        taken = path if path.exists() else path.with_name(same[0])
        raise UsageProblem(Problem("plan_exists", file=str(taken), found=wanted.name))
    years = loaded_years(folder)
    is_before = all(year < wanted.outcome_year for year in years)
    if not is_before and not is_late_allowed:
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
    write_text(path, as_toml(frozen))
    return frozen


def _data_hash(folder: Path) -> str:
    """SHA-256 over the hashes of all files that the workspace has taken in."""
    files = sorted(record.card.sha256 for record in warehouse.read_records(folder))
    return hashlib.sha256("\n".join(files).encode("ascii")).hexdigest()
