"""The minimum of the deviance, boundaries of the parameter space included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.multilevel import parameters
from shnor_analysis.kernels.multilevel.gradient import slopes
from shnor_analysis.kernels.multilevel.likelihood import Evaluation, Split, evaluate, split_products
from shnor_analysis.kernels.multilevel.moments import Floats
from shnor_analysis.kernels.multilevel.working import Working

# expected fall of the deviance that one more step would bring
ENOUGH = 1e-17
GOOD_ENOUGH = 1e-10
MOST_STEPS = 200
# relative standard deviation below which a direction counts as having no variance, as lme4::isSingular
SINGULAR = 1e-4
_START = 0.5
_FIRST_DIFFERENCE = 1e-5
_DIFFERENCE = 1e-4
_CLOSE = 4.0
_SMALL = 0.05
_PATIENCE = 4
_ROUGH = 1e-2
# difference of deviances that changes no conclusion
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Point:
    """The deviance at parameters for columns of scale 1, its gradient and its slopes by covariance blocks."""

    theta: Floats
    deviance: float
    gradient: Floats
    slopes: tuple[Floats, ...]
    evaluation: Evaluation


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


class Search:
    """Evaluates one model's deviance and walks downhill; the products of its first level are taken apart once."""

    def __init__(self, working: Working) -> None:
        self.working = working
        self._first: Split | None = (
            split_products(working.levels[0], working.grouped) if working.levels else None
        )
        self.steps = 0

    def evaluation(self, theta: Floats, *, sigma: float | None = None) -> Evaluation:
        """The likelihood at the parameters."""
        return evaluate(
            self.working, parameters.relative(self.working, theta), first=self._first, sigma=sigma
        )

    def point(self, theta: Floats, *, sigma: float | None = None) -> Point:
        """The likelihood and its derivatives at the parameters."""
        found = self.evaluation(theta, sigma=sigma)
        by_block = parameters.block_slopes(self.working, slopes(self.working, found, sigma=sigma))
        gradient = parameters.gradient(self.working, theta, by_block)
        return Point(theta, found.deviance, gradient, tuple(by_block), found)

    def hessian(self, at: Point, step: float) -> Floats:
        """Second derivatives from differences of the gradient, forward for small steps and central otherwise."""
        size = len(at.theta)
        made = np.empty((size, size))
        for one in range(size):
            h = step * max(abs(at.theta[one]), 0.1)
            away = np.zeros(size)
            away[one] = h
            if step <= _FIRST_DIFFERENCE:
                made[one] = (self.point(at.theta + away).gradient - at.gradient) / h
            else:
                up, down = self.point(at.theta + away), self.point(at.theta - away)
                made[one] = (up.gradient - down.gradient) / (2 * h)
        return (made + made.T) / 2

    def descend(self, start: Floats, *, is_near: bool = False, enough: float = ENOUGH) -> tuple[Point, float]:
        """Quasi-Newton steps from a start, the curvature measured now and then and updated by BFGS.

        Parameters:
            start: Parameters.
            is_near: Go without the steps that help from afar.
            enough: Expected fall at which to stop.

        Returns:
            The point where no further fall is expected or none is found, and the fall still expected.
        """
        at = self.point(start) if is_near else self._expectation_steps(self.point(start), 2)
        curvature, age, promised = self.hessian(at, _FIRST_DIFFERENCE), 0, np.inf
        expected = np.inf
        for _ in range(MOST_STEPS):
            step, expected = _step(curvature, at.gradient, at.theta)
            if expected < enough:
                break
            if age == 0:
                promised = expected
            elif age >= _PATIENCE and expected > 0.1 * promised:
                curvature, age = self.hessian(at, _FIRST_DIFFERENCE), 0
                continue
            new = self._line(at, step)
            self.steps += 1
            if new is None and (age == 0 or expected < GOOD_ENOUGH):
                break
            updated = None
            if new is not None:
                empty = self._emptied(new)
                updated = (
                    None if empty else _updated(curvature, new.theta - at.theta, new.gradient - at.gradient)
                )
                at = empty or new
            age = age + 1 if updated is not None else 0
            curvature = self.hessian(at, _FIRST_DIFFERENCE) if updated is None else updated
        return at, expected

    def _emptied(self, at: Point) -> Point | None:
        """The point with small columns of the factors set to 0, if that is downhill: there they stay.

        Towards a variance of 0 the deviance is as flat as the fourth power; waiting for it takes hundreds of steps.
        """
        found = parameters.factors(self.working, at.theta)
        tried = [one * (np.abs(one).max(axis=0) >= _SMALL) for one in found]
        theta = parameters.flatten(tried)
        if np.array_equal(theta, at.theta) or self.evaluation(theta).deviance > at.deviance:
            return None
        return self.point(theta)

    def _expectation_steps(self, at: Point, many: int) -> Point:
        """Steps of the EM algorithm, G ← G − GΓG / groups: never uphill, fast while far away."""
        groups = [len(level.order) for level in self.working.levels for _ in level.blocks]
        for _ in range(many):
            made = []
            for factor, slope, n in zip(
                parameters.factors(self.working, at.theta), at.slopes, groups, strict=True
            ):
                covariance = factor @ factor.T
                made.append(parameters.root_of(covariance - covariance @ slope @ covariance / n))
            at = self.point(parameters.flatten(made))
        return at

    def _line(self, at: Point, step: Floats) -> Point | None:
        """The first point along the step, halved as often as needed, where the deviance falls."""
        slope = float(at.gradient @ step)
        noise = 1e-13 * (abs(at.deviance) + self.working.n_obs)
        length = 1.0
        for _ in range(30):
            try:
                new = self.point(at.theta + length * step)
            except np.linalg.LinAlgError:
                length /= 4
                continue
            if new.deviance <= at.deviance + 1e-4 * length * slope + noise:
                is_better = new.deviance < at.deviance - noise or _norm(new) < _norm(at)
                return new if is_better else None
            length /= 2 if length > 0.2 else 4
        return None


def _norm(point: Point) -> float:
    return float(np.abs(point.gradient).max())


def _step(curvature: Floats, gradient: Floats, theta: Floats) -> tuple[Floats, float]:
    """Newton step with negative curvature turned round, not longer than the parameters are large."""
    values, vectors = np.linalg.eigh(curvature)
    floor = max(float(np.abs(values).max()) * 1e-9, 1e-12)
    along = vectors.T @ gradient
    sizes = np.maximum(np.abs(values), floor)
    step = -vectors @ (along / sizes)
    expected = float(along @ (along / sizes))
    longest = max(float(np.linalg.norm(theta)), 0.3)
    length = float(np.linalg.norm(step))
    return (step * (longest / length) if length > longest else step), expected


def _updated(curvature: Floats, step: Floats, change: Floats) -> Floats | None:
    """BFGS update; None where the curvature along the step is negative, which it cannot express."""
    along = float(step @ change)
    bent = curvature @ step
    against = float(step @ bent)
    if along <= 1e-10 * float(np.linalg.norm(step) * np.linalg.norm(change)) or against <= 0:
        return None
    return np.asarray(curvature + np.outer(change, change) / along - np.outer(bent, bent) / against)


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
        for size in (2.0, 0.1):
            best, expected = _better(search, best, expected, _even_start(working, size), is_near=False)
    for theta in _without_each(search, best):
        best, expected = _better(search, best, expected, theta, is_near=True)
    best, expected = _polish(search, best, expected)
    return Optimum(best, search.steps, expected, expected < GOOD_ENOUGH, _is_singular(working, best))


def _even_start(working: Working, size: float = _START) -> Floats:
    return parameters.flatten([size * np.eye(block.size) for block in working.blocks])


def _better(
    search: Search, best: Point, expected: float, start: Floats, *, is_near: bool
) -> tuple[Point, float]:
    new, left = search.descend(start, is_near=is_near, enough=_ROUGH)
    if new.deviance - 2 * left > best.deviance - _NOTHING:
        return best, expected
    new, left = search.descend(new.theta, is_near=True)
    if not is_near:
        new, left = _leave_false_ends(search, new, left)
    return (new, left) if new.deviance < best.deviance - _NOTHING else (best, expected)


def _leave_false_ends(search: Search, at: Point, expected: float) -> tuple[Point, float]:
    """Where a variance ended at 0 although the deviance falls by it, go on from a small variance."""
    for _ in range(4):
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
        if falls[0] >= -1e-6 * max(1.0, float(np.abs(slope).max())) or falls[0] >= -1e-8:
            continue
        direction = empty @ directions[:, 0]
        for variance in (0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6):
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
    return [theta for theta in starts if search.evaluation(theta).deviance < best.deviance + _CLOSE]


def _polish(search: Search, best: Point, expected: float) -> tuple[Point, float]:
    """Newton steps with measured curvature while they make the gradient smaller."""
    if expected < ENOUGH:
        return best, expected
    for _ in range(3):
        curvature = search.hessian(best, _DIFFERENCE)
        step, expected = _step(curvature, best.gradient, best.theta)
        if expected < ENOUGH:
            break
        new = search.point(best.theta + step)
        if _norm(new) >= _norm(best):
            break
        best = new
    return best, expected


def _is_singular(working: Working, at: Point) -> bool:
    found: Sequence[Floats] = parameters.factors(working, at.theta)
    return any(bool((np.abs(np.diag(parameters.lower_factor(one))) < SINGULAR).any()) for one in found)
