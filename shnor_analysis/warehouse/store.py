"""Validated tables are stored here: receipts, each all or nothing, in the order in which they came."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.files import atomic_path, clear_parts, sha256_of
from shnor_analysis.schemas import TABLES
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.warehouse.comparison import Replaced, find_contradictions, find_replaced
from shnor_analysis.warehouse.engine import engine, write_frame
from shnor_analysis.warehouse.records import (
    VALIDATED,
    StoredFile,
    finish_pending,
    part_path,
    read_records,
    write_records,
)

STAGING_PREFIX = ".staged-"


@dataclass(frozen=True, slots=True)
class StoreOutcome:
    """What storing a file did or would do; `is_new` is False when exactly this was stored before."""

    sha256: str
    file_name: str
    is_new: bool
    rows: tuple[tuple[str, int], ...]
    replaced: tuple[Replaced, ...] = ()


class Receipt:
    """Files received together: staged one by one, compared with one another and with the store, stored at the end.

    Made by `receive`. Nothing is visible to readers before `commit`, and `plan` never writes outside the staging folder.
    """

    def __init__(self, folder: Path, staging: Path) -> None:
        self._folder = folder
        self._staging = staging
        self._stored = {record.sha256: record for record in read_records(folder)}
        self._number = max((record.receipt for record in self._stored.values()), default=0) + 1
        self._files: dict[str, StoredFile] = {}

    def knows(self, sha256: str, circumstances: str = "") -> bool:
        """Tell whether a file was stored before, read under the same circumstances."""
        record = self._stored.get(sha256)
        return record is not None and record.circumstances == circumstances

    def add(
        self,
        card: FileCard,
        tables: Mapping[str, pd.DataFrame],
        *,
        circumstances: str = "",
        accounting: Accounting | None = None,
    ) -> None:
        """Stage a file's validated tables; ValueError when a row's lineage names another file."""
        before = self._stored.get(card.sha256)
        record = StoredFile(
            card=card,
            receipt=self._number,
            reading=before.reading + 1 if before else 0,
            circumstances=circumstances,
            accounting=accounting or Accounting(),
        )
        for name, frame in tables.items():
            if not (frame["source_sha256"] == card.sha256).all():
                raise ValueError(f"{card.file_name}: {name} has rows of another file")
            if len(frame):
                with atomic_path(part_path(self._staging, name, card.sha256, record.reading)) as part:
                    write_frame(TABLES[name], frame, part)
        self._files[card.sha256] = record

    def refuse_contradictions(self) -> dict[str, tuple[Problem, ...]]:
        """Take out every file that contradicts another of this receipt; its problems by hash."""
        found: dict[str, list[Problem]] = {}
        file_names = {sha256: record.card.file_name for sha256, record in self._files.items()}
        with engine() as connection:
            for name in self._tables():
                torn = find_contradictions(connection, TABLES[name], self._parts(name), file_names=file_names)
                for sha256, problems in torn.items():
                    found.setdefault(sha256, []).extend(problems)
        for sha256 in found:
            del self._files[sha256]
        return {sha256: tuple(problems) for sha256, problems in found.items()}

    def plan(self) -> dict[str, StoreOutcome]:
        """Say for every staged file what `commit` does, without storing anything."""
        news = {sha256: record for sha256, record in self._files.items() if not self._is_stored_so(record)}
        replaced = self._replaced(news)
        return {
            sha256: StoreOutcome(
                sha256=sha256,
                file_name=record.card.file_name,
                is_new=sha256 in news,
                rows=record.card.rows,
                replaced=tuple(replaced.get(sha256, ())),
            )
            for sha256, record in self._files.items()
        }

    def commit(self) -> dict[str, StoreOutcome]:
        """Store the staged files, each with its card last, and say what changed."""
        outcomes = self.plan()
        _clear_orphans(self._folder, self._stored.values(), but=self._staging)
        new = [self._files[sha256] for sha256, outcome in outcomes.items() if outcome.is_new]
        for record in new:
            self._place(record)
        write_records(self._folder, new)
        return outcomes

    def _place(self, record: StoredFile) -> None:
        """Move a file's rows where they belong; nobody sees them before the card is written."""
        for name in record.tables:
            target = record.part(self._folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            record.part(self._staging, name).replace(target)

    def _tables(self) -> tuple[str, ...]:
        given = {name for record in self._files.values() for name in record.tables}
        return tuple(name for name in TABLES if name in given)

    def _parts(self, table: str) -> list[Path]:
        return [
            record.part(self._staging, table) for record in self._files.values() if table in record.tables
        ]

    def _is_stored_so(self, record: StoredFile) -> bool:
        before = self._stored.get(record.sha256)
        if before is None or set(before.tables) != set(record.tables):
            return False
        return all(
            sha256_of(before.part(self._folder, name)) == sha256_of(record.part(self._staging, name))
            for name in record.tables
        )

    def _replaced(self, news: Mapping[str, StoredFile]) -> dict[str, list[Replaced]]:
        found: dict[str, list[Replaced]] = {}
        with engine() as connection:
            for name in self._tables():
                staged = [
                    record.part(self._staging, name) for record in news.values() if name in record.tables
                ]
                stored = [
                    (record.part(self._folder, name), record.receipt)
                    for record in self._stored.values()
                    if name in record.tables and record.sha256 not in news
                ]
                counted = find_replaced(connection, TABLES[name], staged=staged, stored=stored)
                for sha256, pairs in counted.items():
                    found.setdefault(sha256, []).extend(
                        Replaced(self._stored[old].card.file_name, old, name, rows) for old, rows in pairs
                    )
        for sha256 in news:
            found.setdefault(sha256, []).extend(self._read_anew(sha256))
        return found

    def _read_anew(self, sha256: str) -> list[Replaced]:
        """A file that is read anew under other circumstances replaces all that its earlier reading gave."""
        before = self._stored.get(sha256)
        if before is None:
            return []
        return [
            Replaced(before.card.file_name, sha256, name, rows) for name, rows in before.card.rows if rows
        ]


@contextmanager
def receive(folder: Path) -> Iterator[Receipt]:
    """Open a receipt; what was staged and not committed is gone at the end."""
    home = folder / VALIDATED
    home.mkdir(parents=True, exist_ok=True)
    finish_pending(folder)
    staging = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=home))
    try:
        yield Receipt(folder, staging)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def store_reading(folder: Path, card: FileCard, tables: Mapping[str, pd.DataFrame]) -> StoreOutcome:
    """Store one file's validated tables as a receipt of its own.

    Parameters: folder — the workspace; card — the file's card; tables — validated frames by table name.
    Returns: whether anything is new, and which rows of which earlier file and table are replaced.
    """
    with receive(folder) as receipt:
        receipt.add(card, tables)
        return receipt.commit()[card.sha256]


def plan_store(folder: Path, card: FileCard, tables: Mapping[str, pd.DataFrame]) -> StoreOutcome:
    """Say what `store_reading` would do; nothing is stored."""
    with receive(folder) as receipt:
        receipt.add(card, tables)
        return receipt.plan()[card.sha256]


def store_together(
    folder: Path, readings: Mapping[FileCard, Mapping[str, pd.DataFrame]]
) -> dict[str, StoreOutcome]:
    """Store several files as one receipt; InputRefused `files_contradict` with every problem, and nothing is stored."""
    with receive(folder) as receipt:
        for card, tables in readings.items():
            receipt.add(card, tables)
        problems = receipt.refuse_contradictions()
        if problems:
            raise InputRefused(problem for found in problems.values() for problem in found)
        return receipt.commit()


def _clear_orphans(folder: Path, records: Iterable[StoredFile], *, but: Path) -> None:
    """Remove what an interrupted import left: Parquet that no card points at, old staging folders, parts of files."""
    home = folder / VALIDATED
    for place in (home, *(path for path in home.iterdir() if path.is_dir() and path != but)):
        clear_parts(place)
    wanted = {record.part(folder, name) for record in records for name in record.tables}
    for path in home.glob("*/*.parquet"):
        if path.parent != but and not path.parent.name.startswith(".") and path not in wanted:
            path.unlink()
    for left in home.glob(f"{STAGING_PREFIX}*"):
        if left != but:
            shutil.rmtree(left, ignore_errors=True)
