"""Modes of random slopes and of inner groups inside outer groups, all groups at once; letters as in `blocks`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.logistic.evaluation import HIGHEST_LOGIT, MOST_INNER_STEPS, SETTLED
from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows, LogisticSpec, Piece


@dataclass(frozen=True, slots=True)
class BlockModes:
    """Standardised random effects: `outer` of shape (q, G), `inner` of shape (C,)."""

    outer: Floats
    inner: Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """By row, each of shape (n,): s (`residual`), v (`weight`), κ (`skew`), 1 − μ (`rest`) and η (`eta`)."""

    residual: Floats
    weight: Floats
    skew: Floats
    rest: Floats
    eta: Floats


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of the joint second derivative at one place.

    By outer group: Σ s z (`score`, shape (q, G)), A (`a`, shape (G, q, q)) and D⁻¹ (`inverse`, the same shape). By inner
    group: Σ s (`inner_score`), Σ v (`total`) and d, shape (C,), and m, shape (q, C); empty without an inner level.
    """

    score: Floats
    inner_score: Floats
    total: Floats
    d: Floats
    m: Floats
    a: Floats
    inverse: Floats


def settle(
    rows: LogisticRows, spec: LogisticSpec, point: Floats, modes: BlockModes, piece: Piece
) -> tuple[Scores, Blocks]:
    """Newton's method for all outer groups at once; a step that does not bring a group's score down is halved.

    Returns:
        The rows and the blocks at the modes, which `modes` holds afterwards.
    """
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


def _scores(rows: LogisticRows, piece: Piece, eta: Floats) -> Scores:
    np.minimum(eta, HIGHEST_LOGIT, out=eta)
    odds = np.exp(eta)
    rest = 1.0 / (1.0 + odds)
    mean = odds * rest
    weight = mean * rest
    expected = mean
    if rows.trials is not None:
        trials = rows.trials[piece.rows]
        weight, expected = weight * trials, mean * trials
    return Scores(rows.successes[piece.rows] - expected, weight, weight * (rest - mean), rest, eta)


def _blocks(z: Floats, at: Scores, factor: Floats, t: float, piece: Piece) -> Blocks:
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
    return Blocks(score, inner_score, total, d, m, a, inverse)


def _solve(
    blocks: Blocks, factor: Floats, t: float, slope: tuple[Floats, Floats], piece: Piece
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
