"""Next year's counts of all schools, drawn together from what each school's own past leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
    the year ahead (`draw_changes`); within it levels of schools are drawn given their own past, then counts.

    Args:
        level: The fit.
        ahead: Cells ahead and how many are tested.
        draws: Number of draws in all.
        per_parameters: Draws a batch.
        generator: Of random numbers.

    Yields:
        Low results, shape (batch, schools, cells ahead), whole numbers, and expected shares, shape (schools, cells
        ahead), of the batch's parameters.
    """
    for start in range(0, draws, per_parameters):
        rounds = min(per_parameters, draws - start)
        theta = generator.multivariate_normal(level.theta, level.theta_covariance, method="cholesky")
        centre, root = _given_past(level, theta, ahead.cells, generator)
        changes = draw_changes(level, ahead.cells, rounds=rounds, generator=generator)
        noise = generator.standard_normal((rounds, *centre.shape))
        own = noise * root[:, :, 0] if centre.shape[1] == 1 else np.einsum("sqr,dsr->dsq", root, noise)
        chance = _expit(centre + own + changes[:, None, :])
        yield draw_counts(ahead.tested, chance, generator=generator), chance.mean(axis=0)


def _given_past(
    level: Level, theta: Array, ahead: Cells, generator: np.random.Generator
) -> tuple[Array, Array]:
    """Mean of each school's level ahead and the root of its covariance, the means of years drawn."""
    weights = weights_of(theta, level.cells, level.precision)
    across = covariance(theta, level.cells, ahead)
    mean, spread = means_of(weights, level.precision, level.precision * level.value)
    mean = generator.multivariate_normal(mean, spread, method="cholesky")
    value = np.where(level.precision > 0, level.value - mean, 0.0)
    last = np.array([mean[_latest(level.cells, procedure)] for procedure in ahead.procedure])
    centre = last + np.einsum("sij,sj->si", weights, value) @ across
    left = covariance(theta, ahead, ahead, is_same=True) - np.einsum(
        "iq,sij,jr->sqr", across, weights, across, optimize=True
    )
    if left.shape[1] == 1:
        return centre, np.sqrt(np.maximum(left, 1e-12))
    return centre, np.linalg.cholesky(left + 1e-9 * np.eye(left.shape[1]))


def _latest(cells: Cells, procedure: int) -> int:
    """The latest cell of a procedure."""
    places = np.flatnonzero(cells.procedure == procedure)
    return int(places[np.argmax(cells.year[places])])


def draw_changes(level: Level, ahead: Cells, *, rounds: int, generator: np.random.Generator) -> Array:
    """Changes of the means of procedures to the year ahead, shape (rounds, cells ahead).

    A change common to all procedures and one of each procedure's own, both about 0 with the spread that past changes
    had; the spreads are drawn, too (scaled inverse χ² after the history and a weak guess).
    """
    common, own = _past_changes(level)
    steps = np.maximum(1, ahead.year - np.array([level.cells.year[_latest(level.cells, one)] for one in ahead.procedure]))
    spread_common = _draw_spread(common, len(common), rounds, generator)
    found = spread_common[:, None] * generator.standard_normal((rounds, 1)) * np.ones(steps.size)
    if level.cells.has_procedures:
        freedom = max(0, own.size - common.size)
        spread_own = _draw_spread(own, freedom, rounds, generator)
        found = found + spread_own[:, None] * generator.standard_normal((rounds, steps.size))
    return np.asarray(found * np.sqrt(steps))


def _past_changes(level: Level) -> tuple[Array, Array]:
    """Changes of means a year: the average over procedures of each step, and what is left of each procedure."""
    by_step: dict[int, list[float]] = {}
    cells = level.cells
    for procedure in np.unique(cells.procedure):
        places = np.flatnonzero(cells.procedure == procedure)
        places = places[np.argsort(cells.year[places])]
        for before, after in zip(places[:-1], places[1:], strict=True):
            years = float(cells.year[after] - cells.year[before])
            change = (level.mean[after] - level.mean[before]) / np.sqrt(years)
            by_step.setdefault(int(cells.year[after]), []).append(float(change))
    common = np.array([np.mean(step) for step in by_step.values()])
    own = np.concatenate([np.array(step) - np.mean(step) for step in by_step.values()]) if by_step else common
    return common, own


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
