"""The panel of schools over school years: numbers of low results in the tests that a listing rule looks at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.reference.calendar_breaks import SeriesBreak, calendar_breaks
from shnor_analysis.reference.listing_rules import ListingRule
from shnor_analysis.warehouse.engine import Connection, fetch_count, text

SEASONS = ("spring", "autumn")
PROCEDURE = ("assessment", "subject", "grade", "season")
PANEL_COLUMNS = (
    "school_id",
    "school_year",
    *PROCEDURE,
    "tested_n",
    "low_n",
    "mark_2_n",
    "mark_3_n",
    "mark_4_n",
    "mark_5_n",
    "tested_n_is_estimated",
    "is_flagged",
    "break_code",
    "is_comparable",
    "municipality_id",
)
COUNTS = ("low_n", "mark_2_n", "mark_3_n", "mark_4_n", "mark_5_n")


@dataclass(frozen=True, slots=True, eq=False)
class ResultsPanel:
    """Rows of the panel, the breaks of the calendar that lie within its years, and what was left out.

    `rows` has PANEL_COLUMNS, a row a school, school year and procedure, in that order.
    """

    rows: pd.DataFrame
    breaks: tuple[SeriesBreak, ...]
    accounting: Accounting

    def without_other_pupils(self) -> pd.DataFrame:
        """The rows in which the pupils tested are those of other years: not the exams of a year only some pupils sat."""
        others = {item.code for item in self.breaks if item.effect == "other_pupils"}
        return self.rows[~self.rows["break_code"].isin(others)].reset_index(drop=True)


def collect_panel(connection: Connection, *, school_year: int, rule: ListingRule) -> ResultsPanel:
    """Collect a row a school, school year and procedure of a listing rule, up to a school year.

    `school_year` of a row is the year whose programme was tested: what was written in autumn counts for the year
    before, as the lists take it; `season` tells such a row from those of the spring. `low_n` is empty nowhere; the
    marks are, where not all four are known. `is_flagged`: an issued list of biased results names the school in the
    year in which the test was written. `break_code` names the break of the calendar that forbids a change between
    this year and any other (`is_comparable` is false then); within a procedure schools may be compared all the same.

    Args:
        connection: DuckDB with the warehouse's views.
        school_year: Last school year whose results are taken, as the tables name it.
        rule: The rule whose procedures and seasons are taken.

    Returns:
        The panel; rows where nobody was tested or no low results are told are left out and accounted.

    Limits:
        A number of low results that the source gives as a share alone is rounded to whole pupils. Of a rule that puts
        results of two school years behind one list, each year is a year of the panel here.
    """
    wanted = _procedures(rule)
    rows = connection.execute(_QUERY.format(procedures=wanted, year=int(school_year))).df()
    rows = rows.astype(dict.fromkeys(COUNTS, "Int64"))
    written = rows["school_year"] + (rows["season"] == "autumn")
    breaks = _breaks_within(rows, written)
    rows["break_code"] = _break_codes(rows, written, breaks)
    rows["is_comparable"] = rows["break_code"] == ""
    return ResultsPanel(rows[list(PANEL_COLUMNS)], breaks, _account(connection, rows, wanted, school_year))


def _procedures(rule: ListingRule) -> str:
    """Rows of SQL values: what the rule looks at, a row a season that it takes."""
    told = [
        f"({text(one.assessment)}, {text(one.subject)}, {one.grade}, {text(season)})"
        for one in rule.procedures
        for season in SEASONS
        if any(
            data.season in ("", season) and (not data.assessments or one.assessment in data.assessments)
            for data in rule.data
        )
    ]
    return ", ".join(told)


def _breaks_within(rows: pd.DataFrame, written: pd.Series) -> tuple[SeriesBreak, ...]:
    """The breaks that lie within the years of a series in the panel, both ends included for those that forbid both."""
    written_in: dict[tuple[str, str, str], list[int]] = {}
    for assessment, subject, season, year in zip(
        rows["assessment"], rows["subject"], rows["season"], written, strict=True
    ):
        written_in.setdefault((str(assessment), str(subject), str(season)), []).append(int(year))
    known = [(*series, min(years), max(years)) for series, years in written_in.items()]
    return tuple(
        item
        for item in calendar_breaks()
        if any(
            item.concerns(assessment, subject, season)
            and (first < item.school_year <= last or (item.side == "both" and item.school_year == first))
            for assessment, subject, season, first, last in known
        )
    )


def _break_codes(rows: pd.DataFrame, written: pd.Series, breaks: Iterable[SeriesBreak]) -> pd.Series:
    """The code of the break that sets a row apart from every other year; empty where there is none."""
    codes = pd.Series("", index=rows.index, dtype="str")
    for item in breaks:
        if item.side != "both":
            continue
        is_meant = (written == item.school_year) & (rows["assessment"] == item.assessment)
        if item.subjects:
            is_meant &= rows["subject"].isin(item.subjects)
        if item.season:
            is_meant &= rows["season"] == item.season
        codes = codes.mask(is_meant & (codes == ""), item.code)
    return codes


def _account(connection: Connection, rows: pd.DataFrame, wanted: str, school_year: int) -> Accounting:
    """Rows of the rule's procedures in, rows of the panel out; estimated numbers are told and stay."""
    source = f"""FROM school_results r SEMI JOIN (VALUES {wanted}) AS w(assessment, subject, grade, season)
        USING (assessment, subject, grade, season) WHERE school_year <= {int(school_year)}"""
    rows_in = fetch_count(connection, f"SELECT count(*) {source}")
    nobody = fetch_count(connection, f"SELECT count(*) {source} AND coalesce(tested_n, 0) = 0")
    reasons = (
        Reason("nobody_tested", nobody),
        Reason("marks_not_given", rows_in - nobody - len(rows)),
        Reason("tested_estimated", int(rows["tested_n_is_estimated"].sum())),
    )
    return Accounting().then(
        "results_panel", "school_results", rows_in, len(rows), (reason for reason in reasons if reason.n)
    )


_QUERY = """
WITH wanted(assessment, subject, grade, season) AS (VALUES {procedures}),
flagged AS (
    SELECT DISTINCT school_id, school_year, subject, grade FROM listings WHERE list = 'biased_results'),
told AS (
    SELECT r.*, mark_2_n IS NOT NULL AND mark_3_n IS NOT NULL AND mark_4_n IS NOT NULL AND mark_5_n IS NOT NULL
        AS has_marks
    FROM school_results r SEMI JOIN wanted USING (assessment, subject, grade, season)
    WHERE r.school_year <= {year} AND r.tested_n > 0),
counted AS (
    SELECT *, CAST(coalesce(CASE WHEN has_marks THEN mark_2_n END, low_n,
        round(coalesce(low_share, mark_2_share) * tested_n)) AS BIGINT) AS low FROM told)
SELECT c.school_id, CAST(c.school_year - (c.season = 'autumn')::INT AS BIGINT) AS school_year,
    c.assessment, c.subject, CAST(c.grade AS BIGINT) AS grade, c.season, CAST(c.tested_n AS BIGINT) AS tested_n,
    CASE WHEN c.low > c.tested_n THEN c.tested_n ELSE c.low END AS low_n,
    CASE WHEN has_marks THEN mark_2_n END AS mark_2_n, CASE WHEN has_marks THEN mark_3_n END AS mark_3_n,
    CASE WHEN has_marks THEN mark_4_n END AS mark_4_n, CASE WHEN has_marks THEN mark_5_n END AS mark_5_n,
    coalesce(c.tested_n_is_estimated, false) AS tested_n_is_estimated,
    EXISTS (SELECT 1 FROM flagged f WHERE f.school_id = c.school_id AND f.school_year = c.school_year) AS is_flagged,
    s.municipality_id
FROM counted c JOIN schools s ON s.school_id = c.school_id WHERE c.low IS NOT NULL
ORDER BY 1, 2, 3, 4, 5, 6
"""
