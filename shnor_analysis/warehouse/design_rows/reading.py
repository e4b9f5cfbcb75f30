"""From a formula and a source of rows to a sorted matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shnor_analysis.errors import InputRefused, Problem, UsageProblem
from shnor_analysis.kernels.multilevel import CannotFit
from shnor_analysis.warehouse.design_rows.ordering import (
    UnsortedRows,
    check_binary,
    check_counts,
    nested_groups,
)
from shnor_analysis.warehouse.design_rows.query import RowQuery
from shnor_analysis.warehouse.design_rows.streaming import read_streamed_rows
from shnor_analysis.warehouse.design_rows.values import DesignRows, Floats
from shnor_analysis.warehouse.formulas import ModelFormula
from shnor_analysis.warehouse.moments import Design, Source
from shnor_analysis.warehouse.moments.columns import ColumnWriter
from shnor_analysis.warehouse.moments.hierarchy import Coded, code_column
from shnor_analysis.warehouse.moments.numbers import NotInSql, Standard
from shnor_analysis.warehouse.moments.opening import open_rows
from shnor_analysis.warehouse.moments.polynomials import Column
from shnor_analysis.warehouse.moments.request import Request
from shnor_analysis.warehouse.moments.sample import Sample, look
from shnor_analysis.warehouse.moments.source import Rows
from shnor_analysis.warehouse.moments.states import formulaic_states, standards

# looks at the levels of factors: the first is at some rows, the second at all, the third has nothing left to find
MOST_PASSES = 3


def read_design_rows(formula: ModelFormula, source: Source, *, trials: str | None = None) -> DesignRows:
    """Read the complete rows of a model of successes and failures, sorted by group.

    Equal rows of a group are counted into one by SQL where that makes rows fewer: the same model, exactly.

    Parameters:
        formula: With one outcome and at least one grouping; at most two, one inside the other.
        source: A frame, Parquet (file, folder or glob), or a relation of DuckDB.
        trials: Column of trials; then the outcome counts successes among them.

    Raises:
        UsageProblem: What is wrong with a formula or its columns; ``logistic_outcomes``, ``logistic_no_groups``,
            ``logistic_levels``, ``logistic_crossed``.
        InputRefused: The source cannot be read; ``value_infinite``, ``logistic_not_binary``, ``logistic_not_counts``.
        CannotFit: ``no_rows``, ``constant_column`` for a factor with a single level.

    Limits: holds the whole matrix, 8 bytes a cell; while it is made, also the numbers of the query.
    """
    _check_formula(formula)
    asked = Request((formula,), trials, None)
    with open_rows(source, asked.columns) as rows:
        asked.check_kinds(rows)
        found = standards(rows, asked.expressions)
        sample = look(rows, asked.term_columns, asked.factors(rows))
        try:
            return _Reading(formula, trials, asked, rows, found).run(sample)
        except NotInSql:
            pass
    return read_streamed_rows(formula, source, trials)


def _check_formula(formula: ModelFormula) -> None:
    if not formula.random:
        raise UsageProblem(Problem("logistic_no_groups", found=formula.text))
    if len(formula.groupings) > 2:
        raise UsageProblem(Problem("logistic_levels", found=formula.text))


@dataclass(frozen=True, slots=True)
class _Made:
    """Columns of the model as polynomials of the atoms: fixed, of each bar, outcome."""

    fixed: tuple[Column, ...]
    bars: tuple[tuple[Column, ...], ...]
    atoms: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading while it runs."""

    formula: ModelFormula
    trials: str | None
    request: Request
    rows: Rows
    standards: Mapping[str, Standard]

    def run(self, sample: Sample) -> DesignRows:
        """Ask for the rows; again where the first look at the levels of factors was short of a number."""
        for _ in range(MOST_PASSES):
            query = self._query(sample, self._made(Design(sample, formulaic_states(self.standards))))
            is_collapsed = query.is_worth_collapsing(self.rows)
            table = self.rows.fetch(query.cells() if is_collapsed else query.rows())
            if len(table) == 0:
                raise CannotFit("no_rows")
            categories = self._categories(query, table)
            sample = sample.with_levels({name: tuple(one.labels) for name, one in categories.items()})
            design = Design(sample, formulaic_states(self.standards), query.rows())
            made = self._made(design)
            if {_number(one) for one in made.atoms} <= set(query.atoms):
                return self._assemble(_Table(query, table, categories, is_collapsed), design, made)
        raise InputRefused(Problem("rows_unreadable", found=", ".join(self.request.columns)))

    def _made(self, design: Design) -> _Made:
        """What the terms are made of; numbers are not shifted here."""
        writer = ColumnWriter(design.sample, self.standards, has_shift=False)
        fixed = writer.columns(design.materialised(self.formula.fixed))
        bars = tuple(writer.columns(design.materialised(one.terms)) for one in self.formula.random)
        of_outcome = ColumnWriter(design.sample, self.standards, has_shift=False)
        outcome = of_outcome.columns(design.materialised(self.formula.outcomes))
        if len(outcome) != 1 or dict(outcome[0].polynomial) != {((), (0,)): 1.0}:
            raise UsageProblem(Problem("logistic_outcomes", found=self.formula.text))
        return _Made(fixed, bars, tuple(one.sql for one in writer.atoms), of_outcome.atoms[0].sql)

    def _query(self, sample: Sample, made: _Made) -> RowQuery:
        return RowQuery(
            table=self.rows.table,
            groups=self.request.group_columns,
            factors=tuple(sample.levels),
            atoms=tuple(_number(one) for one in made.atoms),
            outcome=_number(made.outcome),
            trials=self.trials,
            present=self.request.columns,
        )

    def _categories(self, query: RowQuery, table: pa.Table) -> dict[str, Coded]:
        """Factors by their levels in complete rows."""
        orders = self.rows.orders
        coded = {
            name: code_column(table.column(f"f{at}").combine_chunks(), orders.get(name))
            for at, name in enumerate(query.factors)
        }
        single = [name for name, one in coded.items() if len(one.labels) < 2]
        if single:
            raise CannotFit("constant_column", columns=tuple(single))
        return coded

    def _assemble(self, read: _Table, design: Design, made: _Made) -> DesignRows:
        groups = {
            name: code_column(read.table.column(f"g{at}").combine_chunks(), self.rows.orders.get(name))
            for at, name in enumerate(self.request.group_columns)
        }
        columns = {one.name: one for part in (made.fixed, *made.bars) for one in part}
        successes, trials = read.outcome(str(next(iter(self.formula.outcomes))))
        unsorted = UnsortedRows(
            formula=self.formula,
            names=tuple(columns),
            fixed=tuple(one.name for one in made.fixed),
            bars=tuple(tuple(one.name for one in part) for part in made.bars),
            successes=successes,
            trials=trials,
            hierarchy=nested_groups(self.formula, groups),
            is_collapsed=read.is_collapsed,
        )
        return unsorted.in_order(
            lambda order: read.matrix(list(columns.values()), made.atoms, order),
            design=design,
            rows_read=self.rows.count(),
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """The answer of the query."""

    query: RowQuery
    table: pa.Table
    categories: Mapping[str, Coded]
    is_collapsed: bool

    def outcome(self, name: str) -> tuple[Floats, Floats | None]:
        """Successes and trials; None for trials of one each."""
        successes = self.table.column("y").to_numpy()
        counts = self.table.column("t").to_numpy() if "t" in self.table.column_names else None
        if self.is_collapsed:
            if pc.any(self.table.column("wrong")).as_py():
                raise InputRefused(Problem("logistic_not_binary", fields={"outcome": name}))
        elif counts is None:
            check_binary(name, successes)
        else:
            check_counts(name, successes, counts)
        return successes, counts

    def matrix(self, columns: Sequence[Column], atoms: Sequence[str], order: npt.NDArray[np.intp]) -> Floats:
        """The columns in order, shape (k, n)."""
        place = {sql: at for at, sql in enumerate(self.query.atoms)}
        numbers = [self.table.column(f"a{place[_number(one)]}").to_numpy()[order] for one in atoms]
        infinite = [sql for sql, one in zip(atoms, numbers, strict=True) if not np.isfinite(one).all()]
        if infinite:
            raise InputRefused(
                Problem("value_infinite", found=", ".join(infinite).replace('"', "").replace("::DOUBLE", ""))
            )
        codes = {name: _narrow(one.codes[order]) for name, one in self.categories.items()}
        matrix = np.zeros((len(columns), len(order)))
        for row, column in zip(matrix, columns, strict=True):
            _write(row, column, numbers, codes)
        return matrix


def _number(sql: str) -> str:
    return f"({sql})::DOUBLE"


def _narrow(codes: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Codes in as few bytes as they need."""
    return codes.astype(np.uint8 if codes.max(initial=0) < 256 else np.int32)


def _write(
    row: Floats, column: Column, numbers: Sequence[Floats], codes: Mapping[str, npt.NDArray[Any]]
) -> None:
    """One column: a sum of products of levels and numbers."""
    for (indicators, atoms), value in column.polynomial.items():
        part: Any = value
        for factor, level in indicators:
            part = part * (codes[factor] == level)
        for atom in atoms:
            part = part * numbers[atom]
        row += part
