"""The permutation test of the primary design: what its t statistic would be had other schools been chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.permutation import permutation_p, relabellings
from shnor_analysis.kernels.stacked_regression import StackedFit, fit_stacked
from shnor_analysis.models.programme_rows import Indices, ProgrammeRows, SchoolYears, Windows
from shnor_analysis.models.programme_stacks import (
    StackTables,
    labels_of,
    outcomes_under,
    stack_tables,
    weights_under,
)
from shnor_analysis.results.frames import lower_tail
from shnor_analysis.results.programme_parts import SCALES, DesignEstimate


@dataclass(frozen=True, slots=True)
class PermutationAnswer:
    """p of a t statistic over `n` relabellings; None where none gives a statistic.

    `p` ranks each t by its own degrees of freedom, `p_of_bare_t` by its size alone.
    """

    p: float | None
    n: int
    is_exact: bool
    p_of_bare_t: float | None = None


def permute(
    design: DesignEstimate,
    years: SchoolYears,
    windows: Windows,
    rows: ProgrammeRows,
    *,
    asked: int,
    seed: int,
) -> PermutationAnswer:
    """Relabel the schools of the rows, cohort sizes kept, and fit the design anew each time.

    Each t statistic is compared by its p-value at its own Satterthwaite degrees of freedom; beside it stands the p of the
    bare |t|, which takes equal statistics for equal evidence whatever their degrees of freedom.
    Had the programme done nothing anywhere, results would have been the same under any labels; rows, windows and
    weights follow the labels. Schools that are in no row keep their labels.

    Args:
        design: "ancova" or "did" on one scale, from `rows`.
        years: What the rows were made of.
        windows: Which years count as before and after.
        rows: The rows of `design`.
        asked: Number of relabellings; all there are when these are fewer.
        seed: Of the sample.
    """
    tables = stack_tables(years, windows)
    used = np.unique(rows.school)
    dealt = relabellings(labels_of(years)[used], asked=asked, seed=seed)
    labels = np.broadcast_to(labels_of(years), (len(dealt.labels), len(years.school_ids))).copy()
    labels[:, used] = dealt.labels
    stacks = np.isin(np.array(tables.cohort_years), rows.cohort)
    fit = fit_labelled(
        design, tables, labels, used=used, stacks=np.flatnonzero(stacks), with_earlier=rows.has_earlier
    )
    p_values = 2 * lower_tail(-np.abs(fit.statistic), fit.df)
    p = permutation_p(design.p_value, p_values, is_exact=dealt.is_exact)
    # the smaller the clearer, as p-values are
    of_size = permutation_p(_inverse(design.statistic), _inverse(fit.statistic), is_exact=dealt.is_exact)
    return PermutationAnswer(p, int(np.isfinite(p_values).sum()), dealt.is_exact, of_size)


def _inverse(statistic: npt.ArrayLike) -> Any:
    with np.errstate(divide="ignore"):
        return 1.0 / np.maximum(np.abs(statistic), np.finfo(float).tiny)


def fit_labelled(
    design: DesignEstimate,
    tables: StackTables,
    labels: Indices,
    *,
    used: Indices,
    stacks: Indices,
    with_earlier: bool,
) -> StackedFit:
    """Fit a design under B labellings, shape (B, S), over some schools and cohorts."""
    at = SCALES.index(design.scale)
    weight = weights_under(tables, labels, needs_earlier=with_earlier)[:, used][:, :, stacks]
    post = outcomes_under(tables, labels, at)[:, used][:, :, stacks]
    before = [tables.selection[at], tables.earlier[at]] if with_earlier else [tables.selection[at]]
    if design.design == "did":
        post = post - tables.earlier[at].T[used][:, stacks]
        before = []
    shape = weight.shape
    fixed = [np.eye(len(stacks))[None, None, :, level] for level in range(len(stacks))]
    fixed += [column.T[used][:, stacks][None] for column in before]
    if design.design != "did":
        fixed += [column.T[used][:, stacks][None] for column in np.moveaxis(tables.context, 2, 0)]
    treated = (labels[:, used][:, :, None] == stacks).astype(np.float64)
    columns = np.stack([np.broadcast_to(one, shape) for one in (*fixed, treated)], axis=3)
    return fit_stacked(post, columns, weight)
