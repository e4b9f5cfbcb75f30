"""Many towns at once in which nobody, or somebody with a known effect, helps the schools that look worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DRAWS = 2_000
SEED = 500  # never changed: the figures in docs/method/programme_effect.md come from it
YEARS_BEFORE, YEARS_AFTER = 5, 2
SCHOOL_SD, YEAR_SD, YEAR_CORRELATION = 0.25, 0.12, 0.5
PUPILS = 60
DECLINE = 0.03
# shares of marks 2, 3, 4, 5 in the whole town: a little under a sixth is low
MARK_SHARES = (0.15, 0.35, 0.35, 0.15)


@dataclass(frozen=True, slots=True)
class Design:
    """Who is helped: how many of how many schools, and by what they were chosen.

    `chosen_by` is ``last_year``, ``three_years`` (their mean) or ``level`` (the true permanent one); `decline` lets
    schools of the lower half of permanent levels lose 0.03 pupil SD a year.
    """

    treated_n: int
    schools_n: int
    chosen_by: str
    has_random_sizes: bool = False
    has_decline: bool = False
    effect: float = 0.0

    @property
    def name(self):
        return f"{self.treated_n} of {self.schools_n}, {self.chosen_by}"


@dataclass(frozen=True, slots=True)
class Towns:
    """Results of all draws: means in pupil SD (draws, schools, years), pupils (draws, schools), treated the same."""

    means: np.ndarray
    true_means: np.ndarray
    sizes: np.ndarray
    is_treated: np.ndarray


def draw_towns(design, *, draws=DRAWS, seed=SEED):
    """Draw towns of a design; each design has a stream of its own."""
    rng = np.random.default_rng([seed, design.treated_n, design.schools_n, *design.chosen_by.encode()])
    years = YEARS_BEFORE + YEARS_AFTER
    shape = (draws, design.schools_n)
    level = rng.normal(0, SCHOOL_SD, shape)
    true = level[:, :, None] + ups_and_downs(rng, (*shape, years))
    if design.has_decline:
        is_low = level < np.median(level, axis=1, keepdims=True)
        true -= DECLINE * is_low[:, :, None] * np.arange(years)
    sizes = np.full(shape, PUPILS) if not design.has_random_sizes else random_sizes(rng, shape)
    luck = rng.normal(0, 1, true.shape) / np.sqrt(sizes)[:, :, None]
    seen = true + luck
    looked_at = {
        "last_year": seen[:, :, YEARS_BEFORE - 1],
        "three_years": seen[:, :, YEARS_BEFORE - 3 : YEARS_BEFORE].mean(axis=2),
        "level": level,
    }[design.chosen_by]
    is_treated = looked_at.argsort(axis=1).argsort(axis=1) < design.treated_n
    helped = np.zeros_like(true)
    helped[:, :, YEARS_BEFORE:] = design.effect * is_treated[:, :, None]
    return Towns(seen + helped, true + helped, sizes, is_treated)


def ups_and_downs(rng, shape):
    """Deviations of schools in years, AR(1), in their long-run distribution from the first year."""
    steps = rng.normal(0, YEAR_SD, shape)
    fresh = np.sqrt(1 - YEAR_CORRELATION**2)
    for year in range(1, shape[-1]):
        steps[..., year] = YEAR_CORRELATION * steps[..., year - 1] + fresh * steps[..., year]
    return steps


def random_sizes(rng, shape):
    """Pupils a school: skewed, 15 to 200, about 60 on average."""
    return np.clip(np.rint(rng.lognormal(np.log(50), 0.6, shape)), 15, 200).astype(np.int64)
