"""The circumstances of invented schools: factors that go together, of which only some do anything."""

from __future__ import annotations

import numpy as np

from shnor_analysis.simulation.papers import Floats
from shnor_analysis.simulation.schools import KIND_STANDING, Ints, Schools
from shnor_analysis.simulation.spec import TownSpec

# Level, pull of social standing and spread of a share, on the logit scale.
_SHARES = {
    "parents_higher_education_share": (-0.8, 0.75, 0.25),
    "incomplete_families_share": (-1.2, -0.30, 0.20),
    "low_income_share": (-1.9, -0.55, 0.25),
    "registers_share": (-3.6, -0.50, 0.35),
    "special_needs_share": (-2.9, -0.25, 0.35),
    "home_language_other_share": (-2.9, -0.45, 0.50),
    "vacancies_share": (-3.1, -0.25, 0.50),
    "young_teachers_share": (-1.3, 0.0, 0.30),
    "top_category_share": (-0.9, 0.35, 0.30),
    "commute_share": (-3.0, -0.2, 0.60),
    "second_shift_share": (-1.6, -0.1, 0.80),
}
FACTORS = ("pupils_n", *_SHARES, "boiler_age_years")
NON_EFFECT_FACTOR = "boiler_age_years"
# True coefficients: standard deviations of pupils per unit of the factor (a share of 1). All others are 0.
COEFFICIENTS = {"parents_higher_education_share": 1.15, "low_income_share": -1.2, "vacancies_share": -1.3}
YEARLY_SPREAD = 0.06
GRADES_OF_A_SCHOOL = range(1, 12)


def draw_factors(spec: TownSpec, schools: Schools, sizes: dict[int, Ints]) -> dict[str, Floats]:
    """Draw every factor, shape (schools, years); shares with three decimals, as the social passport gives them."""
    rng = spec.stream("factors", schools.place.index)
    n, years = schools.n, len(spec.years)
    standing = rng.normal(0, 1, n) + np.array([KIND_STANDING[kind] for kind in schools.kinds])
    drawn = {"pupils_n": _enrolment(spec, schools, sizes)}
    for name, (level, pull, spread) in _SHARES.items():
        fixed = level + pull * standing + rng.normal(0, spread, n)
        moved = fixed[:, None] + rng.normal(0, YEARLY_SPREAD, (n, years))
        drawn[name] = np.round(1 / (1 + np.exp(-moved)), 3)
    built = rng.integers(1, 45, n)
    drawn[NON_EFFECT_FACTOR] = built[:, None] + np.arange(years)[None, :].astype(float)
    return drawn


def effect_of_circumstances(factors: dict[str, Floats]) -> Floats:
    """What the circumstances add to every result of a school, shape (schools, years), about 0 in the middle."""
    total = np.zeros_like(factors[NON_EFFECT_FACTOR])
    for name, coefficient in COEFFICIENTS.items():
        middle = 1 / (1 + np.exp(-_SHARES[name][0]))
        total += coefficient * (factors[name] - middle)
    return total


def _enrolment(spec: TownSpec, schools: Schools, sizes: dict[int, Ints]) -> Floats:
    columns = []
    for year in spec.years:
        total = np.zeros(schools.n)
        for grade in GRADES_OF_A_SCHOOL:
            part = np.where(schools.has_grade_11, 0.5, 0.0) if grade > 9 else 1.0
            total += np.rint(sizes[year - grade] * part)
        columns.append(total)
    return np.column_stack(columns)
