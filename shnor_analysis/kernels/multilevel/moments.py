"""Sums of products of columns, by group: all that a Gaussian model needs of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.read_only import make_read_only

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
        make_read_only(self.labels, self.parent, self.sizes)


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
        make_read_only(self.shift, self.products, self.grouped)

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


def sum_by_group(values: Floats, group: Indices, n_groups: int) -> Floats:
    """Sums over the members of each group along the last axis: (…, members) makes (…, n_groups).

    Parameters:
        values: Numbers of the members, last axis.
        group: Group of each member, 0…n_groups − 1, shape (members,).
        n_groups: Groups; one without members sums to 0.
    """
    if len(group) == n_groups and np.array_equal(group, np.arange(n_groups)):
        return values
    sums = [np.bincount(group, weights=row, minlength=n_groups) for row in values.reshape(-1, len(group))]
    return np.array(sums, dtype=np.float64).reshape(*values.shape[:-1], n_groups)


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
