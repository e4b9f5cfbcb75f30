"""Fit a multilevel logistic model: starting values, search, boundary, errors, effects of groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.logistic.blocks import BlockModes, block_errors, evaluate_blocks
from shnor_analysis.kernels.logistic.evaluation import Evaluation
from shnor_analysis.kernels.logistic.identification import (
    check_columns,
    check_outcome,
    check_separation,
    products,
)
from shnor_analysis.kernels.logistic.intercept import evaluate_intercept, intercept_errors
from shnor_analysis.kernels.logistic.optimum import Climb, Evaluate, Metric, climb, with_differences
from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows, LogisticSpec, Piece
from shnor_analysis.kernels.multilevel.refusals import CannotFit

# a first search goes over every tenth or so of the pieces when there are more than this
FEW_PIECES = 12
MOST_START_STEPS = 25
# smallest standard deviation of random effects, in logits, from which a search may start: at 0 its gradient is 0
LEAST_START = 0.1
# as in lme4: a standard deviation below this is a variance of nothing
SINGULAR = 1e-4
# logits: random effects so wide say that outcomes do not vary inside groups
WIDEST = 50.0
# differences of the gradient over this many standard errors
DIFFERENCE = 0.02


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """A multilevel logistic model at the top of Laplace's log-likelihood.

    Attributes:
        coefficients: β, shape (p,), in logits.
        covariance: From the joint second derivatives by β and the variance parameters, shape (p, p).
        outer_covariance: Covariance of the outer groups' effects, shape (q, q).
        inner_variance: Variance of the inner groups' intercepts; None without an inner level.
        loglik: With the constant of the binomial coefficients.
        n_parameters: Coefficients and variance parameters.
        is_converged: Whether nothing was left to gain at the end of the search.
        is_singular: Whether the covariance of the effects is not of full rank.
        iterations: Steps of the search over all rows.
        gradient_norm: Largest entry of the gradient at the end, in units of its standard error.
        outer_effects, outer_errors: Conditional modes and standard deviations, shape (G, q).
        inner_effects, inner_errors: The same of the inner groups, shape (C,).
    """

    coefficients: Floats
    covariance: Floats
    outer_covariance: Floats
    inner_variance: float | None
    loglik: float
    n_parameters: int
    is_converged: bool
    is_singular: bool
    iterations: int
    gradient_norm: float
    outer_effects: Floats
    outer_errors: Floats
    inner_effects: Floats
    inner_errors: Floats


def fit_logistic(rows: LogisticRows, spec: LogisticSpec) -> LogisticFit:
    """Maximise Laplace's log-likelihood over coefficients and variance parameters.

    Parameters:
        rows: Sorted rows.
        spec: What varies between groups: an intercept, any columns of the design, and intercepts of inner groups.

    Raises:
        CannotFit: ``constant_outcome``, ``one_group``, ``one_pupil_per_group``, ``constant_column``, ``collinear``,
            ``separated`` (all with names where columns are at fault) or ``groups_separated``.

    Limits: Laplace's approximation (lme4's nAGQ = 1) draws variances and effects a little towards 0 where groups have
        few trials or outcomes are rare.

    Source: docs/method/multilevel_logistic.md; checked against lme4 in tests/reference.
    """
    check_outcome(rows)
    p = rows.n_fixed
    crossed = products(rows)
    check_columns(rows.names[:p], crossed[:p, :p], rows.n_trials)
    metric = _metric(rows, spec, crossed)
    share = float(rows.successes.sum()) / rows.n_trials
    if _is_intercept(rows, spec, crossed):
        modes = np.zeros(rows.n_groups)
        top = _climb_intercept(rows, modes, metric, share)
    else:
        block_modes = BlockModes(np.zeros((len(spec.random), rows.n_groups)), np.zeros(rows.n_inner))
        top = _climb_blocks(rows, spec, block_modes, metric, share)
    check_separation(rows.names[:p], -top.curvature[:p, :p], crossed[:p, :p], share)
    if float(np.abs(top.point[p:]).max()) > WIDEST:
        raise CannotFit("groups_separated")
    if _is_intercept(rows, spec, crossed):
        errors = (intercept_errors(rows, top.point, modes)[:, None], np.empty(0))
        block_modes = BlockModes(modes[None], np.empty(0))
    else:
        errors = block_errors(rows, spec, top.point, block_modes)
    return _fit(rows, spec, top, block_modes, errors)


def _is_intercept(rows: LogisticRows, spec: LogisticSpec, crossed: Floats) -> bool:
    """Whether only an intercept varies, and only between the outer groups."""
    if spec.has_inner or len(spec.random) != 1:
        return False
    column = spec.random[0]
    return bool(np.all(rows.design[column] == 1.0)) if crossed[column, column] == rows.n_trials else False


def _metric(rows: LogisticRows, spec: LogisticSpec, crossed: Floats) -> Metric:
    """Information were every probability ½: p(1 − p) Σ w x x', and as much for a spread of effects by z."""
    p = rows.n_fixed
    size = p + spec.n_theta
    matrix = np.zeros((size, size))
    matrix[:p, :p] = crossed[:p, :p] / 4.0
    by_row = np.diag(crossed)[list(spec.random)] / 4.0
    spread = np.where(spec.free, by_row[:, None], 0.0)
    matrix[range(p, size), range(p, size)] = spec.theta(spread, rows.n_trials / 4.0)
    return Metric(np.linalg.cholesky(matrix), rows.n_trials / 4.0)


def _part(rows: LogisticRows) -> tuple[tuple[Piece, ...], float]:
    """Evenly spread pieces for a first search, and their share of all rows."""
    if len(rows.pieces) <= FEW_PIECES:
        return rows.pieces, 1.0
    pieces = rows.pieces[:: max(2, min(16, len(rows.pieces) // 6))]
    return pieces, sum(one.rows.stop - one.rows.start for one in pieces) / rows.successes.size


def _narrowed(metric: Metric, share: float, size: int | None = None) -> Metric:
    return Metric(metric.root[:size, :size] * np.sqrt(share), metric.unit * share)


def _climb_intercept(rows: LogisticRows, modes: Floats, metric: Metric, share: float) -> Climb:
    pieces, part = _part(rows)
    start = _start(rows, modes, metric, share)
    if part < 1.0:
        narrowed = _narrowed(metric, part)
        start = climb(
            _on(rows, modes, pieces), start, metric=narrowed, most_steps=MOST_START_STEPS
        ).point
        start[-1] = max(abs(start[-1]), LEAST_START)
    evaluate = _on(rows, modes, rows.pieces)
    return _at_boundary(evaluate, climb(evaluate, start, metric=metric))


def _on(rows: LogisticRows, modes: Floats, pieces: tuple[Piece, ...]) -> Evaluate:
    def evaluate(point: Floats, with_curvature: bool) -> Evaluation:
        return evaluate_intercept(rows, point, modes, pieces=pieces, with_curvature=with_curvature)

    return evaluate


def _start(rows: LogisticRows, modes: Floats, metric: Metric, share: float) -> Floats:
    """Pooled coefficients of some pieces, and the standard deviation that their groups' scores ask for."""
    pieces, part = _part(rows)
    p = rows.n_fixed
    on_pieces = _on(rows, modes, pieces)

    def pooled(point: Floats, with_curvature: bool) -> Evaluation:
        at = on_pieces(np.append(point, 0.0), with_curvature)
        return Evaluation(at.value, at.gradient[:p], None if at.curvature is None else at.curvature[:p, :p])

    found = climb(pooled, np.zeros(p), metric=_narrowed(metric, part, p), most_steps=MOST_START_STEPS).point
    at = on_pieces(np.append(found, 0.0), True)
    assert at.curvature is not None
    # at t = 0 the second derivative by t is Σ (score² − S); each term is expected to be t² S²
    squares = 0.0
    for piece in pieces:
        trials = piece.sizes
        if rows.trials is not None:
            trials = np.add.reduceat(rows.trials[piece.rows], piece.starts)
        squares += float(np.sum(np.square(trials * share * (1.0 - share))))
    variance = float(at.curvature[-1, -1]) / squares
    return np.append(found, np.sqrt(np.clip(variance, LEAST_START**2, 4.0)))


def _at_boundary(evaluate: Evaluate, top: Climb) -> Climb:
    """The top with exact second derivatives; at a spread of exactly 0 where the search ends next to it."""
    point = top.point.copy()
    if abs(point[-1]) < 10.0 * SINGULAR:
        flat = np.append(point[:-1], 0.0)
        at = evaluate(flat, True)
        if at.value >= top.at.value - 1e-9 * (1.0 + abs(top.at.value)) * 1e-3:
            assert at.curvature is not None
            return Climb(flat, at, at.curvature, top.steps, top.decrement)
    point[-1] = abs(point[-1])
    at = evaluate(point, True)
    assert at.curvature is not None
    return Climb(point, at, at.curvature, top.steps, top.decrement)


def _climb_blocks(
    rows: LogisticRows, spec: LogisticSpec, modes: BlockModes, metric: Metric, share: float
) -> Climb:
    p = rows.n_fixed
    pieces, part = _part(rows)
    # the search begins where the model with an intercept alone has its top; the last of its metric is that of a spread
    alone = np.zeros((p + 1, p + 1))
    alone[:p, :p], alone[p, p] = metric.root[:p, :p], np.sqrt(metric.unit)
    group_modes = np.zeros(rows.n_groups)
    simple = climb(
        _on(rows, group_modes, pieces),
        _start(rows, group_modes, Metric(alone, metric.unit), share),
        metric=_narrowed(Metric(alone, metric.unit), part),
        most_steps=MOST_START_STEPS,
    ).point
    spread = max(abs(float(simple[-1])), LEAST_START)
    sizes = np.sqrt(metric.unit) / np.diag(metric.root)[p:]
    theta = spec.theta(np.eye(len(spec.random)), 1.0) * spread * sizes
    theta[spec.theta(np.eye(len(spec.random)), 0.0) * (sizes != 1.0) > 0.0] *= 0.5
    start = np.append(simple[:-1], theta)
    curvature = None
    if part < 1.0:
        narrowed = _narrowed(metric, part)
        some = _differenced(rows, spec, modes, pieces, narrowed)
        found = climb(some, start, metric=narrowed, exact_above=0.1, most_steps=MOST_START_STEPS)
        start, curvature = _off_boundary(found.point, spec, p), found.curvature / part
    evaluate = _differenced(rows, spec, modes, rows.pieces, metric)
    exact_above = np.inf if part < 1.0 else 0.1
    top = climb(evaluate, start, metric=metric, curvature=curvature, exact_above=exact_above)
    final = _differenced(rows, spec, modes, rows.pieces, metric, curvature=top.curvature)(top.point, True)
    assert final.curvature is not None
    return Climb(top.point, final, final.curvature, top.steps, top.decrement)


def _off_boundary(point: Floats, spec: LogisticSpec, p: int) -> Floats:
    """Move standard deviations of nearly nothing away from 0, where the gradient by them is 0."""
    moved = point.copy()
    own = spec.theta(np.eye(len(spec.random)), 1.0) > 0.0
    theta = moved[p:]
    theta[own & (np.abs(theta) < 0.05)] = 0.05
    return moved


def _differenced(
    rows: LogisticRows,
    spec: LogisticSpec,
    modes: BlockModes,
    pieces: tuple[Piece, ...],
    metric: Metric,
    *,
    curvature: Floats | None = None,
) -> Evaluate:
    scale = np.square(np.linalg.norm(metric.root, axis=1))
    information = scale if curvature is None else np.maximum(-np.diag(curvature), 1e-3 * scale)
    steps = DIFFERENCE / np.sqrt(information)

    def evaluate(point: Floats) -> Evaluation:
        return evaluate_blocks(rows, spec, point, modes, pieces=pieces)

    return with_differences(evaluate, steps)


def _fit(
    rows: LogisticRows,
    spec: LogisticSpec,
    top: Climb,
    modes: BlockModes,
    errors: tuple[Floats, Floats],
) -> LogisticFit:
    p = rows.n_fixed
    factor, inner_sd = spec.factor(top.point[p:]), spec.inner_sd(top.point[p:])
    information = -top.curvature
    # a flat direction among the variance parameters (a singular fit) tells nothing about the coefficients
    inside = information[:p, p:] @ np.linalg.pinv(information[p:, p:], rcond=1e-9, hermitian=True)
    covariance = np.linalg.inv(information[:p, :p] - inside @ information[p:, :p])
    smallest = float(np.linalg.svd(factor, compute_uv=False).min())
    scaled = top.at.gradient / np.sqrt(np.maximum(np.diag(information), 1e-300))
    return LogisticFit(
        coefficients=top.point[:p],
        covariance=(covariance + covariance.T) / 2.0,
        outer_covariance=factor @ factor.T,
        inner_variance=inner_sd**2 if spec.has_inner else None,
        loglik=top.at.value + rows.log_constant,
        n_parameters=top.point.size,
        is_converged=top.is_top,
        is_singular=smallest < SINGULAR or (spec.has_inner and abs(inner_sd) < SINGULAR),
        iterations=top.steps,
        gradient_norm=float(np.abs(scaled).max()),
        outer_effects=(factor @ modes.outer).T,
        outer_errors=errors[0],
        inner_effects=inner_sd * modes.inner,
        inner_errors=errors[1],
    )
