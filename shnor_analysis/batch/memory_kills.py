"""How often the system ended a process for want of memory: the only trace that its killer leaves."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from shnor_analysis.batch.capacity import GROUPS, PROC, group_folders, line_of

COUNTERS = ("memory.events", "memory.oom_control")


def memory_kills(*, proc: Path = PROC, groups: Path = GROUPS) -> int:
    """Kills counted so far, by the machine and by the control groups of this process; it only ever grows."""
    return sum(line_of(path, "oom_kill") for path in _counters(proc, groups))


@lru_cache(maxsize=4)
def _counters(proc: Path, groups: Path) -> tuple[Path, ...]:
    kept = [folder / name for folder in group_folders(proc, groups) for name in COUNTERS]
    return (proc / "vmstat", *(path for path in kept if path.is_file()))
