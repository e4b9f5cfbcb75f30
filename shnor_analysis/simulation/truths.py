"""The truths behind an invented town, for tests of methods; no analysis reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from shnor_analysis.simulation.abilities import Levels
from shnor_analysis.simulation.circumstances import COEFFICIENTS, FACTORS, NON_EFFECT_FACTOR
from shnor_analysis.simulation.history import NEVER, History
from shnor_analysis.simulation.schools import Schools
from shnor_analysis.simulation.spec import Spread, TownSpec


@dataclass(frozen=True, slots=True)
class ProgrammeTruth:
    """What the programme adds to every result of one school from a school year on, in pupil SD."""

    school_id: str
    cohort_year: int
    effect_sd: float
    first_school_year: int


@dataclass(frozen=True, slots=True)
class SchoolTruth:
    """A school's own level, and per year what circumstances and ups and downs add; pupil SD, years in order."""

    school_id: str
    own: float
    circumstances: tuple[float, ...]
    yearly: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Truths:
    """Everything that a method should find, or should not.

    `factor_coefficients` are pupil SD per unit of the factor (a share of 1); factors that do nothing have 0.
    `inflated` maps a school to its first inflated school year.
    """

    years: tuple[int, ...]
    spread: Spread
    programmes: tuple[ProgrammeTruth, ...]
    schools: tuple[SchoolTruth, ...]
    factor_coefficients: Mapping[str, float]
    non_effect_factor: str
    inflated: Mapping[str, int]

    def as_dict(self) -> dict[str, object]:
        """Plain values for a JSON file."""
        return asdict(self)


def truths_of(spec: TownSpec, schools: Schools, levels: Levels, history: History) -> Truths:
    """Collect the truths of one municipality."""
    ids = schools.school_ids
    return Truths(
        years=spec.years,
        spread=spec.spread,
        programmes=tuple(
            ProgrammeTruth(
                ids[at], int(history.joined[at]), float(history.effect[at]), int(history.effect_from[at])
            )
            for at in np.flatnonzero(history.joined)
        ),
        schools=tuple(
            SchoolTruth(
                school_id,
                float(levels.own[at]),
                tuple(map(float, levels.circumstances[at])),
                tuple(map(float, levels.yearly[at])),
            )
            for at, school_id in enumerate(ids)
        ),
        factor_coefficients={factor: COEFFICIENTS.get(factor, 0.0) for factor in FACTORS},
        non_effect_factor=NON_EFFECT_FACTOR,
        inflated={
            ids[at]: int(history.inflated_from[at]) for at in np.flatnonzero(history.inflated_from < NEVER)
        },
    )


def join_truths(parts: Sequence[Truths]) -> Truths:
    """Put the truths of municipalities together."""
    first = parts[0]
    return Truths(
        years=first.years,
        spread=first.spread,
        programmes=tuple(one for part in parts for one in part.programmes),
        schools=tuple(one for part in parts for one in part.schools),
        factor_coefficients=first.factor_coefficients,
        non_effect_factor=first.non_effect_factor,
        inflated={school_id: year for part in parts for school_id, year in part.inflated.items()},
    )
