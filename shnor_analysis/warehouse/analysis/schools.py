"""Rows of schools for models, where only numbers of marks or mean points are known: a row a school and procedure."""

from __future__ import annotations

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.schemas import PROCEDURE_KEY
from shnor_analysis.warehouse.analysis.context import CONTEXT, ContextFactors, context_columns
from shnor_analysis.warehouse.engine import Connection, fetch_count, names

SCHOOL_ROWS = "analysis_schools"


def create_school_rows(connection: Connection, *, school_year: int, context: ContextFactors) -> Accounting:
    """Create the table `analysis_schools`: a row a school and procedure of the year.

    Columns: school_id, assessment, subject, grade, season, tested_n; outcome: the school's mean points, or where a
    procedure has none the share of pupils above a low mark, as deviation from all pupils in standard deviations of
    pupils (higher is better; of a share p the standard deviation is √(p(1−p))); variance_one: sampling variance of
    one pupil in that unit, so that a school's own is variance_one / tested_n; then the context of the school.

    Returns: the accounting: rows of the year in, rows with a result and pupils out.
    Limits: a share says less about a school than its points; pupils of one school count as independent.
    """
    key = names(PROCEDURE_KEY)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE {SCHOOL_ROWS} AS
        WITH told AS (
            SELECT school_id, {key}, tested_n, mean_points, sd_points,
                coalesce(mark_2_n / tested_n, low_n / tested_n, low_share, mark_2_share) AS low,
                2 * count(mean_points + sd_points) OVER procedure >= count(*) OVER procedure AS has_points
            FROM school_results WHERE school_year = {school_year} AND tested_n > 0
            WINDOW procedure AS (PARTITION BY {key})),
        measured AS (
            SELECT *, CASE WHEN has_points THEN mean_points ELSE 1 - low END AS result,
                CASE WHEN has_points THEN sd_points ** 2 ELSE low * (1 - low) END AS within FROM told),
        centred AS (
            SELECT *, result - sum(tested_n * result) OVER procedure / sum(tested_n) OVER procedure AS deviation,
                sum(tested_n * within) OVER procedure / sum(tested_n) OVER procedure AS within_all
            FROM measured WHERE result IS NOT NULL AND within IS NOT NULL
            WINDOW procedure AS (PARTITION BY {key})),
        scaled AS (
            SELECT *, within_all
                + sum(tested_n * deviation ** 2) OVER procedure / sum(tested_n) OVER procedure AS variance
            FROM centred WINDOW procedure AS (PARTITION BY {key}))
        SELECT school_id, assessment, subject, grade, season, tested_n, deviation / sqrt(variance) AS outcome,
            within_all / variance AS variance_one, {names(context_columns(context.names))}
        FROM scaled JOIN {CONTEXT} USING (school_id) WHERE variance > 0 AND within_all > 0"""
    )
    rows_in = fetch_count(
        connection, f"SELECT count(*) FROM school_results WHERE school_year = {school_year}"
    )
    rows_out = fetch_count(connection, f"SELECT count(*) FROM {SCHOOL_ROWS}")
    reasons = [Reason("school_result_missing", rows_in - rows_out)] if rows_in > rows_out else []
    return Accounting().then("analysis_schools", "school_results", rows_in, rows_out, reasons)
