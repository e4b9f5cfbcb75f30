"""Next year's counts of all schools, drawn together from what each school's own past leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.list_flow.covariance import Cells, covariance
from shnor_analysis.kernels.list_flow.fit import Level, means_of, weights_of

Array = NDArray[np.float64]

# normal draws with a term for skewness stand for binomial ones where these have a variance above this
NORMAL_FROM = 9.0
# How means move from year to year before anything is known: standard deviation, log odds, and the weight of that
# guess in observed changes.
GUESSED_CHANGE = 0.3
GUESS_WEIGHT = 2.0
DRAWS_OF_PARAMETERS = 20


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is drawn: `cells` of the year ahead, `tested` there, shape (schools, cells ahead), 0 where nothing is."""

    cells: Cells
    tested: Array


def draw_ahead(
    level: Level, ahead: Ahead, *, draws: int, per_parameters: int, generator: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Draw counts of the year ahead, all schools and procedures together.

    Each batch has its own parameters (normal about the fit), means of years given them, and changes of the means to
    the year ahead (`past_changes`); within it levels of schools are drawn given their own past, then counts.

    Args:
        level: The fit.
        ahead: Cells ahead and how many are tested; each procedure has a mean in the fit.
        draws: Number of draws in all.
        per_parameters: Draws a batch.
        generator: Of random numbers.

    Yields:
        Low results, shape (batch, schools, cells ahead), whole numbers, and expected shares, shape (schools, cells
        ahead), of the batch's parameters.
    """
    last = [_latest(level.cells, procedure) for procedure in ahead.cells.procedure]
    changes = past_changes(level, ahead.cells)
    for start in range(0, draws, per_parameters):
        rounds = min(per_parameters, draws - start)
        past = _given_past(level, ahead.cells, generator)
        means = past.mean[last] + changes.draw(rounds, generator)
        chance = _expit(past.draw(rounds, generator) + means[:, None, :])
        yield draw_counts(ahead.tested, chance, generator=generator), chance.mean(axis=0)


def draw_known_year(
    level: Level, ahead: Ahead, *, mean: tuple[float, float], draws: int, generator: np.random.Generator
) -> Array:
    """Draw counts of one year whose mean is known from other schools.

    Args:
        level: The fit to what may be learnt from.
        ahead: One cell, and how many are tested in it, shape (schools, 1).
        mean: The year's mean, log odds, and its standard error.
        draws: Number of draws; parameters are drawn anew for every `DRAWS_OF_PARAMETERS`.
        generator: Of random numbers.

    Returns:
        Low results, shape (draws, schools).
    """
    told = []
    for start in range(0, draws, DRAWS_OF_PARAMETERS):
        rounds = min(DRAWS_OF_PARAMETERS, draws - start)
        past = _given_past(level, ahead.cells, generator)
        shift = generator.normal(*mean, size=(rounds, 1, 1))
        chance = _expit(past.draw(rounds, generator) + shift)
        told.append(draw_counts(ahead.tested, chance, generator=generator)[..., 0])
    return np.concatenate(told)


@dataclass(frozen=True, slots=True)
class _GivenPast:
    """What one draw of parameters says: means of the fit's cells; of schools ahead the distance from the mean.

    `centre` has the shape (schools, cells ahead), `root` (of the covariance) one axis of cells more.
    """

    mean: Array
    centre: Array
    root: Array

    def draw(self, rounds: int, generator: np.random.Generator) -> Array:
        """Levels of schools less the mean, shape (rounds, schools, cells ahead)."""
        noise = generator.standard_normal((rounds, *self.centre.shape))
        if self.centre.shape[1] == 1:
            return np.asarray(self.centre + noise * self.root[:, :, 0])
        return np.asarray(self.centre + np.einsum("sqr,dsr->dsq", self.root, noise))


def _given_past(level: Level, ahead: Cells, generator: np.random.Generator) -> _GivenPast:
    theta = generator.multivariate_normal(level.theta, level.theta_covariance, method="cholesky")
    weights = weights_of(theta, level.cells, level.precision)
    across = covariance(theta, level.cells, ahead)
    mean, spread = means_of(weights, level.precision, level.precision * level.value)
    mean = generator.multivariate_normal(mean, spread, method="cholesky")
    value = np.where(level.precision > 0, level.value - mean, 0.0)
    centre = np.einsum("sij,sj->si", weights, value) @ across
    left = covariance(theta, ahead, ahead, is_same=True) - np.einsum(
        "iq,sij,jr->sqr", across, weights, across, optimize=True
    )
    if left.shape[1] == 1:
        return _GivenPast(mean, centre, np.sqrt(np.maximum(left, 1e-12)))
    return _GivenPast(mean, centre, np.linalg.cholesky(left + 1e-9 * np.eye(left.shape[1])))


def _latest(cells: Cells, procedure: int) -> int:
    """The latest cell of a procedure."""
    places = np.flatnonzero(cells.procedure == procedure)
    return int(places[np.argmax(cells.year[places])])


@dataclass(frozen=True, slots=True)
class Changes:
    """How means of procedures moved in the past, log odds a year.

    `common` is the average over procedures of each step between years, shape (steps,); `own` what is left of each
    procedure's changes and `own_freedom` how many of these are free; `years` how far the year ahead is from each
    procedure's latest mean, shape (cells ahead,).
    """

    common: Array
    own: Array
    own_freedom: int
    years: Array

    def draw(self, rounds: int, generator: np.random.Generator) -> Array:
        """Changes to the year ahead, shape (rounds, cells ahead).

        One common to all procedures and one of each procedure's own, both about 0 with the spread that past changes
        had; the spreads are drawn, too (scaled inverse χ² after the history and a weak guess).
        """
        spread = _draw_spread(self.common, self.common.size, rounds, generator)
        found = spread[:, None] * generator.standard_normal((rounds, 1)) * np.ones(self.years.size)
        if self.years.size > 1:
            spread = _draw_spread(self.own, self.own_freedom, rounds, generator)
            found = found + spread[:, None] * generator.standard_normal((rounds, self.years.size))
        return np.asarray(found * np.sqrt(self.years))


def past_changes(level: Level, ahead: Cells) -> Changes:
    """Changes of means between the years of the fit, and how far ahead the year to be drawn is."""
    by_step: dict[int, list[float]] = {}
    cells = level.cells
    for procedure in np.unique(cells.procedure):
        places = np.flatnonzero(cells.procedure == procedure)
        places = places[np.argsort(cells.year[places])]
        for before, after in pairwise(places):
            years = float(cells.year[after] - cells.year[before])
            change = (level.mean[after] - level.mean[before]) / np.sqrt(years)
            by_step.setdefault(int(cells.year[after]), []).append(float(change))
    steps = [np.array(step) for step in by_step.values()]
    common = np.array([step.mean() for step in steps])
    own = np.concatenate([step - step.mean() for step in steps]) if steps else common
    latest = np.array([cells.year[_latest(cells, one)] for one in ahead.procedure])
    return Changes(
        common, own, max(0, own.size - common.size), np.maximum(1, ahead.year - latest).astype(float)
    )


def _draw_spread(changes: Array, freedom: int, rounds: int, generator: np.random.Generator) -> Array:
    total = GUESS_WEIGHT * GUESSED_CHANGE**2 + float((changes**2).sum())
    return np.asarray(np.sqrt(total / generator.chisquare(GUESS_WEIGHT + freedom, rounds)))


def draw_counts(tested: Array, chance: Array, *, generator: np.random.Generator) -> Array:
    """Binomial counts, shape of `chance`; `tested` is broadcast.

    Above a variance of nine the quantile is a normal one with Cornish and Fisher's first term, rounded: its
    distribution differs from the binomial one by less than 0.002 anywhere, and it takes a fourth of the time.
    """
    tested = np.broadcast_to(tested, chance.shape)
    variance = tested * chance * (1 - chance)
    score = generator.standard_normal(chance.shape)
    found = np.rint(tested * chance + np.sqrt(variance) * score + (1 - 2 * chance) * (score**2 - 1) / 6)
    np.clip(found, 0, tested, out=found)
    is_small = variance < NORMAL_FROM
    found[is_small] = generator.binomial(tested[is_small].astype(np.int64), chance[is_small])
    return np.asarray(found)


def _expit(level: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-level)))
