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

from shnor_analysis.kernels.logistic.evaluation import (
    HIGHEST_LOGIT,
    MOST_INNER_STEPS,
    SETTLED,
    Evaluation,
)
from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows, LogisticSpec, Piece


@dataclass(frozen=True, slots=True)
class BlockModes:
    """Standardised random effects: `outer` of shape (q, G), `inner` of shape (C,)."""

    outer: Floats
    inner: Floats


@dataclass(frozen=True, slots=True)
class _Scores:
    """By row: s, v, κ and log-likelihood part; by outer group the score (q, G); by inner group Σ s."""

    residual: Floats
    weight: Floats
    skew: Floats
    rest: Floats
    eta: Floats


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Blocks of the joint second derivative at one place; letters as in the module's head, G groups first."""

    score: Floats
    inner_score: Floats
    total: Floats
    d: Floats
    m: Floats
    a: Floats
    inverse: Floats


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
        at, blocks = _settle(rows, spec, point, modes, piece)
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
        _, blocks = _settle(rows, spec, point, modes, piece)
        w = factor @ blocks.inverse @ factor.T
        root = spec.of_columns(factor)
        outer.append(np.sqrt(np.einsum("ab,gbc,ac->ga", root, blocks.inverse, root)))
        omega = t * t / blocks.d
        through = np.einsum("ac,cab,bc->c", blocks.m, np.repeat(w, piece.inner_counts, axis=0), blocks.m)
        inner.append(np.sqrt(omega + omega**2 * through))
    return np.concatenate(outer), np.concatenate(inner)


def _settle(
    rows: LogisticRows, spec: LogisticSpec, point: Floats, modes: BlockModes, piece: Piece
) -> tuple[_Scores, _Blocks]:
    """Newton's method for all outer groups at once; a step that does not bring a group's score down is halved."""
    p = rows.n_fixed
    factor, t = spec.factor(point[p:]), spec.inner_sd(point[p:])
    fixed = point[:p] @ rows.design[:p, piece.rows]
    z = spec.columns(rows.design[:, piece.rows])
    u, e = modes.outer[:, piece.groups], modes.inner[piece.inner]
    start, step, merit = (u, e), (np.zeros_like(u), np.zeros_like(e)), np.full(u.shape[1], np.inf)
    for _ in range(MOST_INNER_STEPS):
        at = _scores(rows, piece, fixed + _offset(z, factor @ u, t * e, piece))
        blocks = _blocks(z, at, factor, t, piece)
        slope, inner_slope = factor.T @ blocks.score - u, t * blocks.inner_score - e
        newton = _solve(blocks, factor, t, (slope, inner_slope), piece)
        if max(float(np.abs(part).max(initial=0.0)) for part in newton) < SETTLED:
            break
        size = np.sum(slope**2, axis=0) + _by_outer(inner_slope**2, piece)
        is_worse = size > merit
        is_worse_inner = np.repeat(is_worse, piece.inner_counts) if spec.has_inner else is_worse[:0]
        start = (np.where(is_worse, start[0], u), np.where(is_worse_inner, start[1], e))
        step = (
            np.where(is_worse, step[0] / 2.0, newton[0]),
            np.where(is_worse_inner, step[1] / 2.0, newton[1]),
        )
        merit = np.where(is_worse, merit, size)
        u, e = start[0] + step[0], start[1] + step[1]
    modes.outer[:, piece.groups], modes.inner[piece.inner] = u, e
    return at, blocks


def _offset(z: Floats, effects: Floats, inner_effects: Floats, piece: Piece) -> Floats:
    offset: Floats = np.einsum("an,an->n", z, np.repeat(effects, piece.sizes, axis=1))
    if inner_effects.size:
        offset += np.repeat(inner_effects, piece.inner_sizes)
    return offset


def _scores(rows: LogisticRows, piece: Piece, eta: Floats) -> _Scores:
    np.minimum(eta, HIGHEST_LOGIT, out=eta)
    odds = np.exp(eta)
    rest = 1.0 / (1.0 + odds)
    mean = odds * rest
    weight = mean * rest
    expected = mean
    if rows.trials is not None:
        trials = rows.trials[piece.rows]
        weight, expected = weight * trials, mean * trials
    return _Scores(rows.successes[piece.rows] - expected, weight, weight * (rest - mean), rest, eta)


def _blocks(z: Floats, at: _Scores, factor: Floats, t: float, piece: Piece) -> _Blocks:
    q = z.shape[0]
    score = np.add.reduceat(z * at.residual, piece.starts, axis=1)
    weighted = z * at.weight
    a = np.empty((piece.starts.size, q, q))
    for row in range(q):
        a[:, row, : row + 1] = np.add.reduceat(weighted[: row + 1] * z[row], piece.starts, axis=1).T
        a[:, : row + 1, row] = a[:, row, : row + 1]
    inner_score, total, m = np.empty(0), np.empty(0), np.empty((q, 0))
    if piece.inner_starts.size:
        inner_score = np.add.reduceat(at.residual, piece.inner_starts)
        total = np.add.reduceat(at.weight, piece.inner_starts)
        m = np.add.reduceat(weighted, piece.inner_starts, axis=1)
    d = 1.0 + t * t * total
    if piece.inner_starts.size:
        outer = np.einsum("ac,bc->cab", m * (t * t / d), m)
        a -= np.add.reduceat(outer, piece.inner_first, axis=0)
    inverse = np.asarray(np.linalg.inv(np.eye(q) + factor.T @ a @ factor), dtype=np.float64)
    return _Blocks(score, inner_score, total, d, m, a, inverse)


def _solve(
    blocks: _Blocks, factor: Floats, t: float, slope: tuple[Floats, Floats], piece: Piece
) -> tuple[Floats, Floats]:
    """Newton's step of u, shape (q, G), and e, shape (C,)."""
    outer, inner = slope
    if not inner.size:
        return np.einsum("gab,bg->ag", blocks.inverse, outer), inner
    eliminated = np.add.reduceat(blocks.m * (t * inner / blocks.d), piece.inner_first, axis=1)
    step = np.einsum("gab,bg->ag", blocks.inverse, outer - factor.T @ eliminated)
    along = np.repeat(factor @ step, piece.inner_counts, axis=1)
    return step, (inner - t * np.einsum("ac,ac->c", blocks.m, along)) / blocks.d


def _by_outer(by_inner: Floats, piece: Piece) -> Floats:
    if not by_inner.size:
        return np.zeros(piece.starts.size)
    summed: Floats = np.add.reduceat(by_inner, piece.inner_first)
    return summed


def _value(rows: LogisticRows, piece: Piece, at: _Scores, blocks: _Blocks, modes: BlockModes) -> float:
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
    return _state(rows, spec, point, piece, _settle(rows, spec, point, modes, piece))


def _state(
    rows: LogisticRows, spec: LogisticSpec, point: Floats, piece: Piece, found: tuple[_Scores, _Blocks]
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
    spec: LogisticSpec, theta: Floats, u: Floats, piece: Piece, found: tuple[_Blocks, BlockState, Floats]
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
