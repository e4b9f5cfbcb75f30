"""`shnor runs`: which orders of reports there were, what became of each, and in which numbers two of them differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shnor_analysis.cli.help import SpokenCommand, SpokenGroup
from shnor_analysis.cli.options import DebugOption, FolderOption, JsonOption, LanguageOption, workspace_folder
from shnor_analysis.cli.speech import is_json, say, say_count, speak_json, speak_language, tell, tell_facts
from shnor_analysis.language import number

if TYPE_CHECKING:
    from shnor_analysis.batch.records import RunComparison, RunRecord, UnitRecord

NOTHING = "—"
MOST_NAMED = 10


def make_runs_app() -> typer.Typer:
    """The commands about runs, with help in the language of this run."""
    app = typer.Typer(
        cls=SpokenGroup, help=say("command.runs"), invoke_without_command=True, rich_markup_mode="rich"
    )
    app.callback(cls=SpokenGroup, help=say("command.runs"))(runs)
    for name, command in (("show", show), ("compare", compare)):
        app.command(name, cls=SpokenCommand, help=say(f"command.runs_{name}"))(command)
    return app


def runs(
    context: typer.Context,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List every run of the workspace, the newest first."""
    speak_json(json)
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    from shnor_analysis.workspace.run_records import find_runs

    found = find_runs(workspace_folder(folder))
    lines = [_line(run) for run in found]
    tell_columns([say("cli.runs_head").split("|"), *lines] if found else [[say("cli.runs_none")]])
    tell_facts({"runs": [_facts(run) for run in found]})


def show(
    context: typer.Context,
    run_id: Annotated[str, typer.Argument(help=say("option.run_id"))],
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show one run: each report with its state, reason, cell, seconds and peak of memory."""
    from shnor_analysis.workspace.run_records import find_run

    speak_json(json or is_json())
    run = find_run(workspace_folder(folder or context.obj), run_id)
    tell_columns([say("cli.runs_head").split("|"), _line(run)])
    tell()
    tell_columns([say("cli.run_head").split("|"), *(_unit_line(unit) for unit in run.units)])
    units = [{**asdict(unit), "reason_text": _reason(unit)} for unit in run.units]
    tell_facts({**_facts(run), "units": units})


def compare(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help=say("option.run_old"))],
    new: Annotated[str, typer.Argument(help=say("option.run_new"))],
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Say which numbers the pages of two runs showed differently."""
    from shnor_analysis.workspace.run_records import compare_runs

    speak_json(json or is_json())
    found = compare_runs(workspace_folder(folder or context.obj), old, new)
    for unit_id, changes in groupby(found.changes, key=lambda change: change.unit_id):
        tell(unit_id)
        for change in changes:
            tell(f"  {change.place}: {change.old or NOTHING} → {change.new or NOTHING}")
    for code, units in (("old", found.only_old), ("new", found.only_new), ("unknown", found.unknown)):
        if units:
            tell(say_count(f"cli.compare_{code}", len(units), units=_named(units)))
    tell(_sum(found))
    tell_facts({**asdict(found), "old": old, "new": new})


def tell_columns(rows: list[list[str]]) -> None:
    """Print rows under each other, every column as wide as its widest cell."""
    widths = [max(len(row[place]) for row in rows if place < len(row)) for place in range(len(rows[0]))]
    for row in rows:
        tell("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip())


def _sum(found: RunComparison) -> str:
    if not found.units_n:
        return say("cli.compare_nothing")
    if not found.changes:
        return say_count("cli.compare_same", found.same_n, units=found.units_n)
    return say_count("cli.compare_changed", len(found.changes), same=found.same_n)


def _line(run: RunRecord) -> list[str]:
    ordered = f"{run.home.name}, {say_count('cli.runs_units', len(run.units))}"
    shard = run.request.get("shard")
    if shard:
        ordered += f", {say('cli.runs_shard', shard=shard)}"
    counts = [len(run.of(outcome)) for outcome in ("done", "reused", "failed")]
    return [
        run.run_id,
        _moment(run.began),
        ordered,
        say(f"cli.run_{run.state}"),
        " / ".join(str(count) for count in counts),
        _seconds(run.seconds),
    ]


def _unit_line(unit: UnitRecord) -> list[str]:
    return [
        unit.unit_id,
        say(f"cli.unit_{unit.outcome}"),
        _seconds(unit.seconds),
        NOTHING if unit.peak_mb is None else number(unit.peak_mb, speak_language()),
        NOTHING if unit.cell is None else str(unit.cell),
        _reason(unit),
    ]


def _reason(unit: UnitRecord) -> str:
    from shnor_analysis.batch.failures import failure_in_words
    from shnor_analysis.batch.settling import Failed

    if unit.outcome == "failed":
        failed = Failed(unit.unit_id, unit.reason, unit.detail, unit.cell, unit.seconds or 0.0)
        return failure_in_words(failed, speak_language())
    return say("cli.unit_made_in", run=unit.made_in) if unit.made_in else ""


def _facts(run: RunRecord) -> dict[str, Any]:
    facts: Mapping[str, Any] = {
        "run_id": run.run_id,
        "began": run.began,
        "edition": run.home.name,
        "request": dict(run.request),
        "state": run.state,
        "seconds": run.seconds,
    }
    counts = {name: len(run.of(name)) for name in ("done", "reused", "failed", "going", "left")}
    return {**facts, **counts}


def _moment(iso: str) -> str:
    """The minute, in the time of this machine."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M") if iso else NOTHING


def _seconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else number(seconds, speak_language(), 1)


def _named(units: tuple[str, ...]) -> str:
    more = f" … ({len(units)})" if len(units) > MOST_NAMED else ""
    return ", ".join(units[:MOST_NAMED]) + more
