"""The fork server that a worker keeps beside itself: a process of its own, because a worker has threads and never forks."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from shnor_analysis.batch.warm.crew import CannotFork
from shnor_analysis.batch.warm.forking import kill_group
from shnor_analysis.batch.worker_process import ONE_THREAD, QUIET

READ_BYTES = 1 << 16
START_SECONDS = 180.0
FAREWELL_SECONDS = 5.0


class ServerBeside:
    """One fork server, asked and heard by one thread at a time; it ends with the process that keeps it."""

    def __init__(self, *, preload: Iterable[str], log: Path) -> None:
        """Start the server and wait until it has imported everything.

        Raises:
            CannotFork: forks are not safe with what it imported, or it did not come up.
        """
        if sys.platform != "linux":
            raise CannotFork("no_fork", sys.platform)
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shnor_analysis.batch.warm.fork_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                env={**os.environ, **dict.fromkeys(ONE_THREAD, "1"), **QUIET},
                start_new_session=True,
            )
        self._heard = bytearray()
        self._pids: dict[str, int] = {}
        self.last_used = time.monotonic()
        self.tell({"preload": list(preload)})
        answer = self.hear(START_SECONDS) or {}
        if answer.get("event") != "ready":
            self.kill()
            raise CannotFork(answer.get("reason", "not_started"), answer.get("detail", log.name))

    def tell(self, message: Mapping[str, Any]) -> None:
        """Give the server a unit to do."""
        assert self._process.stdin is not None
        with suppress(OSError):  # it is dead, which the one who hears will see
            self._process.stdin.write(json.dumps(dict(message), ensure_ascii=False).encode() + b"\n")
            self._process.stdin.flush()

    def hear(self, seconds: float) -> dict[str, Any] | None:
        """The next thing it says; None when it said nothing in time, empty when it is gone."""
        assert self._process.stdout is not None
        self.last_used = time.monotonic()
        limit = self.last_used + seconds
        while b"\n" not in self._heard:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, limit - time.monotonic()))
            if not ready:
                return None
            piece = os.read(self._process.stdout.fileno(), READ_BYTES)
            if not piece:
                return {}
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        self._remember(said)
        return said

    def _remember(self, said: Mapping[str, Any]) -> None:
        """Which processes are at work, so that they can be ended with the server."""
        if said["event"] == "started":
            self._pids[said["unit_id"]] = int(said["pid"])
        elif said["event"] == "over":
            self._pids.pop(said["unit_id"], None)

    def end(self) -> None:
        """Let it end by itself, or kill it when it does not."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(FAREWELL_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and every report at work at once."""
        self._process.kill()
        self._process.wait()
        for pid in self._pids.values():
            kill_group(pid)
        self._pids.clear()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
