"""Who may do what at a time in a workspace; a lock is given back by the system even when its holder is killed.

What changes the data (import, build, fitting, freezing a plan) has the workspace for itself. Reports only read them, so
orders of reports share it; two of them meet only as different parts of one whole, or in different editions.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from shnor_analysis.batch.sharding import Shard
from shnor_analysis.errors import EnvironmentProblem, Problem
from shnor_analysis.file_locks import Held, hold, holder_of, is_held

LOCK_PATH = Path("data") / ".lock"
EDITION_LOCKS = Path("runs") / ".locks"
WHOLE, INDEX = "whole.lock", "index.lock"
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Have a workspace for oneself for a block.

    Raises:
        EnvironmentProblem: `workspace_busy` when another process holds it, `no_locks` where the disk knows none.
    """
    with _held(folder / LOCK_PATH, code="workspace_busy", shown=folder):
        yield


@contextmanager
def reporting(folder: Path, home: Path, *, shard: Shard | None = None) -> Iterator[None]:
    """Make reports of one edition for a block.

    Args:
        folder: the workspace, which others may read meanwhile.
        home: the folder of the edition.
        shard: the part that is made; parts of a whole may be made at once, if all agree on their number.

    Raises:
        EnvironmentProblem: `workspace_busy`, `reports_busy`, `no_locks`.
    """
    locks = home / EDITION_LOCKS
    with _held(folder / LOCK_PATH, shared=True, code="workspace_busy", shown=folder):
        if shard is None:
            with _held(locks / WHOLE, code="reports_busy", shown=home):
                yield
            return
        ours = locks / f"of-{shard.of}.lock"
        with (
            _held(locks / WHOLE, shared=True, code="reports_busy", shown=home),
            _held(ours, shared=True, code="reports_busy", shown=home),
            _held(locks / f"part-{shard.number}-of-{shard.of}.lock", code="reports_busy", shown=home),
        ):
            # each takes its own before it looks for others: of two that come at once, none overlooks the other
            _refuse_other_numbers(locks, ours, home)
            yield


@contextmanager
def indexing(home: Path) -> Iterator[None]:
    """Write the index of an edition for a block: parts that end at once wait for each other."""
    with hold(home / EDITION_LOCKS / INDEX, wait=True):
        yield


def _refuse_other_numbers(locks: Path, ours: Path, home: Path) -> None:
    for other in sorted(locks.glob("of-*.lock")):
        if other != ours and is_held(other):
            raise _busy("reports_busy", home, other)


@contextmanager
def _held(path: Path, *, code: str, shown: Path, shared: bool = False) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(path, shared=shared))
        except Held as error:
            raise _busy(code, shown, error.path) from error
        except OSError as error:
            if error.errno in NO_LOCKS:
                raise EnvironmentProblem(Problem("no_locks", file=str(shown))) from error
            raise
        yield


def _busy(code: str, shown: Path, lock: Path) -> EnvironmentProblem:
    holder = holder_of(lock)
    told = asdict(holder) if holder else dict.fromkeys(("command", "pid", "host", "since"), "?")
    if holder:
        told["since"] = datetime.fromisoformat(holder.since).astimezone().strftime("%Y-%m-%d %H:%M")
    return EnvironmentProblem(Problem(code, file=str(shown), fields=told))
