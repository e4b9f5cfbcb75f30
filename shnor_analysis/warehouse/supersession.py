"""Which rows count when files say something about the same scope again: SQL, written once for storing and building.

Every query here works on a relation of a table's rows with one more column, `receipt` (see `records`).
"""

from __future__ import annotations

from shnor_analysis.schemas import LINEAGE_COLUMNS, Table
from shnor_analysis.warehouse.engine import names, same

# One row a pupil and year that every file of the pupil's results brings along: facts are merged, never replaced.
MERGED_TABLES = frozenset({"pupils"})


def scope_columns(table: Table) -> tuple[str, ...]:
    """What a later file replaces as a whole: the layout and the table's scope."""
    return ("report", *table.scope)


def value_columns(table: Table) -> tuple[str, ...]:
    """Columns by which two rows of one key agree or contradict.

    The day of the test stays out for areas: schools write on different days, the area's numbers are the same.
    """
    quiet = {*table.key, *LINEAGE_COLUMNS}
    if "area_level" in table.key:
        quiet.add("test_date")
    return tuple(column for column in table.columns if column not in quiet)


def has_pupil_rows(table: Table) -> bool:
    """Tell whether a row is about a single pupil."""
    return "pupil_id" in table.key


def differs(table: Table, left: str, right: str) -> str:
    """Condition that two rows of one key say different things."""
    return f"NOT ({same(value_columns(table), left, right)})"


def superseded(table: Table, source: str) -> str:
    """SQL of what is replaced: layout, scope and hash of the older file.

    For tables of pupils only files are replaced that share a pupil with a later one.
    """
    scope = scope_columns(table)
    if table.name in MERGED_TABLES:
        return f"SELECT {names(scope)}, source_sha256 FROM {source} WHERE false"
    if not has_pupil_rows(table):
        return f"""
            SELECT {names(scope)}, source_sha256
            FROM (SELECT {names(scope)}, source_sha256, any_value(receipt) AS receipt FROM {source} GROUP BY ALL)
            QUALIFY receipt < max(receipt) OVER (PARTITION BY {names(scope)})"""
    columns = tuple(dict.fromkeys((*scope, *table.key)))
    return f"""
        WITH again AS (
            SELECT {names(scope)} FROM {source} GROUP BY ALL HAVING min(receipt) < max(receipt)),
        told AS (
            SELECT {names(columns)}, source_sha256, receipt FROM {source} SEMI JOIN again USING ({names(scope)}))
        SELECT DISTINCT {names(scope, "older.")}, older.source_sha256
        FROM told AS older JOIN told AS newer
            ON {same(columns, "older", "newer")} AND newer.receipt > older.receipt"""
