"""`shnor.toml`: who works here, on which municipality, under which rule."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shnor_analysis.errors import EnvironmentProblem, InputRefused, Problem

SETTINGS_NAME = "shnor.toml"
FOLDER_VARIABLE = "SHNOR_FOLDER"
EXAMPLES = {"workspace_id": "gorod-500", "seed": "500"}


class AnalysisSettings(BaseModel):
    """The section `[analysis]` of `shnor.toml`: what the models of results are to look at.

    `factors`: codes of the circumstances of schools; none named means all that enough schools have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factors: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")], ...] = ()


class Settings(BaseModel):
    """What `shnor.toml` says; every key has a default but the names of the place.

    `workspace_id` names the key for pupil codes in the user's config folder.
    `engine` makes the reports: `warm` in forks of a process that has imported everything, `plain` by papermill alone.
    `is_invented` puts "invented" on every page made here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspace_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")
    title_ru: str
    title_en: str
    municipality_id: str
    region_id: str
    is_invented: bool = False
    language: Literal["ru", "en"] = "ru"
    audience: Literal["department", "school", "public"] = "department"
    listing_rule: str = "rosobr_2020"
    engine: Literal["warm", "plain"] = "warm"
    seed: int = 500
    analysis: AnalysisSettings = AnalysisSettings()

    def title(self, language: str) -> str:
        """The place's name in one of the two languages."""
        return self.title_ru if language == "ru" else self.title_en


def find_folder(start: Path | None = None) -> Path:
    """Find the workspace folder: the variable SHNOR_FOLDER, else the nearest parent with `shnor.toml`.

    Raises EnvironmentProblem `no_workspace` when there is none.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if start is None and named:
        return check_folder(Path(named))
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_NAME).is_file():
            return folder
    raise EnvironmentProblem(Problem("no_workspace", file=str(here)))


def check_folder(folder: Path) -> Path:
    """Return a folder that holds `shnor.toml`, or raise EnvironmentProblem `no_workspace`."""
    if not (folder / SETTINGS_NAME).is_file():
        raise EnvironmentProblem(Problem("no_workspace", file=str(folder)))
    return folder.resolve()


def read_settings(folder: Path) -> Settings:
    """Read `shnor.toml` of a workspace; InputRefused with every wrong key at once."""
    path = check_folder(folder) / SETTINGS_NAME
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InputRefused(Problem("toml_broken", file=path.name, found=str(error))) from error
    except ValidationError as error:
        raise InputRefused(_problem(path.name, dict(item)) for item in error.errors()) from error


def _problem(file: str, error: dict[str, Any]) -> Problem:
    """One wrong key: it is missing, does not exist, or has a value that is not allowed."""
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return Problem("settings_missing", file=file, cell=key, fields={"key": key})
    if error["type"] == "extra_forbidden":
        there = AnalysisSettings if key.startswith("analysis.") else Settings
        return Problem("settings_unknown", file=file, cell=key, allowed=", ".join(there.model_fields))
    field = Settings.model_fields.get(key)
    choices = get_args(field.annotation) if field else ()
    allowed = ", ".join(map(str, choices)) or EXAMPLES.get(key)
    return Problem("settings_wrong", file=file, cell=key, found=str(error["input"])[:80], allowed=allowed)
