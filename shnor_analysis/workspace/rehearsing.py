"""One report made in the process from which all others are forked, and thrown away: what it had to prepare stays prepared.

Fonts, letters already drawn, templates of pages, texts and the town's tables are then there for every report, which
reads and draws its own facts only. A report made alone does the same by itself and says the same.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SCRIPT = f"{__name__}:rehearse"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Which report is made to prepare for the others."""

    folder: str
    school_id: str
    school_year: int
    audience: str
    language: str

    def as_preload(self) -> str:
        """The entry for a list of things to preload."""
        return f"{SCRIPT}:{json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)}"


def rehearse(told: str) -> None:
    """Share the town's tables with the processes to come, and make one report of them.

    Parameters: told — what `Rehearsal.as_preload` wrote after the second colon.
    """
    from shnor_analysis.disclosure import release
    from shnor_analysis.settings import read_settings
    from shnor_analysis.workspace.opening import open_workspace
    from shnor_analysis.workspace.town_inputs import share_inputs

    wanted = Rehearsal(**json.loads(told))
    folder = Path(wanted.folder)
    if not share_inputs(folder, read_settings(folder), wanted.school_year):
        return
    facts = open_workspace(folder).evaluate_school(wanted.school_id, wanted.school_year)
    with warnings.catch_warnings():
        _render(list(_shown(release(facts, audience=wanted.audience), wanted.language)), wanted.language)


def _shown(school: Any, language: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """What each exhibit of the page shows of itself in a notebook."""
    from shnor_analysis.exhibits import figures, sentences, tables

    for room, make in ((sentences, sentences.describe), (tables, tables.make_table), (figures, figures.draw)):
        for section in room.MAKERS[type(school.value)]:
            shown = make(school, section, language)._repr_mimebundle_()
            yield shown if isinstance(shown, tuple) else (shown, {})


def _render(shown: list[tuple[Mapping[str, Any], Mapping[str, Any]]], language: str) -> None:
    """Make a page of the outputs."""
    import base64

    from nbformat import v4

    from shnor_analysis.reporting.counting import count_outputs, facts_of
    from shnor_analysis.reporting.manifest import build_manifest
    from shnor_analysis.reporting.orders import template_path
    from shnor_analysis.reporting.pages import render_page

    cells = []
    for data, metadata in shown:
        told = {
            kind: base64.b64encode(one).decode() if isinstance(one, bytes) else one
            for kind, one in data.items()
        }
        output = v4.new_output("execute_result", data=told, metadata=dict(metadata), execution_count=1)
        cells.append(v4.new_code_cell("", outputs=[output], execution_count=1))
    notebook = v4.new_notebook(cells=cells)
    facts = facts_of(notebook)
    manifest = build_manifest(
        unit_id="rehearsal",
        template=template_path("school"),
        parameters={"language": language},
        facts=facts,
        counted=count_outputs(notebook),
    )
    render_page(notebook, manifest=manifest, facts=facts)
