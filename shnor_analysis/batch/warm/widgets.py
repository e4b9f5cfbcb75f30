"""Which notebooks have widgets: they talk to their client while they run, as only a kernel with all its ports does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MODULES = (
    "anywidget",
    "bqplot",
    "ipycanvas",
    "ipyleaflet",
    "ipympl",
    "ipyvuetify",
    "ipywidgets",
    "pythreejs",
    "tqdm.notebook",
)
IMPORT = re.compile(
    rf"^\s*(?:import|from)\s+(?:{'|'.join(map(re.escape, MODULES))})\b|^\s*%matplotlib\s+(?:widget|ipympl)\b",
    re.MULTILINE,
)


def has_widgets(notebook: Mapping[str, Any]) -> bool:
    """Whether a cell imports a library of widgets, or the notebook carries the state of some."""
    if notebook.get("metadata", {}).get("widgets"):
        return True
    return any(
        IMPORT.search(_text(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "code"
    )


def _text(source: str | list[str]) -> str:
    """A file may have the lines of a cell apart."""
    return source if isinstance(source, str) else "".join(source)
