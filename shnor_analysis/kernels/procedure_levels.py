"""Levels of procedures that different schools wrote: what a procedure's mean would be had all schools written it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
# pull of the schools' levels to 0 as a share of their weight: settles the one constant that rows leave open in each
# set of procedures with common schools, and nothing else to six digits
PULL = 1e-7


def procedure_levels(values: Floats, school: Indices, procedure: Indices, weights: Floats) -> Floats:
    """Fit value = level of the procedure + level of the school by weighted least squares.

    Args:
        values: A row a school and procedure, shape (N,).
        school: Of each row, 0-based, shape (N,).
        procedure: Of each row, 0-based, shape (N,).
        weights: Not negative; rows with 0 do not count, shape (N,).

    Returns:
        Levels, shape (P,), P the largest procedure + 1, such that the weighted mean of the schools' levels is 0 over
        each set of procedures that schools connect; NaN for a procedure without weight. Where all schools write all
        procedures with one weight a school it is the weighted mean.
    """
    n_procedures, n_schools = int(procedure.max()) + 1, int(school.max()) + 1
    crossed = np.zeros((n_schools, n_procedures))
    np.add.at(crossed, (school, procedure), weights)
    total = crossed.sum(axis=0)
    pulled = crossed.sum(axis=1) * (1.0 + PULL)
    pulled[pulled == 0] = 1.0
    by_procedure = np.bincount(procedure, weights * values, n_procedures)
    by_school = np.bincount(school, weights * values, n_schools)
    taken = total > 0
    told = crossed[:, taken]
    system = np.diag(total[taken]) - told.T @ (told / pulled[:, None])
    levels = np.full(n_procedures, np.nan)
    levels[taken] = np.linalg.solve(system, (by_procedure[taken] - told.T @ (by_school / pulled)))
    return levels
