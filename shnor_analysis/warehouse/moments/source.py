"""Where rows come from: a frame, Parquet files or a relation of DuckDB, all asked in SQL."""

from __future__ import annotations

import difflib
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shnor_analysis.errors import InputRefused, Problem, UsageProblem
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
        with _readable():
            if self.connection is None:
                asked: duckdb.DuckDBPyRelation = self.relation.query(VIEW, sql)
                return asked
            return self.connection.sql(sql)

    def fetch(self, sql: str) -> pa.Table:
        """The answer to a query as an Arrow table."""
        asked = self.query(sql)
        with _readable():
            return asked.to_arrow_table()

    def answer(self, sql: str) -> dict[str, npt.NDArray[Any]]:
        """The answer to a query as arrays, masked where a column has empty cells; quicker than `fetch` by 10 ms."""
        if self.connection is None:
            asked = self.query(sql)
            with _readable():
                found: dict[str, npt.NDArray[Any]] = asked.fetchnumpy()
                return found
        with _readable():
            made = self.connection.execute(sql).fetchnumpy()
        return {name: np.ma.asanyarray(one) for name, one in made.items()}

    def is_float(self, name: str) -> bool:
        """Whether a cell of a column can hold "not a number"."""
        return name in self.floats

    def row(self, sql: str) -> tuple[Any, ...]:
        """The single row of an answer."""
        asked = self.query(sql)
        with _readable():
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
def _readable() -> Iterator[None]:
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


def open_rows(source: Source, columns: Iterable[str]) -> Rows:
    """Open a source for queries over some of its columns.

    Parameters:
        source: A frame; a Parquet file, a folder of them or a glob; a relation of DuckDB.
        columns: The columns that will be asked for.

    Raises:
        InputRefused: ``rows_not_found`` when no file is there, ``rows_unreadable`` for what is no table.
        UsageProblem: ``formula_column`` for each column that is not there, with the nearest names;
            ``columns_alike`` for columns of a frame that differ in capitals alone.
    """
    wanted = tuple(dict.fromkeys(columns))
    if isinstance(source, pd.DataFrame):
        return _of_frame(source, wanted)
    if isinstance(source, (str, Path)):
        return _of_files(str(source), wanted)
    with _readable():
        if hasattr(source, "query") and hasattr(source, "types"):
            return _of_relation(source, wanted)
    raise InputRefused(Problem("rows_unreadable", found=type(source).__name__))


def _of_relation(relation: duckdb.DuckDBPyRelation, wanted: Sequence[str]) -> Rows:
    kinds = dict(zip(relation.columns, relation.types, strict=True))
    _check_columns(wanted, kinds)
    orders = {name: _enum_order(kinds[name]) for name in wanted if str(kinds[name]).startswith("ENUM")}
    return _rows({name: str(kinds[name]) for name in wanted}, orders, None, relation)


def columns_of(frame: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Some columns of a frame, by their names as a formula writes them: a column named 1 is `1`.

    Raises:
        UsageProblem: ``formula_column`` for each that is not there once.
    """
    _check_columns(wanted, frame.columns)
    place = {str(name): at for at, name in enumerate(frame.columns)}
    return frame.iloc[:, [place[name] for name in wanted]].set_axis(list(wanted), axis=1)


def _check_columns(wanted: Sequence[str], there: Iterable[Any]) -> None:
    """Name every column that is missing."""
    known = [str(one) for one in there]
    problems = []
    for name in wanted:
        if known.count(name) != 1:
            near = difflib.get_close_matches(name, known, n=3) or sorted(known)[:8]
            problems.append(Problem("formula_column", found=name, allowed=", ".join(near)))
    if problems:
        raise UsageProblem(problems)


def _check_capitals(wanted: Sequence[str]) -> None:
    """The database takes `x` and `X` for one column; in letters beyond ASCII it tells capitals apart."""
    folded = [name.encode().lower() for name in wanted]
    alike = [name for name in wanted if folded.count(name.encode().lower()) > 1]
    if alike:
        raise UsageProblem(Problem("columns_alike", found=", ".join(alike)))


def _enum_order(kind: Any) -> tuple[Any, ...]:
    return tuple(dict(kind.children)["values"])


def _of_frame(source: pd.DataFrame, wanted: Sequence[str]) -> Rows:
    frame = columns_of(source, wanted)
    _check_capitals(wanted)
    orders = {
        name: tuple(frame[name].cat.categories)
        for name in wanted
        if isinstance(frame[name].dtype, pd.CategoricalDtype)
    }
    try:
        arrow = pa.table({name: pa.array(frame[name], from_pandas=True) for name in wanted})
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        raise InputRefused(Problem("rows_unreadable", found=", ".join(wanted))) from None
    if not wanted:
        arrow = pa.table({"": pa.nulls(len(frame))})
    connection = open_connection()
    connection.register(VIEW, arrow)
    types = _types(connection, VIEW)
    rows = _rows({name: types[name] for name in wanted}, orders, connection)
    return replace(rows, ranges=_frame_ranges(arrow, rows.kinds))


def _frame_ranges(arrow: pa.Table, kinds: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Least and greatest number of each column of a frame."""
    ranges = {}
    for name, kind in kinds.items():
        if kind in ("number", "whole"):
            ends = pc.min_max(arrow.column(name)).as_py()
            if (
                isinstance(ends["min"], (int, float))
                and math.isfinite(ends["min"])
                and math.isfinite(ends["max"])
            ):
                ranges[name] = (float(ends["min"]), float(ends["max"]))
    return ranges


def _of_files(place: str, wanted: Sequence[str]) -> Rows:
    pattern = str(Path(place) / "**" / "*.parquet") if Path(place).is_dir() else place
    table = f"read_parquet({text(pattern)})"
    connection = open_connection()
    try:
        import duckdb

        try:
            types = _types(connection, table)
            connection.execute(f"CREATE TEMP VIEW {VIEW} AS SELECT * FROM {table}")
        except duckdb.IOException:
            raise InputRefused(Problem("rows_not_found", file=place)) from None
        except duckdb.Error:
            raise InputRefused(Problem("rows_unreadable", file=place)) from None
        _check_columns(wanted, types)
    except Exception:
        connection.close()
        raise
    rows = _rows({name: types[name] for name in wanted}, {}, connection, table=table)
    footer = _read_footer(connection, pattern, rows.kinds)
    return replace(rows, orders=footer.orders, ranges=footer.ranges)


def _rows(
    types: Mapping[str, str],
    orders: Mapping[str, tuple[Any, ...]],
    connection: Connection | None,
    relation: Any = None,
    *,
    table: str = VIEW,
) -> Rows:
    kinds = {name: kind_of(one) for name, one in types.items()}
    floats = frozenset(name for name, one in types.items() if one in ("FLOAT", "DOUBLE"))
    return Rows(table, kinds, orders, connection, relation, floats)


def _types(connection: Connection, table: str) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    return {str(row[0]): str(row[1]) for row in described}


@dataclass(frozen=True, slots=True)
class _Footer:
    """What the first file of a data set says of its columns: parts of one set are written by one hand."""

    orders: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def _read_footer(connection: Connection, pattern: str, kinds: Mapping[str, str]) -> _Footer:
    """Order of categories written by Arrow or pandas, and the range of numbers."""
    import pyarrow.parquet as pq

    found = connection.execute(f"SELECT min(file) FROM glob({text(pattern)})").fetchall()
    if not found or found[0][0] is None:
        return _Footer()
    with suppress(pa.ArrowException), pq.ParquetFile(found[0][0]) as file:
        return _Footer(_file_orders(file, kinds), _file_ranges(file, kinds))
    return _Footer()


def _file_orders(file: Any, kinds: Mapping[str, str]) -> dict[str, tuple[Any, ...]]:
    """The order of categories that a file written from Arrow or pandas still knows."""
    schema = file.schema_arrow
    known = [
        name
        for name, kind in kinds.items()
        if kind == "text"
        and schema.get_field_index(name) >= 0
        and pa.types.is_dictionary(schema.field(name).type)
    ]
    for batch in file.iter_batches(batch_size=1, columns=known) if known else ():
        return {name: tuple(batch.column(name).dictionary.to_pylist()) for name in known}
    return {}


def _file_ranges(file: Any, kinds: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Least and greatest number of each column, where every row group says them."""
    footer = file.metadata
    ends: dict[str, list[tuple[float, float]]] = {}
    for group in range(footer.num_row_groups):
        for at in range(footer.num_columns):
            chunk = footer.row_group(group).column(at)
            if kinds.get(chunk.path_in_schema) in ("number", "whole") and chunk.is_stats_set:
                low, high = chunk.statistics.min, chunk.statistics.max
                if isinstance(low, (int, float)) and math.isfinite(low) and math.isfinite(high):
                    ends.setdefault(chunk.path_in_schema, []).append((float(low), float(high)))
    return {
        name: (min(low for low, _ in found), max(high for _, high in found))
        for name, found in ends.items()
        if len(found) == footer.num_row_groups
    }
