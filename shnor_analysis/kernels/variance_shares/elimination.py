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
class Eliminated:
    """What models leave: residual sum of squares r², log|A_xx| and number of columns used, all of one shape."""

    residual: Array
    log_det: Array
    used: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _State:
    """Products not yet explained, shape (…, r, r), beside the scale of their columns and what is behind."""

    left: Array
    scale: Array
    log_det: Array
    used: NDArray[np.int64]

    def take(self, columns: int) -> _State:
        """The first columns go into the model; those that say nothing new are passed over."""
        left, scale, log_det, used = self.left, self.scale, self.log_det, self.used
        for _ in range(columns):
            pivot, row = left[..., 0, 0], left[..., 0, 1:]
            is_new = pivot > REDUNDANT * scale[..., 0]
            safe = np.where(is_new, pivot, 1.0)
            scaled = np.where(is_new[..., None], row, 0.0) / safe[..., None]
            left = left[..., 1:, 1:] - scaled[..., :, None] * row[..., None, :]
            scale, log_det, used = scale[..., 1:], log_det + np.log(safe), used + is_new
        return _State(left, scale, log_det, used)

    def skip(self, columns: int) -> _State:
        """The first columns stay out of the model."""
        return _State(self.left[..., columns:, columns:], self.scale[..., columns:], self.log_det, self.used)

    def result(self) -> Eliminated:
        """Everything but the outcome has been dealt with, or is left out."""
        residual = np.maximum(self.left[..., -1, -1], REDUNDANT**2 * self.scale[..., -1])
        return Eliminated(residual, self.log_det, self.used)


def start(products: Array, base: int) -> _State:
    """Begin with the columns that are in every model; `products` has shape (…, k, k), the outcome last."""
    batch = products.shape[:-2]
    scale = np.einsum("...ii->...i", products)
    return _State(products, scale, np.zeros(batch), np.zeros(batch, dtype=np.int64)).take(base)


def every_subset(products: Array, *, base: int, blocks: Sequence[int]) -> Eliminated:
    """Models of all subsets of the factors: arrays of shape (…, 2^factors) in the order of `all_subsets`.

    A binary tree: a factor is taken or skipped in all models so far, so most of the work is done once.
    """
    state = start(products, base)
    state = _State(
        state.left[..., None, :, :],
        state.scale[..., None, :],
        state.log_det[..., None],
        state.used[..., None],
    )
    for columns in blocks:
        out, into = state.skip(columns), state.take(columns)
        state = _State(
            np.concatenate([out.left, into.left], axis=-3),
            np.concatenate([out.scale, into.scale], axis=-2),
            np.concatenate([out.log_det, into.log_det], axis=-1),
            np.concatenate([out.used, into.used], axis=-1),
        )
    return state.result()


def every_prefix(products: Array, *, base: int, blocks: Sequence[int], orders: Indices) -> Eliminated:
    """Models of the first 0, 1, …, P factors of each order: arrays of shape (…, orders, P + 1)."""
    first = start(products, base)
    begins = np.concatenate([[0], np.cumsum(blocks)]).astype(np.intp)
    places = np.array(
        [[column for one in order for column in range(begins[one], begins[one + 1])] for order in orders]
    ).reshape(len(orders), -1)
    places = np.column_stack([places, np.full(len(orders), begins[-1])]).astype(np.intp)
    state = _State(
        first.left[..., places[:, :, None], places[:, None, :]],
        first.scale[..., places],
        np.broadcast_to(first.log_det[..., None], (*first.log_det.shape, len(orders))),
        np.broadcast_to(first.used[..., None], (*first.used.shape, len(orders))),
    )
    steps = [state.result()]
    for _ in range(begins[-1]):
        state = state.take(1)
        steps.append(state.result())
    ends = np.concatenate(
        [np.zeros((len(orders), 1), dtype=np.intp), np.cumsum(np.asarray(blocks)[orders], axis=1)], axis=1
    )
    residual, log_det, used = (_at_ends(steps, ends, name) for name in ("residual", "log_det", "used"))
    return Eliminated(residual, log_det, used.astype(np.int64))


def _at_ends(steps: Sequence[Eliminated], ends: Indices, name: str) -> Array:
    """What stands after the last column of each factor, from what stands after each column."""
    after = np.stack([getattr(step, name) for step in steps], axis=-1)
    return np.take_along_axis(after, np.broadcast_to(ends, (*after.shape[:-1], ends.shape[1])), axis=-1)
