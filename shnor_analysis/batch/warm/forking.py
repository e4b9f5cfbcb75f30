"""Whether this process may be forked, and what a forked child closes behind itself."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import warnings
from pathlib import Path

# a thread of pyarrow's allocator, whose library puts itself right after a fork
HARMLESS_THREADS = frozenset({"jemalloc_bg_thd"})
# libraries whose thread pools do not live through a fork once they were used
NEVER_PRELOADED = frozenset({"polars"})
TASKS = Path("/proc/self/task")
PR_SET_PDEATHSIG = 1


class NotForked(Exception):
    """A kernel has to be started as usual: a code (msgid ``warm.<reason>``) and its detail."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


def why_not_fork() -> tuple[str, str]:
    """The reason not to fork here (msgid ``warm.<reason>``) and its detail; two empty texts when a fork is safe."""
    if sys.platform != "linux" or not TASKS.is_dir() or not hasattr(os, "pidfd_open"):
        return "no_fork", sys.platform
    if foreign_threads():
        _rehearse()
    threads = foreign_threads()
    return ("threads", ", ".join(threads)) if threads else ("", "")


def fork() -> int:
    """Fork; the number of the child, 0 in the child. Newer Pythons warn of any thread, which was looked at before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _rehearse() -> None:
    """Fork a child that only ends: threads that leave before a fork by themselves, as those of OpenBLAS, are gone then."""
    pid = fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def foreign_threads() -> tuple[str, ...]:
    """Names of the threads beside the main one, as the system counts them, without those known to be harmless."""
    own = str(os.getpid())
    names = [_thread_name(task) for task in TASKS.iterdir() if task.name != own]
    return tuple(sorted(name for name in names if name and name not in HARMLESS_THREADS))


def _thread_name(task: Path) -> str:
    try:
        return (task / "comm").read_text().strip()
    except OSError:  # ended meanwhile
        return ""


def leave_parent() -> None:
    """First thing in a child: a session of its own, no input, an end that comes with the parent's."""
    parent = os.getppid()
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def kill_group(pid: int) -> None:
    """End a child and everything it started that stayed in its session."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
