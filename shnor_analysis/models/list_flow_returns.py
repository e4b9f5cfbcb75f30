"""Schools without a result in a list's year that may be ranked again in the next one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.list_flow.lists import lowest
from shnor_analysis.models.list_flow_rows import FlowRows
from shnor_analysis.models.list_rules import LowestShare

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# a school away for one year comes back oftener than one away for longer
LENGTHS = 2


@dataclass(frozen=True, slots=True)
class Returns:
    """Who may come back, and how often schools have so far.

    `tested`, shape (schools, procedures): tested when last seen, 0 for schools that are not away; `is_long`, shape
    (schools,): away for more than the list's year; `came` and `stayed_away`, shape (LENGTHS,): schools that were
    away and had a result a year later, or had none, in all years before the list's.
    """

    tested: Array
    is_long: Flags
    came: Array
    stayed_away: Array

    @property
    def may_return(self) -> Flags:
        """Shape (schools,)."""
        return np.asarray(self.tested.sum(axis=1) > 0)

    def draw(self, draws: int, generator: np.random.Generator) -> Flags:
        """Who comes back, shape (draws, schools that may): each length's chance is drawn anew from a flat prior."""
        lengths = self.is_long[self.may_return].astype(np.int64)
        if not lengths.size:
            return np.zeros((draws, 0), dtype=bool)
        chances = generator.beta(1.0 + self.came, 1.0 + self.stayed_away, size=(draws, LENGTHS))
        return np.asarray(generator.random((draws, lengths.size)) < chances[:, lengths])


def find_returns(rows: FlowRows, year: int) -> Returns:
    """Look for schools that are away in a list's year; ranks alone need them, a threshold looks at no other school.

    Args:
        rows: Results as the rule looks at them; years after `year` are not read.
        year: The list's year.
    """
    at = rows.at(year)
    has = rows.tested[:, : at + 1].sum(axis=2) > 0
    tested = np.zeros((has.shape[0], rows.tested.shape[2]))
    came, stayed_away = np.zeros(LENGTHS), np.zeros(LENGTHS)
    away = ~has & (np.cumsum(has, axis=1) > 0)
    is_long = away.copy()
    is_long[:, 1:] &= away[:, :-1]
    for before in range(at):
        for length, of_length in enumerate((~is_long[:, before], is_long[:, before])):
            gone = away[:, before] & of_length
            came[length] += (gone & has[:, before + 1]).sum()
            stayed_away[length] += (gone & ~has[:, before + 1]).sum()
    if isinstance(rows.rule, LowestShare):
        seen = at - np.argmax(has[:, ::-1], axis=1)
        gone = np.flatnonzero(away[:, at])
        tested[gone] = rows.tested[gone, seen[gone]]
    return Returns(tested, is_long[:, at], came, stayed_away)


def low_among(low: Array, tested: Array, *, is_judged: Flags, is_here: Flags, share: float) -> Flags:
    """Rank the judged schools together with those that came back.

    Args:
        low: Drawn low results, shape (draws, schools).
        tested: Numbers tested, shape (schools,), above 0 for every school that is judged or may come back.
        is_judged: Schools that are always ranked, shape (schools,).
        is_here: Who of the others with a number tested came back, shape (draws, such schools).
        share: Part of the ranked schools that is low, 0–1.

    Returns:
        Shape (draws, judged schools).
    """
    ranked = tested > 0
    here = np.ones((low.shape[0], int(ranked.sum())), dtype=bool)
    here[:, ~is_judged[ranked]] = is_here
    return lowest(low[:, ranked], tested[ranked], share=share, is_here=here)[:, is_judged[ranked]]
