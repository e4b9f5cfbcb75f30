"""Steps downhill on the deviance of one model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.multilevel import parameters
from shnor_analysis.kernels.multilevel.gradient import slopes
from shnor_analysis.kernels.multilevel.likelihood import Evaluation, Split, evaluate, split_products
from shnor_analysis.kernels.multilevel.moments import Floats
from shnor_analysis.kernels.multilevel.working import Working

# expected fall of the deviance that one more step would bring: below the first nothing of an estimate moves that
# could be printed, below the second a search that finds no lower point is where it should be
ENOUGH = 1e-17
GOOD_ENOUGH = 1e-10
MOST_STEPS = 200
MOST_HALVINGS = 30
# shares of a parameter over which differences of the gradient are taken, forward and central: they balance rounding
# against bending
FORWARD, CENTRAL = 1e-5, 1e-4
# relative standard deviation below which it is tried whether a variance is 0
SMALL = 0.05
# steps that updates of the curvature are given before it is measured anew
PATIENCE = 4
# share of the fall promised by the gradient that a step must bring (Armijo's rule, the usual value)
PAYING = 1e-4
# share of the deviance and of the rows that rounding makes of a deviance
ROUNDING = 1e-13
# curvature, as a share of the largest, below which a direction counts as flat
FLAT = 1e-9
# length of parameters about 0, so that steps away from there are not forbidden
SHORTEST = 0.3


@dataclass(frozen=True, slots=True)
class Point:
    """The deviance at parameters for columns of scale 1, its gradient and its slopes by covariance blocks."""

    theta: Floats
    deviance: float
    gradient: Floats
    slopes: tuple[Floats, ...]
    evaluation: Evaluation

    @property
    def steepness(self) -> float:
        """The largest slope by a parameter."""
        return float(np.abs(self.gradient).max())


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

    def hessian(self, at: Point, *, is_central: bool = False) -> Floats:
        """Second derivatives from differences of the gradient: forward, or central, exacter and twice as dear."""
        size = len(at.theta)
        made = np.empty((size, size))
        for one in range(size):
            h = (CENTRAL if is_central else FORWARD) * max(abs(at.theta[one]), 0.1)
            away = np.zeros(size)
            away[one] = h
            up = self.point(at.theta + away)
            if is_central:
                made[one] = (up.gradient - self.point(at.theta - away).gradient) / (2 * h)
            else:
                made[one] = (up.gradient - at.gradient) / h
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
        curvature, age, promised = self.hessian(at), 0, np.inf
        expected = np.inf
        for _ in range(MOST_STEPS):
            step, expected = newton_step(curvature, at.gradient, at.theta)
            if expected < enough:
                break
            if age == 0:
                promised = expected
            elif age >= PATIENCE and expected > 0.1 * promised:
                curvature, age = self.hessian(at), 0
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
            curvature = self.hessian(at) if updated is None else updated
        return at, expected

    def _emptied(self, at: Point) -> Point | None:
        """The point with small columns of the factors set to 0, if that is downhill: there they stay.

        Towards a variance of 0 the deviance is as flat as the fourth power; waiting for it takes hundreds of steps.
        """
        found = parameters.factors(self.working, at.theta)
        tried = [one * (np.abs(one).max(axis=0) >= SMALL) for one in found]
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
        noise = ROUNDING * (abs(at.deviance) + self.working.n_obs)
        length = 1.0
        for _ in range(MOST_HALVINGS):
            try:
                new = self.point(at.theta + length * step)
            except np.linalg.LinAlgError:
                length /= 4
                continue
            if new.deviance <= at.deviance + PAYING * length * slope + noise:
                is_better = new.deviance < at.deviance - noise or new.steepness < at.steepness
                return new if is_better else None
            length /= 2 if length > 0.2 else 4
        return None


def newton_step(curvature: Floats, gradient: Floats, theta: Floats) -> tuple[Floats, float]:
    """Newton step with negative curvature turned round, not longer than the parameters are large.

    Returns:
        The step, shape of `theta`, and the fall of the deviance that a whole step promises, g'H⁻¹g.
    """
    values, vectors = np.linalg.eigh(curvature)
    floor = max(float(np.abs(values).max()) * FLAT, 1e-12)
    along = vectors.T @ gradient
    sizes = np.maximum(np.abs(values), floor)
    step = -vectors @ (along / sizes)
    expected = float(along @ (along / sizes))
    longest = max(float(np.linalg.norm(theta)), SHORTEST)
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
