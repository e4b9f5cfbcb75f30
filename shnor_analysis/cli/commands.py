"""The commands of `shnor`, in the order in which people need them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from shnor_analysis.cli import showing
from shnor_analysis.cli.help import SpokenCommand, SpokenGroup, speak_panels
from shnor_analysis.cli.options import (
    AssessmentOption,
    DateOption,
    DebugOption,
    FilesArgument,
    FolderOption,
    GradeOption,
    JsonOption,
    LanguageOption,
    SchoolOption,
    SeasonOption,
    SubjectOption,
    YearOption,
    workspace_folder,
)
from shnor_analysis.cli.planning import make_plan_app
from shnor_analysis.cli.progress import report_progress
from shnor_analysis.cli.runs import make_runs_app
from shnor_analysis.cli.speech import progress_line, say, speak_json, speak_language, tell, tell_facts
from shnor_analysis.errors import PartlyDone, Problem, UsageProblem

AUDIENCES = ("department", "school", "public")


def make_app() -> typer.Typer:
    """Put the commands together, with help in the language of this run."""
    speak_panels()
    app = typer.Typer(
        name="shnor",
        cls=SpokenGroup,
        help=say("cli.about"),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
    )
    for command in (demo, ingest, map_file, template, status, validate, build, fit, report, lab, doctor):
        name = "map" if command is map_file else command.__name__
        app.command(name, cls=SpokenCommand, help=say(f"command.{name}"))(command)
    app.add_typer(make_plan_app(), name="plan")
    app.add_typer(make_runs_app(), name="runs")
    return app


def demo(
    data: Annotated[str, typer.Option("--data", help=say("option.data"))] = "town",
    schools: Annotated[str | None, typer.Option("--schools", help=say("option.schools"))] = None,
    seed: Annotated[int, typer.Option("--seed", help=say("option.seed"))] = 500,
    reports: Annotated[bool, typer.Option("--reports/--no-reports", help=say("option.reports"))] = True,
    jobs: Annotated[int | None, typer.Option("--jobs", help=say("option.jobs"))] = None,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Write the example's raw files, import them, build, and make every report."""
    from shnor_analysis.cli.demonstration import DEMO_DATA, run_demo

    speak_json(json)
    check_choice("--data", data, DEMO_DATA)
    check_least("--seed", seed, 0)
    check_least("--jobs", jobs, 1)
    return run_demo(
        folder or Path("demo"), data=data, schools=schools, seed=seed, with_reports=reports, jobs=jobs
    )


def ingest(
    files: FilesArgument,
    year: YearOption = None,
    grade: GradeOption = None,
    subject: SubjectOption = None,
    assessment: AssessmentOption = None,
    date: DateOption = None,
    season: SeasonOption = None,
    school: SchoolOption = None,
    owner: Annotated[str | None, typer.Option("--owner", help=say("option.owner"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say("option.dry_run"))] = False,
    keep_raw: Annotated[bool, typer.Option("--keep-raw", help=say("option.keep_raw"))] = False,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Read raw files into validated tables."""
    from shnor_analysis.sources import Hints
    from shnor_analysis.workspace import open_workspace

    speak_json(json)
    hints = Hints(
        school_year=year,
        grade=grade,
        subject=subject,
        assessment=assessment,
        test_date=parse_date(date),
        season=season,
        school_id=school,
    )
    workspace = open_workspace(workspace_folder(folder))
    with progress_line("progress.ingest") as progress:
        outcome = workspace.ingest(
            files,
            hints=hints,
            dry_run=dry_run,
            keep_raw=keep_raw,
            owner=owner or "",
            tell=lambda at: progress(at.done, at.total, at.file_name),
        )
    showing.show_ingest(outcome)
    return outcome.exit_code


def map_file(
    file: Annotated[Path, typer.Argument(help=say("option.file"))],
    table: Annotated[str | None, typer.Option("--table", help=say("option.table"))] = None,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Propose which column of a file is which field of which table."""
    from shnor_analysis.workspace import open_workspace

    speak_json(json)
    paths = open_workspace(workspace_folder(folder)).propose_mappings(
        file, table=table, language=speak_language()
    )
    for path in paths:
        tell(say("cli.mapping_written", path=path))
    tell_facts({"mappings": [str(path) for path in paths]})


def template(
    table: Annotated[str, typer.Argument(help=say("option.table_name"))],
    output: Annotated[Path | None, typer.Option("--output", help=say("option.output"))] = None,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a blank Excel template of a table; the folder of the workspace is taken like everywhere, and unused."""
    from shnor_analysis.schemas import TABLES
    from shnor_analysis.schemas.template import write_template

    speak_json(json)
    check_choice(say("argument.table"), table, tuple(TABLES))
    path = output or Path(f"{table}.xlsx")
    if path.exists():
        raise UsageProblem(Problem("file_exists", file=str(path)))
    write_template(table, path, speak_language())
    tell(say("cli.template_written", path=path))
    tell_facts({"template": str(path)})


def status(
    year: Annotated[int | None, typer.Option("--year", help=say("option.status_year"))] = None,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show year, procedure and school: what is there, what is missing."""
    from shnor_analysis.workspace import open_workspace

    speak_json(json)
    workspace = open_workspace(workspace_folder(folder))
    state = workspace.status()
    missing = None if year is None or state.coverage is None else workspace.missing(year)
    showing.show_status(state, year=year, missing=missing)


def validate(
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check every stored table again: columns, limits, keys, references."""
    from shnor_analysis.workspace import open_workspace

    speak_json(json)
    accounting = open_workspace(workspace_folder(folder)).validate()
    showing.show_accounting(accounting)
    tell(say("cli.valid"))


def build(
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Build the warehouse from the validated tables."""
    from shnor_analysis.workspace import open_workspace

    speak_json(json)
    outcome = open_workspace(workspace_folder(folder)).build()
    showing.show_accounting(outcome.accounting)
    tell(say("cli.built"))


def fit(
    year: Annotated[int | None, typer.Option("--year", help=say("option.fit_year"))] = None,
    force: Annotated[bool, typer.Option("--force", help=say("option.force"))] = False,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Fit the models of a school year; nothing is done where nothing changed since the last time."""
    from shnor_analysis.cli.fitting import show_fit
    from shnor_analysis.workspace import open_workspace

    speak_json(json)
    workspace = open_workspace(workspace_folder(folder))
    with progress_line("progress.fit") as progress:
        outcome = workspace.fit(year, force=force, tell=progress)
    show_fit(outcome)


def report(
    school: Annotated[list[str] | None, typer.Option("--school", help=say("option.report_school"))] = None,
    all_schools: Annotated[bool, typer.Option("--all", help=say("option.all"))] = False,
    year: Annotated[int | None, typer.Option("--year", help=say("option.report_year"))] = None,
    audience: Annotated[str | None, typer.Option("--audience", help=say("option.audience"))] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", help=say("option.jobs"))] = None,
    shard: Annotated[str | None, typer.Option("--shard", help=say("option.shard"))] = None,
    cluster: Annotated[str | None, typer.Option("--cluster", help=say("option.cluster"))] = None,
    force: Annotated[bool, typer.Option("--force", help=say("option.report_force"))] = False,
    resume: Annotated[bool, typer.Option("--resume", help=say("option.resume"))] = False,
    run: Annotated[str | None, typer.Option("--run", help=say("option.resume_run"))] = None,
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Make the reports: a page per school, one of the municipality, and the index; what is unchanged stays as it is."""
    from shnor_analysis.batch.sharding import read_shard
    from shnor_analysis.workspace import open_workspace
    from shnor_analysis.workspace.report_requests import Manner

    speak_json(json)
    is_going_on = resume or run is not None
    is_by_itself = is_going_on and not (school or all_schools or year or audience or shard)
    if not is_by_itself and bool(school) == all_schools:
        raise UsageProblem(Problem("school_or_all"))
    check_least("--jobs", jobs, 1)
    if audience:
        check_choice("--audience", audience, AUDIENCES)
    manner = Manner(
        jobs=jobs,
        shard=read_shard(shard) if shard else None,
        cluster=cluster or "",
        force=force,
        resume=(run or "") if is_going_on else None,
    )
    workspace = open_workspace(workspace_folder(folder))
    with report_progress() as progress:
        if is_by_itself:
            outcome = workspace.resume(manner, tell=progress)
        else:
            outcome = workspace.report(
                tuple(school) if school else None,
                school_year=year,
                audience=audience,
                language=language,
                with_municipality=all_schools,
                manner=manner,
                tell=progress,
            )
    return showing.show_reports(outcome, is_resuming=is_going_on)


def lab(
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Open JupyterLab on the notebooks of a workspace, on this machine only."""
    from shnor_analysis.cli.laboratory import open_lab

    open_lab(workspace_folder(folder))


def doctor(
    folder: FolderOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check the environment and the workspace, and say what to do."""
    from shnor_analysis.cli.doctor import examine

    speak_json(json)
    findings = examine(folder)
    for finding in findings:
        tell(("  ok  " if finding.is_good else "  !!  ") + finding.text)
    tell_facts({finding.code: finding.is_good for finding in findings})
    if not all(finding.is_good for finding in findings):
        raise PartlyDone(Problem("doctor_found"))


def parse_date(text: str | None) -> dt.date | None:
    """Read `--date`; UsageProblem unless it is a day of the calendar."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        problem = Problem(
            "option_value_wrong", found=text, allowed=say("cli.date_form"), fields={"option": "--date"}
        )
        raise UsageProblem(problem) from error


def check_choice(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuse a value that an option does not have; the one place that words this error."""
    if value not in allowed:
        raise UsageProblem(
            Problem(
                "option_value_wrong", found=str(value), allowed=", ".join(allowed), fields={"option": name}
            )
        )


def check_least(name: str, value: int | None, least: int) -> None:
    """Refuse a number below the least that an option takes."""
    if value is not None and value < least:
        raise UsageProblem(
            Problem("option_value_wrong", found=str(value), allowed=f"≥ {least}", fields={"option": name})
        )
