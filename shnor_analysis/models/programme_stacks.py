"""Rows of cohort × school from schools × years, for the true cohorts and for any relabelling of the schools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.read_only import make_read_only
from shnor_analysis.models.programme_rows import (
    NEVER,
    Flags,
    Floats,
    Indices,
    ProgrammeRows,
    ScaleRows,
    SchoolYears,
    Windows,
)


@dataclass(frozen=True, slots=True)
class StackTables:
    """Every row that any labelling of the schools may need: C cohorts, C + 1 labels (the last: never), S schools.

    Attributes:
        cohort_years: First programme years, ascending, length C.
        post: Mean after the programme's start by scale, as long as the label allows, shape (2, C, C + 1, S): pupil SD,
            percentage points.
        weight: Results behind it, 0 where there is none or the label is not for this cohort, shape (C, C + 1, S).
        selection: Mean of the selection years, shape (2, C, S).
        earlier: Mean of the years before them, shape (2, C, S).
        context: Covariates known in the last selection year, shape (C, S, k).
    """

    cohort_years: tuple[int, ...]
    post: Floats
    weight: Floats
    selection: Floats
    earlier: Floats
    context: Floats

    def __post_init__(self) -> None:
        make_read_only(self.post, self.weight, self.selection, self.earlier, self.context)


def stack_tables(years: SchoolYears, windows: Windows) -> StackTables:
    """Work out the windows of every cohort and label.

    A school of a later cohort stands for comparison in the years before an effect on it is looked for
    (`windows.comparison` "not_yet") or not at all ("never"); schools of earlier cohorts never do. Its selection years
    count: the schools not chosen by then are the right comparison for those chosen before, good and bad years alike;
    without the bad ones the comparison would be better than the programme's schools ever had to be.
    """
    cohorts = years.cohort_years
    time = np.array(years.years)
    n_cohorts, n_schools = len(cohorts), len(years.school_ids)
    post = np.full((2, n_cohorts, n_cohorts + 1, n_schools), np.nan)
    weight = np.zeros((n_cohorts, n_cohorts + 1, n_schools))
    selection, earlier = (
        np.full((2, n_cohorts, n_schools), np.nan),
        np.full((2, n_cohorts, n_schools), np.nan),
    )
    context = np.full((n_cohorts, n_schools, len(years.context_names)), np.nan)
    last = windows.last_year if windows.last_year is not None else time[-1]
    for at, first in enumerate(cohorts):
        for label in range(at, n_cohorts + 1):
            if at < label < n_cohorts and windows.comparison == "never":
                continue
            until = cohorts[label] + windows.delay if at < label < n_cohorts else NEVER
            after = (time >= first + windows.delay) & (time <= last) & (time < until)
            if windows.years_after is not None:
                after &= time < first + windows.delay + windows.years_after
            post[:, at, label], weight[at, label] = window_means(years, after)
        chosen = (time < first) & (time >= first - windows.selection_years)
        selection[:, at] = window_means(years, chosen)[0]
        earlier[:, at] = window_means(years, time < first - windows.selection_years)[0]
        if first - 1 in years.years:
            context[at] = years.context[:, years.years.index(first - 1)]
    return StackTables(cohorts, post, weight, selection, earlier, context)


def window_means(years: SchoolYears, window: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Means over some of the years, weighted by pupils: by scale and school, shape (2, S), and the results behind them."""
    tested = np.where(window, years.tested_n, 0.0)
    total = tested.sum(axis=1)
    safe = np.where(total > 0, total, 1.0)
    sums = [np.where(tested > 0, tested * scale, 0.0).sum(axis=1) for scale in (years.sd, years.pp)]
    return np.where(total > 0, np.array(sums) / safe, np.nan), total


def labels_of(years: SchoolYears) -> Indices:
    """Place of each school's cohort among the cohort years, C for schools without one, shape (S,)."""
    cohorts = np.array(years.cohort_years, dtype=np.int64)
    return np.where(years.cohort == NEVER, len(cohorts), np.searchsorted(cohorts, years.cohort)).astype(
        np.intp
    )


def weights_under(tables: StackTables, labels: Indices, *, needs_earlier: bool) -> Floats:
    """Weight of each row under B labellings; 0 where the row is not there.

    Args:
        tables: Every row that any labelling may need.
        labels: Shape (B, S).
        needs_earlier: Whether a row without earlier years is of no use.

    Returns:
        Shape (B, S, C).
    """
    usable = np.isfinite(tables.selection[0]) & np.isfinite(tables.context).all(axis=2)
    if needs_earlier:
        usable &= np.isfinite(tables.earlier[0])
    found = [np.where(usable[at], _by_label(tables.weight[at], labels), 0.0) for at in range(len(usable))]
    return np.stack(found, axis=2)


def outcomes_under(tables: StackTables, labels: Indices, scale: int) -> Floats:
    """Results after the start under B labellings, shape (B, S, C); `scale` 0 pupil SD, 1 percentage points."""
    cohorts = range(len(tables.cohort_years))
    return np.stack([_by_label(tables.post[scale, at], labels) for at in cohorts], axis=2)


def _by_label(table: Floats, labels: Indices) -> Floats:
    return np.asarray(table[labels, np.arange(table.shape[1])])


def has_earlier_years(tables: StackTables, labels: Indices) -> bool:
    """Whether any treated school has a result before its selection years."""
    rows = [tables.earlier[0, at, labels == at] for at in range(len(tables.cohort_years))]
    return bool(np.isfinite(np.concatenate(rows)).any()) if rows else False


def stack_rows(years: SchoolYears, windows: Windows) -> ProgrammeRows:
    """Stack the rows of every cohort that has both treated and comparison schools.

    A row needs a result in the selection years, one before them (where any treated school has one), one after the
    start, and all covariates.
    """
    tables, labels = stack_tables(years, windows), labels_of(years)
    has_earlier = has_earlier_years(tables, labels)
    weight = weights_under(tables, labels[None], needs_earlier=has_earlier)[0]
    post = [outcomes_under(tables, labels[None], scale)[0] for scale in (0, 1)]
    school, stack = np.nonzero(_complete(weight > 0, labels))
    scales = [
        ScaleRows(
            post[at][school, stack], tables.selection[at, stack, school], tables.earlier[at, stack, school]
        )
        for at in (0, 1)
    ]
    return ProgrammeRows(
        school_ids=years.school_ids,
        school=school,
        cohort=np.array(tables.cohort_years, dtype=np.int64)[stack],
        treated=labels[school] == stack,
        sd=scales[0],
        pp=scales[1],
        weight=weight[school, stack],
        context=tables.context[stack, school],
        context_names=years.context_names,
        has_earlier=has_earlier,
    )


def _complete(is_there: Flags, labels: Indices) -> Flags:
    """Rows without those of cohorts that lack an arm, shape (S, C)."""
    is_treated = labels[:, None] == np.arange(is_there.shape[1])
    both = (is_there & is_treated).any(axis=0) & (is_there & ~is_treated).any(axis=0)
    return np.asarray(is_there & both)
