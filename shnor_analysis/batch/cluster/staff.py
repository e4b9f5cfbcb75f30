"""The workers of a run: who is here, who may take part, who has gone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from shnor_analysis.batch.cluster.checking import Admission
from shnor_analysis.batch.cluster.joining import Link, scheduler_lost
from shnor_analysis.batch.cluster.on_worker import describe_worker
from shnor_analysis.errors import EnvironmentProblem, Problem
from shnor_analysis.language import render, render_problem, session_language

ANSWER_SECONDS = 60.0
PAUSE_SECONDS = 0.2
logger = logging.getLogger(__name__)


class Staff:
    """Workers with their threads; only those that passed the admission are given work."""

    def __init__(self, link: Link, admission: Admission, *, patience: float) -> None:
        """Nobody is admitted yet; `patience`: seconds without any admitted worker that are borne."""
        self._link, self._admission, self._patience = link, admission, patience
        self.threads: dict[str, int] = {}
        self._asked: dict[str, Any] = {}
        self._left_out: dict[str, str] = {}
        self._last_seen = time.monotonic()

    def assemble(self) -> None:
        """Wait for the first workers and admit them all.

        Raises:
            EnvironmentProblem: every problem of every worker at once; `cluster_no_workers` when none came in time.
        """
        problems: list[Problem] = []
        while not self.threads:
            present = self._link.workers()
            for worker in present:
                self._ask(worker, lambda _: None)
            for worker in present:
                problems += self._hear(worker, present[worker])
            if problems:
                raise EnvironmentProblem(problems)
            if not self.threads:
                self._bear_emptiness()
                time.sleep(PAUSE_SECONDS)

    def look(self, tell: Callable[[str], None]) -> tuple[str, ...]:
        """See who has come and gone; `tell` is called, from another thread, when a newcomer has answered.

        Returns:
            admitted workers that are gone.

        Raises:
            EnvironmentProblem: the scheduler is gone, or nobody has been there for too long.
        """
        present = self._link.workers()
        gone = tuple(worker for worker in self.threads if worker not in present)
        for known in (self.threads, self._asked, self._left_out):
            for worker in [worker for worker in known if worker not in present]:
                known.pop(worker)
        for worker in present.keys() - self.threads.keys() - self._asked.keys() - self._left_out.keys():
            self._ask(worker, tell)
        self._bear_emptiness()
        return gone

    def dismiss(self, worker: str) -> None:
        """Give a worker no more work until it is seen to be there anew."""
        self.threads.pop(worker, None)

    def hear_newcomer(self, worker: str) -> None:
        """Admit a worker that came later, or say why it is left out."""
        if worker not in self._asked:
            return
        problems = self._hear(worker, self._link.workers().get(worker, 0))
        if problems:
            words = " ".join(render_problem(one, session_language()) for one in problems)
            self._left_out[worker] = words
            logger.warning(render("cluster.left_out", session_language(), detail=words))

    def _ask(self, worker: str, tell: Callable[[str], None]) -> None:
        if worker in self._asked:
            return
        future = self._link.client.submit(
            describe_worker,
            self._admission.question,
            key=f"shnor-describe-{time.monotonic_ns()}",
            workers=[worker],
            allow_other_workers=False,
            pure=False,
        )
        self._asked[worker] = future
        future.add_done_callback(lambda _: tell(worker))

    def _hear(self, worker: str, threads: int) -> tuple[Problem, ...]:
        """Admit a worker that was asked; its problems else. One that has gone meanwhile is neither."""
        future = self._asked.pop(worker)
        try:
            told = future.result(timeout=ANSWER_SECONDS)
        except (OSError, TimeoutError) as error:
            self._link.check()
            logger.debug("%s: %s", worker, error)
            return ()
        except Exception as error:
            if self._link.client.status != "running":
                raise scheduler_lost(str(error)) from error
            if type(error).__name__ in {"KilledWorker", "CancelledError", "FutureCancelledError"}:
                return ()
            detail = f"{type(error).__name__}: {error}"[:300]
            return (Problem("cluster_package_absent", fields={"worker": worker, "detail": detail}),)
        problems = self._admission.problems(worker, told)
        if not problems and threads:
            self.threads[worker] = threads
            self._last_seen = time.monotonic()
        return problems

    def _bear_emptiness(self) -> None:
        now = time.monotonic()
        if self.threads:
            self._last_seen = now
        elif now - self._last_seen > self._patience:
            reasons = " ".join(dict.fromkeys(self._left_out.values()))
            fields = {"seconds": round(self._patience), "detail": reasons}
            raise EnvironmentProblem(Problem("cluster_no_workers", fields=fields))
