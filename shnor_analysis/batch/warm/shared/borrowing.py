"""How a process gets a kernel of the shared server, which it starts if there is none."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from shnor_analysis.batch.warm.forked import ForkedKernel
from shnor_analysis.batch.warm.forking import NotForked
from shnor_analysis.batch.warm.shared.fork_safe import FORK_SAFE
from shnor_analysis.batch.warm.shared.key import read_at_import
from shnor_analysis.batch.warm.shared.peers import is_same_user
from shnor_analysis.batch.warm.shared.place import Place, place_of
from shnor_analysis.batch.warm.shared.surroundings import Surroundings

SWITCH = "SHNOR_WARM_SERVER"
OFF = frozenset({"off", "no", "0", "false"})
ANSWER_SECONDS = 60.0
WORDS_SECONDS = 3.0
REFUSAL_HOURS = 1
ATTEMPTS = 3
READ_BYTES = 1 << 16
FOLLOWED = ("PATH", "USER", "LOGNAME")


class BorrowedKernel(ForkedKernel):
    """A kernel that is a child of the shared server, with the methods that other processes are asked by.

    It is signalled through a handle that the kernel gave itself, so never another process by mistake. When this object
    is ended, or its process is gone, the server ends the kernel with everything in its group.
    """

    def __init__(self, pid: int, handle: int, connection: socket.socket) -> None:
        """Keep hold of a kernel that has begun."""
        self.pid, self._handle, self._connection = pid, handle, connection
        self.returncode: int | None = None
        self._heard = b""
        self._dead_since = 0.0

    def is_alive(self) -> bool:
        """Whether its process still runs."""
        return self.returncode is None and not select.select([self._handle], [], [], 0)[0]

    def poll(self) -> int | None:
        """Its exit code as `subprocess` gives it; None while it runs and until the server has told."""
        if self.returncode is None and not self.is_alive():
            self._dead_since = self._dead_since or time.monotonic()
            self._hear(0)
            if self.returncode is None and time.monotonic() - self._dead_since > WORDS_SECONDS:
                self.returncode = -signal.SIGKILL  # the server died with it
            self._let_go()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal the kernel alone; one that is gone hears nothing."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def interrupt(self) -> None:
        """Stop the cell that runs."""
        self.send_signal(signal.SIGINT)

    def end(self) -> None:
        """End it with all it started, and give back what it took of this process."""
        self.kill()
        if self.returncode is None:
            self.returncode = -signal.SIGKILL
        self._let_go()

    def _hear(self, seconds: float) -> None:
        with suppress(OSError):
            while self.returncode is None and select.select([self._connection], [], [], seconds)[0]:
                piece = self._connection.recv(READ_BYTES)
                self._heard += piece
                if not piece or self._heard.endswith(b"\n"):
                    self.returncode = json.loads(self._heard)["code"] if piece else -signal.SIGKILL

    def _let_go(self) -> None:
        if self.returncode is not None and self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
            self._connection.close()


def may_share(environment: Mapping[str, str], folder: Path) -> bool:
    """Whether a kernel of the shared server is the same as a started one in this folder, and the server is not off.

    A started kernel would take a file beside it, as `pandas.py` or `matplotlibrc`, in place of the installed one.
    """
    if environment.get(SWITCH, "").strip().lower() in OFF:
        return False
    beside = [folder / "matplotlibrc"]
    for name in FORK_SAFE:
        beside += [folder / f"{name}.py", folder / name / "__init__.py"]
    return not any(path.exists() for path in beside)


def borrow(
    surroundings: Surroundings, *, outputs: Sequence[int] = (1, 2), wire: int | None = None, **rest: Any
) -> BorrowedKernel:
    """A kernel forked by the shared server of these surroundings.

    Args:
        surroundings: what the kernel takes over.
        outputs: descriptors for its output and its errors.
        wire: descriptor of its end of a wire; without one it is a kernel on ports.
        rest: `arguments` of a kernel on ports.

    Raises:
        NotForked: there is no server and none could be started, or it gave no kernel.
    """
    message = {"kind": "ports" if wire is None else "wire", "surroundings": surroundings.message(), **rest}
    asked = json.dumps(message).encode() + b"\n"
    descriptors = [*outputs, *([] if wire is None else [wire])]
    for _ in range(ATTEMPTS):
        place = place_of(surroundings.environment)
        connection = _connect(place) or _start(place, surroundings.environment)
        kernel = None if connection is None else _ask(connection, asked, descriptors)
        if kernel is not None:
            return kernel
    raise NotForked("not_started", str(place.log))


def _ask(connection: socket.socket, asked: bytes, descriptors: Sequence[int]) -> BorrowedKernel | None:
    """The kernel, or None when the server was just ending."""
    connection.settimeout(ANSWER_SECONDS)
    heard, handles = b"", list[int]()
    try:
        sent = socket.send_fds(connection, [asked], descriptors)
        connection.sendall(asked[sent:])
        while not heard.endswith(b"\n"):
            piece, got, _, _ = socket.recv_fds(connection, READ_BYTES, 1)
            handles += got
            heard += piece
            if not piece:
                break
    except OSError:
        heard = b""
    said = json.loads(heard) if heard.endswith(b"\n") else {}
    if said.get("event") != "started" or not handles:
        connection.close()
        return None
    return BorrowedKernel(int(said["pid"]), handles[0], connection)


def _connect(place: Place) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(place.address))
    except OSError:
        connection.close()
        return None
    if not is_same_user(connection):
        connection.close()
        raise NotForked("shared_folder", str(place.folder))
    return connection


def _start(place: Place, environment: Mapping[str, str]) -> socket.socket | None:
    """Start the server unless another process does so at the same time; None where it is worth to try again.

    Raises:
        NotForked: it refused, now or a short time ago, or did not come up.
    """
    with _alone(place.starting):
        connection = _connect(place)
        if connection is not None:
            return connection
        _raise_known_refusal(place)
        answer = _launch(place, environment)
        if answer.get("event") not in {"ready", "again"}:
            raise NotForked(answer.get("reason", "not_started"), answer.get("detail", str(place.log)))
        return _connect(place)


def _launch(place: Place, environment: Mapping[str, str]) -> dict[str, str]:
    named = read_at_import(environment)
    followed = {name: environment[name] for name in FOLLOWED if name in environment}
    log = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", __package__, str(place.folder), place.name],
            input=json.dumps(named).encode() + b"\n",
            stdout=subprocess.PIPE,
            stderr=log,
            env={**named, **followed},
            cwd="/",
            start_new_session=True,
            check=False,
            timeout=ANSWER_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return {}
    finally:
        os.close(log)
    line = ran.stdout.decode().strip()
    return dict(json.loads(line)) if line else {}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _raise_known_refusal(place: Place) -> None:
    try:
        is_fresh = time.time() - place.refused.stat().st_mtime < REFUSAL_HOURS * 3600
        known = json.loads(place.refused.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if is_fresh:
        raise NotForked(known["reason"], known["detail"])
