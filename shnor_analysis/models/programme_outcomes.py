"""Outcomes of a programme's evaluation: a school's year on two scales, beside untreated schools of its procedures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from shnor_analysis.kernels.ordinal_shift import ordinal_shifts
from shnor_analysis.kernels.procedure_levels import procedure_levels
from shnor_analysis.models.programme_rows import NEVER, Flags, Floats, Indices, SchoolYears
from shnor_analysis.models.school_panel import SchoolPanel


def school_years(
    panel: SchoolPanel, treated: Mapping[str, int], *, context: tuple[tuple[str, ...], Floats] | None = None
) -> SchoolYears:
    """Lay a panel out as schools × years.

    A school's result in a procedure of one year is its ordinal shift (`kernels.ordinal_shift`: all four marks where
    every school of the procedure has them, else low against not low) and its share of low results; both less the level
    of the procedure among schools that are never treated (`kernels.procedure_levels`; among all schools where none of
    those wrote it). Over the procedures of a year it is the mean weighted by pupils.

    Args:
        panel: At least one row.
        treated: First programme year by school_id; schools that the panel has not are passed over.
        context: Names and values, shape (S, T, k) for the panel's schools and every year from its first to its last.
    """
    years = tuple(range(int(panel.year.min()), int(panel.year.max()) + 1))
    shape = (len(panel.school_ids), len(years))
    cohort = np.array([treated.get(name, NEVER) for name in panel.school_ids], dtype=np.int64)
    procedure = _procedures(panel)
    shift, icc = _shifts(panel, procedure)
    share = 100.0 * panel.low / panel.tested
    is_reference = cohort[panel.school] == NEVER
    cells = (panel.school, panel.year - years[0])
    tested, low = np.zeros(shape), np.zeros(shape)
    np.add.at(tested, cells, panel.tested)
    np.add.at(low, cells, panel.low)
    names, values = context if context is not None else ((), np.zeros((*shape, 0)))
    return SchoolYears(
        school_ids=panel.school_ids,
        years=years,
        cohort=cohort,
        sd=_means(_centred(panel, shift, procedure, is_reference), panel.tested, cells, shape),
        pp=_means(_centred(panel, share, procedure, is_reference), panel.tested, cells, shape),
        tested_n=tested,
        low_n=low,
        context=values.copy(),
        context_names=names,
        icc=icc,
    )


def _procedures(panel: SchoolPanel) -> Indices:
    """Procedure and year of each row as one code, 0-based without gaps."""
    both = np.column_stack([panel.year, panel.procedure])
    return np.asarray(np.unique(both, axis=0, return_inverse=True)[1].ravel(), dtype=np.intp)


def _shifts(panel: SchoolPanel, procedure: Indices) -> tuple[Floats, float]:
    """Shift of each row, and the part of variance between schools over all procedures, weighted by pupils."""
    shift = np.zeros(panel.rows_n)
    has_marks = np.zeros(panel.rows_n, dtype=bool)
    if panel.marks is not None:
        lacks = np.bincount(procedure, np.isnan(panel.marks).any(axis=1))
        has_marks = (lacks == 0)[procedure]
    weighted = 0.0
    for rows in (has_marks, ~has_marks):
        if not rows.any():
            continue
        is_full = bool(has_marks[rows][0]) and panel.marks is not None
        low, rest = panel.low[rows], (panel.tested - panel.low)[rows]
        counts = panel.marks[rows] if is_full and panel.marks is not None else np.column_stack([low, rest])
        codes = np.unique(procedure[rows], return_inverse=True)[1].ravel()
        found = ordinal_shifts(np.ascontiguousarray(counts, dtype=np.float64), codes)
        shift[rows] = found.shift
        weighted += float(np.bincount(codes, panel.tested[rows]) @ found.icc)
    return shift, weighted / float(panel.tested.sum())


def _centred(panel: SchoolPanel, values: Floats, procedure: Indices, is_reference: Flags) -> Floats:
    """Values less the level of their procedure; procedures that no reference school wrote have that of all schools."""
    level = procedure_levels(values, panel.school, procedure, np.where(is_reference, panel.tested, 0.0))
    if np.isnan(level).any():
        level = np.where(
            np.isnan(level), procedure_levels(values, panel.school, procedure, panel.tested), level
        )
    return np.asarray(values - level[procedure])


def _means(values: Floats, weights: Floats, cells: tuple[Indices, Indices], shape: tuple[int, int]) -> Floats:
    """Weighted mean by school and year; NaN where there is no row."""
    sums, total = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, cells, weights * values)
    np.add.at(total, cells, weights)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, sums / np.where(total > 0, total, 1.0), np.nan)
