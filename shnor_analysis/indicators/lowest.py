"""Which schools are among the lowest of all in a year."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from shnor_analysis.kernels.binomial import SLACK
from shnor_analysis.kernels.ranking import chance_among_highest
from shnor_analysis.kernels.wilson import wilson_interval
from shnor_analysis.schemas import PROCEDURE_KEY


def find_lowest(results: pd.DataFrame, *, share: float, seed: int) -> pd.DataFrame:
    """Mark the schools with the highest shares of low results of one year.

    Args:
        results: Results of one data year: `school_id`, procedure, `tested_n` above 0, `low_n`.
        share: Share of the schools with results that counts as the lowest, rounded down to whole schools.
        seed: For the simulated rankings.

    Returns:
        One row a school: results pooled over its procedures, `threshold` (share of low results of the last school
        within), `is_low`, and `chance` to be within when the true shares equal the observed ones. Ties go by
        school_id. Where several procedures are pooled the subject is `pooled`, the grade the highest.
    """
    pooled = _pool(results)
    ranked = pooled.sort_values(["low_share", "school_id"], ascending=[False, True], ignore_index=True)
    places = math.floor(share * len(ranked) + SLACK)
    ranked["is_low"] = np.arange(len(ranked)) < places
    ranked["threshold"] = ranked["low_share"].iloc[places - 1] if places else 1.0
    by_number = ranked.sort_values("school_id", ignore_index=True)
    by_number["chance"] = chance_among_highest(
        by_number["tested_n"].to_numpy(int), by_number["low_share"].to_numpy(float), places=places, seed=seed
    )
    return by_number


def _pool(results: pd.DataFrame) -> pd.DataFrame:
    keys = list(PROCEDURE_KEY)
    per_school = results.groupby("school_id", as_index=False)
    pooled = per_school.agg(
        **{name: (name, "first") for name in keys},
        test_date=("test_date", "first"),
        tested_n=("tested_n", "sum"),
        low_n=("low_n", "sum"),
        rows_n=("low_n", "size"),
        grade_highest=("grade", "max"),
    )
    many = pooled["rows_n"] > 1
    pooled["subject"] = pooled["subject"].mask(many, "pooled")
    pooled["grade"] = pooled["grade_highest"]
    tested, low = pooled["tested_n"].to_numpy(float), pooled["low_n"].to_numpy(float)
    pooled["low_share"] = low / tested
    pooled["low_conf_low"], pooled["low_conf_high"] = wilson_interval(low, tested)
    return pooled.drop(columns=["rows_n", "grade_highest"])
