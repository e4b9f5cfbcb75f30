"""Michigan's schools with a would-be programme: rows of the regressions whose errors clubSandwich gave."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from reference_data import published

FIRST_SCHOOLS, COHORTS = 60, {1996: 6, 1997: 5, 1998: 4}


@lru_cache
def michigan_panel() -> pd.DataFrame:
    """Per cent passed and enrolment of the first sixty complete schools, a row a school and year."""
    frame = published("wooldridge", "school93_98").dropna(subset=["math4", "enrol"])
    years = frame.groupby("schid")["year"].nunique()
    kept = sorted(years.index[years == 6])[:FIRST_SCHOOLS]
    return frame[frame["schid"].isin(kept)].sort_values(["schid", "year"])


@lru_cache
def michigan_cohorts() -> dict[int, int]:
    """The lowest of the year before join: school -> first year of the would-be programme."""
    passed = michigan_panel().pivot_table(index="schid", columns="year", values="math4")
    joined: dict[int, int] = {}
    for cohort, size in COHORTS.items():
        free = passed.drop(index=list(joined))
        joined |= dict.fromkeys(free[cohort - 1].sort_values(kind="stable").index[:size], cohort)
    return joined


@lru_cache
def michigan_rows() -> pd.DataFrame:
    """A row a school beside a cohort; comparison: schools and years without the programme."""
    panel, joined, found = michigan_panel(), michigan_cohorts(), []
    for cohort in COHORTS:
        for school, own in panel.groupby("schid"):
            first = joined.get(school, 9999)
            is_after = (own["year"] >= cohort) & ((own["year"] < first) | (first == cohort))
            if first < cohort or not is_after.any():
                continue
            after, before = own[is_after], own[own["year"] < cohort - 1]
            found.append(
                {
                    "school": school,
                    "cohort": cohort,
                    "treated": int(first == cohort),
                    "post": np.average(after["math4"], weights=after["enrol"]),
                    "selection": own.loc[own["year"] == cohort - 1, "math4"].item(),
                    "earlier": np.average(before["math4"], weights=before["enrol"]),
                    "pupils": after["enrol"].sum(),
                }
            )
    return pd.DataFrame(found)
