"""Reading from the built warehouse: frames in the tables' types, and a connection with a view a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import EnvironmentProblem, Problem, UsageProblem
from shnor_analysis.schemas import TABLES
from shnor_analysis.warehouse.build import FACTS_NAME, current_build
from shnor_analysis.warehouse.engine import (
    Connection,
    engine,
    fetch_arrow,
    names,
    open_engine,
    scan,
    text,
    to_frame,
)
from shnor_analysis.warehouse.records import StoredFile, accounting_from, read_records
from shnor_analysis.warehouse.resolution import CONFLICT_COLUMNS
from shnor_analysis.warehouse.supersession import scope_columns, superseded

Wanted = str | int | Sequence[str] | Sequence[int]


def connect(folder: Path) -> Connection:
    """Open DuckDB with one view a table and `conflicts`; nothing outside the workspace's warehouse can be read.

    Raises EnvironmentProblem `not_built` before the first build. The caller closes the connection.
    """
    home = require_build(folder)
    connection = open_engine()
    for name, table in TABLES.items():
        connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM {scan(table, _parts(home, name))}')
    conflicts = text(str(home / "conflicts" / "part.parquet"))
    connection.execute(f"CREATE VIEW conflicts AS SELECT * FROM read_parquet({conflicts})")
    connection.execute(f"SET allowed_directories = [{text(str(home.resolve()))}, {text(str(home))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


@contextmanager
def connected(folder: Path) -> Iterator[Connection]:
    """Open the warehouse for a block."""
    connection = connect(folder)
    try:
        yield connection
    finally:
        connection.close()


def read_table(
    folder: Path, name: str, *, columns: Sequence[str] | None = None, **wanted: Wanted
) -> pd.DataFrame:
    """Read a table, in the order of its key.

    Parameters: name — a table of the dictionary; columns — only these; wanted — values that a column must have,
    one or several: `read_table(folder, "school_results", school_year=2021, subject=["russian", "mathematics"])`.
    Returns: a frame in the table's types, without rows when there are none.
    Raises: UsageProblem `table_unknown`, `column_of_table_unknown`; EnvironmentProblem `not_built`.
    """
    if name not in TABLES:
        raise UsageProblem(Problem("table_unknown", found=name, allowed=", ".join(TABLES)))
    table = TABLES[name]
    strange = [column for column in (*(columns or ()), *wanted) if column not in table.columns]
    if strange:
        raise UsageProblem(
            Problem(
                "column_of_table_unknown",
                found=column,
                allowed=", ".join(table.columns),
                fields={"table": name},
            )
            for column in strange
        )
    parts = _parts(require_build(folder), name)
    conditions = [f'list_contains(?, "{column}")' for column in wanted]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    lists = [[value] if isinstance(value, str | int) else list(value) for value in wanted.values()]
    with engine() as connection:
        query = f"SELECT {names(columns or table.columns)} FROM {scan(table, parts)} {where} ORDER BY {names(table.key)}"
        return to_frame(name, fetch_arrow(connection, query, lists))


def read_conflicts(folder: Path) -> pd.DataFrame:
    """Read what layouts say differently about one key: the value that counts, the other, and both places.

    Columns: table, school_year, key, column, kept, other, and report, sha256, sheet, cells of both sides.
    """
    with connected(folder) as connection:
        arrow = fetch_arrow(connection, f"SELECT {names(CONFLICT_COLUMNS)} FROM conflicts")
    frame: pd.DataFrame = arrow.to_pandas()
    return frame


def read_accounting(folder: Path, records: Sequence[StoredFile] | None = None) -> Accounting:
    """The accounting of every stored file's reading, then of the build; `records` where they are read already."""
    raw = json.loads((require_build(folder) / FACTS_NAME).read_text(encoding="utf-8"))
    told = read_records(folder) if records is None else records
    read = Accounting(tuple(step for record in told for step in record.accounting.steps))
    return read + accounting_from(raw["accounting"])


def is_up_to_date(folder: Path) -> bool:
    """Tell whether the built warehouse holds exactly what is stored now."""
    home = current_build(folder)
    if home is None:
        return False
    raw = json.loads((home / FACTS_NAME).read_text(encoding="utf-8"))
    return [tuple(pair) for pair in raw["inputs"]] == [
        (record.sha256, record.reading) for record in read_records(folder)
    ]


def read_stored(folder: Path, name: str) -> pd.DataFrame:
    """Read a table's current rows straight from the stored files, for what must be known before a build."""
    table = TABLES[name]
    records = [record for record in read_records(folder) if name in record.tables]
    if not records:
        return table.empty()
    told = " UNION ALL ".join(
        f"SELECT *, {record.receipt} AS receipt FROM {scan(table, [record.part(folder, name)])}"
        for record in records
    )
    with engine() as connection:
        connection.execute(f"CREATE TABLE told AS {told}")
        query = f"""SELECT {names(table.columns)} FROM told
            WHERE ({", ".join(scope_columns(table))}, source_sha256) NOT IN ({superseded(table, "told")})
            QUALIFY row_number() OVER (PARTITION BY {names(table.key)} ORDER BY receipt DESC, source_sha256) = 1
            ORDER BY {names(table.key)}"""
        return to_frame(name, fetch_arrow(connection, query))


def require_build(folder: Path) -> Path:
    """Folder of the build in use; EnvironmentProblem `not_built` before the first."""
    home = current_build(folder)
    if home is None:
        raise EnvironmentProblem(Problem("not_built", file=str(folder)))
    return home


def _parts(home: Path, name: str) -> list[Path]:
    return sorted((home / name).rglob("*.parquet"))
