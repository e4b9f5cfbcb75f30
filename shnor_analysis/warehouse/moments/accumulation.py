"""Sums of products added up batch by batch, for columns that SQL cannot compute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.multilevel import CannotFit, GroupedMoments, Level
from shnor_analysis.kernels.multilevel.moments import INTERCEPT
from shnor_analysis.warehouse.moments.batches import Batch, RowStream
from shnor_analysis.warehouse.moments.columns import near_mean
from shnor_analysis.warehouse.moments.hierarchy import Hierarchy

Floats = npt.NDArray[np.float64]


def accumulate(stream: RowStream, *, has_shift: bool, has_all_products: bool) -> GroupedMoments:
    """The sums of products of all rows of a stream.

    Parameters:
        stream: The rows.
        has_shift: Whether columns may be shifted: only beside an intercept in every formula.
        has_all_products: Keep the products of all columns by group.

    Raises:
        CannotFit: ``no_rows``.
    """
    sums = _Sums(stream, has_shift, has_all_products)
    for batch in stream:
        sums.add(batch)
    if sums.n_obs == 0:
        raise CannotFit("no_rows")
    return sums.moments()


class _Sums:
    """Sums while they grow."""

    def __init__(self, stream: RowStream, has_shift: bool, has_all_products: bool) -> None:
        self.stream = stream
        self.has_shift = has_shift and INTERCEPT in stream.columns
        self.order = _outcomes_last(stream)
        self.names = tuple(stream.columns[at] for at in self.order)
        self.random = self._random(has_all_products)
        self.shift: Floats | None = None
        k, groups = len(self.names), stream.hierarchy
        n_groups = len(groups.labels[0]) if groups else 0
        self.products = np.zeros((k, k))
        self.grouped = np.zeros((len(self.random), k, n_groups))
        self.sizes = np.zeros(n_groups)
        self.n_obs = 0
        self.sum_log_weights = 0.0

    def _random(self, has_all_products: bool) -> tuple[int, ...]:
        if self.stream.hierarchy is None:
            return ()
        if has_all_products:
            return tuple(range(len(self.names)))
        wanted = [self.stream.columns[at] for at in self.stream.random]
        if wanted and INTERCEPT in self.names:
            wanted = [INTERCEPT, *wanted]
        return tuple(self.names.index(one) for one in dict.fromkeys(wanted))

    def add(self, batch: Batch) -> None:
        """Add the products of some rows."""
        values = batch.values[:, self.order]
        if self.shift is None:
            self.shift = self._near_means(values)
        columns = np.ascontiguousarray((values - self.shift).T)
        weighted = columns if batch.weights is None else columns * batch.weights
        self.products += weighted @ columns.T
        self.n_obs += len(values)
        if batch.weights is not None:
            self.sum_log_weights += float(np.log(batch.weights).sum())
        if len(self.sizes):
            codes, many = batch.groups[0], len(self.sizes)
            self.sizes += np.bincount(codes, minlength=many)
            for row, at in enumerate(self.random):
                for other in range(len(columns)):
                    self.grouped[row, other] += np.bincount(
                        codes, weighted[at] * columns[other], minlength=many
                    )

    def _near_means(self, values: Floats) -> Floats:
        if not self.has_shift:
            return np.zeros(values.shape[1])
        shift = np.array([near_mean(one) for one in values.T])
        shift[self.names.index(INTERCEPT)] = 0.0
        return shift

    def moments(self) -> GroupedMoments:
        """The finished sums; groups whose rows all went are left out."""
        levels, kept = _levels(self.stream.hierarchy, self.sizes)
        return GroupedMoments(
            columns=self.names,
            shift=np.zeros(len(self.names)) if self.shift is None else self.shift,
            products=self.products,
            random=self.random,
            grouped=self.grouped[:, :, kept],
            levels=levels,
            n_obs=self.n_obs,
            rows_dropped=self.stream.rows_read - self.n_obs,
            sum_log_weights=self.sum_log_weights,
        )


def _outcomes_last(stream: RowStream) -> list[int]:
    last = set(stream.outcomes)
    return [at for at in range(len(stream.columns)) if at not in last] + list(stream.outcomes)


def _levels(
    hierarchy: Hierarchy | None, sizes: Floats
) -> tuple[tuple[Level, ...], npt.NDArray[np.intp] | Sequence[int]]:
    """The levels of the groups that have rows."""
    if hierarchy is None:
        return (), []
    # one row a group: where the innermost group stands on each level
    ancestors = np.empty((len(hierarchy.codes), len(sizes)), dtype=np.int64)
    for level, codes in enumerate(hierarchy.codes):
        ancestors[level, hierarchy.codes[0]] = codes
    kept = np.flatnonzero(sizes > 0)
    numbered = [np.unique(one[kept], return_inverse=True) for one in ancestors]
    found = Hierarchy(
        hierarchy.groupings,
        tuple(index.astype(np.int64) for _, index in numbered),
        tuple(labels[present] for labels, (present, _) in zip(hierarchy.labels, numbered, strict=True)),
    )
    return found.levels(sizes[kept].astype(np.int64)), kept
