"""Rows of a logistic model, sorted by group and cut into pieces that fit the processor's cache."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from shnor_analysis.kernels.refusals import CannotFit

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
# a piece's vectors and its part of the design stay in the second cache of an ordinary processor
ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class LogisticSpec:
    """What varies between groups.

    Attributes:
        random: Positions in the design of the q columns whose effects vary between outer groups.
        free: Which entries of the lower triangular factor L of their covariance L L' are estimated, shape (q, q).
        has_inner: Whether the inner groups have intercepts of their own.
        groups: Names of the outer and the inner grouping, for what is said of them.
        basis: Matrix B, shape (q, q), by which the random columns are taken as B z; None for z itself. Effects are then
            those of B z: of z they are B' times as much.
    """

    random: tuple[int, ...]
    free: npt.NDArray[np.bool_]
    has_inner: bool = False
    groups: tuple[str, str] = ("", "")
    basis: Floats | None = None

    @property
    def n_theta(self) -> int:
        """Number of variance parameters."""
        return int(self.free.sum()) + self.has_inner

    def columns(self, design: Floats) -> Floats:
        """The random columns of some rows of a design, shape (q, rows)."""
        z = design[list(self.random)]
        return z if self.basis is None else np.asarray(self.basis @ z, dtype=np.float64)

    def of_columns(self, effects: Floats) -> Floats:
        """Effects of z, shape (q, G), from those of B z."""
        return effects if self.basis is None else np.asarray(self.basis.T @ effects, dtype=np.float64)

    def factor(self, theta: Floats) -> Floats:
        """The factor L, shape (q, q), of variance parameters in the order of columns."""
        factor = np.zeros(self.free.shape)
        factor.T[self.free.T] = theta[: int(self.free.sum())]
        return factor

    def inner_sd(self, theta: Floats) -> float:
        """Standard deviation of the inner intercepts (its sign is free); 0 without an inner level."""
        return float(theta[-1]) if self.has_inner else 0.0

    def theta(self, factor: Floats, inner_sd: float) -> Floats:
        """The variance parameters of a factor; the inverse of `factor` and `inner_sd`."""
        return np.append(factor.T[self.free.T], [inner_sd] if self.has_inner else [])


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole outer groups that are worked on at once.

    Attributes:
        rows, groups, inner: Where they stand among all rows, outer groups and inner groups.
        starts, sizes: First row (counted within the piece) and number of rows of each outer group.
        inner_starts, inner_sizes: The same of the inner groups; empty without an inner level.
        inner_first, inner_counts: First inner group (within the piece) and number of them in each outer group.
    """

    rows: slice
    groups: slice
    inner: slice
    starts: Indices
    sizes: Indices
    inner_starts: Indices
    inner_sizes: Indices
    inner_first: Indices
    inner_counts: Indices


@dataclass(frozen=True, slots=True)
class LogisticRows:
    """Rows sorted by outer group, within it by inner group.

    Attributes:
        names: Names of the k columns of the design; the first `n_fixed` have coefficients.
        n_fixed: Number p of coefficients.
        design: Shape (k, n), a column of the model in each row: long runs of memory.
        successes: Number of successes of each row, shape (n,).
        trials: Number of trials of each row, shape (n,); None when all are 1.
        pieces: The rows in parts.
        bounds: First row of each outer group and the number of rows, shape (G + 1,).
        inner_bounds: The same of the inner groups, shape (C + 1,); empty without an inner level.
        log_constant: Sum of the logarithms of the binomial coefficients of rows that were counts from the start.
    """

    names: tuple[str, ...]
    n_fixed: int
    design: Floats
    successes: Floats
    trials: Floats | None
    pieces: tuple[Piece, ...]
    bounds: Indices
    inner_bounds: Indices
    log_constant: float = 0.0

    @property
    def n_groups(self) -> int:
        """Number of outer groups."""
        return self.bounds.size - 1

    @property
    def n_inner(self) -> int:
        """Number of inner groups; 0 without an inner level."""
        return max(self.inner_bounds.size - 1, 0)

    @property
    def n_trials(self) -> float:
        """Number of trials of all rows."""
        return float(self.successes.size if self.trials is None else self.trials.sum())


def sort_rows(
    names: tuple[str, ...],
    design: Floats,
    successes: Floats,
    *,
    outer: npt.NDArray[np.integer],
    n_fixed: int,
    trials: Floats | None = None,
    inner: npt.NDArray[np.integer] | None = None,
    log_constant: float = 0.0,
) -> LogisticRows:
    """Sort rows by group and cut them into pieces; the arrays given may be overwritten.

    Parameters:
        names: Names of the k columns.
        design: Shape (k, n); the first `n_fixed` rows are the fixed part, others serve random effects.
        successes: Shape (n,), 0…trials.
        outer: Codes 0…G−1 of the outer groups, shape (n,), each taken at least once.
        n_fixed: Number of columns with coefficients.
        trials: Shape (n,); None when each row is one pupil.
        inner: Codes 0…C−1 of the inner groups, each within one outer group.
        log_constant: See `LogisticRows`.

    Raises:
        CannotFit: ``no_rows``.
    """
    if successes.size == 0:
        raise CannotFit("no_rows")
    codes = _joint(outer, outer if inner is None else inner)
    if np.any(codes[1:] < codes[:-1]):
        order = sorting_order(outer, outer if inner is None else inner)
        for column in design:
            column[:] = column[order]
        successes = successes[order]
        trials = None if trials is None else trials[order]
        outer, codes = outer[order], codes[order]
    bounds = _bounds(np.asarray(outer))
    inner_bounds = _bounds(codes) if inner is not None else np.empty(0, dtype=np.intp)
    return LogisticRows(
        names=names,
        n_fixed=n_fixed,
        design=design,
        successes=successes,
        trials=trials,
        pieces=_pieces(bounds, inner_bounds),
        bounds=bounds,
        inner_bounds=inner_bounds,
        log_constant=log_constant,
    )


def sorting_order(outer: npt.NDArray[np.integer], inner: npt.NDArray[np.integer]) -> Indices:
    """The order that sorts rows by outer and then by inner group (both the same with one level); stable, shape (n,)."""
    codes = _joint(outer, inner)
    order: Indices = np.argsort((codes & 0xFFFF).astype(np.uint16), kind="stable")
    # 16 bits at a time: numpy sorts those by counting, in linear time
    for shift in (16, 32, 48):
        if int(codes.max(initial=0)) >> shift:
            order = order[np.argsort(((codes >> shift) & 0xFFFF).astype(np.uint16)[order], kind="stable")]
    return order


def binomial_constant(successes: Floats, trials: Floats) -> float:
    """Sum of the logarithms of the binomial coefficients, as lme4 counts it into the log-likelihood of counts."""
    return float(np.sum(gammaln(trials + 1.0) - gammaln(successes + 1.0) - gammaln(trials - successes + 1.0)))


def _joint(outer: npt.NDArray[np.integer], inner: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """One code for both levels, in the order of the outer groups."""
    codes = np.asarray(inner, dtype=np.int64)
    return (
        codes
        if inner is outer
        else codes + np.asarray(outer, dtype=np.int64) * (int(codes.max(initial=0)) + 1)
    )


def _bounds(codes: npt.NDArray[np.integer]) -> Indices:
    starts = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    return np.concatenate(([0], starts, [codes.size])).astype(np.intp)


def _pieces(bounds: Indices, inner_bounds: Indices) -> tuple[Piece, ...]:
    """Cut at bounds of outer groups; a group larger than a piece is a piece of its own."""
    first_inner = np.searchsorted(inner_bounds, bounds) if inner_bounds.size else np.zeros_like(bounds)
    pieces = []
    group = 0
    while group < bounds.size - 1:
        until = int(np.searchsorted(bounds, bounds[group] + ROWS_AT_ONCE, side="right")) - 1
        until = max(until, group + 1)
        start, stop = int(bounds[group]), int(bounds[until])
        inner = slice(int(first_inner[group]), int(first_inner[until]))
        inner_starts = inner_bounds[inner] - start
        pieces.append(
            Piece(
                rows=slice(start, stop),
                groups=slice(group, until),
                inner=inner,
                starts=bounds[group:until] - start,
                sizes=np.diff(bounds[group : until + 1]),
                inner_starts=inner_starts,
                inner_sizes=np.diff(np.append(inner_starts, stop - start)),
                inner_first=first_inner[group:until] - first_inner[group],
                inner_counts=np.diff(first_inner[group : until + 1]),
            )
        )
        group = until
    return tuple(pieces)
