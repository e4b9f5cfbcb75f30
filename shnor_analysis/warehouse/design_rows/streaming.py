"""Rows whose columns only formulaic can compute (polynomials, splines): read batch by batch."""

from __future__ import annotations

import numpy as np

from shnor_analysis.errors import UsageProblem
from shnor_analysis.kernels.multilevel import CannotFit
from shnor_analysis.warehouse.design_rows.ordering import (
    UnsortedRows,
    check_binary,
    check_counts,
    crossing_refused,
)
from shnor_analysis.warehouse.design_rows.values import DesignRows
from shnor_analysis.warehouse.formulas import ModelFormula
from shnor_analysis.warehouse.moments import Source
from shnor_analysis.warehouse.moments.batches import RowStream, matrix_batches
from shnor_analysis.warehouse.moments.hierarchy import Hierarchy


def read_streamed_rows(formula: ModelFormula, source: Source, trials: str | None) -> DesignRows:
    """The rows of a model as `read_design_rows` gives them, columns made by formulaic.

    Raises:
        UsageProblem, InputRefused, CannotFit: As `read_design_rows`.
    """
    try:
        stream = matrix_batches(formula, source, extra=() if trials is None else (trials,))
    except UsageProblem as error:
        raise crossing_refused(error) from None
    try:
        return _read(formula, stream, trials)
    finally:
        stream.close()


def _read(formula: ModelFormula, stream: RowStream, trials: str | None) -> DesignRows:
    values, groups, counts = [], [], []
    for batch in stream:
        keep = slice(None) if trials is None else batch.extra[:, 0] != 0.0
        values.append(batch.values[keep].T)
        groups.append(batch.groups[:, keep])
        counts.append(batch.extra[keep])
    if not sum(one.shape[1] for one in values):
        raise CannotFit("no_rows")
    matrix, codes = np.concatenate(values, axis=1), np.concatenate(groups, axis=1)
    outcome = str(next(iter(formula.outcomes)))
    successes = matrix[stream.outcomes[0]].copy()
    totals = None if trials is None else np.concatenate(counts)[:, 0]
    if totals is None:
        check_binary(outcome, successes)
    else:
        check_counts(outcome, successes, totals)
    assert stream.hierarchy is not None
    found = stream.hierarchy
    fixed = tuple(stream.columns[place] for place in stream.fixed)
    bars = tuple(stream.design.names(one.terms) for one in formula.random)
    names = tuple(dict.fromkeys((*fixed, *(name for part in bars for name in part))))
    places = [stream.columns.index(name) for name in names]
    unsorted = UnsortedRows(
        formula, names, fixed, bars, successes, totals, _compact(found, codes), is_collapsed=False
    )
    return unsorted.in_order(
        lambda order: np.ascontiguousarray(matrix[places][:, order]),
        design=stream.design,
        rows_read=stream.rows_read,
    )


def _compact(found: Hierarchy, codes: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Hierarchy:
    """Groups that complete rows have: a row may have become incomplete in a computation."""
    made, labels = [], []
    for level, names in zip(codes, found.labels, strict=True):
        present, place = np.unique(level, return_inverse=True)
        made.append(place.astype(np.int64))
        labels.append(names[present])
    return Hierarchy(found.groupings, tuple(made), tuple(labels))
