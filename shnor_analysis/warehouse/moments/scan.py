"""What one pass over the rows left, from which every model of the same columns is solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.multilevel import GroupedMoments, MultilevelSpec, RandomTerm
from shnor_analysis.warehouse.formulas import ModelFormula, formula_columns, parse_formula
from shnor_analysis.warehouse.moments.design import Design
from shnor_analysis.warehouse.moments.hierarchy import Grouping


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass over the rows left.

    Attributes:
        moments: Sums of products, over all rows and by innermost group.
        design: The recipe of the columns.
        groupings: Columns of each level, innermost first.
        formulas: What was asked.
        rows_read: Rows of the source.
        rows_dropped: Rows left out: an empty cell in a column of any of the formulas, or a weight of 0.
        weights: Column of precision weights.
        source: What was scanned, for who needs the rows again.
    """

    moments: GroupedMoments
    design: Design
    groupings: tuple[Grouping, ...]
    formulas: tuple[ModelFormula, ...]
    rows_read: int
    rows_dropped: int
    weights: str | None = None
    source: Any = field(default=None, repr=False, compare=False)

    def positions(self, names: Sequence[str]) -> tuple[int, ...]:
        """Places of columns among those of the scan.

        Raises:
            UsageProblem: ``scan_lacks`` for columns that were not scanned.
        """
        missing = [one for one in names if one not in self.moments.columns]
        if missing:
            raise UsageProblem(
                Problem("scan_lacks", found=", ".join(missing), allowed=", ".join(self.moments.columns))
            )
        return tuple(self.moments.columns.index(one) for one in names)

    def spec_for(
        self,
        formula: ModelFormula | str | None = None,
        *,
        outcome: str | None = None,
        method: Literal["reml", "ml"] = "reml",
    ) -> MultilevelSpec:
        """The model of a formula among the scanned columns: the one scanned, or a part of it.

        Parameters:
            formula: The first scanned formula when None. Its terms, groups and outcome must have been scanned.
            outcome: Name of the outcome as formulaic writes it; the formula's first when None.
            method: ``reml`` or ``ml``.

        Raises:
            UsageProblem: ``scan_lacks`` for columns or groups that were not scanned.
        """
        read = self.formulas[0] if formula is None else formula
        asked = parse_formula(read) if isinstance(read, str) else read
        self._check_columns(asked)
        fixed = self.positions(self.design.names(asked.fixed))
        outcomes = self.design.names(asked.outcomes) if outcome is None else (outcome,)
        terms = tuple(
            RandomTerm(self.level(bar.group), self.positions(self.design.names(bar.terms)))
            for bar in asked.random
        )
        return MultilevelSpec(fixed, self.positions(outcomes or self.moments.columns[-1:])[0], terms, method)

    def _check_columns(self, formula: ModelFormula) -> None:
        """Refuse a formula with terms of columns that were not scanned."""
        parts = (formula.outcomes, formula.fixed, *(bar.terms for bar in formula.random))
        known = [str(one) for one in self.design.sample.frame.columns]
        missing = [one for part in parts for one in formula_columns(part) if one not in known]
        if missing:
            raise UsageProblem(Problem("scan_lacks", found=", ".join(missing), allowed=", ".join(known)))

    def level(self, group: Grouping) -> int:
        """Place of a grouping among the levels, innermost 0.

        Raises:
            UsageProblem: ``scan_lacks`` when it was not scanned.
        """
        for at, one in enumerate(self.groupings):
            if sorted(one) == sorted(group):
                return at
        known = ", ".join(":".join(one) for one in self.groupings)
        raise UsageProblem(Problem("scan_lacks", found=":".join(group), allowed=known))
