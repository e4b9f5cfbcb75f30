"""From everything that was stored to one row a key: replaced rows out, repeated rows once, layouts by precedence.

Works inside the scratch database of a build: `files` (source_sha256, receipt, place, file_name) must be there.
Writes the table `<name>` and adds to `conflicts` what layouts say differently about one key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shnor_analysis.accounting import Reason
from shnor_analysis.errors import Problem
from shnor_analysis.schemas import Table
from shnor_analysis.schemas.validation import MOST_PROBLEMS_SHOWN
from shnor_analysis.warehouse.comparison import shown_key
from shnor_analysis.warehouse.engine import Connection, fetch, fetch_count, names, same, scan
from shnor_analysis.warehouse.supersession import scope_columns, superseded, value_columns

# Layouts that may say something about the same key, most trusted first; a layout that is not named stands between.
PRECEDENCE = {"pupil_results": 0, "mark_statistics": 1, "regional_marks": 2}
BETWEEN, MAPPED, INCOMPLETE = 5, 8, 9
MAPPED_PREFIX = "mapped"

# Printed percentages are whole in some exports: shares agree within half a per cent.
SHARE_TOLERANCE = 0.00501
NUMBER_TOLERANCE = 1e-9

CONFLICT_COLUMNS = {
    "table": "VARCHAR",
    "school_year": "BIGINT",
    "key": "VARCHAR",
    "column": "VARCHAR",
    "kept": "VARCHAR",
    "kept_report": "VARCHAR",
    "kept_sha256": "VARCHAR",
    "kept_sheet": "VARCHAR",
    "kept_cells": "VARCHAR",
    "other": "VARCHAR",
    "other_report": "VARCHAR",
    "other_sha256": "VARCHAR",
    "other_sheet": "VARCHAR",
    "other_cells": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many rows were stored for a table, and why fewer are left; problems are keys that nothing can decide."""

    rows_in: int
    reasons: tuple[Reason, ...]
    problems: tuple[Problem, ...] = ()


def precedence(column: str = "report") -> str:
    """SQL of a layout's place in the precedence."""
    cases = " ".join(f"WHEN {column} = '{report}' THEN {rank}" for report, rank in PRECEDENCE.items())
    return f"CASE {cases} WHEN {column} LIKE '{MAPPED_PREFIX}%' THEN {MAPPED} ELSE {BETWEEN} END"


def create_conflicts(connection: Connection) -> None:
    """Make the empty table of conflicts."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in CONFLICT_COLUMNS.items())
    connection.execute(f"CREATE TABLE conflicts ({columns})")


def load_current(connection: Connection, table: Table, parts: Sequence[Path]) -> Resolved:
    """Load the stored rows that are not replaced into table `<name>`, with `rank` and `place` for what follows."""
    name = table.name
    connection.execute(
        f"""CREATE TABLE told AS
            SELECT stored.*, files.receipt, files.place, {precedence("stored.report")} AS rank
            FROM {scan(table, parts)} AS stored JOIN files USING (source_sha256)"""
    )
    rows_in = fetch_count(connection, "SELECT count(*) FROM told")
    _take_superseded_out(connection, table)
    connection.execute(f'ALTER TABLE told RENAME TO "{name}"')
    left = fetch_count(connection, f'SELECT count(*) FROM "{name}"')
    return Resolved(rows_in, _reasons({"rows_superseded": rows_in - left}))


def _take_superseded_out(connection: Connection, table: Table) -> None:
    connection.execute(f"CREATE TABLE gone AS {superseded(table, 'told')}")
    replaced = same((*scope_columns(table), "source_sha256"), "told", "gone")
    if table.name == "pupil_results":
        connection.execute(
            f"CREATE TABLE orphaned AS SELECT DISTINCT told.pupil_id, told.school_year FROM told JOIN gone ON {replaced}"
        )
    if fetch_count(connection, "SELECT count(*) FROM gone"):
        connection.execute(f"DELETE FROM told USING gone WHERE {replaced}")
    if table.name == "pupil_results":
        connection.execute(
            "DELETE FROM orphaned USING told WHERE orphaned.pupil_id = told.pupil_id "
            "AND orphaned.school_year = told.school_year"
        )
    connection.execute("DROP TABLE gone")


def merge_pupils(connection: Connection, table: Table) -> Resolved:
    """Make one row a pupil and year of what several files say: of each fact the latest that is known.

    A pupil that only replaced results know (table `orphaned`, from loading `pupil_results` before) is left out.
    """
    name, values = table.name, value_columns(table)
    before = fetch_count(connection, f'SELECT count(*) FROM "{name}"')
    torn = " OR ".join(f'min("{column}") <> max("{column}")' for column in values)
    merged = ", ".join(
        f'arg_max("{column}", place) AS "{column}"' for column in table.columns if column not in table.key
    )
    connection.execute(
        f"""CREATE TABLE merged AS
            SELECT {names(table.key)}, {merged}, max(place) AS place, min(rank) AS rank, ({torn}) AS is_torn
            FROM "{name}" GROUP BY {names(table.key)}"""
    )
    once = fetch_count(connection, "SELECT count(*) FROM merged")
    torn_n = fetch_count(connection, "SELECT count(*) FROM merged WHERE is_torn")
    connection.execute(f'DROP TABLE "{name}"')
    connection.execute(
        f"""CREATE TABLE "{name}" AS SELECT {names(table.columns)}, place, rank FROM merged
            WHERE NOT EXISTS (
                SELECT 1 FROM orphaned WHERE {same(table.key, "merged", "orphaned")})"""
    )
    connection.execute("DROP TABLE merged")
    left = fetch_count(connection, f'SELECT count(*) FROM "{name}"')
    return Resolved(
        before,
        _reasons({"rows_repeated": before - once, "pupils_changed": torn_n, "pupils_orphaned": once - left}),
    )


def resolve_keys(connection: Connection, table: Table) -> Resolved:
    """Keep one row a key: the layout that precedes, then the latest file; differences go to `conflicts`.

    Problems `key_twice`: rows of one layout that say different things about one key in different scopes.
    """
    name, key = table.name, table.key
    before = fetch_count(connection, f'SELECT count(*) FROM "{name}"')
    connection.execute(
        f"""CREATE TABLE rivals AS
            WITH again AS (SELECT {names(key)} FROM "{name}" GROUP BY ALL HAVING count(*) > 1)
            SELECT one.*, one.rowid AS row_number, row_number() OVER (
                PARTITION BY {names(key, "one.")} ORDER BY rank, place DESC, source_sheet, source_cells) AS turn
            FROM "{name}" AS one JOIN again ON {same(key, "one", "again")}"""
    )
    problems: tuple[Problem, ...] = ()
    agree = differ = 0
    if fetch_count(connection, "SELECT count(*) FROM rivals"):
        problems = _keys_twice(connection, table)
        agree, differ = _compare_rivals(connection, table)
        connection.execute(
            f'DELETE FROM "{name}" WHERE rowid IN (SELECT row_number FROM rivals WHERE turn > 1)'
        )
    connection.execute("DROP TABLE rivals")
    return Resolved(before, _reasons({"sources_agree": agree, "sources_differ": differ}), problems)


def _compare_rivals(connection: Connection, table: Table) -> tuple[int, int]:
    year = 'kept."school_year"' if "school_year" in table.key else "NULL"
    shown = [column for column in table.key if column != "pupil_id"]
    key = f"concat_ws(' · ', {names(shown, 'kept.')})"
    sides = ", ".join(
        f"{side}.{column} AS {prefix}_{short}"
        for side, prefix in (("kept", "kept"), ("lost", "other"))
        for column, short in (
            ("report", "report"),
            ("source_sha256", "sha256"),
            ("source_sheet", "sheet"),
            ("source_cells", "cells"),
        )
    )
    connection.execute(
        f"""CREATE TABLE pairs AS
            SELECT lost.row_number, '{table.name}' AS "table", {year} AS school_year, {key} AS "key", {sides},
                {", ".join(f'kept."{c}" AS "kept_{c}", lost."{c}" AS "lost_{c}"' for c in value_columns(table))}
            FROM rivals AS lost JOIN rivals AS kept ON {same(table.key, "lost", "kept")}
            WHERE lost.turn > 1 AND kept.turn = 1"""
    )
    connection.execute("CREATE TABLE torn (row_number BIGINT)")
    for column in value_columns(table):
        where = _is_apart(table, column)
        connection.execute(f"INSERT INTO torn SELECT row_number FROM pairs WHERE {where}")
        connection.execute(
            f"""INSERT INTO conflicts BY NAME
                SELECT "table", school_year, "key", '{column}' AS "column",
                    CAST("kept_{column}" AS VARCHAR) AS kept, CAST("lost_{column}" AS VARCHAR) AS other,
                    kept_report, kept_sha256, kept_sheet, kept_cells,
                    other_report, other_sha256, other_sheet, other_cells
                FROM pairs WHERE {where}"""
        )
    differ = fetch_count(connection, "SELECT count(DISTINCT row_number) FROM torn")
    pairs = fetch_count(connection, "SELECT count(*) FROM pairs")
    connection.execute("DROP TABLE pairs; DROP TABLE torn")
    return pairs - differ, differ


def _is_apart(table: Table, column: str) -> str:
    """Condition that both sides know a value and mean different things."""
    kept, lost = f'"kept_{column}"', f'"lost_{column}"'
    if column == "counts_rebuilt":
        return "false"
    if table.kind(column) != "number":
        return f"{kept} <> {lost}"
    tolerance = SHARE_TOLERANCE if column.endswith("_share") else NUMBER_TOLERANCE
    return f"abs({kept} - {lost}) > {tolerance}"


def _keys_twice(connection: Connection, table: Table) -> tuple[Problem, ...]:
    rows = fetch(
        connection,
        f"""SELECT one.*, files.file_name, other_files.file_name AS other_file,
                two.source_sheet AS other_sheet, two.source_cells AS other_cells
            FROM rivals AS one
            JOIN rivals AS two ON {same(table.key, "one", "two")} AND one.report = two.report AND two.turn < one.turn
            JOIN files ON files.source_sha256 = one.source_sha256
            JOIN files AS other_files ON other_files.source_sha256 = two.source_sha256
            WHERE NOT ({same(value_columns(table), "one", "two")})
            ORDER BY {names(table.key, "one.")}, one.turn LIMIT {MOST_PROBLEMS_SHOWN}""",
    )
    return tuple(
        Problem(
            "key_twice",
            file=row["file_name"],
            sheet=row["source_sheet"],
            cell=row["source_cells"],
            found=shown_key(table, row),
            fields={
                "table": table.name,
                "other_file": row["other_file"],
                "other_sheet": row["other_sheet"],
                "other_cells": row["other_cells"],
            },
        )
        for row in rows
    )


def _reasons(counts: Mapping[str, int]) -> tuple[Reason, ...]:
    return tuple(Reason(code, n) for code, n in counts.items() if n)
