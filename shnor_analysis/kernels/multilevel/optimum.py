"""The minimum of the deviance, boundaries of the parameter space included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.multilevel import parameters
from shnor_analysis.kernels.multilevel.descent import ENOUGH, GOOD_ENOUGH, Point, Search, newton_step
from shnor_analysis.kernels.multilevel.moments import Floats
from shnor_analysis.kernels.multilevel.working import Working

# relative standard deviation below which a direction counts as having no variance, as lme4::isSingular
SINGULAR = 1e-4
# relative standard deviations of the first start, and of those that are tried where it ended badly
START = 0.5
OTHER_STARTS = (2.0, 0.1)
# expected fall at which a trial from another start is far enough to be compared
ROUGH = 1e-2
# difference of deviances that changes no conclusion
NOTHING = 1e-6
# a point without one of the variances is a start where its deviance is no further above the best: beyond the 95 % bound
# of one parameter the variance is wanted
CLOSE = 4.0
# slope by a variance, as a share of the largest, above which the deviance does not fall by it
LEVEL = -1e-6
# variances tried where the deviance falls by one that ended at 0
WAYS_OUT = (0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
MOST_WAYS_OUT = 4
MOST_POLISHING_STEPS = 3


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the search ended.

    Attributes:
        point: The best point found.
        iterations: Steps taken, all starts together.
        expected_fall: Fall of the deviance that a further Newton step promises, g'H⁻¹g.
        is_converged: Whether that is negligible.
        is_singular: Whether some direction of random coefficients has no variance.
    """

    point: Point
    iterations: int
    expected_fall: float
    is_converged: bool
    is_singular: bool


def find_optimum(working: Working, *, start: Floats | None = None) -> Optimum:
    """Minimise the deviance over covariance parameters.

    The parameters are entries of a triangular factor whose sign does not matter, so a variance of 0 is an ordinary
    point of a smooth function; it is also a stationary one, so each such end is tested by the slope of the deviance
    by the variance itself, other starts are tried, and every single variance is set to 0 for comparison.

    Parameters:
        working: The model.
        start: Parameters near the optimum, for columns of scale 1.
    """
    search = Search(working)
    if not working.levels:
        point = search.point(np.empty(0))
        return Optimum(point, 0, 0.0, True, False)
    best, expected = search.descend(
        _even_start(working) if start is None else start, is_near=start is not None
    )
    best, expected = _leave_false_ends(search, best, expected)
    if _is_singular(working, best) or expected > GOOD_ENOUGH:
        for size in OTHER_STARTS:
            best, expected = _better(search, best, expected, _even_start(working, size), is_near=False)
    for theta in _without_each(search, best):
        best, expected = _better(search, best, expected, theta, is_near=True)
    best, expected = _polish(search, best, expected)
    return Optimum(best, search.steps, expected, expected < GOOD_ENOUGH, _is_singular(working, best))


def _even_start(working: Working, size: float = START) -> Floats:
    return parameters.flatten([size * np.eye(block.size) for block in working.blocks])


def _better(
    search: Search, best: Point, expected: float, start: Floats, *, is_near: bool
) -> tuple[Point, float]:
    new, left = search.descend(start, is_near=is_near, enough=ROUGH)
    if new.deviance - 2 * left > best.deviance - NOTHING:
        return best, expected
    new, left = search.descend(new.theta, is_near=True)
    if not is_near:
        new, left = _leave_false_ends(search, new, left)
    return (new, left) if new.deviance < best.deviance - NOTHING else (best, expected)


def _leave_false_ends(search: Search, at: Point, expected: float) -> tuple[Point, float]:
    """Where a variance ended at 0 although the deviance falls by it, go on from a small variance."""
    for _ in range(MOST_WAYS_OUT):
        start = _way_out(search, at)
        if start is None:
            break
        at, expected = search.descend(start, is_near=True)
    return at, expected


def _way_out(search: Search, at: Point) -> Floats | None:
    """Parameters with a lower deviance beside an end without variance, if there are any."""
    found = parameters.factors(search.working, at.theta)
    for place, (factor, slope) in enumerate(zip(found, at.slopes, strict=True)):
        covariance = factor @ factor.T
        values, vectors = np.linalg.eigh(covariance)
        empty = vectors[:, values < SINGULAR**2]
        if not empty.shape[1]:
            continue
        falls, directions = np.linalg.eigh(empty.T @ slope @ empty)
        if falls[0] >= LEVEL * max(1.0, float(np.abs(slope).max())):
            continue
        direction = empty @ directions[:, 0]
        for variance in WAYS_OUT:
            tried = list(found)
            tried[place] = parameters.root_of(covariance + variance * np.outer(direction, direction))
            theta = parameters.flatten(tried)
            if search.evaluation(theta).deviance < at.deviance:
                return theta
    return None


def _without_each(search: Search, best: Point) -> list[Floats]:
    """Points without one of the variances whose deviance is not far above the best: what ends there may be below."""
    found = parameters.factors(search.working, best.theta)
    tried = [[0.0 * one for one in found]]
    for place, factor in enumerate(found):
        for row in range(len(factor)):
            covariance = factor @ factor.T
            if covariance[row, row] < SINGULAR**2:
                continue
            covariance[row] = covariance[:, row] = 0.0
            tried.append([*found[:place], parameters.root_of(covariance), *found[place + 1 :]])
    starts = [parameters.flatten(one) for one in tried]
    return [theta for theta in starts if search.evaluation(theta).deviance < best.deviance + CLOSE]


def _polish(search: Search, best: Point, expected: float) -> tuple[Point, float]:
    """Newton steps with measured curvature while they make the gradient smaller."""
    if expected < ENOUGH:
        return best, expected
    for _ in range(MOST_POLISHING_STEPS):
        curvature = search.hessian(best, is_central=True)
        step, expected = newton_step(curvature, best.gradient, best.theta)
        if expected < ENOUGH:
            break
        new = search.point(best.theta + step)
        if new.steepness >= best.steepness:
            break
        best = new
    return best, expected


def _is_singular(working: Working, at: Point) -> bool:
    found: Sequence[Floats] = parameters.factors(working, at.theta)
    return any(bool((np.abs(np.diag(parameters.lower_factor(one))) < SINGULAR).any()) for one in found)
