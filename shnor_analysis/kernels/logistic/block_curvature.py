"""Second derivatives by the coefficients of a model with blocks of random effects, along all coefficients at once.

Letters as in `blocks`; a dot is the derivative along one coefficient. Along x: η̇ = x − B S x, where B is the conditional
covariance of η inside a group and S its weights; v̇ = κ η̇, κ̇ = ρ η̇, ω̇ = −ω² Ṡ, Ẇ = −W Ȧ W, and the rest by the rule
of products.
"""

from __future__ import annotations

import numpy as np

from shnor_analysis.kernels.logistic.block_modes import BlockModes
from shnor_analysis.kernels.logistic.blocks import BlockState, block_state
from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows, LogisticSpec, Piece


def coefficient_curvature(
    rows: LogisticRows, spec: LogisticSpec, point: Floats, modes: BlockModes, *, pieces: tuple[Piece, ...]
) -> Floats:
    """Second derivatives of Laplace's log-likelihood by the coefficients, shape (p, p); see `evaluate_blocks`."""
    p = rows.n_fixed
    found = np.zeros((p, p))
    for piece in pieces:
        state = block_state(rows, spec, point, modes, piece)
        found += _pull_along(rows.design[:p, piece.rows], state, piece) @ rows.design[:p, piece.rows].T
    return (found + found.T) / 2.0


def _pull_along(x: Floats, at: BlockState, piece: Piece) -> Floats:
    """Derivative of s − (κc − vh)/2 along each coefficient, shape (p, n)."""
    spread = _spread(x, at, piece)
    v_dot = spread * at.skew
    has_inner = bool(piece.inner_starts.size)
    a_dot = _by_group(v_dot, at.z, piece)
    seen_dot, omega_dot = None, None
    if has_inner:
        total_dot = np.add.reduceat(v_dot, piece.inner_starts, axis=1)
        m_dot = np.stack([np.add.reduceat(v_dot * one, piece.inner_starts, axis=1) for one in at.z], axis=1)
        omega_dot = -(at.omega**2) * total_dot
        cross = np.einsum("pac,bc->cpab", m_dot, at.omega * at.m)
        change = np.einsum("pc,ac,bc->cpab", omega_dot, at.m, at.m) + cross + np.swapaxes(cross, 2, 3)
        a_dot -= np.add.reduceat(change, piece.inner_first, axis=0)
        seen_dot = -(omega_dot[:, None] * at.m + at.omega * m_dot)
    w_dot = -np.einsum("gab,gpbc,gcd->pagd", at.w, a_dot, at.w).transpose(0, 2, 1, 3)
    return _second(spread, at, piece, w_dot, seen_dot, omega_dot)


def _spread(x: Floats, at: BlockState, piece: Piece) -> Floats:
    """η̇: what is left of a column when the groups' effects give way, shape (p, n)."""
    weighted = x * at.weight
    pulled = np.stack([np.add.reduceat(weighted * one, piece.starts, axis=1) for one in at.seen], axis=1)
    spread: Floats = x - np.einsum("an,pan->pn", at.reach, np.repeat(pulled, piece.sizes, axis=2))
    if piece.inner_starts.size:
        own = at.omega * np.add.reduceat(weighted, piece.inner_starts, axis=1)
        spread -= np.repeat(own, piece.inner_sizes, axis=1)
    return spread


def _by_group(weights: Floats, z: Floats, piece: Piece) -> Floats:
    """Σ weight z z' of each outer group, shape (G, p, q, q)."""
    q = z.shape[0]
    found = np.empty((piece.starts.size, weights.shape[0], q, q))
    for row in range(q):
        for column in range(row + 1):
            one = np.add.reduceat(weights * (z[row] * z[column]), piece.starts, axis=1).T
            found[:, :, row, column] = found[:, :, column, row] = one
    return found


def _second(
    spread: Floats,
    at: BlockState,
    piece: Piece,
    w_dot: Floats,
    seen_dot: Floats | None,
    omega_dot: Floats | None,
) -> Floats:
    """−v η̇ − (k̇ − κ η̇ h − v ḣ)/2 with k = κc."""
    variance_dot = _form(w_dot, at.seen, at.seen, piece)
    if seen_dot is not None and omega_dot is not None:
        seen_rows = np.repeat(seen_dot, piece.inner_sizes, axis=2)
        variance_dot += 2.0 * np.einsum("pan,an->pn", seen_rows, at.reach)
        variance_dot += np.repeat(omega_dot, piece.inner_sizes, axis=1)
    k_dot = spread * (at.bend * at.variance) + variance_dot * at.skew
    pulled_dot = np.stack([np.add.reduceat(k_dot * one, piece.starts, axis=1) for one in at.seen], axis=1)
    pulled_rows = np.repeat(at.pulled, piece.sizes, axis=1)
    if seen_dot is not None:
        pulled_dot += np.add.reduceat(seen_dot * at.inner_skewed, piece.inner_first, axis=2)
    h_dot = _form(w_dot, at.seen, pulled_rows, piece)
    h_dot += np.einsum("an,pan->pn", at.reach, np.repeat(pulled_dot, piece.sizes, axis=2))
    if seen_dot is not None and omega_dot is not None:
        drawn = np.einsum("gab,bg->ag", at.w, at.pulled)
        own = np.einsum("pac,ac->pc", seen_dot, np.repeat(drawn, piece.inner_counts, axis=1))
        own += omega_dot * at.inner_skewed
        own += at.omega * np.add.reduceat(k_dot, piece.inner_starts, axis=1)
        h_dot += np.repeat(own, piece.inner_sizes, axis=1)
    pull: Floats = spread * (0.5 * at.skew * at.h - at.weight) - 0.5 * k_dot + 0.5 * at.weight * h_dot
    return pull


def _form(w_dot: Floats, left: Floats, right: Floats, piece: Piece) -> Floats:
    """Left' Ẇ right by row, shape (p, n), for Ẇ of shape (p, G, q, q)."""
    q = left.shape[0]
    found = np.zeros((w_dot.shape[0], left.shape[1]))
    for row in range(q):
        for column in range(q):
            found += np.repeat(w_dot[:, :, row, column], piece.sizes, axis=1) * (left[row] * right[column])
    return found
