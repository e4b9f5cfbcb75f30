"""Results of schools as a rule looks at them: pooled for ranks, procedure by procedure for thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.list_flow.covariance import Cells
from shnor_analysis.kernels.list_flow.lists import above_threshold, lowest
from shnor_analysis.models.list_rules import ListRule, LowestShare, ShareOfLow
from shnor_analysis.models.school_panel import NEVER, Procedure, SchoolPanel
from shnor_analysis.reference.listing_rules import RuleProcedure

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FlowRows:
    """Low results and tested, shape (schools, years, procedures), 0 tested where there is no result.

    `first_programme` is the first school year of a school's programme, `NEVER` where there is none.
    """

    rule: ListRule
    school_ids: tuple[str, ...]
    years: tuple[int, ...]
    low: Array
    tested: Array
    first_programme: Codes
    notes: tuple[str, ...]

    def at(self, year: int) -> int:
        """The place of a school year."""
        return self.years.index(year)

    def has(self, year: int) -> bool:
        """Whether any school has a result in the year."""
        return year in self.years

    def known_by(self, year: int) -> Flags:
        """Schools with a result in the year or before, shape (schools,)."""
        return np.asarray(self.tested[:, np.array(self.years) <= year].sum(axis=(1, 2)) > 0)

    def judged(self, year: int) -> Flags:
        """Schools that the rule can judge on the year's results, shape (schools,)."""
        if not self.has(year):
            return np.zeros(len(self.school_ids), dtype=bool)
        needed = self.rule.procedures if isinstance(self.rule, ShareOfLow) else 1
        return np.asarray((self.tested[:, self.at(year)] > 0).sum(axis=1) >= needed)

    def fires(self, low: Array, tested: Array) -> Flags:
        """What the rule says of one year's results of judged schools, shape (…, schools, procedures) → (…, schools)."""
        if isinstance(self.rule, LowestShare):
            return lowest(low[..., 0], tested[:, 0], share=self.rule.share)
        return above_threshold(low, tested, threshold=self.rule.threshold, needed=self.rule.procedures)

    def low_in(self, year: int) -> Flags:
        """Schools that are low by the results of one year, shape (schools,)."""
        found, judged = np.zeros(len(self.school_ids), dtype=bool), self.judged(year)
        if judged.any():
            at = self.at(year)
            found[judged] = self.fires(self.low[judged, at], self.tested[judged, at])
        return found

    def eligible(self, year: int) -> Flags:
        """Schools whose earlier years let them be on the list of a year, shape (schools,)."""
        found = np.ones(len(self.school_ids), dtype=bool)
        for back in range(1, self.years_running):
            found &= self.low_in(year - back)
        return found

    def listed(self, year: int) -> Flags:
        """The list of a year, shape (schools,)."""
        return self.eligible(year) & self.low_in(year)

    @property
    def years_running(self) -> int:
        """How many years a school must be low in."""
        return self.rule.years if isinstance(self.rule, LowestShare) else 1

    def known_until(self, year: int) -> tuple[Array, Array, Cells]:
        """Counts that may be learnt from: up to the year, programme years left out, empty cells dropped.

        Returns:
            Low results and tested, shape (schools, cells), and the cells.
        """
        years = np.array(self.years, dtype=np.int64)
        tested = self.learnt_until(year)
        place_year, place_procedure = np.nonzero(tested.sum(axis=0))
        low = np.where(tested > 0, self.low, 0.0)[:, place_year, place_procedure]
        return low, tested[:, place_year, place_procedure], Cells(years[place_year], place_procedure)

    def learnt_until(self, year: int) -> Array:
        """Tested where it may be learnt from, else 0, shape (schools, years, procedures)."""
        years = np.array(self.years, dtype=np.int64)
        is_learnt = (years[None, :] < self.first_programme[:, None]) & (years <= year)[None, :]
        return np.where(is_learnt[:, :, None], self.tested, 0.0)


def read_flow_rows(panel: SchoolPanel, *, rule: ListRule, exclude: Mapping[str, int]) -> FlowRows:
    """Bring a panel into the form that a rule judges.

    Args:
        panel: The results.
        rule: Ranks pool all procedures of a school and year; thresholds keep the version's procedures apart.
        exclude: First programme year of some schools; those that the panel does not have are passed over.

    Returns:
        The rows; note ``procedures_unmatched`` where the panel names none of the version's procedures, so that
        every procedure counts.
    """
    notes: tuple[str, ...] = ()
    place = np.zeros(max(1, len(panel.procedures)), dtype=np.int64)
    counts = np.ones(panel.rows_n, dtype=bool)
    if isinstance(rule, ShareOfLow):
        admitted = [_is_admitted(one, rule) for one in panel.procedures]
        if not any(admitted):
            notes, admitted = ("procedures_unmatched",), [True] * len(panel.procedures)
        place = np.cumsum(admitted) - 1
        counts = np.array(admitted, dtype=bool)[panel.procedure] if panel.rows_n else counts
    used = panel.where(counts)
    years = used.years
    shape = (len(panel.school_ids), len(years), int(place[-1]) + 1 if place.size else 1)
    low, tested = np.zeros(shape), np.zeros(shape)
    index = (used.school, np.searchsorted(np.array(years, dtype=np.int64), used.year), place[used.procedure])
    np.add.at(low, index, used.low)
    np.add.at(tested, index, used.tested)
    first = np.array([exclude.get(one, NEVER) for one in panel.school_ids], dtype=np.int64)
    return FlowRows(rule, panel.school_ids, years, low, tested, first, notes)


def _is_admitted(procedure: Procedure, rule: ShareOfLow) -> bool:
    if procedure.assessment is None or procedure.subject is None or procedure.grade is None:
        return False
    named = RuleProcedure(procedure.assessment, procedure.subject, procedure.grade)
    return named in rule.listing.procedures
