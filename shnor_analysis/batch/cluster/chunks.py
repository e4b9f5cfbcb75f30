"""Which unit is where: units wait, are handed out in chunks, and come back answered or without an answer.

A unit is in one place at a time: waiting, in one open chunk, or over. What a closed chunk still says counts for nothing, so
each unit is over once and only once, whatever workers do that were thought dead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from shnor_analysis.batch.plan import Job

LARGEST = 50
ROUNDS = 3  # chunks that a worker gets of what waits, so that all end at about one time
MOST_DEATHS = 3
MOST_BARREN = 5


@dataclass(slots=True)
class Chunk:
    """Units at one worker; `left` are those without an answer, `begun` those that it said to have begun."""

    number: int
    worker: str
    left: dict[str, Job]
    begun: set[str] = field(default_factory=set)
    is_fruitful: bool = False


class Chunks:
    """Keeps count of the units of a plan."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        """All units wait."""
        self._waiting = list(reversed(list(jobs)))
        self._open: dict[int, Chunk] = {}
        self._told: set[str] = set()
        self._deaths: dict[str, int] = {}
        self._handed_out = 0
        self._barren = 0

    @property
    def is_over(self) -> bool:
        """Whether every unit is over."""
        return not self._waiting and not self._open

    def hand_out(self, worker: str, *, workers: int, at_a_time: int) -> Chunk | None:
        """Give a worker its next units, fewer the fewer are left; None when none waits.

        Args:
            worker: who gets them.
            workers: how many share what waits.
            at_a_time: how many units the worker does at once; it gets no fewer as long as there are.
        """
        if not self._waiting:
            return None
        share = math.ceil(len(self._waiting) / (ROUNDS * max(1, workers)))
        size = min(len(self._waiting), LARGEST, max(share, at_a_time))
        self._handed_out += 1
        jobs = [self._waiting.pop() for _ in range(size)]
        chunk = Chunk(self._handed_out, worker, {job.unit_id: job for job in jobs})
        self._open[chunk.number] = chunk
        return chunk

    def at(self, worker: str) -> tuple[int, ...]:
        """Numbers of the open chunks of a worker."""
        return tuple(number for number, chunk in self._open.items() if chunk.worker == worker)

    def worker_of(self, number: int) -> str:
        """Who has a chunk; empty for a closed one."""
        chunk = self._open.get(number)
        return chunk.worker if chunk else ""

    def open_chunks(self) -> tuple[Chunk, ...]:
        """Chunks that are at work."""
        return tuple(self._open.values())

    def begin(self, number: int, unit_id: str) -> Job | None:
        """Note that a unit was begun; the unit when nobody was told of it before."""
        chunk = self._open.get(number)
        if chunk is None or unit_id not in chunk.left:
            return None
        chunk.begun.add(unit_id)
        if unit_id in self._told:
            return None
        self._told.add(unit_id)
        return chunk.left[unit_id]

    def answer(self, number: int, unit_id: str) -> Job | None:
        """Take the answer of a unit; None when it does not count: its chunk is closed, or it was answered before."""
        chunk = self._open.get(number)
        job = chunk.left.pop(unit_id, None) if chunk else None
        if chunk and job:
            chunk.is_fruitful = True
        return job

    def close(self, number: int) -> tuple[Job, ...]:
        """A chunk has come to its end: units without an answer wait again.

        Returns:
            units that are given up: too many workers ended while these were at work.
        """
        chunk = self._open.pop(number, None)
        if chunk is None:
            return ()
        self._barren = 0 if chunk.is_fruitful or not chunk.left else self._barren + 1
        given_up = []
        for unit_id, job in reversed(chunk.left.items()):
            self._deaths[unit_id] = self._deaths.get(unit_id, 0) + (unit_id in chunk.begun)
            if self._deaths[unit_id] < MOST_DEATHS:
                self._waiting.append(job)
            else:
                given_up.append(job)
        return tuple(given_up)

    def is_hopeless(self, workers: int) -> bool:
        """Whether chunk after chunk ended without a single answer, more often than the workers at hand can excuse."""
        return self._barren >= MOST_BARREN * max(1, workers)
