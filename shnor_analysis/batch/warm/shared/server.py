"""The shared server: forks a kernel for whoever of the same user asks, learns what kernels import, ends when idle.

One thread. A guest sends one JSON line with the descriptors for output (and the wire, where there is one); its kernel
answers `started` itself, the server says `over` when it ends. A guest that goes away takes its kernel with it.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shnor_analysis.batch.warm.forking import NEVER_PRELOADED, fork, kill_group, why_not_fork
from shnor_analysis.batch.warm.shared.fork_safe import FORK_SAFE
from shnor_analysis.batch.warm.shared.kernel_child import be_kernel, prepare
from shnor_analysis.batch.warm.shared.key import server_name
from shnor_analysis.batch.warm.shared.peers import is_same_user
from shnor_analysis.batch.warm.shared.place import Place
from shnor_analysis.batch.warm.shared.seen_imports import import_seen

READ_BYTES = 1 << 16
MOST_DESCRIPTORS = 3
QUIET_SECONDS = 0.25
LOOK_SECONDS = 30.0
MINUTES = "SHNOR_WARM_MINUTES"
DEFAULT_MINUTES = 15.0


@dataclass(slots=True)
class Guest:
    """Who asked, and the kernel it was given."""

    connection: socket.socket
    asked: bytearray = field(default_factory=bytearray)
    descriptors: list[int] = field(default_factory=list)
    pid: int = 0
    handle: int = -1
    pipe: int = -1
    told: bytearray = field(default_factory=bytearray)


class SharedServer:
    """Serves one place until it is idle, stale or told to end."""

    def __init__(
        self, place: Place, *, listener: socket.socket, lock: int, environment: Mapping[str, str]
    ) -> None:
        """Serve guests of `listener`; `lock` is held as long as new ones are taken.

        `environment` is that which the place was named for.
        """
        self._place, self._listener, self._lock = place, listener, lock
        self._idle_seconds, self._environment = idle_seconds(environment), environment
        self._guests: list[Guest] = []
        self._seen: list[str] = []
        self._is_open = True
        self._last_guest = time.monotonic()
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._welcome)

    def serve(self) -> None:
        """Work until nobody is here and nobody may come."""
        while self._is_open or self._guests:
            events = self._selector.select(self._patience())
            for key, _ in events:
                if key.fd in self._selector.get_map():  # not closed by an earlier one
                    key.data()
            if not events:
                self._be_quiet()

    def retire(self) -> None:
        """Take no more guests; those who are here stay."""
        if not self._is_open:
            return
        self._is_open = False
        self._selector.unregister(self._listener)
        self._listener.close()
        for path in (self._place.address, self._place.starting, self._place.alive):
            path.unlink(missing_ok=True)
        if self._place.log.is_file() and not self._place.log.stat().st_size:
            self._place.log.unlink()
        os.close(self._lock)

    def end(self, *_: Any) -> None:
        """Take no more guests and end every kernel."""
        self.retire()
        if not self._guests:
            os._exit(0)
        for guest in self._guests:
            if guest.pid:
                kill_group(guest.pid)

    def _patience(self) -> float | None:
        if self._seen:
            return QUIET_SECONDS
        if not self._is_open:
            return None
        left = self._last_guest + self._idle_seconds - time.monotonic()
        return LOOK_SECONDS if self._guests else min(max(left, 0.0), LOOK_SECONDS)

    def _be_quiet(self) -> None:
        """Nobody wants anything: learn, or see whether it is time to end."""
        if self._seen and self._is_open:
            self._learn()
            return
        self._seen.clear()
        is_idle = not self._guests and time.monotonic() - self._last_guest >= self._idle_seconds
        if is_idle or server_name(self._environment) != self._place.name:
            self.retire()

    def _learn(self) -> None:
        """Import what kernels were seen to import; one that makes a fork unsafe is never imported again."""
        names = [name for name in dict.fromkeys(self._seen) if name not in sys.modules]
        self._seen.clear()
        before = {name.partition(".")[0] for name in sys.modules}
        import_seen(names, avoided=avoided_packages(self._place))
        if why_no_more_forks()[0]:
            new = {name.partition(".")[0] for name in sys.modules} - before
            with self._place.avoided.open("a", encoding="utf-8") as file:
                file.writelines(f"{name}\n" for name in sorted(new & FORK_SAFE))
            self.retire()

    def _welcome(self) -> None:
        connection, _ = self._listener.accept()
        if not is_same_user(connection):
            connection.close()
            return
        connection.setblocking(False)
        self._last_guest = time.monotonic()
        guest = Guest(connection)
        self._guests.append(guest)
        self._selector.register(connection, selectors.EVENT_READ, partial(self._hear, guest))

    def _hear(self, guest: Guest) -> None:
        """A guest asks, or has gone."""
        try:
            piece, descriptors, _, _ = socket.recv_fds(guest.connection, READ_BYTES, MOST_DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            piece, descriptors = b"", []
        guest.descriptors += descriptors
        if guest.pid:
            if not piece:
                self._selector.unregister(guest.connection)
                kill_group(guest.pid)
            return
        guest.asked += piece
        if not piece:
            self._part_from(guest)
        elif guest.asked.endswith(b"\n"):
            self._start(guest)

    def _start(self, guest: Guest) -> None:
        """Fork a kernel. Everything of the server is closed in the child by `_forget_everything`."""
        ours, theirs = os.pipe()
        asked = json.loads(guest.asked)
        pid = fork()
        if pid == 0:
            os.close(ours)
            self._forget_everything(guest)
            be_kernel(asked, guest.connection, descriptors=guest.descriptors, pipe=theirs)
        os.close(theirs)
        os.set_blocking(ours, False)
        for descriptor in guest.descriptors:
            os.close(descriptor)
        guest.asked.clear()
        guest.descriptors.clear()
        guest.pid, guest.pipe, guest.handle = pid, ours, os.pidfd_open(pid)
        self._selector.register(guest.handle, selectors.EVENT_READ, partial(self._settle, guest))
        self._selector.register(ours, selectors.EVENT_READ, partial(self._listen, guest))

    def _forget_everything(self, own: Guest) -> None:
        """In a child: close what belongs to the server and to other guests, and take signals as usual."""
        self._selector.close()
        self._listener.close()
        if self._is_open:
            os.close(self._lock)
        for guest in self._guests:
            if guest is not own:
                guest.connection.close()
                for descriptor in (guest.handle, guest.pipe, *guest.descriptors):
                    if descriptor >= 0:
                        os.close(descriptor)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _listen(self, guest: Guest) -> None:
        """Take what a kernel says of its imports."""
        try:
            piece = os.read(guest.pipe, READ_BYTES)
        except BlockingIOError:
            return
        if not piece:
            self._selector.unregister(guest.pipe)
        guest.told += piece
        while b"\n" in guest.told:
            line, _, guest.told = guest.told.partition(b"\n")
            self._seen += json.loads(line)

    def _settle(self, guest: Guest) -> None:
        """A kernel has ended: nothing of it stays, and its guest hears how."""
        self._listen_to_the_end(guest)
        kill_group(guest.pid)
        _, status = os.waitpid(guest.pid, 0)
        with suppress(OSError):
            answer = {"event": "over", "code": os.waitstatus_to_exitcode(status)}
            guest.connection.send(json.dumps(answer).encode() + b"\n")
        self._part_from(guest)

    def _listen_to_the_end(self, guest: Guest) -> None:
        if guest.pipe in self._selector.get_map():
            self._listen(guest)

    def _part_from(self, guest: Guest) -> None:
        for watched in (guest.connection, guest.handle, guest.pipe):
            with suppress(KeyError, ValueError):
                self._selector.unregister(watched)
        guest.connection.close()
        for descriptor in (guest.handle, guest.pipe, *guest.descriptors):
            if descriptor >= 0:
                os.close(descriptor)
        self._guests.remove(guest)
        self._last_guest = time.monotonic()


def why_no_more_forks() -> tuple[str, str]:
    """The reason why a server may not fork with what it has imported; two empty texts for none."""
    forbidden = sorted(NEVER_PRELOADED & sys.modules.keys())
    return ("forbidden_module", forbidden[0]) if forbidden else why_not_fork()


def avoided_packages(place: Place) -> frozenset[str]:
    """Packages that made a fork unsafe before."""
    return frozenset(place.avoided.read_text().split()) if place.avoided.is_file() else frozenset()


def idle_seconds(environment: Mapping[str, str]) -> float:
    """How long a server waits for a guest before it ends."""
    with suppress(ValueError):
        return max(float(environment.get(MINUTES, "")), 0.0) * 60
    return DEFAULT_MINUTES * 60


def refusal() -> Mapping[str, str]:
    """Import what every kernel needs; the reason not to serve, empty when all is well."""
    prepare()
    reason, detail = why_no_more_forks()
    return {"reason": reason, "detail": detail} if reason else {}
