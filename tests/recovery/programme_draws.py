"""Many towns at once in which nobody, or somebody with a known effect, helps the schools that look worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

DRAWS = 2_000
SEED = 500  # never changed: the figures in docs/method/programme_effect.md come from it
YEARS_BEFORE, YEARS_AFTER = 5, 2
SCHOOL_SD, YEAR_SD, YEAR_CORRELATION = 0.25, 0.12, 0.5
PUPILS = 60
DECLINE, DECLINING = 0.03, 0.275
JUDGEMENT_SD = 0.10
# marks 2, 3, 4, 5 in about 15, 35, 35 and 15 of 100 pupils
CUTS = np.array([-1.08, 0.0, 1.08])


@dataclass(frozen=True, slots=True)
class Design:
    """Who is helped: how many of how many schools, and by what they were chosen.

    `chosen_by` is ``last_year``, ``three_years`` (their mean), ``level`` (the true permanent one) or ``judged_level``
    (the same as far as people know it); with `has_decline` the lowest quarter of permanent levels loses 0.03 pupil SD
    a year. `effect` is the mean effect in pupil SD; that of single schools spreads around it by `effect_sd`.
    """

    treated_n: int
    schools_n: int
    chosen_by: str
    has_random_sizes: bool = False
    has_decline: bool = False
    effect: float = 0.0
    effect_sd: float = 0.0

    def stream(self, seed):
        """Random numbers of its own for each set of schools and each way of choosing."""
        return np.random.default_rng([seed, self.treated_n, self.schools_n, *self.chosen_by.encode()])


@dataclass(frozen=True, slots=True)
class Towns:
    """All draws: results in pupil SD (draws, schools, years), pupils and who is treated (draws, schools)."""

    means: np.ndarray
    sizes: np.ndarray
    is_treated: np.ndarray


@dataclass(frozen=True, slots=True)
class MarkTowns:
    """The same as marks 2 to 5, shape (draws, schools, years, 4)."""

    marks: np.ndarray
    is_treated: np.ndarray


def draw_towns(design, *, draws=DRAWS, seed=SEED):
    """Draw towns whose results are means of pupils."""
    rng = design.stream(seed)
    level, true, sizes = draw_schools(design, rng, draws)
    seen = true + rng.normal(0, 1, true.shape) / np.sqrt(sizes)[:, :, None]
    is_treated = chosen(design, rng, level, seen)
    return Towns(seen + helped(design, rng, is_treated), sizes, is_treated)


def draw_mark_towns(design, *, draws=DRAWS, seed=SEED):
    """Draw towns whose results are marks; schools are chosen by their shares of low results."""
    rng = design.stream(seed)
    level, true, sizes = draw_schools(design, rng, draws)
    before = draw_marks(rng, true[:, :, :YEARS_BEFORE], sizes)
    is_treated = chosen(design, rng, level, -before[:, :, :, 0] / sizes[:, :, None])
    after = draw_marks(rng, (true + helped(design, rng, is_treated))[:, :, YEARS_BEFORE:], sizes)
    return MarkTowns(np.concatenate([before, after], axis=2), is_treated)


def draw_schools(design, rng, draws):
    """Permanent levels (draws, schools), true means of years without any help, and pupils a year."""
    shape, years = (draws, design.schools_n), YEARS_BEFORE + YEARS_AFTER
    level = rng.normal(0, SCHOOL_SD, shape)
    true = level[:, :, None] + ups_and_downs(rng, (*shape, years))
    if design.has_decline:
        is_low = level.argsort(axis=1).argsort(axis=1) < DECLINING * design.schools_n
        true = true - DECLINE * is_low[:, :, None] * np.arange(years)
    sizes = random_sizes(rng, shape) if design.has_random_sizes else np.full(shape, PUPILS)
    return level, true, sizes


def chosen(design, rng, level, seen):
    """Who is treated: the lowest by what the choice looks at."""
    looked_at = {
        "last_year": seen[:, :, YEARS_BEFORE - 1],
        "three_years": seen[:, :, YEARS_BEFORE - 3 : YEARS_BEFORE].mean(axis=2),
        "level": level,
        "judged_level": level + rng.normal(0, JUDGEMENT_SD, level.shape),
    }[design.chosen_by]
    return looked_at.argsort(axis=1, kind="stable").argsort(axis=1) < design.treated_n


def helped(design, rng, is_treated):
    """What the programme adds, (draws, schools, years)."""
    own = is_treated * (design.effect + rng.normal(0, design.effect_sd, is_treated.shape))
    return own[:, :, None] * (np.arange(YEARS_BEFORE + YEARS_AFTER) >= YEARS_BEFORE)


def draw_marks(rng, true, sizes):
    """Marks of normally spread pupils under cuts that are the same everywhere."""
    below = ndtr(CUTS - true[..., None])
    edge = np.zeros((*true.shape, 1))
    shares = np.diff(np.concatenate([edge, below, edge + 1], axis=-1), axis=-1)
    return rng.multinomial(np.broadcast_to(sizes[:, :, None], true.shape), shares)


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
