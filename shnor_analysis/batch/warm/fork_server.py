"""The parent of all reports: imports, then forks a child a job and watches its time. Has one thread.

JSON lines in: first the modules to preload, then jobs. JSON lines out: `ready` or `refused`, then `started` and `over`.
When the input ends, every child ends.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shnor_analysis.batch.memory_kills import memory_kills
from shnor_analysis.batch.warm.child import be_report
from shnor_analysis.batch.warm.forking import NEVER_PRELOADED, fork, kill_group, why_not_fork
from shnor_analysis.batch.warm.preloading import preload

READ_BYTES = 1 << 16


@dataclass(slots=True)
class Child:
    """A report on its way."""

    pid: int
    unit_id: str
    pipe: int
    end_of_report: float
    cell_seconds: float
    started: float
    end_of_cell: float = float("inf")
    cell: int | None = None
    reason: str = ""
    memory_kills: int = field(default_factory=memory_kills)
    heard: bytearray = field(default_factory=bytearray)
    result: dict[str, Any] | None = None

    @property
    def deadline(self) -> float:
        """The moment at which this child is late."""
        return min(self.end_of_report, self.end_of_cell)

    def hear(self) -> None:
        """Take what the child said: cells that start, at the end its result."""
        try:
            self.heard += os.read(self.pipe, READ_BYTES)
        except BlockingIOError:
            return
        while b"\n" in self.heard:
            line, _, rest = self.heard.partition(b"\n")
            self.heard = rest
            said = json.loads(line)
            if "reason" in said:
                self.result, self.end_of_cell = said, float("inf")
            else:
                self.cell, self.end_of_cell = said["cell"], time.monotonic() + self.cell_seconds


class ForkServer:
    """Answers jobs from its input until that ends."""

    def __init__(self, answers: int) -> None:
        """Say everything on the file descriptor `answers`."""
        self._answers = answers
        self._children: dict[int, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._pending = bytearray()
        self._is_open = True

    def serve(self) -> None:
        """Fork a child a job; end with the input."""
        os.set_blocking(0, False)
        self._selector.register(0, selectors.EVENT_READ)
        while self._is_open:
            for key, _ in self._selector.select(self._patience()):
                if key.fd == 0:
                    self._read_jobs()
                else:
                    self._watch(key.data)
            self._end_late()
        for child in self._children.values():
            kill_group(child.pid)

    def say(self, event: str, **rest: Any) -> None:
        """One line to whoever runs the batch."""
        piece = json.dumps({"event": event, **rest}, ensure_ascii=False).encode() + b"\n"
        while piece:
            piece = piece[os.write(self._answers, piece) :]

    def _patience(self) -> float | None:
        deadlines = [child.deadline for child in self._children.values() if not child.reason]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _read_jobs(self) -> None:
        piece = os.read(0, READ_BYTES)
        if not piece:
            self._is_open = False
        self._pending += piece
        while b"\n" in self._pending:
            line, _, self._pending = self._pending.partition(b"\n")
            self._start(json.loads(line))

    def _start(self, job: Mapping[str, Any]) -> None:
        ours, theirs = os.pipe()
        pid = fork()
        if pid == 0:
            self._forget_everything(ours)
            be_report(job, theirs)
        os.close(theirs)
        os.set_blocking(ours, False)
        now = time.monotonic()
        child = Child(
            pid=pid,
            unit_id=job["unit_id"],
            pipe=ours,
            end_of_report=now + job["report_seconds"],
            cell_seconds=job["cell_seconds"],
            started=now,
        )
        handle = os.pidfd_open(pid)
        self._children[handle] = child
        self._selector.register(handle, selectors.EVENT_READ, ("ended", handle))
        self._selector.register(ours, selectors.EVENT_READ, ("said", handle))
        self.say("started", unit_id=child.unit_id, pid=pid)

    def _forget_everything(self, ours: int) -> None:
        """In a child: close what belongs to the parent and to other children."""
        self._selector.close()
        for handle, child in self._children.items():
            os.close(handle)
            os.close(child.pipe)
        os.close(ours)
        os.close(self._answers)

    def _watch(self, seen: tuple[str, int]) -> None:
        what, handle = seen
        child = self._children.get(handle)
        if child is None:
            return
        if what == "said":
            child.hear()
            if child.result is not None:  # what is left of its pipe says nothing
                self._stop_listening(child)
        else:
            self._settle(handle, child)

    def _stop_listening(self, child: Child) -> None:
        if child.pipe in self._selector.get_map():
            self._selector.unregister(child.pipe)

    def _settle(self, handle: int, child: Child) -> None:
        """A child has ended: nothing of it stays, and its story is told."""
        child.hear()
        self._stop_listening(child)
        self._selector.unregister(handle)
        del self._children[handle]
        kill_group(child.pid)
        _, status, used = os.wait4(child.pid, 0)
        os.close(handle)
        os.close(child.pipe)
        result = child.result or _death_of(child, status)
        self.say(
            "over",
            **{
                "cell": child.cell if result["reason"] else None,
                **result,
                "unit_id": child.unit_id,
                "seconds": time.monotonic() - child.started,
                "cpu_seconds": used.ru_utime + used.ru_stime,
                "peak_mb": round(used.ru_maxrss / 1024, 1),
            },
        )

    def _end_late(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if now >= child.deadline and not child.reason:
                child.reason = "report_timeout" if now >= child.end_of_report else "cell_timeout"
                kill_group(child.pid)


def _death_of(child: Child, status: int) -> dict[str, Any]:
    """The reason of a child that ended without a word."""
    if child.reason:
        return {"reason": child.reason, "detail": ""}
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL and memory_kills() > child.memory_kills:
        return {"reason": "out_of_memory", "detail": "SIGKILL"}
    return {"reason": "kernel_died", "detail": signal.Signals(-code).name if code < 0 else f"exit {code}"}


def main() -> None:
    """Preload what the first line of the input names, say whether forks are safe, serve."""
    if sys.path[0] in {"", str(Path.cwd())}:
        del sys.path[0]
    answers = os.dup(1)
    os.dup2(2, 1)
    server = ForkServer(answers)
    modules = json.loads(_first_line())["preload"]
    began = time.perf_counter()
    absent = preload(modules)
    forbidden = sorted(NEVER_PRELOADED & sys.modules.keys())
    reason, detail = ("forbidden_module", forbidden[0]) if forbidden else why_not_fork()
    if reason:
        server.say("refused", reason=reason, detail=detail)
        return
    server.say("ready", seconds=time.perf_counter() - began, absent=absent)
    server.serve()
    sys.stderr.flush()
    os._exit(0)  # libraries complain at the end of an interpreter that was forked


def _first_line() -> bytes:
    """One line of the input and not a byte more: the rest is read without a buffer."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit(0)
        line += byte
    return bytes(line)


if __name__ == "__main__":
    main()
