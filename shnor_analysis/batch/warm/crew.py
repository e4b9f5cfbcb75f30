"""The fork server seen from the batch: jobs go in, events come out; a server that dies is started again."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.runs import Limits, job_message
from shnor_analysis.batch.warm.forking import kill_group
from shnor_analysis.batch.worker import no_folder
from shnor_analysis.batch.worker_process import ONE_THREAD, QUIET

LOG_NAME = "warm.log"
MOST_ATTEMPTS = 2


class CannotFork(Exception):
    """The server refused: a code (msgid ``warm.<reason>``) and its detail."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class WarmCrew:
    """One fork server with up to `size` children at a time."""

    def __init__(self, plan: Plan, *, run_folder: Path, size: int, limits: Limits) -> None:
        """Prepare; nothing is started yet."""
        self.events: queue.Queue[tuple[str, Job, dict[str, Any]]] = queue.Queue()
        self._plan, self._limits, self._log = plan, limits, run_folder / LOG_NAME
        self._jobs = {job.unit_id: job for job in plan.jobs}
        self._waiting = list(reversed(plan.jobs))
        self._attempts: dict[str, int] = {}
        self._running: dict[str, int] = {}
        self._size = max(1, size)
        self._is_over = False
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def start(self) -> None:
        """Start the server and the first jobs.

        Raises:
            CannotFork: forks are not safe with what the server imported, or it did not come up.
        """
        if sys.platform != "linux":
            raise CannotFork("no_fork", sys.platform)
        self._start_server()
        self._thread.start()

    def kill(self) -> None:
        """End the server and every child at once."""
        self._is_over = True
        self._server.kill()
        self._thread.join()
        self._bury()

    def close(self) -> None:
        """Let the server end; there is nothing more to do."""
        self._is_over = True
        self._thread.join()
        self._bury()

    def _start_server(self) -> None:
        environment = {**os.environ, **dict.fromkeys(ONE_THREAD, "1"), **QUIET}
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "shnor_analysis.batch.warm.fork_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        try:
            self._tell({"preload": list(self._plan.preload)})
            answer = self._hear()
        except BaseException:  # Ctrl-C: nobody waits for a server that imports
            self._give_up()
            raise
        if answer.get("event") != "ready":
            self._give_up()
            raise CannotFork(answer.get("reason", "not_started"), answer.get("detail", self._log.name))
        for _ in range(self._size):
            self._next()

    def _give_up(self) -> None:
        self._server.kill()
        self._bury()

    def _tell(self, message: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        try:
            self._server.stdin.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            self._server.stdin.flush()
        except OSError:  # it is dead, which the one who listens will see
            return

    def _hear(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        return dict(json.loads(line)) if line.endswith(b"\n") else {}

    def _next(self) -> None:
        """Hand over one job that waits; those whose folder cannot be made are over at once."""
        while self._waiting and not self._is_over:
            job = self._waiting.pop()
            self._attempts[job.unit_id] = self._attempts.get(job.unit_id, 0) + 1
            if self._attempts[job.unit_id] == 1:
                self.events.put(("started", job, {}))
            try:
                message = job_message(job, plan=self._plan, limits=self._limits)
            except OSError as error:
                self.events.put(("over", job, no_folder(error)))
                continue
            self._running[job.unit_id] = 0
            self._tell(message)
            return

    def _listen(self) -> None:
        """Pass on what the server says, until all is over; a fault of this thread must not leave the parent waiting."""
        try:
            while self._running and not self._is_over:
                self._pass_on(self._hear())
        except BaseException as error:
            self.events.put(("lost", self._plan.jobs[0], {"error": error}))

    def _pass_on(self, said: dict[str, Any]) -> None:
        if not said:
            self._raise_again()
        elif said["event"] == "started":
            self._running[said["unit_id"]] = int(said["pid"])
        else:
            self._settle(said["unit_id"], said)

    def _settle(self, unit_id: str, answer: dict[str, Any]) -> None:
        del self._running[unit_id]
        self.events.put(("over", self._jobs[unit_id], answer))
        self._next()

    def _raise_again(self) -> None:
        """The server died: its children end, and what they were doing is done again, but not for ever."""
        if self._is_over:
            return
        self._bury()
        for unit_id in list(self._running):
            del self._running[unit_id]
            if self._attempts[unit_id] < MOST_ATTEMPTS:
                self._waiting.append(self._jobs[unit_id])
            else:
                self.events.put(
                    ("over", self._jobs[unit_id], {"reason": "worker_died", "detail": "fork server"})
                )
        if self._waiting:
            self._start_again()

    def _start_again(self) -> None:
        try:
            self._start_server()
        except CannotFork as error:
            for job in self._waiting:
                self.events.put(("over", job, {"reason": "worker_died", "detail": str(error)}))
            self._waiting.clear()

    def _bury(self) -> None:
        """Close what leads to the server, which ends with its input, and end what is left of its children."""
        server = self._server
        for stream in (server.stdin, server.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        server.wait()
        for pid in self._running.values():
            if pid:
                kill_group(pid)
