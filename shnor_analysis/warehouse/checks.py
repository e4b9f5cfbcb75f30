"""What must hold between the tables of the warehouse: references and totals; every break is named with its place."""

from __future__ import annotations

from collections.abc import Iterator

from shnor_analysis.errors import Problem
from shnor_analysis.schemas import MARKS, TABLES, Reference, Table
from shnor_analysis.schemas.validation import MOST_PROBLEMS_SHOWN
from shnor_analysis.warehouse.comparison import shown_key
from shnor_analysis.warehouse.engine import Connection, fetch, names

# Counts whose sum is the number tested, where all of them are known.
PARTS = {
    "school_results": tuple(f"mark_{mark}_n" for mark in MARKS),
    "area_results": tuple(f"mark_{mark}_n" for mark in MARKS),
    "mark_comparisons": ("lowered_n", "confirmed_n", "raised_n"),
}


def check_all(connection: Connection) -> tuple[Problem, ...]:
    """Check references and totals of all tables; at most MOST_PROBLEMS_SHOWN problems a check."""
    return tuple(problem for table in TABLES.values() for problem in check_table(connection, table))


def check_table(connection: Connection, table: Table) -> Iterator[Problem]:
    """Check one table against the others."""
    for reference in table.references:
        yield from broken_references(connection, table, reference)
    if "area_level" in table.key:
        yield from broken_areas(connection, table)
    if table.name in PARTS:
        yield from broken_sums(connection, table)
    if table.name == "score_counts":
        yield from broken_scores(connection)


def broken_references(connection: Connection, table: Table, reference: Reference) -> Iterator[Problem]:
    """Rows that name a school or a pupil whom nobody knows; one problem a value and file."""
    shown = [column for column in reference.columns if column != "pupil_id"]
    known = " AND ".join(f'known."{column}" = told."{column}"' for column in reference.columns)
    given = " AND ".join(f'told."{column}" IS NOT NULL' for column in reference.columns)
    yield from _unknown(
        connection,
        table,
        f'{given} AND NOT EXISTS (SELECT 1 FROM "{reference.table}" AS known WHERE {known})',
        shown=shown,
        other=reference.table,
    )


def broken_areas(connection: Connection, table: Table) -> Iterator[Problem]:
    """Rows about a school in a table of areas that name a school whom nobody knows."""
    condition = (
        "told.area_level = 'school' AND NOT EXISTS "
        "(SELECT 1 FROM schools AS known WHERE known.school_id = told.area_id)"
    )
    yield from _unknown(connection, table, condition, shown=["area_id"], other="schools")


def _unknown(
    connection: Connection, table: Table, condition: str, *, shown: list[str], other: str
) -> Iterator[Problem]:
    rows = fetch(
        connection,
        f"""SELECT {names(shown, "told.")}, file_name, source_sheet, min(source_cells) AS source_cells, count(*) AS n
            FROM "{table.name}" AS told LEFT JOIN files USING (source_sha256)
            WHERE {condition} GROUP BY ALL ORDER BY ALL LIMIT {MOST_PROBLEMS_SHOWN}""",
    )
    for row in rows:
        yield Problem(
            "reference_broken",
            file=row["file_name"],
            sheet=row["source_sheet"],
            cell=row["source_cells"],
            found=" · ".join(str(row[column]) for column in shown),
            fields={"table": table.name, "column": ", ".join(shown), "other": other, "rows": row["n"]},
        )


def broken_sums(connection: Connection, table: Table) -> Iterator[Problem]:
    """Rows whose parts do not add up to the number tested."""
    parts = PARTS[table.name]
    total = " + ".join(f'"{part}"' for part in parts)
    rows = fetch(
        connection,
        f"""SELECT told.*, file_name, {total} AS total FROM "{table.name}" AS told
            LEFT JOIN files USING (source_sha256)
            WHERE {total} <> tested_n ORDER BY {names(table.key)} LIMIT {MOST_PROBLEMS_SHOWN}""",
    )
    for row in rows:
        yield _sum_problem(table, row, ", ".join(parts))


def broken_scores(connection: Connection) -> Iterator[Problem]:
    """Schools whose numbers of pupils by score do not add up to the number tested."""
    table = TABLES["score_counts"]
    rows = fetch(
        connection,
        f"""SELECT {names(table.scope)}, any_value(points) AS points, any_value(file_name) AS file_name,
                min(source_sheet) AS source_sheet, min(source_cells) AS source_cells,
                max(tested_n) AS tested_n, sum(score_n) AS total
            FROM score_counts LEFT JOIN files USING (source_sha256)
            GROUP BY {names(table.scope)} HAVING count(score_n) = count(*) AND sum(score_n) <> max(tested_n)
            ORDER BY {names(table.scope)} LIMIT {MOST_PROBLEMS_SHOWN}""",
    )
    for row in rows:
        yield _sum_problem(table, {**row, "points": None}, "score_n")


def _sum_problem(table: Table, row: dict[str, object], parts: str) -> Problem:
    return Problem(
        "parts_do_not_add",
        file=str(row["file_name"]),
        sheet=str(row["source_sheet"]),
        cell=str(row["source_cells"]),
        found=str(row["total"]),
        allowed=str(row["tested_n"]),
        fields={"table": table.name, "key": shown_key(table, row), "parts": parts},
    )
