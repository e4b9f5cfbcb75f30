"""The crew of a cluster: hands out chunks, hears what becomes of each unit, and bears the loss of workers."""

from __future__ import annotations

import logging
import queue
import re
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from shnor_analysis.batch.cluster.checking import Admission
from shnor_analysis.batch.cluster.chunks import Chunk, Chunks
from shnor_analysis.batch.cluster.joining import LOCAL, join
from shnor_analysis.batch.cluster.on_worker import do_chunk, end_server
from shnor_analysis.batch.cluster.staff import Staff
from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.publishing import discard, part_path
from shnor_analysis.batch.runs import Limits
from shnor_analysis.errors import EnvironmentProblem, Problem, ShnorError

NO_WORKERS_SECONDS = 300.0
LOOK_SECONDS = 1.0
HEAR_SECONDS = 0.2
SEEN_SECONDS = 5.0
FAREWELL_SECONDS = 5.0
ODD = re.compile(r"[^0-9A-Za-z.]+")
logger = logging.getLogger(__name__)


class ClusterCrew:
    """Workers of Dask, each with a fork server beside it; a unit whose worker dies is done by another."""

    def __init__(
        self,
        plan: Plan,
        *,
        run_folder: Path,
        size: int,
        limits: Limits,
        address: str,
        patience: float | None = None,
    ) -> None:
        """Prepare; nothing is joined or started yet.

        Args:
            plan: the units; template, output and what the notebooks read lie in folders that every worker sees.
            run_folder: where the logs of the fork servers go, shared like the rest.
            size: workers of a cluster on this machine; reports at a time beside each worker of another, 0 for as many as
                it has threads.
            limits: seconds allowed, watched by the fork servers.
            address: of the scheduler, or "local".
            patience: seconds without any worker that are borne; five minutes where nothing is said.
        """
        self.events: queue.Queue[tuple[str, Job, dict[str, Any]]] = queue.Queue()
        self._plan, self._run_folder, self._limits, self._address = plan, run_folder, limits, address
        self._size = size
        self._patience = NO_WORKERS_SECONDS if patience is None else patience
        self._chunks = Chunks(plan.jobs)
        self._topic = f"shnor-{secrets.token_hex(8)}"
        self._heard: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._futures: dict[int, Any] = {}
        self._abandoned: list[Path] = []
        self._last_error = ""
        self._next_look = 0.0
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Join the cluster, see that every worker fits, begin.

        Raises:
            EnvironmentProblem: the cluster is not there, or workers do not fit; nothing has run then.
            UsageProblem: `cluster_address`.
        """
        self._link = join(self._address, size=self._size)
        try:
            self._admission = Admission(self._plan, self._run_folder)
            self._staff = Staff(self._link, self._admission, patience=self._patience)
            self._staff.assemble()
            self._link.client.subscribe_topic(self._topic, lambda event: self._heard.put(("said", event[1])))
        except BaseException:
            self._go()
            raise
        self._thread.start()

    def kill(self) -> None:
        """Call everything off and leave; nothing of what was in the making stays."""
        self._is_stopping.set()
        self._thread.join()
        with suppress(Exception):  # the cluster may be the very thing that failed
            self._link.check()
            self._link.client.cancel(list(self._futures.values()), force=True)
            self._hear_farewells()
        self._go()
        self._abandoned += [part for chunk in self._chunks.open_chunks() for part in self._parts(chunk)]
        self._clear()

    def close(self) -> None:
        """Leave; there is nothing more to do."""
        self._thread.join()
        self._dismiss_servers()
        self._go()
        self._clear()

    def _work(self) -> None:
        """Until all is over: see who is there, hand out, hear."""
        try:
            while not self._chunks.is_over and not self._is_stopping.is_set():
                self._see_workers()
                self._hand_out()
                self._hear()
        except ShnorError as error:
            self._lose(error)
        except Exception as error:
            logger.debug("cluster", exc_info=True)
            detail = f"{type(error).__name__}: {error}"[:300]
            self._lose(EnvironmentProblem(Problem("cluster_scheduler_lost", fields={"detail": detail})))

    def _lose(self, error: ShnorError) -> None:
        self.events.put(("lost", self._plan.jobs[0], {"error": error}))

    def _see_workers(self) -> None:
        self._link.check()
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        for worker in self._staff.look(lambda name: self._heard.put(("came", name))):
            for number in self._chunks.at(worker):
                self._close_chunk(number)

    def _hand_out(self) -> None:
        for worker, threads in tuple(self._staff.threads.items()):
            if self._chunks.at(worker):
                continue
            at_a_time = 1 if self._address == LOCAL else self._size or threads
            chunk = self._chunks.hand_out(worker, workers=len(self._staff.threads), at_a_time=at_a_time)
            if chunk is None:
                return
            self._send(chunk, at_a_time)

    def _send(self, chunk: Chunk, at_a_time: int) -> None:
        number = chunk.number
        message = {
            "topic": self._topic,
            "number": number,
            "label": self._topic,
            "at_a_time": at_a_time,
            "preload": list(self._plan.preload),
            "log": str(self._run_folder / f"warm-{ODD.sub('-', chunk.worker)}.log"),
            "units": [self._message(job, number) for job in chunk.left.values()],
        }
        future = self._link.client.submit(
            do_chunk,
            message,
            key=f"{self._topic}-{number}",
            workers=[chunk.worker],
            allow_other_workers=False,
            pure=False,
        )
        self._futures[number] = future
        future.add_done_callback(lambda done: self._heard.put(("done", (number, done.status))))

    def _message(self, job: Job, number: int) -> dict[str, Any]:
        """A unit as a worker takes it, with a folder that no other attempt at it has."""
        return {
            "unit_id": job.unit_id,
            "template": str(job.template),
            "part": str(self._attempt(job, number)),
            "parameters": dict(job.parameters),
            "finisher": self._plan.finisher,
            "cell_seconds": self._limits.cell_seconds,
            "start_seconds": self._limits.start_seconds,
            "report_seconds": self._limits.report_seconds,
        }

    def _attempt(self, job: Job, number: int) -> Path:
        return part_path(job.output, f"{self._plan.label}-{number}")

    def _parts(self, chunk: Chunk) -> list[Path]:
        return [self._attempt(job, chunk.number) for job in chunk.left.values()]

    def _hear(self) -> None:
        try:
            kind, said = self._heard.get(timeout=HEAR_SECONDS)
        except queue.Empty:
            return
        if kind == "said":
            self._take(dict(said))
        elif kind == "came":
            self._staff.hear_newcomer(said)
        else:
            self._take_end(*said)

    def _take(self, said: dict[str, Any]) -> None:
        """An event of a unit or of a chunk, as `on_worker` tells them."""
        event, number = said.pop("event"), said.pop("number")
        if event == "started":
            job = self._chunks.begin(number, said["unit_id"])
            if job is not None:
                self.events.put(("started", job, {}))
        elif event == "over":
            self._take_answer(number, said)
        elif event == "refused":
            fields = {
                "worker": self._chunks.worker_of(number),
                "detail": f"{said['reason']}: {said['detail']}",
            }
            raise EnvironmentProblem(Problem("cluster_cannot_fork", fields=fields))
        else:
            self._close_chunk(number)

    def _take_answer(self, number: int, answer: dict[str, Any]) -> None:
        job = self._chunks.answer(number, answer["unit_id"])
        if job is None:
            return
        attempt = self._attempt(job, number)
        with suppress(FileNotFoundError):
            _take_over(attempt, part_path(job.output, self._plan.label), must_be=not answer["reason"])
        self.events.put(("over", job, answer))

    def _take_end(self, number: int, status: str) -> None:
        """A task has ended in whatever way; all that it had to say was heard before."""
        future = self._futures.get(number)
        if status == "error" and future is not None:
            self._last_error = str(future.exception(timeout=SEEN_SECONDS))[:300]
        self._close_chunk(number)

    def _close_chunk(self, number: int) -> None:
        future = self._futures.pop(number, None)
        if future is None:
            return
        unanswered = [
            part
            for chunk in self._chunks.open_chunks()
            if chunk.number == number
            for part in self._parts(chunk)
        ]
        for job in self._chunks.close(number):
            self.events.put(("over", job, {"reason": "worker_died", "detail": self._last_error or "cluster"}))
        if unanswered:
            self._abandoned += unanswered
            future.cancel(force=True)
        if self._chunks.is_hopeless(len(self._staff.threads)):
            raise EnvironmentProblem(Problem("cluster_hopeless", fields={"detail": self._last_error}))

    def _hear_farewells(self) -> None:
        """Wait until the workers that are still there have ended what was called off, but not for long."""
        still = {chunk.number: chunk.worker for chunk in self._chunks.open_chunks()}
        limit = time.monotonic() + FAREWELL_SECONDS
        while time.monotonic() < limit and set(still.values()) & self._link.workers().keys():
            with suppress(queue.Empty):
                kind, said = self._heard.get(timeout=HEAR_SECONDS)
                if kind == "said" and said["event"] in {"ended", "refused"}:
                    still.pop(said["number"], None)

    def _dismiss_servers(self) -> None:
        """Fork servers beside workers that go on living have nothing more to do."""
        if self._address == LOCAL:
            return
        from distributed import wait

        with suppress(Exception):  # they end by themselves when nothing comes
            asked = [
                self._link.client.submit(end_server, self._topic, workers=[worker], pure=False)
                for worker in self._staff.threads
            ]
            wait(asked, timeout=FAREWELL_SECONDS)

    def _go(self) -> None:
        if hasattr(self, "_admission"):
            self._admission.close()
        self._link.close()

    def _clear(self) -> None:
        for part in self._abandoned:
            discard(part)


def _take_over(attempt: Path, part: Path, *, must_be: bool) -> None:
    """Give the folder of the attempt that counts the name that is published; a network may show it a moment later."""
    limit = time.monotonic() + (SEEN_SECONDS if must_be else 0.0)
    while True:
        try:
            attempt.rename(part)
        except FileNotFoundError:
            if time.monotonic() >= limit:
                raise
            time.sleep(HEAR_SECONDS)
        else:
            return
