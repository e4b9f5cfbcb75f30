"""The top of a smooth log-likelihood: Newton's method kept honest, with updates where curvature is dear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from shnor_analysis.kernels.logistic.evaluation import Evaluation
from shnor_analysis.kernels.logistic.rows import Floats

Evaluate = Callable[[Floats, bool], Evaluation]

# gradient' × curvature⁻¹ × gradient: 1e-14 means that each coefficient is within 1e-7 standard errors of the top
TOLERANCE = 1e-14
# along a ridge, as singular fits have it, steps stop paying before that: less gain than this is none
NEAR = 1e-7
MOST_IDLE_STEPS = 10
MOST_STEPS = 100
MOST_HALVINGS = 30
# curvature in units of the metric below this is taken as none
FLATTEST = 1e-7
# longest step, as root mean square change of the logits
LONGEST_STEP = 3.0
# part of a log-likelihood that rounding may take
NOISE = 1e-12
# decrement above which second derivatives are worth computing anew, and the part of the last one that a step may leave
WORTH_EXACT = 1e-2
SLOW = 0.3
# share of the gain promised by the gradient that a step must bring (Armijo's rule, the usual value)
PAYING = 1e-4


@dataclass(frozen=True, slots=True)
class Climb:
    """Where a search ended.

    Attributes:
        point: The place, shape (k,).
        at: Log-likelihood and gradient there.
        curvature: Second derivatives known at the end (exact, or kept up by updates), shape (k, k).
        steps: Steps taken.
        decrement: gradient' × (−curvature)⁻¹ × gradient at the end: twice the gain still to be expected.
    """

    point: Floats
    at: Evaluation
    curvature: Floats
    steps: int
    decrement: float

    @property
    def is_top(self) -> bool:
        """Whether the search ended because nothing is left to gain."""
        return self.decrement < NEAR


@dataclass(frozen=True, slots=True)
class Metric:
    """What a step means: `root` is the Cholesky factor of the information were each probability ½; `unit` its scale."""

    root: Floats
    unit: float


def climb(
    evaluate: Evaluate,
    start: Floats,
    *,
    metric: Metric,
    curvature: Floats | None = None,
    exact_above: float = WORTH_EXACT,
    most_steps: int = MOST_STEPS,
) -> Climb:
    """Climb from `start` to a top.

    Parameters:
        evaluate: Gives the log-likelihood at a point; its second argument asks for exact second derivatives.
        start: Shape (k,).
        metric: Scale of steps.
        curvature: Second derivatives to begin with, if known well enough; else they are asked for.
        exact_above: Second derivatives are asked for after steps with a decrement above this, and after bad ones.
        most_steps: Steps after which the search gives up.
    """
    at = evaluate(start, curvature is None)
    known = at.curvature if curvature is None else curvature
    assert known is not None
    point, is_exact, last, idle = start, curvature is None, np.inf, 0
    step, decrement = ascent(at.gradient, known, metric)
    for taken in range(most_steps):
        if decrement < TOLERANCE or (idle >= MOST_IDLE_STEPS and decrement < NEAR):
            return Climb(point, at, known, taken, decrement)
        found = _search(evaluate, point, at, step, decrement > exact_above or decrement > SLOW * last)
        if found is None:
            if is_exact:
                return Climb(point, at, known, taken, decrement)
            at, is_exact = evaluate(point, True), True
            known = known if at.curvature is None else at.curvature
        else:
            known = _updated(known, point, at, found)
            point, at = found
            is_exact = at.curvature is not None
            last = decrement
        step, decrement = ascent(at.gradient, known, metric)
        idle = idle + 1 if NEAR > decrement > 0.5 * last else 0
    return Climb(point, at, known, most_steps, decrement)


def ascent(gradient: Floats, curvature: Floats, metric: Metric) -> tuple[Floats, float]:
    """Newton's step, uphill also where the surface is not concave, and the decrement."""
    whitened = solve_triangular(
        metric.root, solve_triangular(metric.root, -curvature, lower=True).T, lower=True
    )
    values, vectors = np.linalg.eigh((whitened + whitened.T) / 2.0)
    values = np.maximum(np.abs(values), FLATTEST)
    along = vectors.T @ solve_triangular(metric.root, gradient, lower=True)
    white_step = vectors @ (along / values)
    decrement = float(along @ (along / values))
    length = float(np.linalg.norm(white_step)) / np.sqrt(metric.unit)
    step: Floats = solve_triangular(metric.root, white_step, lower=True, trans="T")
    return step * min(1.0, LONGEST_STEP / max(length, 1e-300)), decrement


def _search(
    evaluate: Evaluate, point: Floats, at: Evaluation, step: Floats, wants_curvature: bool
) -> tuple[Floats, Evaluation] | None:
    """The first of step, step/2, step/4 … that climbs; None when none does."""
    gain = float(at.gradient @ step)
    allowance = NOISE * (1.0 + abs(at.value))
    for halving in range(MOST_HALVINGS):
        scale = 0.5**halving
        trial = evaluate(point + scale * step, wants_curvature)
        if trial.value >= at.value + PAYING * scale * gain - allowance:
            return point + scale * step, trial
    return None


def _updated(known: Floats, point: Floats, at: Evaluation, found: tuple[Floats, Evaluation]) -> Floats:
    """Exact second derivatives where they were computed; else Broyden, Fletcher, Goldfarb and Shanno's update."""
    if found[1].curvature is not None:
        return found[1].curvature
    step, fall = found[0] - point, at.gradient - found[1].gradient
    bent = -known @ step
    along, through = float(step @ fall), float(step @ bent)
    if along <= 1e-12 or through <= 1e-12 * along:
        return known
    updated: Floats = known - np.outer(fall, fall) / along + np.outer(bent, bent) / through
    return updated
