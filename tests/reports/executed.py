"""Executes a report's template in this process, without a kernel: the cells' last value becomes an output."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import nbformat

from shnor_analysis import exhibits
from shnor_analysis.disclosure import Released
from shnor_analysis.reporting.orders import template_path


def execute_template(name: str, released: Released[Any], language: str) -> Any:
    """The template's notebook with outputs made from a released value."""
    notebook = nbformat.read(template_path(name), as_version=4)
    shnor = SimpleNamespace(
        describe=exhibits.describe,
        make_table=exhibits.make_table,
        draw=exhibits.draw,
        release=lambda *_, **__: released,
        open_workspace=lambda _: SimpleNamespace(
            evaluate_school=lambda *_: None, evaluate_town=lambda *_: None
        ),
    )
    names: dict[str, Any] = {"shnor": shnor, "language": language}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.get("tags", ())
        if "parameters" in tags:
            cell.source = cell.source.replace('language: str = "ru"', f'language: str = "{language}"')
            exec(cell.source, names)
        elif cell.source.startswith("shnor."):
            cell.outputs = [output_of(eval(cell.source, names))]
        elif not cell.source.startswith("import"):
            exec(cell.source, names)
    return notebook


def output_of(value: Any) -> Any:
    """The output that a kernel would store for a value."""
    shown = value._repr_mimebundle_()
    data, metadata = shown if isinstance(shown, tuple) else (shown, {})
    encoded = {
        kind: base64.b64encode(one).decode() if isinstance(one, bytes) else one for kind, one in data.items()
    }
    return nbformat.v4.new_output("execute_result", data=encoded, metadata=metadata, execution_count=1)
