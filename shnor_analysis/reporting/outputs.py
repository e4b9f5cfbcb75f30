"""Which outputs of an executed notebook reach the page, and how many tables and pictures they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbconvert.preprocessors import Preprocessor

from shnor_analysis.reporting.sanitising import sanitise

SHOWN_TYPES = ("image/png", "text/html", "text/markdown", "text/plain")
NOTE_TAG = "note"
TABLE = re.compile(r"<table[\s>]")
PICTURE = re.compile(r"<img[\s>]")


@dataclass(frozen=True, slots=True)
class ExhibitCount:
    """How many tables and pictures there are."""

    tables_n: int
    figures_n: int


class ShownOutputs(Preprocessor):
    """Keeps results of the allowed kinds, one kind each, with markup rebuilt; drops streams and the author's notes."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Filter a copy of the notebook; nbconvert calls this."""
        nb.cells = [cell for cell in nb.cells if NOTE_TAG not in cell.metadata.get("tags", ())]
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [shown for output in cell.outputs if (shown := _shown(output)) is not None]
        nb.cells = [cell for cell in nb.cells if cell.cell_type != "code" or cell.outputs]
        return nb, resources


def _shown(output: Any) -> Any:
    if output.output_type not in {"execute_result", "display_data"}:
        return None
    for kind in SHOWN_TYPES:
        if kind in output.data:
            output.data = {kind: sanitise(output.data[kind]) if kind == "text/html" else output.data[kind]}
            return output if str(output.data[kind]).strip() else None
    return None


def count_outputs(notebook: Any) -> ExhibitCount:
    """Count the tables and pictures that a notebook holds in its outputs, before anything is filtered."""
    data = list(_data(notebook))
    return ExhibitCount(
        tables_n=sum(len(TABLE.findall(one.get("text/html", ""))) for one in data if "image/png" not in one),
        figures_n=sum("image/png" in one for one in data),
    )


def count_page(markup: str) -> ExhibitCount:
    """Count the tables and pictures of the report's body on a page."""
    body = markup.partition("<main")[2].partition("</main>")[0]
    return ExhibitCount(len(TABLE.findall(body)), len(PICTURE.findall(body)))


def facts_of(notebook: Any) -> dict[str, Any]:
    """What sections say to the page around them: the `shnor` metadata of all outputs, joined."""
    facts: dict[str, Any] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            for known in output.get("metadata", {}).values():
                if isinstance(known, dict):
                    facts |= known.get("shnor", {})
    return facts


def _data(notebook: Any) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "data" in output:
                yield output["data"]
