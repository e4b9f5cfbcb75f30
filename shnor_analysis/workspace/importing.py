"""Import raw files: look, open, read, compare, store; one bad file never stops the others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pandas as pd

from shnor_analysis.errors import EnvironmentProblem, InputRefused, Problem, ShnorError
from shnor_analysis.files import sha256_of
from shnor_analysis.schemas import TABLES
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.settings import Settings
from shnor_analysis.sources import (
    CORRECTIONS_FOLDER,
    MAPPINGS_FOLDER,
    Correction,
    FileReading,
    Hints,
    OpenedFile,
    ReadingContext,
    TableMapping,
    key_path,
    load_key,
    open_file,
    read_corrections,
    read_mappings,
    read_tables,
    remember_key,
)
from shnor_analysis.warehouse import Receipt, StoredFile, StoreOutcome, read_records, read_stored, receive
from shnor_analysis.workspace.lock import writing
from shnor_analysis.workspace.outcomes import FileOutcome, IngestOutcome, Progress
from shnor_analysis.workspace.raw_files import find_raw_files, keep_raw_copy

# Opened files wait in memory for their turn up to this many cells; the others are opened again when it comes.
MOST_CELLS_WAITING = 10_000_000
MOST_OPENED_AT_ONCE = 4
TABLES_OF_PUPILS = frozenset(name for name, table in TABLES.items() if "pupil_id" in table.own_columns)

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Import:
    """What is asked: which files, with which hints, whether only to look, whether to keep raw copies, who sent them."""

    paths: tuple[Path, ...]
    hints: Hints
    is_dry_run: bool
    keep_raw: bool
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that was opened: `opened` is None when it has to be opened again."""

    path: Path
    sha256: str
    order: int
    opened: OpenedFile | None


@dataclass(slots=True)
class Desk:
    """Everything that reading needs, and the outcomes so far. Lives for one import."""

    folder: Path
    settings: Settings
    asked: Import
    receipt: Receipt
    tell: Tell
    mappings: tuple[TableMapping, ...]
    corrections: tuple[Correction, ...]
    schools: pd.DataFrame
    aliases: pd.DataFrame
    key: bytes | None = None
    outcomes: dict[Path, FileOutcome] = field(default_factory=dict)
    readings: dict[Path, tuple[FileCard, FileReading]] = field(default_factory=dict)


def ingest(folder: Path, settings: Settings, asked: Import, *, tell: Tell) -> IngestOutcome:
    """Import files; see `Workspace.ingest`."""
    paths, skipped = find_raw_files(asked.paths)
    with writing(folder), receive(folder) as receipt:
        desk = Desk(
            folder=folder,
            settings=settings,
            asked=asked,
            receipt=receipt,
            tell=tell,
            mappings=read_mappings(folder / MAPPINGS_FOLDER),
            corrections=read_corrections(folder / CORRECTIONS_FOLDER),
            schools=read_stored(folder, "schools"),
            aliases=read_stored(folder, "school_aliases"),
        )
        fresh = _look(desk, paths)
        for place, waiting in enumerate(sorted(_open(desk, fresh), key=_turn), start=1):
            desk.tell(Progress("read", place, len(fresh), waiting.path.name))
            _read(desk, waiting)
        _store(desk)
    ordered = tuple(desk.outcomes[path] for path in paths)
    return IngestOutcome(ordered, skipped, asked.is_dry_run)


def _turn(waiting: Waiting) -> tuple[int, str]:
    return waiting.order, str(waiting.path)


def _look(desk: Desk, paths: Iterable[Path]) -> dict[Path, str]:
    """Hash every file and put aside what is known already; returns hashes of the files to read."""
    paths = tuple(paths)
    stored = {record.sha256: record for record in read_records(desk.folder)}
    fresh: dict[Path, str] = {}
    seen: set[str] = set()
    for place, path in enumerate(paths, start=1):
        desk.tell(Progress("look", place, len(paths), path.name))
        try:
            sha256 = sha256_of(path)
        except OSError:
            desk.outcomes[path] = FileOutcome(
                path, "refused", problems=(Problem("path_unreadable", file=path.name),)
            )
            continue
        known = stored.get(sha256)
        if sha256 in seen or (
            known and desk.receipt.knows(sha256, _circumstances(desk, path, known.card.report, sha256))
        ):
            desk.outcomes[path] = _same(path, sha256, known)
        else:
            fresh[path] = sha256
        seen.add(sha256)
    return fresh


def _same(path: Path, sha256: str, known: StoredFile | None) -> FileOutcome:
    card = known.card if known else None
    return FileOutcome(
        path, "same", sha256, report=card.report if card else "", rows=card.rows if card else ()
    )


def _circumstances(desk: Desk, path: Path, report: str, sha256: str) -> str:
    """Hash of all that reading depends on besides the file: options, its card, its mapping, its corrections."""
    layouts = report.split("+")
    beside = path.with_suffix(".toml")
    parts = [
        repr(desk.asked.hints),
        beside.read_text(encoding="utf-8", errors="replace") if beside.is_file() else "",
        *(repr(mapping) for mapping in desk.mappings if mapping.layout.code in layouts),
        *(repr(one) for one in desk.corrections if one.report in layouts and one.sha256 in ("", sha256)),
    ]
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()


def _open(desk: Desk, fresh: dict[Path, str]) -> Iterator[Waiting]:
    """Open files in child processes, some at a time; refused ones leave their problems with the desk."""
    cells = 0
    at_once = min(MOST_OPENED_AT_ONCE, os.cpu_count() or 1)
    with ThreadPoolExecutor(at_once) as pool:
        opened_files = pool.map(partial(_try_to_open, desk), fresh)
        for place, (path, opened) in enumerate(zip(fresh, opened_files, strict=True), start=1):
            desk.tell(Progress("open", place, len(fresh), path.name))
            if isinstance(opened, FileOutcome):
                desk.outcomes[path] = opened
                continue
            size = sum(sheet.rows_n * len(sheet.columns) for sheet in opened.sheets)
            fits = cells + size <= MOST_CELLS_WAITING
            cells += size if fits else 0
            yield Waiting(path, opened.sha256, opened.order, opened if fits else None)


def _try_to_open(desk: Desk, path: Path) -> OpenedFile | FileOutcome:
    try:
        return open_file(path, mappings=desk.mappings, assessment=desk.asked.hints.assessment)
    except ShnorError as error:
        return FileOutcome(path, "refused", problems=error.problems)
    except OSError:
        return FileOutcome(path, "refused", problems=(Problem("path_unreadable", file=path.name),))


def _read(desk: Desk, waiting: Waiting) -> None:
    path = waiting.path
    try:
        opened = waiting.opened or open_file(
            path, mappings=desk.mappings, assessment=desk.asked.hints.assessment
        )
        reading = read_tables(opened, _context(desk, opened))
    except (InputRefused, EnvironmentProblem) as error:
        desk.outcomes[path] = FileOutcome(path, "refused", waiting.sha256, problems=error.problems)
        return
    card = reading.card if reading.card.owner else replace(reading.card, owner=desk.asked.owner)
    circumstances = _circumstances(desk, path, card.report, card.sha256)
    desk.receipt.add(card, reading.tables, circumstances=circumstances, accounting=reading.accounting)
    desk.schools = _joined("schools", desk.schools, reading)
    desk.aliases = _joined("school_aliases", desk.aliases, reading)
    desk.readings[path] = (card, FileReading(card, {}, reading.accounting))


def _context(desk: Desk, opened: OpenedFile) -> ReadingContext:
    if desk.key is None and any(
        TABLES_OF_PUPILS.intersection(found.layout.tables) for found in opened.recognised
    ):
        desk.key = load_key(key_path(desk.settings.workspace_id), workspace=desk.folder)
    return ReadingContext(
        schools=desk.schools,
        aliases=desk.aliases,
        hints=desk.asked.hints,
        corrections=desk.corrections,
        key=desk.key,
    )


def _joined(name: str, known: pd.DataFrame, reading: FileReading) -> pd.DataFrame:
    """What is known of schools or aliases after a file: its rows replace those of the same key."""
    new = reading.tables.get(name)
    if new is None or not len(new):
        return known
    key = list(TABLES[name].key)
    return pd.concat([known, new], ignore_index=True).drop_duplicates(key, keep="last", ignore_index=True)


def _store(desk: Desk) -> None:
    torn = desk.receipt.refuse_contradictions()
    stored = desk.receipt.plan() if desk.asked.is_dry_run else _commit(desk)
    for path, (card, reading) in desk.readings.items():
        if card.sha256 in torn:
            desk.outcomes[path] = FileOutcome(
                path, "refused", card.sha256, report=card.report, problems=torn[card.sha256]
            )
        else:
            notes = _keep_raw(desk, path, card)
            desk.outcomes[path] = _outcome(path, stored[card.sha256], reading, notes)


def _commit(desk: Desk) -> dict[str, StoreOutcome]:
    desk.tell(Progress("store", 0, len(desk.readings), ""))
    if desk.key is not None:
        remember_key(desk.key, workspace=desk.folder)
    return desk.receipt.commit()


def _keep_raw(desk: Desk, path: Path, card: FileCard) -> tuple[Problem, ...]:
    if desk.asked.is_dry_run or not desk.asked.keep_raw:
        return ()
    problem = keep_raw_copy(desk.folder, path, card)
    return (problem,) if problem else ()


def _outcome(
    path: Path, stored: StoreOutcome, reading: FileReading, notes: tuple[Problem, ...]
) -> FileOutcome:
    return FileOutcome(
        path,
        ("replaced" if stored.replaced else "stored") if stored.is_new else "same",
        stored.sha256,
        report=reading.card.report,
        rows=stored.rows,
        replaced=stored.replaced,
        notes=notes,
        accounting=reading.accounting,
    )
