"""Invented schools without a programme, and how often the predicted flow of their lists holds what comes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shnor_analysis.kernels.list_flow.covariance import components_of, prior_of
from shnor_analysis.kernels.list_flow.draws import draw_counts
from shnor_analysis.models.list_flow_draws import draw_flow
from shnor_analysis.models.list_flow_rows import NEVER, FlowRows
from shnor_analysis.results.list_flow import count_interval

FIRST_YEAR = 2018
LEVEL = 0.95


@dataclass(frozen=True)
class Schools:
    """What is drawn: log odds of a low result about `base`, and how many pupils are tested.

    `is_varied`: what makes schools differ is drawn anew for each panel, from all that the model takes as possible.
    `goes_away`, `comes_back`: chances of a year without a result after one with, and of a result after a year without.
    """

    schools: int
    years: int
    procedures: int = 1
    tested: float = 40
    base: float = -1.3
    permanent: float = 0.45
    yearly: float = 0.3
    fading: float = 0.5
    extra: float = 0.2
    procedure: float = 0.25
    change: float = 0.2
    is_varied: bool = False
    goes_away: float = 0.0
    comes_back: float = 0.5

    def varied(self, seed):
        """Schools with parameters of their own, from the prior of the model."""
        centre, spread = prior_of(self.procedures > 1)
        parts = components_of(np.random.default_rng([seed, 77]).normal(centre, spread))
        return replace(
            self, is_varied=False, permanent=np.sqrt(parts.permanent), yearly=np.sqrt(parts.yearly),
            extra=np.sqrt(parts.extra), procedure=np.sqrt(parts.procedure), fading=parts.autocorrelation,
        )  # fmt: skip

    def draw(self, seed):
        """Low results and tested, shape (schools, years + 1, procedures): the last year is the one predicted."""
        random, years = (
            np.random.default_rng([seed, self.schools, self.years, self.procedures]),
            self.years + 1,
        )
        yearly = np.empty((self.schools, years))
        yearly[:, 0] = random.normal(0, self.yearly, self.schools)
        for year in range(1, years):
            news = random.normal(0, self.yearly * np.sqrt(1 - self.fading**2), self.schools)
            yearly[:, year] = self.fading * yearly[:, year - 1] + news
        means = self.base + random.normal(0, self.change, (years, 1)).cumsum(axis=0)
        means = means + random.normal(0, self.change / 2, (years, self.procedures)).cumsum(axis=0)
        level = means + (random.normal(0, self.permanent, (self.schools, 1)) + yearly)[:, :, None]
        if self.procedures > 1:
            level = level + random.normal(0, self.procedure, (self.schools, 1, self.procedures))
        level = level + random.normal(0, self.extra, level.shape)
        size = random.gamma(4, self.tested / 4, (self.schools, 1, 1))
        tested = np.maximum(3, random.poisson(size, level.shape))
        return random.binomial(tested, 1 / (1 + np.exp(-level))).astype(float), tested.astype(float)

    def presence(self, seed):
        """Who has results, shape (schools, years + 1): everybody in the first year."""
        random = np.random.default_rng([seed, self.schools, 5])
        is_here = np.ones((self.schools, self.years + 1), dtype=bool)
        for year in range(1, self.years + 1):
            chance = np.where(is_here[:, year - 1], 1 - self.goes_away, self.comes_back)
            is_here[:, year] = random.random(self.schools) < chance
        return is_here

    def rows(self, rule, seed):
        """The same as rows that a rule judges."""
        low, tested = (self.varied(seed) if self.is_varied else self).draw(seed)
        names = tuple(f"s{place:04}" for place in range(self.schools))
        years = tuple(range(FIRST_YEAR, FIRST_YEAR + self.years + 1))
        is_here = self.presence(seed)[:, :, None]
        low, tested = low * is_here, tested * is_here
        return FlowRows(rule, names, years, low, tested, np.full(self.schools, NEVER), ())


@dataclass(frozen=True)
class Study:
    """Of every list that was not empty: its size, leavers seen and expected, whether inside, randomised PIT."""

    listed: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    is_inside: np.ndarray
    entrants_inside: np.ndarray
    pit: np.ndarray

    @property
    def error(self):
        """Monte Carlo standard error of a coverage of 95 %."""
        return float(np.sqrt(LEVEL * (1 - LEVEL) / self.pit.size))


def study(schools, rule, *, draws, of_next=1_000):
    """Predict the flow of the last list of many sets of schools and look at what came, seeds 1 to `draws`."""
    told = []
    for seed in range(1, draws + 1):
        rows, year = schools.rows(rule, seed), FIRST_YEAR + schools.years - 1
        listed, after = rows.listed(year), rows.listed(year + 1)
        if listed.any():
            found = draw_flow(rows, year, draws=of_next, seed=seed)
            told.append(_outcome(found, listed, after, np.random.default_rng(seed)))
    columns = [np.array(column) for column in zip(*told, strict=True)]
    return Study(*columns)


def _outcome(found, listed, after, random):
    compared = found.rows.judged(found.year + 1)
    leavers, entrants = found.leavers(compared), found.entrants(compared)
    listed, after = listed & compared, after & compared & found.judged
    left, entered = int((listed & ~after).sum()), int((after & ~listed).sum())
    low, high = count_interval(leavers, LEVEL)
    entrants_low, entrants_high = count_interval(entrants, LEVEL)
    pit = (leavers < left).mean() + random.random() * (leavers == left).mean()
    inside, entrants_inside = low <= left <= high, entrants_low <= entered <= entrants_high
    return int(listed.sum()), left, leavers.mean(), inside, entrants_inside, pit


def naive_coverage(schools, rule, *, draws):
    """How often the interval holds when last year's shares are taken as the true ones."""
    inside = []
    for seed in range(1, draws + 1):
        rows, year = schools.rows(rule, seed), FIRST_YEAR + schools.years - 1
        listed, after, at = rows.listed(year), rows.listed(year + 1), rows.at(year)
        if listed.any():
            low, tested = rows.low[:, at], rows.tested[:, at]
            chance = np.repeat((low / tested)[None], 500, axis=0)
            drawn = draw_counts(tested, chance, generator=np.random.default_rng(seed))
            stays = rows.fires(drawn, tested) & rows.eligible(year + 1)
            bounds = count_interval((listed & ~stays).sum(axis=1), LEVEL)
            inside.append(bounds[0] <= (listed & ~after).sum() <= bounds[1])
    return float(np.mean(inside))
