"""How a shared server learns what to hold: children tell which libraries they have imported, it imports them, too.

Only packages that are known to live through a fork, and only as installed, never from a folder that somebody works in.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

from shnor_analysis.batch.warm.kernel import INLINE_BACKEND
from shnor_analysis.batch.warm.preloading import as_in_a_kernel, draw_a_figure
from shnor_analysis.batch.warm.shared.fork_safe import FORK_SAFE
from shnor_analysis.batch.warm.shared.key import package_folders


class Telling:
    """In a child: says after each cell which fork-safe modules are new."""

    def __init__(self, pipe: int) -> None:
        """Remember what the server has itself; say the rest on the file descriptor `pipe`."""
        self._pipe, self._known, self._count = pipe, set(sys.modules), 0

    def tell(self) -> None:
        """One JSON line of module names in the order of their import, if there are new ones."""
        if len(sys.modules) == self._count:
            return
        self._count = len(sys.modules)
        new = [name for name in list(sys.modules) if name not in self._known]
        self._known.update(new)
        names = [name for name in new if name.partition(".")[0] in FORK_SAFE]
        if names:
            with suppress(OSError):  # full or closed: the server learns it another time
                os.write(self._pipe, json.dumps(names).encode() + b"\n")


def import_seen(names: Iterable[str], *, avoided: frozenset[str]) -> None:
    """Import modules that a child was seen to have, apart from those of avoided packages."""
    os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
    before = "matplotlib" in sys.modules
    with as_in_a_kernel():
        for name in names:
            package = name.partition(".")[0]
            if package in FORK_SAFE - avoided and is_installed(package):
                with suppress(Exception):  # a module that its package makes by itself
                    importlib.import_module(name)
    if not before:
        draw_a_figure()


def is_installed(package: str) -> bool:
    """Whether a package lies where packages are installed, and not in a folder that somebody works in."""
    spec = PathFinder.find_spec(package)
    if spec is None or not spec.origin:
        return False
    return any(Path(spec.origin).is_relative_to(folder) for folder in package_folders())
