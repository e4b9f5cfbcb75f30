"""Rows of pupils for models: a row a pupil and procedure of a school year."""

from __future__ import annotations

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.schemas import PROCEDURE_KEY
from shnor_analysis.warehouse.analysis.context import CONTEXT, ContextFactors, context_columns
from shnor_analysis.warehouse.engine import Connection, fetch_count, names

PUPIL_ROWS = "analysis_pupils"
PUPIL_COLUMNS = ("sex", "has_special_needs", "home_language_other")


def create_pupil_rows(connection: Connection, *, school_year: int, context: ContextFactors) -> Accounting:
    """Create the table `analysis_pupils`: a row a pupil and procedure of the year.

    Columns: school_id, class_key (grade and class; a grade without class names counts as one class), pupil_id,
    assessment, subject, grade, season; points (primary points; where fewer than half of a procedure's rows have them
    test points, else marks); outcome: points standardised within procedure and season over all schools, in standard
    deviations of pupils; sex, has_special_needs, home_language_other; prior: the pupil's latest earlier outcome in the
    same subject, in any assessment, found through `link_id` and empty where there is none; then the context of the
    school.

    Returns: the accounting: rows of the year in, rows with a score out.
    Limits: a procedure in which all pupils have the same score gives no rows.
    """
    _create_scores(connection, school_year)
    _create_earlier(connection, school_year)
    pupil = names(PUPIL_COLUMNS, "p.")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE {PUPIL_ROWS} AS
        SELECT s.school_id, concat(s.grade, '/', coalesce(s.class_id, p.class_id, '')) AS class_key, s.pupil_id,
            s.assessment, s.subject, s.grade, s.season, s.points, s.outcome, {pupil}, e.outcome AS prior,
            {names(context_columns(context.names))}
        FROM (SELECT * FROM analysis_scores WHERE school_year = {school_year}) s
        LEFT JOIN pupils p ON p.pupil_id = s.pupil_id AND p.school_year = s.school_year
        JOIN {CONTEXT} c ON c.school_id = s.school_id
        ASOF LEFT JOIN analysis_earlier e
            ON e.link_id = p.link_id AND e.subject = s.subject AND s.moment > e.moment"""
    )
    rows_in = fetch_count(connection, f"SELECT count(*) FROM pupil_results WHERE school_year = {school_year}")
    rows_out = fetch_count(connection, f"SELECT count(*) FROM {PUPIL_ROWS}")
    reasons = [Reason("score_missing", rows_in - rows_out)] if rows_in > rows_out else []
    return Accounting().then("analysis_pupils", "pupil_results", rows_in, rows_out, reasons)


def _create_scores(connection: Connection, school_year: int) -> None:
    """Standardised scores of this and all earlier years; `moment` orders spring after the autumn of a school year."""
    key = names(PROCEDURE_KEY)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE analysis_scores AS
        WITH measured AS (
            SELECT pupil_id, {key}, school_id, class_id, CASE
                WHEN 2 * count(points) OVER procedure >= count(*) OVER procedure THEN points
                WHEN 2 * count(test_points) OVER procedure >= count(*) OVER procedure THEN test_points
                ELSE CAST(mark AS DOUBLE) END AS points
            FROM pupil_results WHERE school_year <= {school_year}
            WINDOW procedure AS (PARTITION BY {key})),
        standardised AS (
            SELECT *, school_year + CASE season WHEN 'spring' THEN 0.5 ELSE 0.0 END AS moment,
                (points - avg(points) OVER procedure) / nullif(stddev_pop(points) OVER procedure, 0) AS outcome
            FROM measured WHERE points IS NOT NULL
            WINDOW procedure AS (PARTITION BY {key}))
        SELECT * FROM standardised WHERE outcome IS NOT NULL"""
    )


def _create_earlier(connection: Connection, school_year: int) -> None:
    """A pupil's outcomes by link, subject and moment; two papers at one moment are averaged."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE analysis_earlier AS
        SELECT p.link_id, s.subject, s.moment, avg(s.outcome) AS outcome
        FROM analysis_scores s JOIN pupils p ON p.pupil_id = s.pupil_id AND p.school_year = s.school_year
        WHERE p.link_id IS NOT NULL AND s.moment < {school_year} + 0.5 GROUP BY ALL"""
    )
