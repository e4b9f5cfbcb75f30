"""Whether a run is going on: its folder has a lock, which the system gives back when its process ends in any way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shnor_analysis.file_locks import hold, is_held

LOCK_NAME = ".lock"


@contextmanager
def owning(run_folder: Path) -> Iterator[None]:
    """Hold the lock of a run for a block; Held when another process goes on with this very run."""
    with hold(run_folder / LOCK_NAME):
        yield


def is_going(run_folder: Path) -> bool:
    """Whether some process works on a run now; no clock is asked."""
    return is_held(run_folder / LOCK_NAME)
