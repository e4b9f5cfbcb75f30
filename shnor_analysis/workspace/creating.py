"""Makes a workspace: its settings as TOML, its folders."""

from __future__ import annotations

import json
from pathlib import Path

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.files import write_text
from shnor_analysis.settings import SETTINGS_NAME, Settings
from shnor_analysis.workspace.opening import Workspace, open_workspace


def create_workspace(folder: Path | str, settings: Settings) -> Workspace:
    """Make a workspace: `shnor.toml` and the folders; one that is there with the same settings (but for `[analysis]`) is opened.

    Raises UsageProblem `workspace_exists` when the folder is a workspace with other settings.
    """
    from shnor_analysis.sources import CORRECTIONS_FOLDER, MAPPINGS_FOLDER

    folder = Path(folder)
    if (folder / SETTINGS_NAME).exists():
        found = open_workspace(folder)
        # which factors the models look at may be changed at any time: the workspace stays the same
        if found.settings != settings.model_copy(update={"analysis": found.settings.analysis}):
            raise UsageProblem(Problem("workspace_exists", file=str(folder)))
    for name in ("incoming", CORRECTIONS_FOLDER, MAPPINGS_FOLDER, "reports"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if not (folder / SETTINGS_NAME).exists():
        write_text(folder / SETTINGS_NAME, settings_text(settings))
    return open_workspace(folder)


def settings_text(settings: Settings) -> str:
    """Write settings as TOML; a JSON value of text, number, yes and no or a list of texts is one of TOML too."""
    told = settings.model_dump(mode="json")
    sections = {name: told.pop(name) for name, value in list(told.items()) if isinstance(value, dict)}
    lines = [_toml_line(name, value) for name, value in told.items()]
    for section, values in sections.items():
        lines += ["", f"[{section}]", *(_toml_line(name, value) for name, value in values.items())]
    return "\n".join(lines) + "\n"


def _toml_line(name: str, value: object) -> str:
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"
