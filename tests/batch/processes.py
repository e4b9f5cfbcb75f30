"""Processes seen from outside: whether one runs, and whether it ends soon."""

from __future__ import annotations

import time
from pathlib import Path


def is_running(pid: int) -> bool:
    """Neither gone nor a corpse that nobody has fetched."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ended(pid: int, *, seconds: float = 10) -> bool:
    """Whether a process ends within some seconds."""
    limit = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < limit:
        time.sleep(0.02)
    return not is_running(pid)
