"""Rows put in order of their groups, their outcomes checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shnor_analysis.errors import InputRefused, Problem, UsageProblem
from shnor_analysis.kernels.logistic import sorting_order
from shnor_analysis.warehouse.design_rows.values import DesignRows, Floats, RandomPart
from shnor_analysis.warehouse.formulas import ModelFormula
from shnor_analysis.warehouse.moments import Design
from shnor_analysis.warehouse.moments.hierarchy import Coded, Hierarchy, find_hierarchy

Order = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class UnsortedRows:
    """Rows as a query gave them.

    Attributes:
        formula: What was asked.
        names: Names of the columns, the fixed part first.
        fixed: Names of the fixed part.
        bars: Names of the columns of each bar.
        successes, trials: Outcome of each row; trials None where each row is one.
        hierarchy: Group of each row on each level.
        is_collapsed: Whether rows are counts of equal rows.
    """

    formula: ModelFormula
    names: tuple[str, ...]
    fixed: tuple[str, ...]
    bars: tuple[tuple[str, ...], ...]
    successes: Floats
    trials: Floats | None
    hierarchy: Hierarchy
    is_collapsed: bool

    def in_order(self, matrix: Callable[[Order], Floats], *, design: Design, rows_read: int) -> DesignRows:
        """Sort the rows by group; `matrix` makes the columns in a given order, shape (k, n)."""
        hierarchy = self.hierarchy
        order = sorting_order(hierarchy.codes[-1], hierarchy.codes[0])
        trials = None if self.trials is None else self.trials[order]
        counts = trials if self.is_collapsed and trials is not None else np.ones(len(order))
        codes = tuple(one[order] for one in hierarchy.codes)
        levels = Hierarchy(hierarchy.groupings, codes, hierarchy.labels).levels(counts.astype(np.int64))
        parts = zip(self.formula.random, self.bars, strict=True)
        return DesignRows(
            names=self.names,
            n_fixed=len(self.fixed),
            matrix=matrix(order),
            outcome=str(next(iter(self.formula.outcomes))),
            successes=self.successes[order],
            trials=trials,
            codes=codes,
            levels=levels,
            groupings=hierarchy.groupings,
            random=tuple(RandomPart(bar.group, tuple(map(self.names.index, part))) for bar, part in parts),
            design=design,
            n_obs=int(counts.sum()),
            rows_read=rows_read,
            is_collapsed=self.is_collapsed,
        )


def check_binary(outcome: str, successes: Floats) -> None:
    """Refuse an outcome with anything but 0 and 1.

    Raises:
        InputRefused: ``logistic_not_binary``.
    """
    wrong = (successes != 0.0) & (successes != 1.0)
    if np.any(wrong):
        found = f"{successes[np.argmax(wrong)]:.12g}"
        raise InputRefused(Problem("logistic_not_binary", found=found, fields={"outcome": outcome}))


def check_counts(outcome: str, successes: Floats, trials: Floats) -> None:
    """Refuse successes that are no count among the trials.

    Raises:
        InputRefused: ``logistic_not_counts``.
    """
    is_count = (successes == np.floor(successes)) & (trials == np.floor(trials)) & np.isfinite(trials)
    wrong = ~is_count | (successes < 0.0) | (successes > trials)
    if np.any(wrong):
        place = int(np.argmax(wrong))
        found = f"{successes[place]:.12g} / {trials[place]:.12g}"
        raise InputRefused(Problem("logistic_not_counts", found=found, fields={"outcome": outcome}))


def nested_groups(formula: ModelFormula, columns: dict[str, Coded]) -> Hierarchy:
    """The groups of some rows, innermost first.

    Raises:
        UsageProblem: ``logistic_crossed``.
    """
    try:
        return find_hierarchy(formula.groupings, columns)
    except UsageProblem as error:
        raise crossing_refused(error) from None


def crossing_refused(error: UsageProblem) -> UsageProblem:
    """The error for groups that cross in this model, which no engine fits; any other error as it is."""
    crossed: Sequence[Problem] = [one for one in error.problems if one.code == "groups_crossed"]
    if not crossed:
        return error
    return UsageProblem(Problem("logistic_crossed", found=one.found, fields=one.fields) for one in crossed)
