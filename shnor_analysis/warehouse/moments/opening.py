"""Opens a source of rows: names, kinds and orders of its columns, refused where it cannot be read."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shnor_analysis.errors import InputRefused, Problem, UsageProblem
from shnor_analysis.warehouse.engine import Connection, text
from shnor_analysis.warehouse.moments.footers import read_footer
from shnor_analysis.warehouse.moments.source import VIEW, Rows, Source, kind_of, open_connection, readable

if TYPE_CHECKING:
    import duckdb


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
    with readable():
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
    footer = read_footer(connection, pattern, rows.kinds)
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
