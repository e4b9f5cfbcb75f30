"""What is there and what is missing: school year × procedure × school."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from shnor_analysis.schemas import PROCEDURE_KEY
from shnor_analysis.warehouse.engine import fetch_arrow, names, to_frame
from shnor_analysis.warehouse.reading import connected


@dataclass(frozen=True, slots=True)
class Coverage:
    """Two frames; a school that lacks a result may simply not have that grade.

    `school_years`: school_year, procedures_n, schools_n (with any result), without_any_n (schools of the register).
    `procedures`: the procedure's key, schools_n (with a result), missing_n (schools of the register without one),
    tested_n, pupil_level_n (schools known pupil by pupil), marks_n (schools with numbers of marks).
    """

    school_years: pd.DataFrame
    procedures: pd.DataFrame


def read_coverage(folder: Path) -> Coverage:
    """Count per procedure the schools of the register that have a result and those that have none."""
    key = names(PROCEDURE_KEY)
    with connected(folder) as connection:
        procedures = fetch_arrow(
            connection,
            f"""WITH pupil_level AS (
                    SELECT {key}, count(DISTINCT school_id) AS pupil_level_n FROM pupil_results GROUP BY ALL),
                register AS (SELECT count(*) AS n FROM schools)
                SELECT {key}, count(*) AS schools_n, any_value(register.n) - count(*) AS missing_n,
                    CAST(sum(tested_n) AS BIGINT) AS tested_n,
                    coalesce(any_value(pupil_level_n), 0) AS pupil_level_n,
                    count(mark_2_n) AS marks_n
                FROM school_results CROSS JOIN register LEFT JOIN pupil_level USING ({key})
                GROUP BY {key} ORDER BY {key}""",
        )
        years = fetch_arrow(
            connection,
            f"""SELECT school_year, count(DISTINCT ({names(PROCEDURE_KEY[1:])})) AS procedures_n,
                    count(DISTINCT school_id) AS schools_n,
                    (SELECT count(*) FROM schools) - count(DISTINCT school_id) AS without_any_n
                FROM school_results GROUP BY ALL ORDER BY ALL""",
        )
    return Coverage(school_years=years.to_pandas(), procedures=procedures.to_pandas())


def read_missing(folder: Path, school_year: int) -> pd.DataFrame:
    """List, for each procedure of a school year, the schools of the register that have no result in it."""
    key = names(PROCEDURE_KEY)
    with connected(folder) as connection:
        arrow = fetch_arrow(
            connection,
            f"""WITH written AS (
                    SELECT DISTINCT {key} FROM school_results WHERE school_year = ?)
                SELECT {key}, school_id FROM written CROSS JOIN schools
                ANTI JOIN school_results USING ({key}, school_id) ORDER BY ALL""",
            [school_year],
        )
    return to_frame("school_results", arrow)
