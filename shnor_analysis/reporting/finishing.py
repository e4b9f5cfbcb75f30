"""The last step of a report: from the executed notebook to the page and its manifest, in the same folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from shnor_analysis.errors import Problem, ShnorError
from shnor_analysis.files import sha256_of, write_text
from shnor_analysis.reporting.counting import count_outputs, count_page, facts_of
from shnor_analysis.reporting.folders import EXECUTED_NAME, MANIFEST_NAME, REPORT_NAME
from shnor_analysis.reporting.manifest import build_manifest
from shnor_analysis.reporting.page_numbers import shown_on
from shnor_analysis.reporting.pages import render_page


def finish_report(
    folder: Path, *, unit_id: str, template: Path, parameters: Mapping[str, Any]
) -> dict[str, str]:
    """Write `report.html` and `manifest.json` beside the `executed.ipynb` of a folder.

    Args:
        folder: the folder in the making.
        unit_id: whose report it is.
        template: the notebook that was run.
        parameters: what it was run with.

    Returns:
        What a run keeps of the report: `numbers` that the page shows, as `page_numbers.shown_on` tells them.

    Raises:
        ShnorError: `exhibits_lost` when the page has not the tables and figures that the notebook made.
    """
    notebook = nbformat.read(folder / EXECUTED_NAME, as_version=4)  # type: ignore[no-untyped-call]
    facts = facts_of(notebook)
    counted = count_outputs(notebook)
    manifest = build_manifest(
        unit_id=unit_id, template=template, parameters=parameters, facts=facts, counted=counted
    )
    page = render_page(notebook, manifest=manifest, facts=facts)
    arrived = count_page(page)
    if arrived != counted:
        raise ShnorError(Problem("exhibits_lost", file=REPORT_NAME, found=str(arrived), allowed=str(counted)))
    write_text(folder / REPORT_NAME, page)
    files = {name: sha256_of(folder / name) for name in (EXECUTED_NAME, REPORT_NAME)}
    manifest = {**manifest, "files": files}
    write_text(folder / MANIFEST_NAME, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
    return {"numbers": shown_on(notebook)}
