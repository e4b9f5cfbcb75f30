"""Locks on files: given back by the system even when their holder is killed, and who is turned away learns by whom."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

PATIENCE_SECONDS = 0.3  # whoever only looks whether a lock is held holds it for a moment
LOOK_SECONDS = 0.02
TAKEN = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})


@dataclass(frozen=True, slots=True)
class Holder:
    """Who took a lock: the command, its process, the machine, and when (ISO, UTC)."""

    command: str
    pid: int
    host: str
    since: str


class Held(Exception):
    """A lock is held by somebody else; `holder` is None where nobody knows by whom."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        self.path, self.holder = path, holder
        super().__init__(str(path))


@contextmanager
def hold(path: Path, *, shared: bool = False, wait: bool = False) -> Iterator[None]:
    """Hold a lock for a block.

    Args:
        path: the lock's file; it is made where it is absent and stays.
        shared: many may hold it so at once, but none of them while one holds it alone.
        wait: wait for whoever holds it.

    Raises:
        Held: somebody else has it and `wait` was not asked for.
        OSError: the file cannot be opened, or its file system knows no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
    try:
        if not _take_in_time(handle, shared=shared, seconds=None if wait else PATIENCE_SECONDS):
            raise Held(path, holder_of(path))
        if not shared:
            os.ftruncate(handle, 0)
        os.write(handle, json.dumps(asdict(_this_process()), ensure_ascii=False).encode() + b"\n")
        try:
            yield
        finally:
            if not shared or _take(handle, shared=False):  # the last one leaves no name behind
                os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether anybody holds a lock now."""
    binary = getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, os.O_RDWR | binary)
    except FileNotFoundError:
        return False
    except OSError:  # somebody else's, or on a disk that is only read
        handle = os.open(path, os.O_RDONLY | binary)
    try:
        return not _take(handle, shared=False)
    finally:
        os.close(handle)


def holder_of(path: Path) -> Holder | None:
    """The one who took a lock last and still lives, as far as this machine can tell."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        try:
            holder = Holder(**json.loads(line))
        except (ValueError, TypeError):  # a line cut by a full disk
            continue
        if holder.host != socket.gethostname() or _is_alive(holder.pid):
            return holder
    return None


def _this_process() -> Holder:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]) if sys.argv else "python"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(command=command, pid=os.getpid(), host=socket.gethostname(), since=now)


def _is_alive(pid: int) -> bool:
    if os.name != "posix":  # there is no harmless question to a process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _take_in_time(handle: int, *, shared: bool, seconds: float | None) -> bool:
    limit = None if seconds is None else time.monotonic() + seconds
    while not _take(handle, shared=shared):
        if limit is not None and time.monotonic() > limit:
            return False
        time.sleep(LOOK_SECONDS)
    return True


if sys.platform == "win32":
    import msvcrt

    PLACE, SEATS = 1 << 30, 64  # beyond what is written: locked bytes cannot be read

    def _take(handle: int, *, shared: bool) -> bool:
        """One who shares takes one byte of many, one alone takes them all."""
        pieces = [(PLACE + seat, 1) for seat in range(SEATS)] if shared else [(PLACE, SEATS)]
        return any(_lock_bytes(handle, *piece) for piece in pieces)

    def _lock_bytes(handle: int, place: int, length: int) -> bool:
        os.lseek(handle, place, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, length)
        except OSError as error:
            if error.errno in TAKEN:
                return False
            raise
        return True

else:
    import fcntl

    def _take(handle: int, *, shared: bool) -> bool:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in TAKEN:
                return False
            raise
        return True
