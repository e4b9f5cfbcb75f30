"""Research workbench for «500+»: what influences results, which school needs what, and whether help helped.

The names below are all that a notebook needs; each is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shnor_analysis.disclosure import release
    from shnor_analysis.errors import ShnorError
    from shnor_analysis.exhibits import describe, draw, make_table
    from shnor_analysis.workspace import Workspace, open_workspace

_ROOMS = {
    "ShnorError": "errors",
    "Workspace": "workspace",
    "describe": "exhibits",
    "draw": "exhibits",
    "make_table": "exhibits",
    "open_workspace": "workspace",
    "release": "disclosure",
}

__all__ = ["ShnorError", "Workspace", "describe", "draw", "make_table", "open_workspace", "release"]


def __getattr__(name: str) -> Any:
    """Load a name of the front door from its room."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    """The names of the front door."""
    return list(__all__)
