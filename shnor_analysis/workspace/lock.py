"""One writer at a time: the lock of a workspace, given back by the system even when its holder is killed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from shnor_analysis.errors import EnvironmentProblem, Problem

LOCK_PATH = Path("data") / ".lock"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the workspace's lock for a block; EnvironmentProblem `workspace_busy` when another process holds it."""
    path = folder / LOCK_PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        try:
            _take(stream)
        except OSError as error:
            raise EnvironmentProblem(Problem("workspace_busy", file=str(folder))) from error
        yield


if sys.platform == "win32":
    import msvcrt

    def _take(stream: IO[bytes]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(stream: IO[bytes]) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
