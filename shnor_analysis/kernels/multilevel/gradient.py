"""Gradient of the deviance by going back through the levels, from the outermost in."""

from __future__ import annotations

import numpy as np

from shnor_analysis.kernels.multilevel.likelihood import Eliminated, Evaluation, multiply
from shnor_analysis.kernels.multilevel.moments import Floats
from shnor_analysis.kernels.multilevel.working import Working, WorkingLevel


def slopes(working: Working, at: Evaluation, *, sigma: float | None = None) -> list[Floats]:
    """Derivatives Γ of the deviance by G/σ² of each level, symmetric, shape (q, q); by Λ they are 2 Γ Λ.

    At a minimum Γ vanishes on the range of G and is positive semidefinite beside it.

    Parameters:
        working: The model.
        at: The evaluation at the point.
        sigma: Residual standard deviation as in the evaluation; profiled out when None.
    """
    weight = working.degrees / at.residual if sigma is None else sigma**-2
    adjoint = weight * np.outer(at.direction, at.direction)
    if working.is_reml:
        adjoint[:-1, :-1] += at.precision_inverse
    return back_through(working, at, adjoint)


def residual_slopes(working: Working, at: Evaluation) -> list[Floats]:
    """Derivatives of r² by G/σ² of each level, shape (q, q)."""
    return back_through(working, at, np.outer(at.direction, at.direction), has_determinant=False)


def back_through(
    working: Working, at: Evaluation, adjoint: Floats, *, has_determinant: bool = True
) -> list[Floats]:
    """Derivatives of tr(adjoint · A), with the log-determinants of the levels or without, by G/σ² of each level."""
    found: list[Floats] = []
    from_parent: Floats | None = None
    for place in reversed(range(len(working.levels))):
        level, done = working.levels[place], at.levels[place]
        passed = (
            None if level.parent is None or from_parent is None else from_parent.take(level.parent, axis=2)
        )
        turned = np.matmul(adjoint, done.split.own[:, : len(adjoint)])
        by_shrink = _by_shrink(done, turned, passed)
        found.insert(0, _by_covariance(done, by_shrink, has_determinant))
        if place > 0:
            from_parent = _by_products(level, done, (turned, by_shrink, passed), has_determinant)
    return found


def _by_shrink(done: Eliminated, turned: Floats, passed: Floats | None) -> Floats:
    """Derivative by W of each group, symmetric, shape (q, q, G)."""
    own = done.split.own
    q, size = turned.shape[:2]
    made = np.empty((q, q, own.shape[-1]))
    for a in range(q):
        for b in range(a + 1):
            made[a, b] = made[b, a] = -np.einsum("kg,kg->g", turned[a], own[b, :size])
    if passed is not None:
        met = [[np.einsum("kg,kg->g", row, own[b]) for b in range(q)] for row in passed]
        one = np.einsum("uag,ubg->abg", done.split.cross, np.array(met))
        made -= (one + one.transpose(1, 0, 2)) / 2
    return made


def _by_covariance(done: Eliminated, by_shrink: Floats, has_determinant: bool) -> Floats:
    squares = done.split.squares
    q = len(squares)
    if q == 1:
        rest = 1 - squares[0, 0] * done.shrink[0, 0]
        total = float(by_shrink[0, 0] @ rest**2)
        return np.array([[total + float(squares[0, 0] @ rest) * has_determinant]])
    rest = -multiply(squares, done.shrink)
    for a in range(q):
        rest[a, a] += 1
    total = np.einsum("abg,cbg->ac", multiply(rest, by_shrink), rest)
    if has_determinant:
        total += np.einsum("abg,bcg->ac", rest, squares)
    return np.asarray((total + total.T) / 2)


def _by_products(
    level: WorkingLevel,
    done: Eliminated,
    adjoints: tuple[Floats, Floats, Floats | None],
    has_determinant: bool,
) -> Floats:
    """Derivative by the products that reached the level, shape (u, k, G)."""
    turned, by_shrink, passed = adjoints
    n_rows = max(int(level.rows.max()) + 1, level.rows_on)
    n_cols = max(int(level.cols.max()) + 1, level.cols_on)
    made = np.zeros((n_rows, n_cols, turned.shape[-1]))
    by_own = np.zeros_like(done.split.own)
    by_own[:, : turned.shape[1]] = -2 * multiply(done.shrink, turned)
    if passed is not None:
        by_own -= multiply(done.shrink, multiply(done.split.cross.transpose(1, 0, 2), passed))
        made[: level.rows_on, : level.cols_on] = passed
        by_cross = -np.einsum("ukg,akg->uag", passed, done.shrunk)
        for a, col in enumerate(level.cols):
            made[: level.rows_on, col] += by_cross[:, a]
    by_squares = -multiply(multiply(done.shrink, by_shrink), done.shrink)
    if has_determinant:
        by_squares += done.shrink
    for a, row in enumerate(level.rows):
        made[row, : level.cols_on] += by_own[a]
        for b, col in enumerate(level.cols):
            made[row, col] += by_squares[a, b]
    return made
