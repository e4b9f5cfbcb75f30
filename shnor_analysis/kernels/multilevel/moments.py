"""Sums of products of columns, by group: all that a Gaussian model needs of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.multilevel.refusals import CannotFit

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
INTERCEPT = "Intercept"


@dataclass(frozen=True, slots=True)
class Level:
    """One grouping of a nested hierarchy.

    Attributes:
        name: Name of the grouping as in the formula.
        labels: Labels of the groups as in the data, shape (G,).
        parent: Index of each group's group on the next outer level, shape (G,); None on the outermost level.
        sizes: Rows in each group, shape (G,).
    """

    name: str
    labels: npt.NDArray[np.object_]
    parent: Indices | None
    sizes: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.labels, self.parent, self.sizes):
            if array is not None:
                array.flags.writeable = False


@dataclass(frozen=True, slots=True)
class GroupedMoments:
    """Sums of products over all rows and within each innermost group; levels stand innermost first.

    Attributes:
        columns: Names of the k columns: terms of the fixed part, further random columns, outcomes.
        shift: Constant taken from each column before multiplying, shape (k,); 0 for the column ``Intercept`` and
            0 everywhere when there is no such column.
        products: Σ w c c' over all rows, shape (k, k).
        random: Positions of the u columns whose products were also summed by group. Where a shift of one of them is
            not 0, the position of ``Intercept`` is among them.
        grouped: Σ w u c' within each innermost group, shape (u, k, G): groups last.
        levels: The hierarchy; empty when nothing is grouped (then G is 0).
        n_obs: Rows counted.
        rows_dropped: Rows left out for missing values.
        sum_log_weights: Σ log w over the rows; 0 without weights.
    """

    columns: tuple[str, ...]
    shift: Floats
    products: Floats
    random: tuple[int, ...]
    grouped: Floats
    levels: tuple[Level, ...]
    n_obs: int
    rows_dropped: int = 0
    sum_log_weights: float = 0.0

    def __post_init__(self) -> None:
        for array in (self.shift, self.products, self.grouped):
            array.flags.writeable = False

    @property
    def intercept(self) -> int | None:
        """Position of the column of ones."""
        return self.columns.index(INTERCEPT) if INTERCEPT in self.columns else None

    def ancestors(self, level: int) -> Indices:
        """Index of the group on `level` to which each innermost group belongs, shape (G,)."""
        found = np.arange(len(self.levels[0].labels))
        for one in self.levels[:level]:
            assert one.parent is not None
            found = one.parent[found]
        return found

    def select(self, columns: Sequence[int]) -> GroupedMoments:
        """The same rows seen through some of the columns, in the order asked for; random columns outside go."""
        kept = list(columns)
        rows = [row for row, column in enumerate(self.random) if column in kept]
        return replace(
            self,
            columns=tuple(self.columns[one] for one in kept),
            shift=self.shift[kept],
            products=self.products[np.ix_(kept, kept)],
            random=tuple(kept.index(self.random[row]) for row in rows),
            grouped=np.ascontiguousarray(self.grouped[np.ix_(rows, kept)]),
        )

    def resample(
        self, counts: npt.NDArray[np.integer], *, random: Sequence[int] | None = None
    ) -> GroupedMoments:
        """Take each outermost group `counts` times, each copy as a group of its own.

        Parameters:
            counts: Copies of each outermost group, shape (groups of the outermost level,); 0 leaves one out.
            random: Positions of the columns whose group products the result keeps; all when None.

        Raises:
            ValueError: The products by group do not cover all columns.

        Limits: with precision weights the log-likelihood is off by the weights' constant; estimates are not.
        """
        if sorted(self.random) != list(range(len(self.columns))):
            raise ValueError("products by group are needed for all columns")
        levels, inner = _copied_levels(self.levels, np.asarray(counts))
        order = np.argsort(self.random)
        times = np.bincount(inner, minlength=self.grouped.shape[2]).astype(np.float64)
        products = (self.grouped @ times)[order]
        kept = list(range(len(self.columns))) if random is None else list(random)
        return replace(
            self,
            products=(products + products.T) / 2,
            random=tuple(kept),
            grouped=self.grouped[order[kept]][:, :, inner],
            levels=levels,
            n_obs=int(levels[-1].sizes.sum()),
        )

    def leave_out(self, group: int, *, random: Sequence[int] | None = None) -> GroupedMoments:
        """All outermost groups but one; see `resample`."""
        counts = np.ones(len(self.levels[-1].labels), dtype=np.intp)
        counts[group] = 0
        return self.resample(counts, random=random)


def moments_from_arrays(
    columns: Sequence[str],
    values: Floats,
    *,
    groups: Sequence[tuple[str, npt.NDArray[np.integer], npt.NDArray[np.object_]]],
    random: Sequence[int],
    weights: Floats | None = None,
    shift: Floats | None = None,
) -> GroupedMoments:
    """Sum the products of rows in memory.

    Parameters:
        columns: Names of the k columns; the column of ones is called ``Intercept``.
        values: One row a pupil, shape (n, k). Rows with a missing value are left out and counted.
        groups: Name, code of each row, shape (n,), and labels by code, for each level, innermost first. A code
            below 0 is missing. Labels that no row has are left out.
        random: Positions of the columns whose products are summed by group (``Intercept`` is added when it exists).
        weights: Precision weights as in lme4, shape (n,), > 0; a row of weight 0 is left out and counted.
        shift: Constants near the means, shape (k,); found from the rows when None.

    Raises:
        CannotFit: ``no_rows`` when nothing is left.
        ValueError: A weight is negative, or a group lies in two groups of the next level.
    """
    keep, weight = _complete_rows(values, [codes for _, codes, _ in groups], weights)
    if not keep.any():
        raise CannotFit("no_rows")
    rows = values[keep]
    used = _shift(tuple(columns), rows) if shift is None else np.array(shift, dtype=np.float64)
    centred = np.ascontiguousarray((rows - used).T)
    weighted = centred * weight
    levels, inner = _nested_levels([(name, codes[keep], labels) for name, codes, labels in groups])
    intercept = [columns.index(INTERCEPT)] if INTERCEPT in columns and random else []
    kept = tuple(intercept + [one for one in random if one not in intercept])
    n_groups = len(levels[0].labels) if levels else 0
    grouped = np.empty((len(kept), len(columns), n_groups))
    for row, column in enumerate(kept):
        for other in range(len(columns)):
            grouped[row, other] = np.bincount(
                inner, weights=weighted[column] * centred[other], minlength=n_groups
            )
    return GroupedMoments(
        columns=tuple(columns),
        shift=used,
        products=weighted @ centred.T,
        random=kept,
        grouped=grouped,
        levels=levels,
        n_obs=int(keep.sum()),
        rows_dropped=int((~keep).sum()),
        sum_log_weights=0.0 if weights is None else float(np.log(weight).sum()),
    )


def combine(parts: Sequence[GroupedMoments]) -> GroupedMoments:
    """Add the sums of batches of rows that share columns, shift and the coding of groups.

    Raises:
        ValueError: The batches do not share them.
    """
    first = parts[0]
    for part in parts[1:]:
        same = part.columns == first.columns and part.random == first.random
        same = same and np.array_equal(part.shift, first.shift) and _same_groups(part, first)
        if not same:
            raise ValueError("batches differ in columns, shift or groups")
    levels = tuple(
        replace(level, sizes=np.sum([part.levels[at].sizes for part in parts], axis=0))
        for at, level in enumerate(first.levels)
    )
    return replace(
        first,
        products=np.sum([part.products for part in parts], axis=0),
        grouped=np.sum([part.grouped for part in parts], axis=0),
        levels=levels,
        n_obs=sum(part.n_obs for part in parts),
        rows_dropped=sum(part.rows_dropped for part in parts),
        sum_log_weights=sum(part.sum_log_weights for part in parts),
    )


def _same_groups(one: GroupedMoments, other: GroupedMoments) -> bool:
    if len(one.levels) != len(other.levels):
        return False
    pairs = zip(one.levels, other.levels, strict=True)
    return all(
        np.array_equal(a.labels, b.labels)
        and (b.parent is None if a.parent is None else np.array_equal(a.parent, np.asarray(b.parent)))
        for a, b in pairs
    )


def _complete_rows(
    values: Floats, codes: Sequence[npt.NDArray[np.integer]], weights: Floats | None
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Which rows have everything, and their weights."""
    keep = np.isfinite(values).all(axis=1)
    for one in codes:
        keep &= one >= 0
    if weights is None:
        return np.asarray(keep), np.ones(int(keep.sum()))
    if (weights < 0).any():
        raise ValueError("a weight is negative")
    keep &= np.isfinite(weights) & (weights > 0)
    return np.asarray(keep), np.asarray(weights, dtype=np.float64)[keep]


def _shift(columns: tuple[str, ...], rows: Floats) -> Floats:
    if INTERCEPT not in columns:
        return np.zeros(len(columns))
    means = np.asarray(rows.mean(axis=0))
    means[columns.index(INTERCEPT)] = 0.0
    return means


def _nested_levels(
    groups: Sequence[tuple[str, npt.NDArray[np.integer], npt.NDArray[np.object_]]],
) -> tuple[tuple[Level, ...], Indices]:
    """Levels with only the groups that have rows, and the innermost group of each row."""
    if not groups:
        return (), np.empty(0, dtype=np.intp)
    coded = []
    for _, codes, _ in groups:
        present, index = np.unique(codes, return_inverse=True)
        coded.append((present, index.astype(np.intp)))
    levels = []
    for at, (name, _, labels) in enumerate(groups):
        present, index = coded[at]
        parent = _parents(name, index, coded[at + 1][1]) if at + 1 < len(groups) else None
        kept = np.asarray(labels, dtype=object)[present]
        levels.append(Level(name, kept, parent, np.bincount(index, minlength=len(present)).astype(np.int64)))
    return tuple(levels), coded[0][1]


def _parents(name: str, index: Indices, outer: Indices) -> Indices:
    parent = np.empty(int(index.max()) + 1, dtype=np.intp)
    parent[index] = outer
    if not np.array_equal(parent[index], outer):
        raise ValueError(f"a group of {name} lies in two groups of the next level")
    return parent


def _copied_levels(
    levels: tuple[Level, ...], counts: npt.NDArray[np.integer]
) -> tuple[tuple[Level, ...], Indices]:
    """The hierarchy with its outermost groups repeated, and for each new innermost group the old one."""
    old = np.repeat(np.arange(len(counts)), counts)
    outermost = levels[-1]
    made = [Level(outermost.name, outermost.labels[old], None, outermost.sizes[old])]
    for at in reversed(range(len(levels) - 1)):
        level = levels[at]
        assert level.parent is not None
        children = np.argsort(level.parent, kind="stable")
        many = np.bincount(level.parent, minlength=len(levels[at + 1].labels))
        start = np.concatenate([[0], np.cumsum(many)])
        parent = np.repeat(np.arange(len(old)), many[old])
        within = np.arange(len(parent)) - np.repeat(np.cumsum(many[old]) - many[old], many[old])
        old = children[start[old][parent] + within]
        made.insert(0, Level(level.name, level.labels[old], parent.astype(np.intp), level.sizes[old]))
    return tuple(made), old
