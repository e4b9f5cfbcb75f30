"""Chunks of a cluster: each unit is in one place at a time and over once and only once."""

from __future__ import annotations

from pathlib import Path

from shnor_analysis.batch.cluster.chunks import LARGEST, MOST_BARREN, MOST_DEATHS, Chunks
from shnor_analysis.batch.plan import Job


def jobs(many: int) -> list[Job]:
    return [Job(f"unit-{one}", Path("t"), {}, Path("out") / str(one)) for one in range(many)]


def test_chunks_are_large_where_there_is_much_and_small_at_the_end() -> None:
    chunks, sizes = Chunks(jobs(40_000)), []
    while (chunk := chunks.hand_out("any", workers=20, at_a_time=1)) is not None:
        sizes.append(len(chunk.left))
    assert sum(sizes) == 40_000
    assert sizes[0] == LARGEST
    assert sizes[-1] == 1
    assert sum(size for size in sizes if size >= 20) > 38_000
    few = Chunks(jobs(3)).hand_out("any", workers=8, at_a_time=2)
    assert few is not None
    assert len(few.left) == 2


def test_a_worker_that_was_thought_dead_counts_for_nothing() -> None:
    chunks = Chunks(jobs(2))
    first = chunks.hand_out("slow", workers=1, at_a_time=2)
    assert first is not None
    assert chunks.begin(first.number, "unit-0") is not None
    assert chunks.close(first.number) == ()
    second = chunks.hand_out("quick", workers=1, at_a_time=2)
    assert second is not None
    assert chunks.begin(second.number, "unit-0") is None, "told of before"
    assert chunks.answer(first.number, "unit-0") is None
    assert chunks.answer(second.number, "unit-0") is not None
    assert chunks.answer(second.number, "unit-0") is None
    assert chunks.answer(second.number, "unit-1") is not None
    chunks.close(second.number)
    assert chunks.is_over


def test_a_unit_that_ends_worker_after_worker_is_given_up_and_workers_that_do_nothing_end_the_run() -> None:
    chunks = Chunks(jobs(2))
    for _ in range(MOST_DEATHS - 1):
        chunk = chunks.hand_out("any", workers=1, at_a_time=2)
        assert chunk is not None
        chunks.begin(chunk.number, "unit-1")
        assert chunks.close(chunk.number) == ()
    chunk = chunks.hand_out("any", workers=1, at_a_time=2)
    assert chunk is not None
    chunks.begin(chunk.number, "unit-1")
    assert [job.unit_id for job in chunks.close(chunk.number)] == ["unit-1"]
    assert not chunks.is_hopeless(1)
    for _ in range(MOST_BARREN - MOST_DEATHS):
        chunk = chunks.hand_out("any", workers=1, at_a_time=1)
        assert chunk is not None
        chunks.close(chunk.number)
    assert chunks.is_hopeless(1)
    assert not chunks.is_hopeless(2)
