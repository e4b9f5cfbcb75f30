"""What is shown: figures, tables and sentences, made from released values only.

`describe`, `make_table` and `draw` take what `disclosure.release` returns, the name of a section and a language;
each room is entered when its function is first used, so that sentences never wait for matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shnor_analysis.exhibits.figures import draw
    from shnor_analysis.exhibits.sentences import describe
    from shnor_analysis.exhibits.tables import make_table

_ROOMS = {"describe": "sentences", "draw": "figures", "make_table": "tables"}

__all__ = ["describe", "draw", "make_table"]


def __getattr__(name: str) -> Any:
    """Enter the room of a function."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
