"""An invented region with a programme: what a department has, a row a school, year and procedure."""

from __future__ import annotations

import numpy as np
import pandas as pd

MARKS = ["mark_2_n", "mark_3_n", "mark_4_n", "mark_5_n"]


def a_region(schools=40, treated=7, start=2022, effect=0.0, seed=3, years=(2017, 2023), pupils=(40, 120)):
    """Pupils' marks in two subjects, and the schools that were lowest in the year before the programme."""
    rng = np.random.default_rng(seed)
    span = range(years[0], years[1] + 1)
    level = rng.normal(0, 0.25, schools)
    yearly = {year: rng.normal(0, 0.1, schools) for year in span}
    sizes = rng.integers(*pupils, schools)
    lowest = np.argsort(level + yearly[start - 1])[:treated]
    rows = []
    for year in span:
        for subject, harder in (("mathematics", 0.2), ("russian", 0.0)):
            for at in range(schools):
                mean = level[at] + yearly[year][at] - harder
                mean += effect * (at in lowest and year >= start)
                marks = (rng.normal(mean, 1, sizes[at])[:, None] > [-1.2, 0.0, 1.0]).sum(axis=1)
                rows.append((f"sch66{at:04d}", year, subject, 5, sizes[at], *np.bincount(marks, minlength=4)))
    names = ["school_id", "school_year", "subject", "grade", "tested_n", *MARKS]
    return pd.DataFrame(rows, columns=names), {f"sch66{at:04d}": start for at in lowest}
