"""Options that commands share; imported after the language of the run is known, so that help speaks it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shnor_analysis.cli.speech import say

FolderOption = Annotated[Path | None, typer.Option("--folder", help=say("option.folder"))]
LanguageOption = Annotated[str | None, typer.Option("--language", help=say("option.language"))]
JsonOption = Annotated[bool, typer.Option("--json", help=say("option.json"))]
DebugOption = Annotated[bool, typer.Option("--debug", help=say("option.debug"))]

YearOption = Annotated[int | None, typer.Option("--year", help=say("option.year"))]
GradeOption = Annotated[int | None, typer.Option("--grade", help=say("option.grade"))]
SubjectOption = Annotated[str | None, typer.Option("--subject", help=say("option.subject"))]
AssessmentOption = Annotated[str | None, typer.Option("--assessment", help=say("option.assessment"))]
DateOption = Annotated[str | None, typer.Option("--date", help=say("option.date"))]
SeasonOption = Annotated[str | None, typer.Option("--season", help=say("option.season"))]
SchoolOption = Annotated[str | None, typer.Option("--school", help=say("option.school"))]
FilesArgument = Annotated[list[Path], typer.Argument(help=say("option.files"))]


def workspace_folder(folder: Path | None) -> Path:
    """The folder that `--folder` names, else SHNOR_FOLDER, else the nearest parent with `shnor.toml`."""
    from shnor_analysis.settings import check_folder, find_folder

    return find_folder() if folder is None else check_folder(folder)
