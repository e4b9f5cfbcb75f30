"""What a new receipt does to what is stored: contradictions inside it, rows that it replaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shnor_analysis.errors import Problem
from shnor_analysis.schemas import Table
from shnor_analysis.schemas.validation import MOST_PROBLEMS_SHOWN
from shnor_analysis.warehouse.engine import Connection, fetch, names, same, scan
from shnor_analysis.warehouse.supersession import (
    MERGED_TABLES,
    differs,
    has_pupil_rows,
    scope_columns,
    superseded,
    value_columns,
)

HIDDEN_IN_KEYS = frozenset({"pupil_id"})


@dataclass(frozen=True, slots=True)
class Replaced:
    """Rows of an earlier file that a new one changes or takes away; rows that stay the same are not counted."""

    file_name: str
    sha256: str
    table: str
    rows: int


def shown_key(table: Table, row: Mapping[str, Any]) -> str:
    """A row's key for people, without pupil codes."""
    shown = [str(row[name]) for name in table.key if name not in HIDDEN_IN_KEYS and row[name] is not None]
    return " · ".join(shown)


def find_contradictions(
    connection: Connection, table: Table, parts: Sequence[Path], *, file_names: Mapping[str, str]
) -> dict[str, list[Problem]]:
    """Find files of one receipt that give one key of one layout different values; problems by hash of the file."""
    if len(parts) < 2 or table.name in MERGED_TABLES:
        return {}
    scope, key, values = scope_columns(table), ("report", *table.key), value_columns(table)
    split = " OR ".join(
        f'min("{column}") IS DISTINCT FROM max("{column}") OR count("{column}") NOT IN (0, count(*))'
        for column in values
    )
    rows = fetch(
        connection,
        f"""
        WITH told AS (SELECT * FROM {scan(table, parts)}),
        shared AS (
            SELECT {names(scope)} FROM told GROUP BY ALL HAVING count(DISTINCT source_sha256) > 1),
        open AS (SELECT * FROM told SEMI JOIN shared USING ({names(scope)})),
        torn AS (SELECT {names(key)} FROM open GROUP BY ALL HAVING {split}),
        sides AS (
            SELECT open.* FROM open JOIN torn ON {same(key, "open", "torn")})
        SELECT {names(key, "one.")}, one.source_sha256, one.source_sheet, one.source_cells,
            two.source_sha256 AS other_sha256, two.source_sheet AS other_sheet, two.source_cells AS other_cells,
            {", ".join(f'one."{column}" AS "one_{column}", two."{column}" AS "two_{column}"' for column in values)}
        FROM sides AS one JOIN sides AS two
            ON {same(key, "one", "two")} AND one.source_sha256 <> two.source_sha256 AND {differs(table, "one", "two")}
        QUALIFY row_number() OVER (
            PARTITION BY {names(key, "one.")}, one.source_sha256 ORDER BY two.source_sha256) = 1
        ORDER BY {names(key, "one.")}, one.source_sha256
        LIMIT {MOST_PROBLEMS_SHOWN}""",
    )
    problems: dict[str, list[Problem]] = {}
    for row in rows:
        problems.setdefault(row["source_sha256"], []).append(_contradiction(table, row, file_names))
    return problems


def _contradiction(table: Table, row: Mapping[str, Any], file_names: Mapping[str, str]) -> Problem:
    torn = [name for name in value_columns(table) if row[f"one_{name}"] != row[f"two_{name}"]]
    return Problem(
        "files_contradict",
        file=file_names[row["source_sha256"]],
        sheet=row["source_sheet"],
        cell=row["source_cells"],
        found=_shown_values(row, "one", torn),
        fields={
            "table": table.name,
            "key": shown_key(table, row),
            "other_file": file_names[row["other_sha256"]],
            "other_sheet": row["other_sheet"],
            "other_cells": row["other_cells"],
            "other_found": _shown_values(row, "two", torn),
        },
    )


def _shown_values(row: Mapping[str, Any], side: str, columns: Sequence[str]) -> str:
    shown = ((name, row[f"{side}_{name}"]) for name in columns)
    return ", ".join(f"{name} = {'—' if value is None else value}" for name, value in shown)


def find_replaced(
    connection: Connection, table: Table, *, staged: Sequence[Path], stored: Sequence[tuple[Path, int]]
) -> dict[str, list[tuple[str, int]]]:
    """Count rows that a receipt changes or takes away: by hash of the new file, pairs of old hash and rows.

    `stored` holds the Parquet of earlier files with their receipt numbers.
    """
    if not staged or not stored or table.name in MERGED_TABLES:
        return {}
    scope, key = scope_columns(table), ("report", *table.key)
    told = " UNION ALL ".join(
        f"SELECT *, {number} AS receipt FROM {scan(table, [part for part, of in stored if of == number])}"
        for number in sorted({of for _, of in stored})
    )
    again = f"""SELECT DISTINCT {names(scope, "older.")}, older.source_sha256
        FROM live AS older JOIN new ON {same((*scope, *table.key), "older", "new")}"""
    rows = fetch(
        connection,
        f"""
        WITH new AS (SELECT * FROM {scan(table, staged)}),
        touched AS (SELECT {names(scope)}, min(source_sha256) AS by_sha256 FROM new GROUP BY ALL),
        told AS (SELECT * FROM ({told}) SEMI JOIN touched USING ({names(scope)})),
        gone AS ({superseded(table, "told")}),
        live AS (SELECT * FROM told ANTI JOIN gone USING ({names(scope)}, source_sha256)),
        hit AS ({again if has_pupil_rows(table) else f"SELECT DISTINCT {names(scope)}, source_sha256 FROM live"})
        SELECT by_sha256, older.source_sha256, count(*) AS changed
        FROM live AS older
        SEMI JOIN hit USING ({names(scope)}, source_sha256)
        JOIN touched USING ({names(scope)})
        WHERE NOT EXISTS (
            SELECT 1 FROM new WHERE {same(key, "older", "new")} AND NOT ({differs(table, "older", "new")}))
        GROUP BY ALL ORDER BY ALL""",
    )
    replaced: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        replaced.setdefault(row["by_sha256"], []).append((row["source_sha256"], row["changed"]))
    return replaced
