"""Where rows come from: a frame, Parquet files or a relation of DuckDB, all asked in SQL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.warehouse.engine import Connection, open_engine, text

if TYPE_CHECKING:
    import duckdb

Source: TypeAlias = "pd.DataFrame | Path | str | duckdb.DuckDBPyRelation"

VIEW = "model_rows"
WHOLE = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
}
NUMBER = WHOLE | {"FLOAT", "DOUBLE"}


def is_number(sql: str) -> str:
    """SQL of the condition that a value is not "not a number".

    `NOT isnan(x)` is not used: the database takes it from statistics of Parquet files that keep silent about NaN.
    """
    return f"(isfinite({sql}) OR isinf({sql}))"


def quoted(name: str) -> str:
    """A name for SQL, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def kind_of(sql_type: str) -> str:
    """`text`, `flag`, `whole`, `number` or `other`."""
    if sql_type == "VARCHAR" or sql_type.startswith("ENUM"):
        return "text"
    if sql_type == "BOOLEAN":
        return "flag"
    if sql_type in WHOLE:
        return "whole"
    # a column without a single value has no type of its own
    return "number" if sql_type in NUMBER or sql_type.startswith("DECIMAL") or "NULL" in sql_type else "other"


@lru_cache(maxsize=1)
def _engine_of(process: int) -> Connection:
    """One DuckDB for all scans of a process; opening one takes as long as reading 100,000 rows."""
    opened = open_engine()
    # what does not fit into memory goes beside other passing files, never into the folder that is open
    spilled = Path(tempfile.gettempdir()) / f"shnor-scan-{process}"
    opened.execute(f"SET temp_directory = {text(str(spilled))}")
    return opened


def open_connection() -> Connection:
    """A connection of its own, with its own views, to the DuckDB of this process."""
    return _engine_of(os.getpid()).cursor()


@dataclass(frozen=True, slots=True)
class Rows:
    """A relation that can be asked in SQL.

    Attributes:
        table: What stands after FROM.
        kinds: Kind of each column: `text`, `flag`, `whole`, `number` or `other`.
        orders: Order of the categories of a column where the data say it (pandas categories, ENUM).
        connection: DuckDB's connection when it is ours.
        relation: The caller's relation otherwise.
        floats: Columns in which a cell can hold "not a number".
        ranges: Least and greatest number of a column where the footer of a Parquet file says them.
    """

    table: str
    kinds: Mapping[str, str]
    orders: Mapping[str, tuple[Any, ...]]
    connection: Connection | None
    relation: Any = None
    floats: frozenset[str] = frozenset()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def query(self, sql: str) -> duckdb.DuckDBPyRelation:
        """Prepare one query over `table`."""
        with readable():
            if self.connection is None:
                asked: duckdb.DuckDBPyRelation = self.relation.query(VIEW, sql)
                return asked
            return self.connection.sql(sql)

    def fetch(self, sql: str) -> pa.Table:
        """The answer to a query as an Arrow table."""
        asked = self.query(sql)
        with readable():
            return asked.to_arrow_table()

    def answer(self, sql: str) -> dict[str, npt.NDArray[Any]]:
        """The answer to a query as arrays, masked where a column has empty cells; quicker than `fetch` by 10 ms."""
        if self.connection is None:
            asked = self.query(sql)
            with readable():
                found: dict[str, npt.NDArray[Any]] = asked.fetchnumpy()
                return found
        with readable():
            made = self.connection.execute(sql).fetchnumpy()
        return {name: np.ma.asanyarray(one) for name, one in made.items()}

    def is_float(self, name: str) -> bool:
        """Whether a cell of a column can hold "not a number"."""
        return name in self.floats

    def row(self, sql: str) -> tuple[Any, ...]:
        """The single row of an answer."""
        asked = self.query(sql)
        with readable():
            found: tuple[Any, ...] = asked.fetchall()[0]
            return found

    def complete(self, columns: Iterable[str]) -> str:
        """SQL of the condition that no cell of a row is empty or "not a number"."""
        wanted = list(dict.fromkeys(columns))
        tests = [f"{quoted(one)} IS NOT NULL" for one in wanted]
        tests += [is_number(quoted(one)) for one in wanted if self.is_float(one)]
        return " AND ".join(tests) or "true"

    def count(self) -> int:
        """Rows before anything is left out; of Parquet this is read from its footers."""
        return int(self.row(f"SELECT count(*) FROM {self.table}")[0])

    def close(self) -> None:
        """Give DuckDB back; a relation of the caller stays open."""
        if self.connection is not None:
            self.connection.close()

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def readable() -> Iterator[None]:
    """What a source does while it is read (files that differ, a connection that is closed or busy) is said in words.

    Raises:
        InputRefused: ``rows_unreadable`` with the words of the database.
    """
    import duckdb

    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except (duckdb.OperationalError, duckdb.DataError, duckdb.InvalidInputException) as error:
        said = str(error).partition("\n")[0]
        raise InputRefused(Problem("rows_unreadable", found=said)) from error


def as_it_is(source: Any) -> Any:
    """A frame that later changes by its owner do not reach, without copying a cell; other sources as they are."""
    return source.copy(deep=False) if isinstance(source, pd.DataFrame) else source
