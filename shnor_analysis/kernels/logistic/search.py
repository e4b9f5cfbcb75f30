"""Where the search for a logistic model starts, what it goes over, and how it ends at the boundary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shnor_analysis.kernels.logistic.block_curvature import coefficient_curvature
from shnor_analysis.kernels.logistic.block_modes import BlockModes
from shnor_analysis.kernels.logistic.blocks import evaluate_blocks
from shnor_analysis.kernels.logistic.evaluation import Evaluation
from shnor_analysis.kernels.logistic.intercept import evaluate_intercept
from shnor_analysis.kernels.logistic.optimum import NOISE, WORTH_EXACT, Climb, Evaluate, Metric, climb
from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows, LogisticSpec, Piece
from shnor_analysis.kernels.refusals import CannotFit

# a first search goes over every tenth or so of the pieces when there are more than this
FEW_PIECES = 12
MOST_START_STEPS = 25
# smallest standard deviation of random effects, in logits, from which a search may start: at 0 its gradient is 0
LEAST_START = 0.1
# largest variance of random intercepts from which a search starts, in squared logits
MOST_START = 4.0
# standard deviations of slopes and inner groups to start from, as a part of that of intercepts alone
PART_OF_INTERCEPT = 0.7
# as in lme4: a standard deviation below this is a variance of nothing
SINGULAR = 1e-4
# differences of the gradient over this many standard errors of a coefficient (were all probabilities one half)
DIFFERENCE = 0.02


def is_intercept(rows: LogisticRows, spec: LogisticSpec, crossed: Floats) -> bool:
    """Whether only an intercept varies, and only between the outer groups."""
    if spec.has_inner or len(spec.random) != 1:
        return False
    column = spec.random[0]
    return bool(np.all(rows.design[column] == 1.0)) if crossed[column, column] == rows.n_trials else False


def standardised(rows: LogisticRows, spec: LogisticSpec, crossed: Floats) -> LogisticSpec:
    """Take the random columns of each bar in a basis of unit mean squares without mean products.

    The covariances that can be written are the same, and neither the units of a column nor its distance from 0 count.

    Raises:
        CannotFit: ``collinear`` when the random columns repeat one another.
    """
    places = list(spec.random)
    together = crossed[np.ix_(places, places)] / rows.n_trials * (spec.free | spec.free.T)
    scale = np.sqrt(np.diag(together))
    try:
        root = np.linalg.cholesky(together / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        raise CannotFit("collinear", columns=tuple(rows.names[one] for one in places)) from None
    return replace(spec, basis=np.asarray(np.linalg.inv(root) / scale, dtype=np.float64))


def find_metric(rows: LogisticRows, spec: LogisticSpec, crossed: Floats) -> Metric:
    """Information were every probability ½: p(1 − p) Σ w x x', and as much for a spread that moves logits by one."""
    p = rows.n_fixed
    size = p + spec.n_theta
    matrix = np.zeros((size, size))
    matrix[:p, :p] = crossed[:p, :p] / 4.0
    matrix[range(p, size), range(p, size)] = rows.n_trials / 4.0
    root = np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    return Metric(root, rows.n_trials / 4.0)


def _part(rows: LogisticRows) -> tuple[tuple[Piece, ...], float]:
    """Evenly spread pieces for a first search, and their share of all rows."""
    if len(rows.pieces) <= FEW_PIECES:
        return rows.pieces, 1.0
    pieces = rows.pieces[:: max(2, min(16, len(rows.pieces) // 6))]
    return pieces, sum(one.rows.stop - one.rows.start for one in pieces) / rows.successes.size


def _narrowed(metric: Metric, share: float, size: int | None = None) -> Metric:
    return Metric(metric.root[:size, :size] * np.sqrt(share), metric.unit * share)


def climb_intercept(rows: LogisticRows, modes: Floats, metric: Metric, share: float) -> Climb:
    """The top of a model whose outer groups have intercepts.

    Parameters:
        rows: Sorted rows.
        modes: Zeros, shape (G,); holds the modes afterwards.
        metric: See `find_metric`.
        share: Share of successes of all trials.
    """
    pieces, part = _part(rows)
    start, curvature = _start(rows, modes, metric, share), None
    if part < 1.0:
        narrowed = _narrowed(metric, part)
        found = climb(_on(rows, modes, pieces), start, metric=narrowed, most_steps=MOST_START_STEPS)
        start, curvature = found.point.copy(), found.curvature / part
        start[-1] = max(abs(start[-1]), LEAST_START)
    evaluate = _on(rows, modes, rows.pieces)
    # second derivatives of the part, kept up by updates, lead to the top of all rows as well
    exact_above = WORTH_EXACT if curvature is None else np.inf
    top = climb(evaluate, start, metric=metric, curvature=curvature, exact_above=exact_above)
    return _at_boundary(evaluate, top)


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
    return np.append(found, np.sqrt(np.clip(variance, LEAST_START**2, MOST_START)))


def _at_boundary(evaluate: Evaluate, top: Climb) -> Climb:
    """The top with exact second derivatives; at a spread of exactly 0 where the search ends next to it."""
    point = top.point.copy()
    if abs(point[-1]) < 10.0 * SINGULAR:
        flat = np.append(point[:-1], 0.0)
        at = evaluate(flat, True)
        if at.value >= top.at.value - NOISE * (1.0 + abs(top.at.value)):
            assert at.curvature is not None
            return Climb(flat, at, at.curvature, top.steps, top.decrement)
    point[-1] = abs(point[-1])
    at = evaluate(point, True)
    assert at.curvature is not None
    return Climb(point, at, at.curvature, top.steps, top.decrement)


def climb_blocks(
    rows: LogisticRows, spec: LogisticSpec, modes: BlockModes, metric: Metric, share: float
) -> Climb:
    """The top of a model with slopes or inner groups; arguments as `climb_intercept`."""
    pieces, part = _part(rows)
    start, curvature = _block_start(rows, spec, metric, share), None
    if part < 1.0:
        some = _on_blocks(rows, spec, modes, pieces, metric)
        found = climb(some, start, metric=_narrowed(metric, part), most_steps=MOST_START_STEPS)
        start, curvature = found.point.copy(), found.curvature / part
        least = spec.theta(np.eye(len(spec.random)), 1.0) * LEAST_START / 2.0
        theta = start[rows.n_fixed :]
        start[rows.n_fixed :] = np.where(np.abs(theta) < least, least, theta)
    evaluate = _on_blocks(rows, spec, modes, rows.pieces, metric)
    # over all rows second derivatives are dear: those of the part, kept up by updates, lead to the top as well
    exact_above = WORTH_EXACT if curvature is None else np.inf
    top = climb(evaluate, start, metric=metric, curvature=curvature, exact_above=exact_above)
    at = evaluate(top.point, True)
    assert at.curvature is not None
    return replace(top, at=at, curvature=at.curvature)


def _block_start(rows: LogisticRows, spec: LogisticSpec, metric: Metric, share: float) -> Floats:
    """The top of the model with an intercept alone, and spreads in proportion to its own."""
    p = rows.n_fixed
    pieces, part = _part(rows)
    root = np.zeros((p + 1, p + 1))
    root[:p, :p], root[p, p] = metric.root[:p, :p], np.sqrt(metric.unit)
    alone = Metric(root, metric.unit)
    modes = np.zeros(rows.n_groups)
    simple = climb(
        _on(rows, modes, pieces),
        _start(rows, modes, alone, share),
        metric=_narrowed(alone, part),
        most_steps=MOST_START_STEPS,
    ).point
    spread = PART_OF_INTERCEPT * max(abs(float(simple[-1])), LEAST_START)
    own = spec.theta(np.eye(len(spec.random)), 1.0)
    return np.append(simple[:-1], own * spread)


def _on_blocks(
    rows: LogisticRows,
    spec: LogisticSpec,
    modes: BlockModes,
    pieces: tuple[Piece, ...],
    metric: Metric,
) -> Evaluate:
    """Second derivatives: exact by the coefficients, central differences of the gradient by the variance parameters."""
    p = rows.n_fixed
    steps = DIFFERENCE / np.linalg.norm(metric.root, axis=1)

    def evaluate(point: Floats, with_curvature: bool) -> Evaluation:
        at = evaluate_blocks(rows, spec, point, modes, pieces=pieces)
        if not with_curvature:
            return at
        curvature = np.zeros((point.size, point.size))
        curvature[:p, :p] = coefficient_curvature(rows, spec, point, modes, pieces=pieces)
        for place in range(p, point.size):
            shift = np.zeros(point.shape)
            shift[place] = steps[place]
            up = evaluate_blocks(rows, spec, point + shift, modes, pieces=pieces).gradient
            down = evaluate_blocks(rows, spec, point - shift, modes, pieces=pieces).gradient
            curvature[place] = (up - down) / (2.0 * steps[place])
            curvature[:p, place] = curvature[place, :p]
        curvature[p:, p:] = (curvature[p:, p:] + curvature[p:, p:].T) / 2.0
        return replace(at, curvature=curvature)

    return evaluate
