"""The plain engine: papermill in a few child processes. One unit that fails never stops the others."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

from shnor_analysis.batch.plan import Job, Plan
from shnor_analysis.batch.runs import Limits, job_message
from shnor_analysis.batch.worker import no_folder
from shnor_analysis.batch.worker_process import WorkerProcess


class PlainCrew:
    """Threads that each keep one child busy; what happens comes out as events for the parent's one hand."""

    def __init__(self, plan: Plan, *, run_folder: Path, size: int, limits: Limits) -> None:
        """Prepare `size` workers at most; nothing is started yet."""
        self.events: queue.Queue[tuple[str, Job, dict[str, Any]]] = queue.Queue()
        self._plan, self._limits = plan, limits
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in plan.jobs:
            self._waiting.put(job)
        count = max(1, min(size, len(plan.jobs)))
        self._workers = [WorkerProcess(run_folder / f"worker-{number}.log") for number in range(1, count + 1)]
        self._threads = [
            threading.Thread(target=self._work, args=(one,), daemon=True) for one in self._workers
        ]
        self._is_stopping = threading.Event()

    def start(self) -> None:
        """Begin with the jobs."""
        for thread in self._threads:
            thread.start()

    def _work(self, worker: WorkerProcess) -> None:
        while not self._is_stopping.is_set():
            try:
                job = self._waiting.get_nowait()
            except queue.Empty:
                return
            self.events.put(("started", job, {}))
            self.events.put(("over", job, self._ask(worker, job)))

    def _ask(self, worker: WorkerProcess, job: Job) -> dict[str, Any]:
        try:
            message = job_message(job, plan=self._plan, limits=self._limits)
        except OSError as error:
            return no_folder(error)
        try:
            return worker.ask(message, seconds=self._limits.report_seconds)
        except Exception as error:
            return {"reason": "worker_failed", "detail": f"{type(error).__name__}: {error}"}

    def kill(self) -> None:
        """End every child at once."""
        self._is_stopping.set()
        for worker in self._workers:
            worker.kill()

    def close(self) -> None:
        """Let the children end; there is nothing more to do."""
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            worker.close()
