"""What the designs of the workbench say of each drawn town, and what a careless comparison says."""

from __future__ import annotations

import dataclasses
import math
from functools import lru_cache

import numpy as np
from programme_draws import DRAWS, YEARS_AFTER, YEARS_BEFORE, draw_towns
from scipy import stats

from shnor_analysis.kernels.stacked_regression import fit_stacked
from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_permutation import permute
from shnor_analysis.models.programme_rows import NEVER, SchoolYears, Windows
from shnor_analysis.models.programme_stacks import stack_rows

FIRST_YEAR = 2016
COHORT = FIRST_YEAR + YEARS_BEFORE
PERMUTATIONS = 999


@dataclasses.dataclass(frozen=True, slots=True)
class Answers:
    """Of all draws: the two designs as columns estimate, p, low, high, df, shape (draws, 5), and the permutation p."""

    ancova: np.ndarray
    did: np.ndarray
    permutation_p: np.ndarray

    @property
    def hull(self):
        """Least of the lows and greatest of the highs, shape (draws, 2)."""
        low = np.minimum(self.ancova[:, 2], self.did[:, 2])
        return np.column_stack([low, np.maximum(self.ancova[:, 3], self.did[:, 3])])


def margin(rate, draws=DRAWS):
    """Three Monte Carlo standard errors."""
    return 3 * math.sqrt(rate * (1 - rate) / draws)


def within(intervals, truth):
    """Share of intervals, given as two columns, that hold the truth."""
    return float(((intervals[:, 0] <= truth) & (intervals[:, 1] >= truth)).mean())


def excludes_zero(intervals):
    """Share of intervals that do not hold 0."""
    return 1 - within(intervals, 0.0)


def school_years(means, sizes, is_treated):
    """One town as the designs take it."""
    schools, years = means.shape
    tested = np.repeat(sizes[:, None], years, axis=1).astype(np.float64)
    return SchoolYears(
        school_ids=tuple(f"{at:03d}" for at in range(schools)),
        years=tuple(range(FIRST_YEAR, FIRST_YEAR + years)),
        cohort=np.where(is_treated, COHORT, NEVER),
        sd=means.copy(),
        pp=means.copy(),
        tested_n=tested,
        low_n=np.zeros_like(tested),
        context=np.zeros((schools, years, 0)),
        context_names=(),
        icc=0.0,
    )


@lru_cache
def answers(design, *, permutations=PERMUTATIONS, draws=DRAWS):
    """What the designs say of every draw of a design; kept, because several tests ask."""
    towns = draw_towns(design, draws=draws)
    found = [
        answer(
            school_years(towns.means[at], towns.sizes[at], towns.is_treated[at]),
            permutations=permutations,
            seed=at,
        )
        for at in range(draws)
    ]
    return Answers(*(np.array(column) for column in zip(*found, strict=True)))


def answer(years, *, permutations, seed):
    """ANCOVA, difference in differences and the permutation p of one town."""
    windows = Windows()
    rows = stack_rows(years, windows)
    primary, bracket = ancova(rows), did(rows)
    p = math.nan
    if permutations:
        p = permute(primary, years, windows, rows, asked=permutations, seed=seed).p
    return _numbers(primary), _numbers(bracket), p


def _numbers(one):
    return one.estimate, one.p_value, one.conf_low, one.conf_high, one.df


def regress(outcome, treated, controls, weights):
    """Estimate and p of the treated, all draws at once, rows (draws, schools)."""
    columns = [np.ones_like(outcome), *controls, treated.astype(np.float64)]
    design = np.stack(columns, axis=2)[:, :, None, :]
    fit = fit_stacked(outcome[:, :, None], design, weights[:, :, None].astype(np.float64))
    return fit.estimate, 2 * stats.t.sf(np.abs(fit.statistic), fit.df)


def before_and_after(towns):
    """The careless way: mean gain of the treated over their selection year, and p of a t test on it."""
    gain = towns.means[:, :, YEARS_BEFORE:].mean(axis=2) - towns.means[:, :, YEARS_BEFORE - 1]
    n = towns.is_treated.sum(axis=1)
    of_treated = gain[towns.is_treated].reshape(len(gain), -1)
    error = of_treated.std(axis=1, ddof=1) / np.sqrt(n)
    return of_treated.mean(axis=1), 2 * stats.t.sf(np.abs(of_treated.mean(axis=1) / error), n - 1)


def estimators(towns):
    """Every estimator of the bias table: name -> estimates and p-values."""
    y, treated, weights = towns.means, towns.is_treated, towns.sizes
    post, last = y[:, :, -YEARS_AFTER:].mean(axis=2), y[:, :, YEARS_BEFORE - 1]

    def mean(first, after):
        return y[:, :, first:after].mean(axis=2)

    bases = {
        "did, base = selection year": last,
        "did, base = five years before": mean(0, YEARS_BEFORE),
        "did, selection year dropped": mean(0, YEARS_BEFORE - 1),
        "did, last three years dropped": mean(0, YEARS_BEFORE - 3),
    }
    lags = {
        "ancova, selection year": [last],
        "ancova, selection year + earlier": [last, mean(0, YEARS_BEFORE - 1)],
        "ancova, two years + earlier": [last, y[:, :, YEARS_BEFORE - 2], mean(0, YEARS_BEFORE - 2)],
        "ancova, mean of three years + earlier": [
            mean(YEARS_BEFORE - 3, YEARS_BEFORE),
            mean(0, YEARS_BEFORE - 3),
        ],
    }
    return {
        "before and after": before_and_after(towns),
        **{name: regress(post - base, treated, [], weights) for name, base in bases.items()},
        **{name: regress(post, treated, controls, weights) for name, controls in lags.items()},
    }
