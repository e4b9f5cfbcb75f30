"""How many reports at a time suit this machine: the cores that may be used, and no more than memory holds.

Containers tell both limits through control groups (`cpu.max` and `memory.max`, in the older version `cpu.cfs_quota_us`
and `memory.limit_in_bytes`), batch systems through the affinity of the process. What no limit names is the machine's.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shnor_analysis.language import render, session_language

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
MB = 1 << 20
# MB of what runs once, and of what every report takes; see docs/batch.md
WARM_MEMORY = (250, 150)
PLAIN_MEMORY = (0, 400)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Capacity:
    """Cores that may be used and memory that is free, in MB (None: nobody says)."""

    cores: int
    free_mb: int | None

    def jobs(self, *, base_mb: int, job_mb: int) -> int:
        """Reports at a time, one at least."""
        if self.free_mb is None:
            return self.cores
        return max(1, min(self.cores, (self.free_mb - base_mb) // job_mb))


def default_jobs(engine: str) -> int:
    """Reports at a time where nobody asked for a number; says so in one line when memory is what limits it."""
    found = measure_capacity()
    base_mb, job_mb = WARM_MEMORY if engine == "warm" else PLAIN_MEMORY
    jobs = found.jobs(base_mb=base_mb, job_mb=job_mb)
    if jobs < found.cores:
        words = render(
            "capacity.memory", session_language(), jobs=jobs, cores=found.cores, free=found.free_mb
        )
        logger.warning(words)
    return jobs


def measure_capacity(*, proc: Path = PROC, groups: Path = GROUPS) -> Capacity:
    """Ask the system; `proc` and `groups` are where it answers."""
    folders = tuple(group_folders(proc, groups))
    quotas = [quota for folder in folders if (quota := _cores_of(folder)) is not None]
    free = [_free_of(folder) for folder in folders] + [_free_of_machine(proc)]
    known = [one for one in free if one is not None]
    return Capacity(
        cores=max(1, min([usable_cores(), *(math.ceil(quota) for quota in quotas)])),
        free_mb=min(known) // MB if known else None,
    )


def usable_cores() -> int:
    """Cores that this process may be put on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def group_folders(proc: Path, groups: Path) -> Iterator[Path]:
    """The control groups of this process from its own up to the root: each of them limits."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, controllers, own = line.split(":", 2)
        tops = (
            [groups / name for name in controllers.split(",")]
            if controllers
            else [groups, groups / "unified"]
        )
        for top in tops:
            if top.is_dir():
                place = (top / own.lstrip("/")).resolve()
                yield from (one for one in (place, *place.parents) if one.is_relative_to(top.resolve()))


def _cores_of(folder: Path) -> float | None:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    if not quota:
        quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
    if not quota.isdigit() or not period.strip().isdigit() or int(period) == 0:  # "max" and -1 are no limit
        return None
    return int(quota) / int(period)


def _free_of(folder: Path) -> int | None:
    """Bytes below the limit of one group; what it keeps of files in memory is given back when it is needed."""
    for limit, used, kept in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        allowed, taken = _text(folder / limit), _text(folder / used)
        if allowed.isdigit() and taken.isdigit():
            return max(0, int(allowed) - int(taken) + line_of(folder / "memory.stat", kept))
    return None


def _free_of_machine(proc: Path) -> int | None:
    free_kb = line_of(proc / "meminfo", "MemAvailable:")
    return free_kb * 1024 if free_kb else None


def line_of(path: Path, name: str) -> int:
    """The number after a name in a file of the system; 0 where there is none."""
    for line in _text(path).splitlines():
        words = line.split()
        if words[:1] == [name]:
            return int(words[1])
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
