"""Build the warehouse from what is stored: resolve, count, check, write beside the old one, then switch the pointer.

Everything happens in a scratch database on disk, so that memory stays bounded; a build that is killed leaves the
old warehouse as it was. Building again from the same stored files gives the same content.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.errors import Problem, RuleBroken, ShnorError
from shnor_analysis.files import atomic_folder, clear_parts, write_text
from shnor_analysis.schemas import TABLES, Table
from shnor_analysis.warehouse.checks import check_all
from shnor_analysis.warehouse.engine import Connection, engine, fetch, fetch_count, names, text
from shnor_analysis.warehouse.pupil_counts import add_pupil_counts
from shnor_analysis.warehouse.records import StoredFile, accounting_to, read_records
from shnor_analysis.warehouse.resolution import (
    Resolved,
    create_conflicts,
    load_current,
    merge_pupils,
    resolve_keys,
)
from shnor_analysis.warehouse.supersession import MERGED_TABLES

WAREHOUSE = Path("data") / "warehouse"
POINTER = "current"
BUILD_PREFIX = "build-"
SCRATCH_PREFIX = ".scratch-"
FACTS_NAME = "build.json"
# Reasons that take rows away; the others only say something about rows that stay or are added.
TAKING = frozenset({"rows_superseded", "rows_repeated", "pupils_orphaned", "sources_agree", "sources_differ"})


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What a build made: its name, rows a table, and what became of every stored row."""

    build: str
    rows: tuple[tuple[str, int], ...]
    conflicts_n: int
    accounting: Accounting


def build(folder: Path) -> BuildOutcome:
    """Build the warehouse of a workspace anew and switch to it.

    Parameters: folder — the workspace; stored files under `data/validated`.
    Returns: the build's name, the rows of each table and the accounting, a step a table.
    Raises: RuleBroken with every broken key, reference or total; the old warehouse stays.
    Limits: takes the disk space of two warehouses and of the scratch database while it runs.
    """
    records = read_records(folder)
    home = folder / WAREHOUSE
    home.mkdir(parents=True, exist_ok=True)
    _clear_left_overs(home)
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=home))
    try:
        with engine(scratch / "scratch.duckdb") as connection:
            accounting = fill(connection, folder, records)
            outcome = _write(connection, home, records, accounting)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    write_text(home / POINTER, outcome.build + "\n")
    _remove_others(home, but=outcome.build)
    return outcome


def fill(connection: Connection, folder: Path, records: Sequence[StoredFile]) -> Accounting:
    """Load, count and check everything in an empty scratch database; RuleBroken with every problem."""
    _load_files(connection, records)
    create_conflicts(connection)
    found = {
        name: [
            load_current(
                connection, table, [record.part(folder, name) for record in records if name in record.tables]
            )
        ]
        for name, table in TABLES.items()
    }
    added, reasons = add_pupil_counts(connection)
    found["school_results"].append(Resolved(added, reasons))
    for name, table in TABLES.items():
        found[name].append(_one_row_a_key(connection, table))
    problems = [problem for steps in found.values() for step in steps for problem in step.problems]
    problems.extend(check_all(connection))
    if problems:
        raise RuleBroken(problems)
    accounting = Accounting()
    for name, steps in found.items():
        accounting = _account(connection, accounting, name, steps)
    return accounting


def _load_files(connection: Connection, records: Sequence[StoredFile]) -> None:
    connection.execute(
        "CREATE TABLE files (source_sha256 VARCHAR, receipt BIGINT, place BIGINT, file_name VARCHAR)"
    )
    rows = [
        (record.sha256, record.receipt, place, record.card.file_name)
        for place, record in enumerate(records, start=1)
    ]
    if rows:
        connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", rows)


def _one_row_a_key(connection: Connection, table: Table) -> Resolved:
    return merge_pupils(connection, table) if table.name in MERGED_TABLES else resolve_keys(connection, table)


def _account(
    connection: Connection, accounting: Accounting, name: str, steps: Sequence[Resolved]
) -> Accounting:
    reasons: tuple[Reason, ...] = tuple(reason for step in steps for reason in step.reasons)
    rows_in = steps[0].rows_in
    rows_out = fetch_count(connection, f'SELECT count(*) FROM "{name}"')
    added = sum(reason.n for reason in reasons if reason.code == "counted_from_pupils")
    taken = sum(reason.n for reason in reasons if reason.code in TAKING)
    if rows_in + added - taken != rows_out:
        raise ShnorError(
            Problem(
                "rows_lost", found=str(rows_out), allowed=str(rows_in + added - taken), fields={"table": name}
            )
        )
    return accounting.then("warehouse_table", name, rows_in, rows_out, reasons)


def _write(
    connection: Connection, home: Path, records: Sequence[StoredFile], accounting: Accounting
) -> BuildOutcome:
    name = _next_name(home)
    rows = tuple((step.subject, step.rows_out) for step in accounting.steps)
    with atomic_folder(home / name) as part:
        for table in TABLES.values():
            _write_table(connection, table, part / table.name)
        _copy(connection, "SELECT * FROM conflicts ORDER BY ALL", part / "conflicts" / "part.parquet")
        facts = {
            "inputs": [[record.sha256, record.reading] for record in records],
            "accounting": accounting_to(accounting),
        }
        write_text(part / FACTS_NAME, json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    return BuildOutcome(name, rows, fetch_count(connection, "SELECT count(*) FROM conflicts"), accounting)


def _write_table(connection: Connection, table: Table, folder: Path) -> None:
    select = f'SELECT {names(table.columns)} FROM "{table.name}"'
    order = f"ORDER BY {names(table.key)}"
    if "school_year" not in table.key:
        if fetch_count(connection, f'SELECT count(*) FROM "{table.name}"'):
            _copy(connection, f"{select} {order}", folder / "part.parquet")
        return
    years = fetch(connection, f'SELECT DISTINCT school_year AS year FROM "{table.name}" ORDER BY year')
    for row in years:
        target = folder / f"school_year={row['year']}" / "part.parquet"
        _copy(connection, f"{select} WHERE school_year = {row['year']} {order}", target)


def _copy(connection: Connection, query: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"COPY ({query}) TO {text(str(target))} (FORMAT parquet, COMPRESSION zstd)")


def current_build(folder: Path) -> Path | None:
    """Folder of the warehouse that readers see; None before the first build."""
    pointer = folder / WAREHOUSE / POINTER
    if not pointer.is_file():
        return None
    return folder / WAREHOUSE / pointer.read_text(encoding="utf-8").strip()


def _next_name(home: Path) -> str:
    numbers = [int(path.name.removeprefix(BUILD_PREFIX)) for path in home.glob(f"{BUILD_PREFIX}*")]
    return f"{BUILD_PREFIX}{max(numbers, default=0) + 1:06d}"


def _clear_left_overs(home: Path) -> None:
    clear_parts(home)
    for left in home.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    current = current_build(home.parent.parent)
    _remove_others(home, but=current.name if current else "")


def _remove_others(home: Path, *, but: str) -> None:
    for path in home.glob(f"{BUILD_PREFIX}*"):
        if path.name != but:
            shutil.rmtree(path, ignore_errors=True)
