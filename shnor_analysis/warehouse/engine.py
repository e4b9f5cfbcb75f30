"""DuckDB as it is opened here, and the way between frames, Parquet and SQL; nothing of the network, ever."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd
import pyarrow as pa

from shnor_analysis.schemas import TABLES, Table

if TYPE_CHECKING:
    import duckdb

# DuckDB is loaded with the first connection: a report that finds its indicators ready opens none.
Connection: TypeAlias = "duckdb.DuckDBPyConnection"

MEMORY_LIMIT = "1GB"
MOST_THREADS = 4
ARROW_TYPES = {
    "text": pa.string(),
    "identifier": pa.string(),
    "choice": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "date": pa.timestamp("us"),
}
SQL_TYPES = {
    "text": "VARCHAR",
    "identifier": "VARCHAR",
    "choice": "VARCHAR",
    "whole": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "date": "TIMESTAMP",
}
PANDAS_TYPES = {
    pa.string(): pd.StringDtype(na_value=float("nan")),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def open_engine(database: Path | None = None) -> Connection:
    """Open DuckDB, in memory or over a scratch file; what does not fit into MEMORY_LIMIT spills beside that file.

    Extensions are neither fetched nor loaded, Python variables are invisible to SQL.
    """
    import duckdb

    config: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
        "memory_limit": MEMORY_LIMIT,
        "threads": min(MOST_THREADS, os.cpu_count() or 1),
    }
    if database is not None:
        config["temp_directory"] = str(database.with_suffix(".spill"))
    return duckdb.connect(str(database) if database else ":memory:", config=config)


@contextmanager
def engine(database: Path | None = None) -> Iterator[Connection]:
    """Open DuckDB for a block and close it at the end."""
    connection = open_engine(database)
    try:
        yield connection
    finally:
        connection.close()


def text(value: str) -> str:
    """Quote a value for SQL."""
    return "'" + value.replace("'", "''") + "'"


def names(columns: Iterable[str], prefix: str = "") -> str:
    """Quote names of columns, with a table before each when given, separated by commas."""
    return ", ".join(f'{prefix}"{column}"' for column in columns)


def same(columns: Iterable[str], left: str, right: str) -> str:
    """Condition that two rows agree in the columns; empty equals empty."""
    return " AND ".join(f'{left}."{column}" IS NOT DISTINCT FROM {right}."{column}"' for column in columns)


def scan(table: Table, parts: Sequence[Path]) -> str:
    """SQL of the rows in Parquet files, typed as the table; no rows when there is no file."""
    if not parts:
        typed = ", ".join(
            f'CAST(NULL AS {SQL_TYPES[table.kind(column)]}) AS "{column}"' for column in table.columns
        )
        return f"(SELECT {typed} WHERE false)"
    listed = ", ".join(text(str(part)) for part in parts)
    return f"(SELECT {names(table.columns)} FROM read_parquet([{listed}], hive_partitioning = false))"


def arrow_schema(table: Table) -> pa.Schema:
    """The Parquet schema of a table."""
    return pa.schema([(column, ARROW_TYPES[table.kind(column)]) for column in table.columns])


def write_frame(table: Table, frame: pd.DataFrame, target: Path) -> None:
    """Write a validated frame as one Parquet file, zstd."""
    import pyarrow.parquet as pq

    arrow = pa.Table.from_pandas(frame[list(table.columns)], schema=arrow_schema(table), preserve_index=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(arrow.replace_schema_metadata(None), target, compression="zstd")


def to_frame(name: str, arrow: pa.Table) -> pd.DataFrame:
    """Make a frame of a table's rows, every column in the table's pandas type."""
    wanted = arrow_schema(TABLES[name])
    cast = arrow.cast(pa.schema([wanted.field(column) for column in arrow.column_names]))
    frame: pd.DataFrame = cast.to_pandas(types_mapper=PANDAS_TYPES.get, date_as_object=False)
    return frame


def fetch(connection: Connection, query: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Run a query and return its rows as dictionaries."""
    result = connection.execute(query, list(parameters))
    columns = [str(item[0]) for item in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def fetch_arrow(connection: Connection, query: str, parameters: Sequence[object] = ()) -> pa.Table:
    """Run a query and return its rows as an Arrow table."""
    relation = connection.sql(query, params=list(parameters)) if parameters else connection.sql(query)
    return relation.to_arrow_table()


def fetch_count(connection: Connection, query: str) -> int:
    """Run a query that returns one whole number."""
    row = connection.execute(query).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
