"""From the answer of the pass to sums of products by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.multilevel import CannotFit, Level
from shnor_analysis.warehouse.moments.hierarchy import Coded, Grouping, code_column, find_hierarchy
from shnor_analysis.warehouse.moments.polynomials import Monomial, Polynomial, times
from shnor_analysis.warehouse.moments.query import Plan

Floats = npt.NDArray[np.float64]


class NotFinite(Exception):
    """A sum came out infinite or no number: some row holds one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one pass left, sorted by group.

    Attributes:
        plan: What was asked.
        group_keys: Coded values of each group column, by innermost group.
        group_rows: Rows of each innermost group.
        group_sums: Sum of each monomial by innermost group, shape (monomials, groups).
        cells: Value of each factor in each cell.
        cell_rows: Rows of each cell.
        cell_sums: Sum of each product of atoms by cell, shape (products, cells).
        sum_log_weights: Σ log w.
    """

    plan: Plan
    group_keys: Mapping[str, Coded]
    group_rows: npt.NDArray[np.int64]
    group_sums: Floats
    cells: Mapping[str, list[Any]]
    cell_rows: npt.NDArray[np.int64]
    cell_sums: Floats
    sum_log_weights: float

    @property
    def n_obs(self) -> int:
        """Rows that were complete."""
        rows = self.cell_rows if self.plan.by_cell is not None else self.group_rows
        return int(rows.sum())

    def present_levels(self) -> dict[str, set[Any]]:
        """Levels of each factor that complete rows have."""
        return {name: set(values) for name, values in self.cells.items()}


def read_answer(
    plan: Plan, found: Mapping[str, npt.NDArray[Any]], orders: Mapping[str, Sequence[Any]]
) -> Answer:
    """Take the arrays of the pass apart.

    Raises:
        CannotFit: ``no_rows``.
        UsageProblem: ``weights_negative``.
        NotFinite: A row holds an infinite number or none.
    """
    if found["n"].sum() == 0:
        raise CannotFit("no_rows")
    if plan.weights is not None:
        _check_weights(plan, found)
    group, cell = (_part(found, one) for one in (0, 1))
    is_grouped = bool(plan.groups) or plan.by_cell is None
    keys = {
        name: code_column(pa.array(group[f"g{at}"], from_pandas=True), orders.get(name))
        for at, name in enumerate(plan.groups)
    }
    sums = _sums(group, len(plan.by_group) if is_grouped else 0)
    cell_sums = _sums(cell, len(plan.by_cell or ()))
    cells = {name: cell[f"f{at}"].tolist() for at, name in enumerate(plan.levels)}
    logs = 0.0
    if plan.weights is not None:
        logs = float((group if plan.by_cell is None else cell)["log_weights"].sum())
    if not (np.isfinite(sums).all() and np.isfinite(cell_sums).all() and np.isfinite(logs)):
        raise NotFinite
    return Answer(
        plan, keys, group["n"].astype(np.int64), sums, cells, cell["n"].astype(np.int64), cell_sums, logs
    )


def _part(found: Mapping[str, npt.NDArray[Any]], part: int) -> dict[str, npt.NDArray[Any]]:
    """The rows of one branch; what is empty in them belongs to the other."""
    rows = found["part"] == part
    return {name: np.ma.getdata(values)[rows] for name, values in found.items()}


def _sums(part: Mapping[str, npt.NDArray[Any]], n: int) -> Floats:
    columns = [part[f"s{at}"] for at in range(n)]
    return np.array(columns, dtype=np.float64).reshape(n, len(part["n"]))


def _check_weights(plan: Plan, found: Mapping[str, npt.NDArray[Any]]) -> None:
    least = float(np.ma.min(found["least_weight"]))
    if least < 0:
        raise UsageProblem(Problem("weights_negative", found=str(least), fields={"name": plan.weights}))


class Sums:
    """Sums of monomials over all rows and by innermost group."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._group = {one: at for at, one in enumerate(answer.plan.by_group)}
        self._atoms = {one: at for at, one in enumerate(answer.plan.by_cell or ())}
        self._total: dict[Monomial, float] = {}
        self._has_level = {
            (factor, level): np.array([one == value for one in answer.cells[factor]], dtype=bool)
            for factor, values in answer.plan.levels.items()
            if factor in answer.cells
            for level, value in enumerate(values)
        }

    def total(self, polynomial: Polynomial) -> float:
        """Sum of a polynomial over all rows."""
        return sum(value * self._of(monomial) for monomial, value in polynomial.items())

    def by_group(self, polynomial: Polynomial) -> Floats:
        """Sum of a polynomial in each innermost group, shape (groups,)."""
        sums = np.zeros(self._answer.group_sums.shape[1])
        for monomial, value in polynomial.items():
            sums += value * self._answer.group_sums[self._group[monomial]]
        return sums

    def _of(self, monomial: Monomial) -> float:
        if monomial not in self._total:
            indicators, atoms = monomial
            if atoms in self._atoms:
                sums = self._answer.cell_sums[self._atoms[atoms]]
                for one in indicators:
                    sums = sums * self._has_level[one]
                self._total[monomial] = float(sums.sum())
            else:
                self._total[monomial] = float(self._answer.group_sums[self._group[monomial]].sum())
        return self._total[monomial]


def product_table(polynomials: Sequence[Polynomial], sums: Sums) -> Floats:
    """Σ w c c' over all rows, shape (k, k)."""
    k = len(polynomials)
    table = np.zeros((k, k))
    for row in range(k):
        for column in range(row, k):
            table[row, column] = table[column, row] = sums.total(times(polynomials[row], polynomials[column]))
    return table


def group_table(
    polynomials: Sequence[Polynomial],
    random: Sequence[int],
    sums: Sums,
    order: npt.NDArray[np.int64],
    n_groups: int,
) -> Floats:
    """Σ w u c' by group, shape (u, k, groups); `order` gives the group of each row of the answer."""
    table = np.zeros((len(random), len(polynomials), n_groups))
    for row, one in enumerate(random):
        for column, other in enumerate(polynomials):
            table[row, column, order] = sums.by_group(times(polynomials[one], other))
    return table


def find_levels(
    answer: Answer, groupings: Sequence[Grouping]
) -> tuple[tuple[Level, ...], npt.NDArray[np.int64], tuple[Grouping, ...]]:
    """The levels, innermost first, the innermost group of each row of the answer, and the columns of each level."""
    if not groupings:
        return (), np.empty(0, dtype=np.int64), ()
    found = find_hierarchy(groupings, answer.group_keys)
    return found.levels(answer.group_rows), found.codes[0], found.groupings
