"""The joint draws of next year's list: one fit to all years up to a list year, and the rule applied to each draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.list_flow.covariance import Cells
from shnor_analysis.kernels.list_flow.draws import Ahead, draw_ahead
from shnor_analysis.kernels.list_flow.fit import Level, fit_level
from shnor_analysis.models.list_flow_returns import find_returns, low_among
from shnor_analysis.models.list_flow_rows import FlowRows
from shnor_analysis.models.list_rules import LowestShare

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

# parameters are drawn anew so often: every twenty draws where schools are few, seldomer where they hardly move
LEAST_BATCH, MOST_BATCH = 20, 40
SCHOOLS_PER_BATCH_DRAW = 20


@dataclass(frozen=True, slots=True)
class FlowDraws:
    """Next year's list in every draw, with no programme.

    `judged` and `listed` are the list's year, shape (schools,); `stays`, shape (draws, listed schools), who of the list
    is on it again; `enters`, shape (draws, schools that were judged and not listed); `chance` and `expected_share`,
    shape (schools,), NaN for schools that were not judged.
    """

    rows: FlowRows
    year: int
    level: Level
    judged: Flags
    listed: Flags
    stays: Flags
    enters: Flags
    chance: Array
    expected_share: Array

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.stays.shape[0])

    def leavers(self, among: Flags) -> Counts:
        """Leavers in each draw among some schools, `among` of shape (schools,)."""
        return np.asarray((~self.stays[:, among[self.listed]]).sum(axis=1), dtype=np.int64)

    def entrants(self, among: Flags) -> Counts:
        """Entrants in each draw among some schools."""
        return np.asarray(self.enters[:, among[self.judged & ~self.listed]].sum(axis=1), dtype=np.int64)


def draw_flow(rows: FlowRows, year: int, *, draws: int, seed: int) -> FlowDraws:
    """Fit the level of schools to all years up to the list's, draw the next one and apply the rule to each draw."""
    # schools that only later years know take no part, not even in the order of random numbers
    known = rows.known_by(year)
    low, tested, cells = rows.known_until(year)
    level = fit_level(low[known], tested[known], cells)
    judged, listed = rows.judged(year), rows.listed(year)
    # a school is on next year's list when the year ahead is low and so were as many years before it as the rule wants
    eligible, among = rows.eligible(year + 1)[judged], judged[known]
    returns = find_returns(rows, year)
    ahead = _ahead((rows.tested[:, rows.at(year)] + returns.tested)[known], year, cells)
    generator = np.random.default_rng([seed, year])
    batch = int(np.clip(judged.sum() // SCHOOLS_PER_BATCH_DRAW, LEAST_BATCH, MOST_BATCH))
    told, shares = [], []
    for counts, expected in draw_ahead(level, ahead, draws=draws, per_parameters=batch, generator=generator):
        told.append(
            _fires(rows, counts, ahead.tested, among, returns.draw(len(counts), generator)) & eligible
        )
        shares.append(expected[among])
    is_low = np.concatenate(told)
    chance, expected_share = np.full(judged.size, np.nan), np.full(judged.size, np.nan)
    chance[judged] = is_low.mean(axis=0)
    weights = ahead.tested[among]
    expected_share[judged] = (np.mean(shares, axis=0) * weights).sum(axis=1) / weights.sum(axis=1)
    was_listed = listed[judged]
    return FlowDraws(
        rows,
        year,
        level,
        judged,
        listed,
        is_low[:, was_listed],
        is_low[:, ~was_listed],
        chance,
        expected_share,
    )


def _fires(rows: FlowRows, low: Array, tested: Array, among: Flags, is_here: Flags) -> Flags:
    """What the rule says of the judged schools in each draw, shape (draws, judged schools)."""
    if isinstance(rows.rule, LowestShare) and is_here.size:
        return low_among(low[..., 0], tested[:, 0], is_judged=among, is_here=is_here, share=rows.rule.share)
    return rows.fires(low[:, among], tested[among])


def _ahead(tested: Array, year: int, cells: Cells) -> Ahead:
    """The same procedures and numbers tested as in the list's year; procedures never learnt from are left out."""
    known = np.isin(np.arange(tested.shape[1]), cells.procedure) & (tested > 0).any(axis=0)
    procedures = np.flatnonzero(known)
    return Ahead(Cells(np.full(procedures.size, year + 1), procedures), tested[:, procedures])
