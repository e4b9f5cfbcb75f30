"""Check what is stored once more, without trusting that it was checked before."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import InputRefused, Problem, RuleBroken
from shnor_analysis.schemas import TABLES, validate
from shnor_analysis.warehouse.build import SCRATCH_PREFIX, WAREHOUSE, fill
from shnor_analysis.warehouse.engine import engine, to_frame
from shnor_analysis.warehouse.records import StoredFile, read_records


def check_stored(folder: Path) -> Accounting:
    """Check every stored file against its card and its tables' models, then everything that a build checks.

    Returns: the accounting of the build that would follow; nothing is written that stays.
    Raises: RuleBroken with all problems: `part_missing`, `part_changed`, what the models refuse, and broken keys,
    references and totals when the files themselves are sound.
    """
    records = read_records(folder)
    problems = [problem for record in records for problem in _check_file(folder, record)]
    if problems:
        raise RuleBroken(problems)
    home = folder / WAREHOUSE
    home.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=home))
    try:
        with engine(scratch / "scratch.duckdb") as connection:
            return fill(connection, folder, records)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_file(folder: Path, record: StoredFile) -> Iterator[Problem]:
    name = record.card.file_name
    for table, rows in record.card.rows:
        if not rows:
            continue
        path = record.part(folder, table)
        if not path.is_file():
            yield Problem("part_missing", file=name, fields={"table": table})
            continue
        try:
            frame = to_frame(table, pq.read_table(path))
        except (pa.ArrowException, OSError, KeyError):
            yield Problem("part_changed", file=name, fields={"table": table})
            continue
        if len(frame) != rows:
            yield Problem("part_changed", file=name, fields={"table": table})
        try:
            validate(TABLES[table], frame)
        except InputRefused as error:
            yield from (dataclasses.replace(problem, file=name) for problem in error.problems)
