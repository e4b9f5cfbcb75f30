"""`shnor plan`: what an evaluation could detect, and its plan fixed before the outcome is known."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from shnor_analysis.cli.help import SpokenCommand, SpokenGroup
from shnor_analysis.cli.options import DebugOption, FolderOption, JsonOption, LanguageOption, workspace_folder
from shnor_analysis.cli.speech import say, speak_json, speak_language, tell, tell_facts
from shnor_analysis.errors import InputRefused, Problem, RuleBroken, UsageProblem

if TYPE_CHECKING:
    import pandas as pd

    from shnor_analysis.models.planning import PowerOptions
    from shnor_analysis.results.analysis_plan import FrozenPlan
    from shnor_analysis.results.planning import PowerPlan

HASH_SHOWN = 12
USUAL_PUPILS = 60
# the choices of `plan_power`; its room is loaded only where something is worked out, for help must come at once
SELECTIONS = ("lowest", "balanced")


def make_plan_app() -> typer.Typer:
    """The commands of planning, with help in the language of this run."""
    app = typer.Typer(
        cls=SpokenGroup, help=say("command.plan"), no_args_is_help=True, rich_markup_mode="rich"
    )
    for name, command in (("power", power), ("freeze", freeze), ("show", show)):
        app.command(name, cls=SpokenCommand, help=say(f"command.plan_{name}"))(command)
    return app


def power(
    schools: Annotated[int, typer.Option("--schools", help=say("option.plan_schools"))],
    treated: Annotated[int, typer.Option("--treated", help=say("option.plan_treated"))],
    pupils: Annotated[int | None, typer.Option("--pupils", help=say("option.plan_pupils"))] = None,
    before: Annotated[int, typer.Option("--before", help=say("option.plan_before"))] = 3,
    after: Annotated[int, typer.Option("--after", help=say("option.plan_after"))] = 1,
    wanted: Annotated[float, typer.Option("--wanted", help=say("option.plan_wanted"))] = 0.20,
    selection: Annotated[str, typer.Option("--selection", help=say("option.plan_selection"))] = "lowest",
    panel: Annotated[Path | None, typer.Option("--panel", help=say("option.plan_panel"))] = None,
    own: Annotated[bool, typer.Option("--own", help=say("option.plan_own"))] = False,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Say which effect could be detected; needs a workspace for `--own` only."""
    from shnor_analysis.models.planning import plan_power
    from shnor_analysis.results import NotEstimable

    speak_json(json)
    if selection not in SELECTIONS:
        shown = {"option": "--selection"}
        allowed = ", ".join(SELECTIONS)
        raise UsageProblem(Problem("option_value_wrong", found=selection, allowed=allowed, fields=shown))
    if own and panel is not None:
        raise UsageProblem(Problem("plan_two_panels"))
    rows = _own_panel(folder) if own else None if panel is None else _read_panel(panel)
    options: PowerOptions = {"wanted": wanted, "selection": cast("Literal['lowest', 'balanced']", selection)}
    found = plan_power(
        schools=schools,
        treated=treated,
        years_before=before,
        years_after=after,
        pupils=USUAL_PUPILS if pupils is None and rows is None else pupils,
        panel=rows,
        **options,
    )
    if isinstance(found, NotEstimable):
        tell(found.in_words(speak_language()))
        tell_facts({"not_estimable": found.reason, **found.fields})
        return
    _show_power(found)


def freeze(
    file: Annotated[Path, typer.Argument(help=say("option.plan_file"))],
    after_data: Annotated[bool, typer.Option("--after-data", help=say("option.after_data"))] = False,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Fix a plan of analysis with a hash, before its outcome is loaded."""
    from shnor_analysis.workspace.analysis_plan import freeze_plan

    speak_json(json)
    frozen = freeze_plan(workspace_folder(folder), file, after_data=after_data)
    code = "cli.plan_frozen" if frozen.is_before_outcome else "cli.plan_frozen_late"
    tell(say(code, name=frozen.plan.name, year=frozen.plan.outcome_year))
    tell(say("cli.plan_hash", hash=frozen.sha256))
    tell_facts(_facts(frozen))


def show(
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the frozen plans and say whether each is the one that was fixed."""
    from shnor_analysis.workspace.analysis_plan import find_plans
    from shnor_analysis.workspace.plan_files import PLANS_FOLDER

    speak_json(json)
    found = find_plans(workspace_folder(folder))
    plans, unreadable = found.plans, found.unreadable_files
    for one in plans:
        code = "cli.plan_before" if one.is_before_outcome else "cli.plan_late"
        frozen = one.frozen_at.replace("T", " ").replace("+00:00", " UTC")
        tell(say("cli.plan_line", name=one.plan.name, frozen=frozen, hash=one.sha256[:HASH_SHOWN]))
        named = (say("cli.plan_programme", programme=one.plan.programme),) if one.plan.programme else ()
        kept = () if one.is_intact else (say("cli.plan_changed"),)
        tell("  " + " ".join((*kept, say(code, year=one.plan.outcome_year), *named, one.plan.question)))
    for name in unreadable:
        tell(say("cli.plan_unreadable", file=name))
    if not plans and not unreadable:
        tell(say("cli.plan_none"))
    tell_facts({"plans": [_facts(one) for one in plans], "unreadable": unreadable})
    problems = [
        Problem("plan_file_changed", file=f"{PLANS_FOLDER}/{one.file}")
        for one in found.files
        if not one.frozen.is_intact
    ]
    if problems or unreadable:
        raise RuleBroken([*problems, *found.unreadable])


def _show_power(plan: PowerPlan) -> None:
    from shnor_analysis.results.shown_plan import plan_table, plan_words

    for sentence in plan_words(plan, speak_language()):
        tell(sentence)
    tell()
    for line in plan_table(plan, speak_language()).to_string(index=False).splitlines():
        tell(line)
    tell_facts(asdict(plan))


def _facts(frozen: FrozenPlan) -> dict[str, object]:
    return {**asdict(frozen), "is_intact": frozen.is_intact}


def _own_panel(folder: Path | None) -> pd.DataFrame:
    """The workspace's results without those of schools in a programme from its first year on."""
    from shnor_analysis.workspace import open_workspace

    workspace = open_workspace(workspace_folder(folder))
    rows = workspace.panel(max(workspace.years(), default=0))
    began = workspace.table("participation").groupby("school_id")["cohort_year"].min()
    return rows[~(rows["school_year"] >= rows["school_id"].map(began))]


def _read_panel(path: Path) -> pd.DataFrame:
    """A table of school results from CSV or Parquet."""
    import pandas as pd

    if not path.is_file():
        raise UsageProblem(Problem("path_missing", file=str(path)))
    try:
        return (
            pd.read_parquet(path)
            if path.suffix == ".parquet"
            else pd.read_csv(path, dtype={"school_id": str})
        )
    except (ValueError, OSError) as error:
        raise InputRefused(Problem("plan_panel_unreadable", file=path.name)) from error
