"""When chance cannot be told: too few schools or years, nothing that differs, nobody on the list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.models.list_flow_rows import FlowRows
from shnor_analysis.results import NotEstimable

Array = NDArray[np.float64]

LEAST_SCHOOLS = 10
LEAST_YEARS = 2


def refuse_list_year(rows: FlowRows, year: int) -> NotEstimable | None:
    """Why nothing can be said of a list year; None where something can."""
    if not rows.has(year):
        return NotEstimable("list_no_year", {"year": year})
    needed = max(LEAST_YEARS, rows.years_running)
    refused = refuse_rows(rows.learnt_until(year), rows.low, rows.years, needed=needed)
    if refused is not None:
        return refused
    gap = next((year - back for back in range(1, rows.years_running) if not rows.has(year - back)), None)
    if gap is not None:
        return NotEstimable("list_no_year", {"year": gap})
    if not rows.judged(year).any():
        return NotEstimable("list_not_judged", {"year": year})
    if not rows.listed(year).any():
        return NotEstimable("list_empty", {"year": year})
    return None


def refuse_rows(
    learnt: Array, low: Array, years: tuple[int, ...], *, needed: int = LEAST_YEARS
) -> NotEstimable | None:
    """Why no model can be fitted; None where one can.

    Args:
        learnt: Tested where it is learnt from, else 0, shape (schools, years, procedures).
        low: Low results, the same shape.
        years: School years.
        needed: Years with results, at the least.
    """
    seen = np.asarray(learnt > 0)
    has_year = np.flatnonzero(seen.sum(axis=(0, 2)))
    years_n = has_year.size
    if years_n < needed:
        last = years[has_year[-1]] if years_n else 0
        return NotEstimable("list_few_years", {"year": last, "years": years_n, "needed": needed})
    schools_n = int(np.count_nonzero(seen.sum(axis=(1, 2))))
    if schools_n < LEAST_SCHOOLS:
        return NotEstimable("list_few_schools", {"schools": schools_n, "needed": LEAST_SCHOOLS})
    if low[seen].sum() in (0, learnt.sum()):
        return NotEstimable("list_one_value")
    return None
