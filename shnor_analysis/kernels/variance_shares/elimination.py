"""Residual sums and determinants of many nested models at once, by taking columns out of a matrix of products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
# a column of whose own products less than this is left after the columns before it says nothing new
REDUNDANT = 1e-10


@dataclass(frozen=True, slots=True)
class Solved:
    """What models leave: residual sum of squares r², log|A_xx| and number of columns used, all of one shape."""

    residual: Array
    log_det: Array
    used: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _State:
    """Products not yet explained, with models and matrices as the last axes: long vectors are fast.

    Attributes:
        rows: Row i of the upper triangle, shape (r − i, models, matrices).
        scale: The diagonal at the start, shape (r, models or 1, matrices).
        det: Product of the pivots so far, shape (models, matrices).
        used: Columns in the model so far, shape (models, matrices).
    """

    rows: tuple[Array, ...]
    scale: Array
    det: Array
    used: NDArray[np.int64]

    def take(self, columns: int) -> _State:
        """The first columns go into the model; those that say nothing new are passed over."""
        rows, scale, det, used = self.rows, self.scale, self.det, self.used
        for _ in range(columns):
            pivot, rest = rows[0][0], rows[0][1:]
            is_new = pivot > REDUNDANT * scale[0]
            if not is_new.all():
                pivot, rest = np.where(is_new, pivot, 1.0), np.where(is_new, rest, 0.0)
            scaled = rest / pivot
            rows = tuple(row - scaled[at] * rest[at:] for at, row in enumerate(rows[1:]))
            scale, det, used = scale[1:], det * pivot, used + is_new
        return _State(rows, scale, det, used)

    def skip(self, columns: int) -> _State:
        """The first columns stay out of the model."""
        return _State(self.rows[columns:], self.scale[columns:], self.det, self.used)

    def result(self, batch: tuple[int, ...]) -> Solved:
        """Everything but the outcome has been dealt with, or is left out; arrays of shape (*batch, models)."""
        residual = np.maximum(self.rows[-1][0], REDUNDANT**2 * self.scale[-1])
        return Solved(
            _batch_first(residual, batch),
            _batch_first(np.log(self.det), batch),
            _batch_first(self.used, batch),
        )


def _batch_first(values: NDArray[np.generic], batch: tuple[int, ...]) -> NDArray:  # type: ignore[type-arg]
    """From (models, matrices) to (*batch, models)."""
    return np.moveaxis(values.reshape(-1, *batch), 0, -1)


def _start(products: Array, base: int) -> _State:
    """Begin with the columns that are in every model; `products` has shape (matrices, k, k), the outcome last."""
    last = np.ascontiguousarray(np.moveaxis(products, 0, -1))
    k, matrices = len(last), last.shape[-1]
    rows = tuple(last[at, at:, None, :] for at in range(k))
    ones = np.ones((1, matrices))
    return _State(
        rows, np.array([row[0] for row in rows]), ones, np.zeros((1, matrices), dtype=np.int64)
    ).take(base)


def every_subset(products: Array, *, base: int, blocks: Sequence[int]) -> Solved:
    """Models of all subsets of the factors: arrays of shape (…, 2^factors) in the order of `all_subsets`.

    A binary tree: a factor is taken or skipped in all models so far, so most of the work is done once.
    """
    batch = products.shape[:-2]
    state = _start(products.reshape(-1, *products.shape[-2:]), base)
    for columns in blocks:
        out, into = state.skip(columns), state.take(columns)
        state = _State(
            tuple(np.concatenate(pair, axis=1) for pair in zip(out.rows, into.rows, strict=True)),
            state.scale[columns:],
            np.concatenate([out.det, into.det]),
            np.concatenate([out.used, into.used]),
        )
    return state.result(batch)


def every_prefix(products: Array, *, base: int, blocks: Sequence[int], orders: Indices) -> Solved:
    """Models of the first 0, 1, …, P factors of each order: arrays of shape (…, orders, P + 1)."""
    batch = products.shape[:-2]
    first = _start(products.reshape(-1, *products.shape[-2:]), base)
    begins = np.concatenate([[0], np.cumsum(blocks)]).astype(np.intp)
    left = np.empty((begins[-1] + 1, begins[-1] + 1, first.det.shape[1]))
    for at, row in enumerate(first.rows):
        left[at, at:] = left[at:, at] = row[:, 0]
    places = np.array(
        [
            [*(column for one in order for column in range(begins[one], begins[one + 1])), begins[-1]]
            for order in orders
        ]
    ).T
    shape = (len(orders), first.det.shape[1])
    state = _State(
        tuple(left[places[at], places[at:]] for at in range(len(places))),
        first.scale[places, 0],
        np.broadcast_to(first.det, shape),
        np.broadcast_to(first.used, shape),
    )
    steps = [state.result(batch)]
    for _ in range(begins[-1]):
        state = state.take(1)
        steps.append(state.result(batch))
    ends = np.concatenate(
        [np.zeros((len(orders), 1), dtype=np.intp), np.cumsum(np.asarray(blocks)[orders], axis=1)], axis=1
    )
    residual, log_det, used = (_at_ends(steps, ends, name) for name in ("residual", "log_det", "used"))
    return Solved(residual, log_det, used.astype(np.int64))


def _at_ends(steps: Sequence[Solved], ends: Indices, name: str) -> Array:
    """What stands after the last column of each factor, from what stands after each column."""
    after = np.stack([getattr(step, name) for step in steps], axis=-1)
    return np.take_along_axis(after, np.broadcast_to(ends, (*after.shape[:-1], ends.shape[1])), axis=-1)
