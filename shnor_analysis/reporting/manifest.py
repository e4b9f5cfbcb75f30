"""What a report was made from and with: the part of a page that lets another person repeat it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from shnor_analysis.errors import EnvironmentProblem, InputRefused
from shnor_analysis.files import sha256_of
from shnor_analysis.reporting.counting import ExhibitCount
from shnor_analysis.settings import read_settings
from shnor_analysis.shared_state import declared

VERSION = 1
PACKAGES = (
    "shnor-analysis",
    "pandas",
    "numpy",
    "scipy",
    "duckdb",
    "pyarrow",
    "matplotlib",
    "papermill",
)
PLACE_PARAMETER = "folder"


def build_manifest(
    *,
    unit_id: str,
    template: Path,
    parameters: Mapping[str, Any],
    facts: Mapping[str, Any],
    counted: ExhibitCount,
) -> dict[str, Any]:
    """Gather what the page and the file beside it state.

    `inputs` are the raw files' hashes as the facts name them; `shared_state` are hashes of what the process had in memory
    before it was forked, empty for a report made alone. The workspace's place on this machine stays out: a
    manifest may travel.
    """
    return {
        "manifest_version": VERSION,
        "unit_id": unit_id,
        "kind": facts.get("kind", "other"),
        "title": facts.get("title", unit_id),
        "audience": facts.get("audience", parameters.get("audience", "")),
        "language": parameters.get("language", "ru"),
        "is_invented": bool(facts.get("invented")),
        "school_year": facts.get("school_year", parameters.get("school_year")),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "template": {"name": template.name, "sha256": sha256_of(template)},
        "parameters": {name: value for name, value in parameters.items() if name != PLACE_PARAMETER},
        **_settings(parameters),
        "inputs": list(facts.get("files", ())),
        "shared_state": dict(declared()),
        "suppressed_n": facts.get("suppressed_n", 0),
        "tables_n": counted.tables_n,
        "figures_n": counted.figures_n,
        "versions": dict(versions()),
    }


def _settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    place = str(parameters.get(PLACE_PARAMETER, ""))
    if not place:
        return {}
    try:
        settings = read_settings(Path(place))
    except (EnvironmentProblem, InputRefused):
        return {}
    return {
        "seed": settings.seed,
        "listing_rule": settings.listing_rule,
        "workspace_id": settings.workspace_id,
    }


@cache
def versions() -> dict[str, str]:
    """Python and the packages that numbers and pages depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
