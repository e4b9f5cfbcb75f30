"""Random intercepts: Laplace's log-likelihood with its gradient and curvature in one pass over the rows.

Row i of group j: successes y of w trials, logit μ = x'β + t u, u ~ N(0, 1). With S = Σ v, v = w μ(1−μ), D = 1 + t² S
at the mode of u, the contribution of a group is  Σ log p(y) − u²/2 − log(D)/2.  With W = t²/D (conditional variance
of t u), κ = dv/dη, ρ = dκ/dη, K = Σ κ and R = Σ ρ the gradient by β is Σ x (y − wμ − W κ/2 + W² K v/2).

Source: Bates et al. (2015), J. Stat. Software 67(1); Laplace's approximation as in lme4 with nAGQ = 1. Derivatives are
worked out here and tested against differences.
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
from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows, Piece


@dataclass(frozen=True, slots=True)
class _Settled:
    """A piece at the modes of its groups: by row η, μ, 1−μ, v; by group the mode, D, S and the score Σ (y − wμ)."""

    eta: Floats
    mean: Floats
    rest: Floats
    weight: Floats
    mode: Floats
    spread: Floats
    total: Floats
    score: Floats


def evaluate_intercept(
    rows: LogisticRows,
    point: Floats,
    modes: Floats,
    *,
    pieces: tuple[Piece, ...],
    with_curvature: bool = False,
) -> Evaluation:
    """Log-likelihood over some pieces at (β, t), shape (p + 1,), with its derivatives.

    Parameters:
        rows: The rows.
        point: Coefficients and the standard deviation t of the intercepts.
        modes: Where the search for the modes starts, shape (G,); holds the modes afterwards.
        pieces: Pieces that count.
        with_curvature: Whether the matrix of second derivatives is wanted.
    """
    size = rows.n_fixed + 1
    value, gradient = 0.0, np.zeros(size)
    curvature = np.zeros((size, size)) if with_curvature else None
    for piece in pieces:
        settled = _settle(rows, point, modes, piece)
        value += _value(rows, piece, settled)
        gradient += _add_derivatives(rows, piece, settled, float(point[-1]), curvature)
    return Evaluation(value, gradient, curvature)


def intercept_errors(rows: LogisticRows, point: Floats, modes: Floats) -> Floats:
    """Conditional standard deviations of the intercepts, shape (G,)."""
    spread = [_settle(rows, point, modes, piece).spread for piece in rows.pieces]
    return abs(float(point[-1])) / np.sqrt(np.concatenate(spread))


def _settle(rows: LogisticRows, point: Floats, modes: Floats, piece: Piece) -> _Settled:
    """Newton's method for all groups at once; a step that does not bring a group's score down is halved."""
    t = float(point[-1])
    fixed = point[:-1] @ rows.design[: rows.n_fixed, piece.rows]
    trials = None if rows.trials is None else rows.trials[piece.rows]
    reached = np.add.reduceat(rows.successes[piece.rows], piece.starts)
    mode = modes[piece.groups]
    before, step, merit = mode, np.zeros_like(mode), np.full(mode.shape, np.inf)
    for _ in range(MOST_INNER_STEPS):
        eta = np.repeat(t * mode, piece.sizes)
        eta += fixed
        np.minimum(eta, HIGHEST_LOGIT, out=eta)
        odds = np.exp(eta)
        rest = 1.0 / (1.0 + odds)
        mean = odds
        mean *= rest
        weight = mean * rest
        expected = mean
        if trials is not None:
            weight *= trials
            expected = mean * trials
        total = np.add.reduceat(weight, piece.starts)
        score = reached - np.add.reduceat(expected, piece.starts)
        spread = 1.0 + t * t * total
        slope = t * score - mode
        newton = slope / spread
        if float(np.abs(newton).max()) < SETTLED:
            break
        is_worse = np.abs(slope) > merit
        before = np.where(is_worse, before, mode)
        step = np.where(is_worse, step / 2.0, newton)
        merit = np.where(is_worse, merit, np.abs(slope))
        mode = before + step
    modes[piece.groups] = mode
    return _Settled(eta, mean, rest, weight, mode, spread, total, score)


def _value(rows: LogisticRows, piece: Piece, at: _Settled) -> float:
    fitted = np.log(at.rest)
    if rows.trials is not None:
        fitted *= rows.trials[piece.rows]
    explained = float(rows.successes[piece.rows] @ at.eta) + float(fitted.sum())
    return explained - 0.5 * float(at.mode @ at.mode) - 0.5 * float(np.log(at.spread).sum())


def _add_derivatives(
    rows: LogisticRows, piece: Piece, at: _Settled, t: float, curvature: Floats | None
) -> Floats:
    """Gradient of a piece, shape (p + 1,); its second derivatives are added to `curvature`."""
    design = rows.design[: rows.n_fixed, piece.rows]
    skew = at.rest - at.mean
    skew *= at.weight
    skews = np.add.reduceat(skew, piece.starts)
    variance = t * t / at.spread
    trials = 1.0 if rows.trials is None else rows.trials[piece.rows]
    pull = rows.successes[piece.rows] - at.mean * trials
    pull -= np.repeat(0.5 * variance, piece.sizes) * skew
    pull += np.repeat(0.5 * variance**2 * skews, piece.sizes) * at.weight
    along_t = at.score * at.mode - (variance * skews * at.mode + t * at.total) / at.spread
    if curvature is not None:
        curvature += _curvature(design, piece, at, t, skew)
    return np.append(design @ pull, along_t.sum())


def _curvature(design: Floats, piece: Piece, at: _Settled, t: float, skew: Floats) -> Floats:
    """Second derivatives of a piece by (β, t); the letters are those of the module's head, dots are derivatives."""
    size = design.shape[0] + 1
    bend = at.weight * (1.0 - 6.0 * at.mean * at.rest)
    w, s, d = t * t / at.spread, at.total, at.spread
    k, r = np.add.reduceat(skew, piece.starts), np.add.reduceat(bend, piece.starts)
    half_w, half_wwk = np.repeat(0.5 * w, piece.sizes), np.repeat(0.5 * w * w * k, piece.sizes)
    by_row = half_wwk * skew - half_w * bend - at.weight
    scaled = design * at.weight
    vx = np.add.reduceat(scaled, piece.starts, axis=1)
    kx = np.add.reduceat(np.multiply(design, skew, out=scaled), piece.starts, axis=1)
    rx = np.add.reduceat(np.multiply(design, bend, out=scaled), piece.starts, axis=1)
    found = np.zeros((size, size))
    found[:-1, :-1] = np.multiply(design, by_row, out=scaled) @ design.T
    hx = 0.5 * w * w * k * kx - 0.5 * w * rx - vx
    # shift of η in a group, and from it the change of W and K, along each coefficient (rows) and along t (last row)
    u, g = at.mode, at.score
    shift = np.vstack((-w * vx, 2.0 * u / d))
    s_dot = np.vstack((kx, np.zeros_like(k))) + k * shift
    k_dot = np.vstack((rx, np.zeros_like(k))) + r * shift
    w_dot = -w * w * s_dot
    w_dot[-1] += 2.0 * t / d**2
    inside = 2.0 * w * k * w_dot + w * w * k_dot
    found[:-1] += hx @ shift.T - 0.5 * kx @ w_dot.T + 0.5 * vx @ inside.T
    found[-1, :-1] = found[:-1, -1]
    u_dot = (g - t * u * s) / d
    d_dot = 2.0 * t * s + t * t * s_dot[-1]
    shift_dot = 2.0 * u_dot / d - 2.0 * u * d_dot / d**2
    along = g * u_dot - s * shift[-1] * u - s / d - t * s_dot[-1] / d + t * s * d_dot / d**2
    along -= 0.5 * ((w_dot[-1] * k + w * k_dot[-1]) * shift[-1] + w * k * shift_dot)
    found[-1, -1] = along.sum()
    return found
