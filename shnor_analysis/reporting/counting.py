"""What a notebook and a page hold: tables, pictures, and what sections say to the page around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TABLE = re.compile(r"<table[\s>]")
PICTURE = re.compile(r"<img[\s>]")


@dataclass(frozen=True, slots=True)
class ExhibitCount:
    """How many tables and pictures there are."""

    tables_n: int
    figures_n: int


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
