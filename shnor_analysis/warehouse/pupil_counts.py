"""Results of schools counted from their pupils, inside the scratch database of a build.

A pupil counts as tested who has a mark; where nobody has one (ЕГЭ), who has test points; else who has points.
`low_n` is the number of marks 2, or of test points below the certificate's minimum of that year where one is known.
The row names the file that gave most of the pupils and the range of cells in it.
"""

from __future__ import annotations

from shnor_analysis.accounting import Reason
from shnor_analysis.reference.exam_minima import CERTIFICATE, exam_minimum
from shnor_analysis.schemas import MARKS, PROCEDURE_KEY, TABLES
from shnor_analysis.warehouse.engine import Connection, fetch, fetch_count, names, same
from shnor_analysis.warehouse.resolution import INCOMPLETE

COMPUTED_REPORT = "pupil_results"
UNIT = ("school_id", *PROCEDURE_KEY)


def add_pupil_counts(connection: Connection) -> tuple[int, tuple[Reason, ...]]:
    """Add a row to `school_results` for each school and procedure of `pupil_results`; rows added, and reasons.

    A row that knows fewer pupils than a published one, or no low results, stands last in the precedence: it counts
    only where nothing is published.
    """
    _load_minima(connection)
    connection.execute(f"CREATE TABLE counted AS {_counts()}")
    connection.execute(f"CREATE TABLE placed AS {_places()}")
    without = fetch_count(connection, "SELECT coalesce(sum(rows_n - tested_n), 0) FROM counted")
    connection.execute("DELETE FROM counted WHERE tested_n = 0")
    columns = TABLES["school_results"].columns
    connection.execute(
        f"""INSERT INTO school_results BY NAME
            SELECT {names(columns)}, 0 AS place,
                CASE WHEN low_n IS NULL OR is_incomplete THEN {INCOMPLETE} ELSE 0 END AS rank
            FROM (
                SELECT counted.*, '{COMPUTED_REPORT}' AS report, source_sha256, source_sheet, source_cells,
                    EXISTS (
                        SELECT 1 FROM school_results AS given
                        WHERE {same(UNIT, "given", "counted")}
                            AND given.tested_n > counted.tested_n AND NOT given.tested_n_is_estimated
                    ) AS is_incomplete
                FROM counted JOIN placed ON {same(UNIT, "counted", "placed")})"""
    )
    added = fetch_count(connection, "SELECT count(*) FROM counted")
    connection.execute("DROP TABLE counted; DROP TABLE placed; DROP TABLE minima")
    reasons = (Reason("counted_from_pupils", added), Reason("pupils_without_result", without))
    return added, tuple(reason for reason in reasons if reason.n)


def _load_minima(connection: Connection) -> None:
    connection.execute(
        "CREATE TABLE minima (assessment VARCHAR, subject VARCHAR, school_year BIGINT, minimum DOUBLE)"
    )
    given = fetch(
        connection,
        "SELECT DISTINCT assessment, subject, school_year FROM pupil_results WHERE test_points IS NOT NULL",
    )
    for row in given:
        known = exam_minimum(row["subject"], row["school_year"], CERTIFICATE, assessment=row["assessment"])
        if known is not None and known.unit == "test_points":
            connection.execute(
                "INSERT INTO minima VALUES (?, ?, ?, ?)", [*row.values(), float(known.minimum)]
            )


def _counts() -> str:
    """Sums of whole and half points are exact in any order, so that building twice gives the same digits."""
    marks = ", ".join(f"count(*) FILTER (mark = {mark}) AS of_{mark}" for mark in MARKS)
    shown = ", ".join(
        f"CASE WHEN marked_n > 0 THEN of_{mark} END AS mark_{mark}_n, "
        f"CASE WHEN marked_n > 0 THEN of_{mark} / marked_n END AS mark_{mark}_share"
        for mark in MARKS
    )
    tested = "CASE WHEN marked_n > 0 THEN marked_n WHEN test_n > 0 THEN test_n ELSE points_n END"
    low = "CASE WHEN marked_n > 0 THEN of_2 WHEN minimum IS NOT NULL THEN below_n END"
    return f"""
        WITH sums AS (
            SELECT {names(UNIT)}, count(*) AS rows_n, count(mark) AS marked_n, count(test_points) AS test_n,
                count(points) AS points_n, {marks}, count(*) FILTER (test_points < minimum) AS below_n,
                max(minimum) AS minimum, sum(points) AS total, sum(points * points) AS squares,
                max(points_max) AS points_max,
                CASE WHEN min(test_date) = max(test_date) THEN min(test_date) END AS test_date
            FROM pupil_results LEFT JOIN minima USING (assessment, subject, school_year) GROUP BY ALL)
        SELECT {names(UNIT)}, test_date, rows_n, {tested} AS tested_n, false AS tested_n_is_estimated, {shown},
            {low} AS low_n, ({low}) / nullif({tested}, 0) AS low_share, ({low}) IS NOT NULL AS counts_rebuilt,
            CASE WHEN points_n > 0 THEN total / points_n END AS mean_points,
            CASE WHEN points_n > 1
                THEN sqrt(greatest(0, squares - total * total / points_n) / (points_n - 1)) END AS sd_points,
            points_max
        FROM sums"""


def _places() -> str:
    row_of = "CAST(regexp_extract(source_cells, '{}', 1) AS BIGINT)"
    first_row, last_row = row_of.format(r"^[A-Z]+(\d+)"), row_of.format(r"(\d+)$")
    letters = "lpad(regexp_extract(source_cells, '{}', 1), 3, ' ')"
    first, last = letters.format("^([A-Z]+)"), letters.format(r"([A-Z]+)\d+$")
    return f"""
        SELECT {names(UNIT)}, source_sha256, source_sheet,
            trim(min({first})) || min({first_row}) || ':' || trim(max({last})) || max({last_row}) AS source_cells
        FROM pupil_results GROUP BY {names(UNIT)}, source_sha256, source_sheet
        QUALIFY row_number() OVER (
            PARTITION BY {names(UNIT)} ORDER BY count(*) DESC, source_sha256, source_sheet) = 1"""
