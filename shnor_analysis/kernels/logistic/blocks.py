"""Random slopes, and inner groups with intercepts inside outer groups: Laplace's log-likelihood and its gradient.

Row i of inner group c of outer group j: η = x'β + z'L u + t e, with u ~ N(0, I_q) of the outer group and e ~ N(0, 1) of
the inner one. At the joint mode the inner groups are eliminated first: d = 1 + t² Σ v, m = Σ v z, ω = t²/d; then
A = Σ v z z' − Σ ω m m', D = I + L'A L and log det = Σ log d + log|D|. With W = L D⁻¹L' and z̃ = z − ω m the conditional
variance of η is  c = ω + z̃'W z̃  and the gradient by β is  Σ x (s − κc/2 + v h/2),  s = y − wμ, κ = dv/dη,
h = ω Σ_c κc + z̃'W Σ_j κc z̃.

Source: as `intercept`; Bates et al. (2015). Derivatives are tested against differences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.logistic.block_modes import BlockModes, Blocks, Scores, settle
from shnor_analysis.kernels.logistic.evaluation import Evaluation
from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows, LogisticSpec, Piece


@dataclass(frozen=True, slots=True)
class BlockState:
    """A piece at the modes of its groups; letters as in the module's head.

    By row: z and z̃ (`seen`), shape (q, n); v (`weight`), κ (`skew`), dκ/dη (`bend`), c (`variance`), W z̃ (`reach`, shape
    (q, n)), h. By outer group: W, shape (G, q, q), and Σ κc z̃ (`pulled`, shape (q, G)). By inner group: ω, m, shape (q, C),
    and Σ κc (`inner_skewed`); empty without an inner level.
    """

    z: Floats
    seen: Floats
    weight: Floats
    skew: Floats
    bend: Floats
    variance: Floats
    reach: Floats
    h: Floats
    w: Floats
    pulled: Floats
    omega: Floats
    m: Floats
    inner_skewed: Floats


def evaluate_blocks(
    rows: LogisticRows, spec: LogisticSpec, point: Floats, modes: BlockModes, *, pieces: tuple[Piece, ...]
) -> Evaluation:
    """Log-likelihood over some pieces at (β, θ), shape (p + number of θ,), with its gradient.

    Parameters:
        rows: The rows.
        spec: What varies between groups.
        point: Coefficients, then the free entries of L by columns, then t of the inner groups.
        modes: Where the search for the modes starts; holds the modes afterwards.
        pieces: Pieces that count.
    """
    value, gradient = 0.0, np.zeros(point.shape)
    for piece in pieces:
        at, blocks = settle(rows, spec, point, modes, piece)
        value += _value(rows, piece, at, blocks, modes)
        state = _state(rows, spec, point, piece, (at, blocks))
        outer = modes.outer[:, piece.groups]
        skewed = at.skew * state.variance - at.weight * state.h
        gradient[: rows.n_fixed] += rows.design[: rows.n_fixed, piece.rows] @ (at.residual - 0.5 * skewed)
        gradient[rows.n_fixed :] += _by_theta(
            spec, point[rows.n_fixed :], outer, piece, (blocks, state, skewed)
        )
    return Evaluation(value, gradient)


def block_errors(
    rows: LogisticRows, spec: LogisticSpec, point: Floats, modes: BlockModes
) -> tuple[Floats, Floats]:
    """Conditional standard deviations of L u, shape (G, q), and of t e, shape (C,)."""
    factor, t = spec.factor(point[rows.n_fixed :]), spec.inner_sd(point[rows.n_fixed :])
    outer, inner = [], []
    for piece in rows.pieces:
        _, blocks = settle(rows, spec, point, modes, piece)
        w = factor @ blocks.inverse @ factor.T
        root = spec.of_columns(factor)
        outer.append(np.sqrt(np.einsum("ab,gbc,ac->ga", root, blocks.inverse, root)))
        omega = t * t / blocks.d
        through = np.einsum("ac,cab,bc->c", blocks.m, np.repeat(w, piece.inner_counts, axis=0), blocks.m)
        inner.append(np.sqrt(omega + omega**2 * through))
    return np.concatenate(outer), np.concatenate(inner)


def _value(rows: LogisticRows, piece: Piece, at: Scores, blocks: Blocks, modes: BlockModes) -> float:
    fitted = np.log(at.rest)
    if rows.trials is not None:
        fitted *= rows.trials[piece.rows]
    u, e = modes.outer[:, piece.groups], modes.inner[piece.inner]
    log_det = float(np.log(blocks.d).sum()) - float(np.linalg.slogdet(blocks.inverse)[1].sum())
    explained = float(rows.successes[piece.rows] @ at.eta) + float(fitted.sum())
    return explained - 0.5 * (float(np.sum(u * u)) + float(e @ e)) - 0.5 * log_det


def block_state(
    rows: LogisticRows, spec: LogisticSpec, point: Floats, modes: BlockModes, piece: Piece
) -> BlockState:
    """A piece at the modes of its groups, which `modes` holds afterwards."""
    return _state(rows, spec, point, piece, settle(rows, spec, point, modes, piece))


def _state(
    rows: LogisticRows, spec: LogisticSpec, point: Floats, piece: Piece, found: tuple[Scores, Blocks]
) -> BlockState:
    at, blocks = found
    factor, t = spec.factor(point[rows.n_fixed :]), spec.inner_sd(point[rows.n_fixed :])
    z = spec.columns(rows.design[:, piece.rows])
    w = factor @ blocks.inverse @ factor.T
    omega = t * t / blocks.d
    seen = z
    if spec.has_inner:
        seen = z - np.repeat(omega * blocks.m, piece.inner_sizes, axis=1)
    reach = np.zeros_like(seen)
    for row in range(len(seen)):
        for column in range(len(seen)):
            reach[row] += np.repeat(w[:, row, column], piece.sizes) * seen[column]
    variance = np.einsum("an,an->n", seen, reach)
    inner_skewed = np.empty(0)
    if spec.has_inner:
        variance += np.repeat(omega, piece.inner_sizes)
        inner_skewed = np.add.reduceat(at.skew * variance, piece.inner_starts)
    skewed = at.skew * variance
    pulled = np.add.reduceat(seen * skewed, piece.starts, axis=1)
    h = np.einsum("an,an->n", reach, np.repeat(pulled, piece.sizes, axis=1))
    if spec.has_inner:
        h += np.repeat(omega * inner_skewed, piece.inner_sizes)
    trials = 1.0 if rows.trials is None else rows.trials[piece.rows]
    bend = at.weight * (1.0 - 6.0 * at.weight / trials)
    return BlockState(
        z, seen, at.weight, at.skew, bend, variance, reach, h, w, pulled, omega, blocks.m, inner_skewed
    )


def _by_theta(
    spec: LogisticSpec, theta: Floats, u: Floats, piece: Piece, found: tuple[Blocks, BlockState, Floats]
) -> Floats:
    """Gradient by the variance parameters; the last of `found` is κc − vh by row."""
    blocks, state, skewed = found
    factor, t = spec.factor(theta), spec.inner_sd(theta)
    q_outer = np.add.reduceat(state.z * skewed, piece.starts, axis=1)
    by_factor = blocks.score @ u.T - np.sum(blocks.a @ factor @ blocks.inverse, axis=0)
    by_factor -= 0.5 * (q_outer @ u.T + blocks.score @ (factor.T @ q_outer).T)
    along_t = 0.0
    if spec.has_inner:
        q_inner = np.add.reduceat(skewed, piece.inner_starts)
        w = np.repeat(state.w, piece.inner_counts, axis=0)
        through = np.einsum("ac,cab,bc->c", blocks.m, w, blocks.m)
        lost = blocks.total / blocks.d - through / blocks.d**2
        along_t = t * float(np.sum(blocks.inner_score**2 - lost - q_inner * blocks.inner_score))
    return spec.theta(by_factor, along_t)
