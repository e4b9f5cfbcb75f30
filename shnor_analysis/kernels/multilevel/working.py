"""The model in the basis in which it is computed: shifted columns, groups in order, levels ready to be eliminated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from shnor_analysis.kernels.multilevel.columns import Key, column_key, group_products, total_products
from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments, Indices, sum_by_group
from shnor_analysis.kernels.multilevel.spec import MultilevelSpec, RandomTerm


@dataclass(frozen=True, slots=True)
class Block:
    """One covariance matrix of random coefficients: its place among a level's columns and its way back to raw units.

    Attributes:
        level: Position of the level in the moments.
        columns: Positions of the columns in the moments.
        at: First of its rows within the level's Λ.
        back: Raw coefficients = back @ working coefficients, shape (q, q).
        scale: Root mean square of each working column, shape (q,): parameters are optimised for columns of scale 1.
        is_shifted: Whether the working columns are shifted.
    """

    level: int
    columns: tuple[int, ...]
    at: int
    back: Floats
    scale: Floats
    is_shifted: bool

    @property
    def size(self) -> int:
        """Number of columns q."""
        return len(self.columns)


@dataclass(frozen=True, slots=True)
class WorkingLevel:
    """A level with random terms: where its columns stand in the products that reach it, and what passes on.

    Attributes:
        level: Position in the moments.
        blocks: Its covariance matrices.
        rows: Positions of its q columns among the rows of the products.
        cols: The same among their columns.
        rows_on: The first so many rows pass to the next level, and
        cols_on: the first so many columns.
        starts: First child of each group of the next level, and the number of children; empty on the last.
        parent: Group on the next level, shape (G,), ascending; None on the last.
        order: Position of each of its groups in the moments, shape (G,).
    """

    level: int
    blocks: tuple[Block, ...]
    rows: Indices
    cols: Indices
    rows_on: int
    cols_on: int
    starts: npt.NDArray[np.int32]
    parent: Indices | None
    order: Indices

    def sum_to_parents(self, factor: Floats, rows: Floats) -> Floats:
        """Σ factor · row over the children of each group of the next level; (G,) and (G, k) make (k, parents)."""
        children = np.arange(len(factor), dtype=self.starts.dtype)
        summing = csr_array((factor, children, self.starts), shape=(len(self.starts) - 1, len(factor)))
        return np.ascontiguousarray((summing @ rows).T)


@dataclass(frozen=True, slots=True)
class Working:
    """All that the likelihood needs.

    Attributes:
        products: Σ w c c' of fixed columns and outcome, shape (p + 1, p + 1), in the working basis.
        grouped: Products by group of the first level with terms, shape (u, k, G).
        levels: Levels with terms, innermost first.
        back: Raw coefficients = back @ working coefficients + back_constant; shapes (p, p) and (p,).
        n_obs: Rows; `degrees` = n − p for REML, n for ML.
        is_reml: Restricted likelihood.
        sum_log_weights: Σ log w.
    """

    products: Floats
    grouped: Floats
    levels: tuple[WorkingLevel, ...]
    back: Floats
    back_constant: Floats
    n_obs: int
    degrees: int
    is_reml: bool
    sum_log_weights: float

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every covariance matrix, innermost level first."""
        return tuple(block for level in self.levels for block in level.blocks)


def prepare(moments: GroupedMoments, spec: MultilevelSpec) -> Working:
    """Select, order and shift what a model needs of the moments.

    Fixed columns stay shifted when the model has the intercept: it takes the shift up, and `back` undoes it. A
    correlated block with the intercept stays shifted for the same reason; other random columns are unshifted.

    Raises:
        ValueError: A random column, or the intercept to undo its shift, is not among the columns summed by group.
    """
    has_intercept = moments.intercept is not None and moments.intercept in spec.fixed
    fixed = [column_key(moments, one, is_raw=not has_intercept) for one in (*spec.fixed, spec.outcome)]
    used = sorted({term.level for term in spec.random})
    blocks = {
        level: _blocks(moments, [term for term in spec.random if term.level == level]) for level in used
    }
    keys = {level: [key for block in blocks[level] for key in block_keys(moments, block)] for level in used}
    rows = list(dict.fromkeys(key for level in reversed(used) for key in keys[level]))
    cols = [*fixed, *(key for key in rows if key not in fixed)]
    levels = _levels(moments, used, blocks, keys, (rows, cols, len(fixed)))
    grouped = group_products(moments, rows, cols)
    back, constant = _coefficients_back(moments, spec, has_intercept)
    is_reml = spec.method == "reml"
    return Working(
        products=total_products(moments, fixed),
        grouped=_to_level(moments, levels[0], grouped) if levels else grouped,
        levels=levels,
        back=back,
        back_constant=constant,
        n_obs=moments.n_obs,
        degrees=moments.n_obs - len(spec.fixed) if is_reml else moments.n_obs,
        is_reml=is_reml,
        sum_log_weights=moments.sum_log_weights,
    )


def _blocks(moments: GroupedMoments, terms: Sequence[RandomTerm]) -> tuple[Block, ...]:
    made: list[Block] = []
    at = 0
    for term in terms:
        for columns in term.blocks:
            made.append(_block(moments, term.level, columns, at))
            at += len(columns)
    return tuple(made)


def _block(moments: GroupedMoments, level: int, columns: tuple[int, ...], at: int) -> Block:
    shift = moments.shift[list(columns)]
    total = (
        moments.products[moments.intercept, moments.intercept]
        if moments.intercept is not None
        else moments.n_obs
    )
    squares = moments.products[list(columns), list(columns)]
    is_shifted = moments.intercept in columns
    back = np.eye(len(columns))
    if is_shifted:
        back[columns.index(moments.intercept or 0)] -= shift
    elif moments.intercept is not None:
        squares = squares + 2 * shift * moments.products[moments.intercept, list(columns)] + shift**2 * total
    scale = np.sqrt(squares / total)
    return Block(level, columns, at, back, np.where(scale > 0, scale, 1.0), is_shifted)


def block_keys(moments: GroupedMoments, block: Block) -> list[Key]:
    """The columns of a block as the model takes them."""
    return [column_key(moments, one, is_raw=not block.is_shifted) for one in block.columns]


def _levels(
    moments: GroupedMoments,
    used: Sequence[int],
    blocks: dict[int, tuple[Block, ...]],
    keys: dict[int, list[Key]],
    names: tuple[list[Key], list[Key], int],
) -> tuple[WorkingLevel, ...]:
    """Levels from the outermost in, each with its groups in the order of their parents."""
    rows, cols, n_first = names
    made: list[WorkingLevel] = []
    for place, level in reversed(list(enumerate(used))):
        outer = made[0] if made else None
        on = {key for other in used[place + 1 :] for key in keys[other]}
        order, parent = _order(moments, level, outer)
        starts = np.empty(0, dtype=np.int32)
        if parent is not None and outer is not None:
            starts = np.searchsorted(parent, np.arange(len(outer.order) + 1)).astype(np.int32)
        made.insert(
            0,
            WorkingLevel(
                level=level,
                blocks=blocks[level],
                rows=np.array([rows.index(key) for key in keys[level]], dtype=np.intp),
                cols=np.array([cols.index(key) for key in keys[level]], dtype=np.intp),
                rows_on=len(on),
                cols_on=n_first + sum(key in on for key in cols[n_first:]),
                starts=starts,
                parent=parent,
                order=order,
            ),
        )
    return tuple(made)


def _order(moments: GroupedMoments, level: int, outer: WorkingLevel | None) -> tuple[Indices, Indices | None]:
    n_groups = len(moments.levels[level].labels)
    if outer is None:
        return np.arange(n_groups), None
    parent = np.arange(n_groups)
    for one in moments.levels[level : outer.level]:
        assert one.parent is not None
        parent = one.parent[parent]
    rank = np.empty_like(outer.order)
    rank[outer.order] = np.arange(len(rank))
    ranked = rank[parent]
    if (ranked[1:] >= ranked[:-1]).all():
        return np.arange(n_groups), ranked
    order = np.argsort(ranked, kind="stable")
    return order, ranked[order]


def _to_level(moments: GroupedMoments, first: WorkingLevel, grouped: Floats) -> Floats:
    """Products by the groups of the first level with terms, in its order."""
    order = first.order
    if first.level > 0:
        grouped = sum_by_group(grouped, moments.ancestors(first.level), len(order))
    if (order[1:] > order[:-1]).all():
        return grouped
    return np.ascontiguousarray(grouped[:, :, order])


def _coefficients_back(
    moments: GroupedMoments, spec: MultilevelSpec, has_intercept: bool
) -> tuple[Floats, Floats]:
    p = len(spec.fixed)
    back, constant = np.eye(p), np.zeros(p)
    if has_intercept:
        at = spec.fixed.index(moments.intercept or 0)
        back[at] -= moments.shift[list(spec.fixed)]
        constant[at] = moments.shift[spec.outcome]
    return back, constant
