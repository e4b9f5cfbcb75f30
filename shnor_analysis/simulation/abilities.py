"""How strong a school is in a year: circumstances, its own level, ups and downs, and what the programme adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.simulation.circumstances import draw_factors, effect_of_circumstances
from shnor_analysis.simulation.papers import Floats
from shnor_analysis.simulation.schools import KIND_LEVEL, Schools, cohort_sizes
from shnor_analysis.simulation.sittings import Sitting
from shnor_analysis.simulation.spec import Spread, TownSpec

MARCH_BOTH_SHARE, MARCH_RUSSIAN_SHARE = 0.22, 0.30


@dataclass(frozen=True, slots=True)
class Levels:
    """True parts of the results of a place's schools, in standard deviations of pupils."""

    factors: dict[str, Floats]
    sizes: dict[int, NDArray[np.int64]]
    circumstances: Floats
    own: Floats
    yearly: Floats
    wrote_in_march: dict[str, NDArray[np.bool_]]

    def mean(self, year_index: int) -> Floats:
        """Expected result of every school in a year, without the programme and the noise of a procedure."""
        return np.asarray(self.circumstances[:, year_index] + self.own + self.yearly[:, year_index])


def draw_levels(spec: TownSpec, schools: Schools) -> Levels:
    """Draw what is true of every school before any test is written."""
    sizes = cohort_sizes(spec, schools)
    factors = draw_factors(spec, schools, sizes)
    rng = spec.stream("levels", schools.place.index)
    own = rng.normal(0, spec.spread.school_sd, schools.n)
    own += np.array([KIND_LEVEL[kind] for kind in schools.kinds])
    circumstances = effect_of_circumstances(factors)
    own -= np.average(own + circumstances.mean(axis=1), weights=schools.parallel)
    if spec.municipalities_n > 1:
        own += rng.normal(0, spec.spread.municipality_sd)
    march = spec.stream("march", schools.place.index).random(schools.n)
    return Levels(
        factors=factors,
        sizes=sizes,
        circumstances=circumstances,
        own=own,
        yearly=_yearly(rng, spec.spread, (schools.n, len(spec.years))),
        wrote_in_march={
            "mathematics": march < MARCH_BOTH_SHARE,
            "russian": march < MARCH_RUSSIAN_SHARE,
        },
    )


def _yearly(rng: np.random.Generator, spread: Spread, shape: tuple[int, int]) -> Floats:
    """An AR(1) series a school, in its long-run distribution from the first year."""
    steps = rng.normal(0, spread.year_sd, shape)
    fresh = np.sqrt(1 - spread.year_correlation**2)
    for year in range(1, shape[1]):
        steps[:, year] = spread.year_correlation * steps[:, year - 1] + fresh * steps[:, year]
    return steps


def procedure_noise(spec: TownSpec, schools: Schools, sitting: Sitting) -> Floats:
    """What is peculiar to one school in one procedure."""
    rng = spec.stream("procedure", schools.place.index, sitting.label)
    return rng.normal(0, spec.spread.procedure_sd, schools.n)


def sitting_shift(spec: TownSpec, sitting: Sitting) -> float:
    """How much better everybody does in this sitting than in a usual one: season and the luck of the paper."""
    return float(spec.stream("sitting", sitting.label).normal(0, 0.05)) - sitting.loss
