"""What a kernel takes over from the process that asks for it, as if it were its child."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LIMITS = tuple(name for name in sorted(dir(resource)) if name.startswith("RLIMIT_"))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Environment, folder, mask of new files, soft limits by name, cores, niceness of the asking process."""

    environment: Mapping[str, str]
    folder: str
    umask: int
    limits: Mapping[str, int]
    cores: tuple[int, ...]
    niceness: int

    def message(self) -> dict[str, Any]:
        """As it is sent to a server."""
        return asdict(self)


def look_around(environment: Mapping[str, str], folder: str | os.PathLike[str] | None) -> Surroundings:
    """The surroundings that a kernel started by this process would have."""
    return Surroundings(
        environment={**environment, "JPY_PARENT_PID": str(os.getpid())},
        folder=str(Path(folder or "").absolute()),
        umask=_umask(),
        limits={name: resource.getrlimit(getattr(resource, name))[0] for name in LIMITS},
        cores=tuple(os.sched_getaffinity(0)),
        niceness=os.getpriority(os.PRIO_PROCESS, 0),
    )


def take_over(message: Mapping[str, Any]) -> None:
    """In a child: take over what `look_around` saw.

    Raises:
        OSError: the folder is not there any more.
    """
    taken = Surroundings(**message)
    os.chdir(taken.folder)
    os.environ.clear()
    os.environ.update(taken.environment)
    os.umask(taken.umask)
    for name, soft in taken.limits.items():
        kind = getattr(resource, name)
        resource.setrlimit(kind, (soft, resource.getrlimit(kind)[1]))
    os.sched_setaffinity(0, taken.cores)
    if taken.niceness > os.getpriority(os.PRIO_PROCESS, 0):
        os.setpriority(os.PRIO_PROCESS, 0, taken.niceness)
    tempfile.tempdir = None


def _umask() -> int:
    """The mask of new files; asking the system for it in the usual way would change it for a moment."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o077
