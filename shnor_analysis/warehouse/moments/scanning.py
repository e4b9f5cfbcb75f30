"""One pass over the rows for all that some formulas ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.kernels.multilevel import INTERCEPT, CannotFit, GroupedMoments
from shnor_analysis.warehouse.formulas import ModelFormula
from shnor_analysis.warehouse.moments.accumulation import accumulate
from shnor_analysis.warehouse.moments.assembly import (
    Answer,
    NotFinite,
    Sums,
    find_levels,
    group_table,
    product_table,
    read_answer,
)
from shnor_analysis.warehouse.moments.batches import open_stream
from shnor_analysis.warehouse.moments.columns import ColumnWriter
from shnor_analysis.warehouse.moments.design import Design
from shnor_analysis.warehouse.moments.numbers import NotInSql, Standard
from shnor_analysis.warehouse.moments.opening import open_rows
from shnor_analysis.warehouse.moments.polynomials import Column, times
from shnor_analysis.warehouse.moments.query import Plan, group_monomials
from shnor_analysis.warehouse.moments.request import Request, request
from shnor_analysis.warehouse.moments.sample import Sample, in_order, look
from shnor_analysis.warehouse.moments.scan import Scan
from shnor_analysis.warehouse.moments.source import Rows, Source, as_it_is, quoted
from shnor_analysis.warehouse.moments.states import formulaic_states, standards

MOST_PASSES = 4


def scan(
    formulas: ModelFormula | str | Sequence[ModelFormula | str],
    source: Source,
    *,
    weights: str | None = None,
    with_group_products: bool = False,
    cluster: str | None = None,
) -> Scan:
    """Read the rows once and keep sums of products: all that linear and multilevel models of them need.

    Parameters:
        formulas: One formula or several; several share the rows that are complete for all of them.
        source: A frame, Parquet (file, folder or glob), or a relation of DuckDB.
        weights: Column of precision weights, as in lme4; a weight of 0 leaves its row out.
        with_group_products: Keep the products of all columns by group: for cluster-robust errors, bootstrap over
            groups and leaving groups out.
        cluster: Column of groups that no formula has a bar for; the products of all columns are kept by group.

    Returns:
        The sums, the recipe of the columns and the count of rows.

    Raises:
        UsageProblem: What is wrong with a formula or its columns; ``groups_crossed``, ``weights_negative``.
        InputRefused: The source cannot be read; ``value_infinite`` for an infinite number.
        CannotFit: ``no_rows`` when no row is complete, ``constant_column`` for a factor with a single level.

    Limits: rows are complete over all formulas together; memory grows with groups and cells of factors, not with rows,
        except for what one query keeps (about 10 bytes a number and row, up to the limit of the engine).
    """
    asked = request(formulas, weights, cluster)
    with open_rows(source, asked.columns) as rows:
        asked.check_kinds(rows)
        found = standards(rows, asked.expressions)
        sample = look(rows, asked.term_columns, asked.factors(rows))
        one_pass = _Pass(asked, rows, found, with_group_products or cluster is not None)
        try:
            made = one_pass.run(sample)
        except NotInSql:
            made = one_pass.by_batches()
        return replace(made, weights=weights, source=as_it_is(source))


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a scan as polynomials, and which of them are summed by group."""

    made: tuple[Column, ...]
    random: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Pass:
    """One scan while it runs."""

    request: Request
    rows: Rows
    standards: Mapping[str, Standard]
    has_all_products: bool

    def run(self, sample: Sample) -> Scan:
        """Guess the levels, pass over the rows, and again where the guess was short."""
        is_strict = False
        for _ in range(MOST_PASSES):
            design = Design(sample, formulaic_states(self.standards))
            columns, writer = self._columns(design)
            plan = self._plan(columns, writer, is_strict)
            try:
                answer = read_answer(plan, self.rows.answer(plan.sql), self.rows.orders)
            except NotFinite:
                if is_strict:
                    raise self._infinite() from None
                is_strict = True
                continue
            levels = self._levels(answer)
            if levels == {name: sample.levels[name] for name in levels}:
                return self._scan(design, columns, answer)
            sample = sample.with_levels(levels)
        raise InputRefused(Problem("rows_unreadable", found=", ".join(self.request.columns)))

    def by_batches(self) -> Scan:
        """Let formulaic compute the columns, some rows at a time."""
        stream = open_stream(self.request, self.rows, design=None, extra=())
        moments = accumulate(
            stream, has_shift=self.request.has_intercept, has_all_products=self.has_all_products
        )
        groupings = stream.hierarchy.groupings if stream.hierarchy else ()
        return Scan(
            moments, stream.design, groupings, self.request.formulas, stream.rows_read, moments.rows_dropped
        )

    def _columns(self, design: Design) -> tuple[_Columns, ColumnWriter]:
        """Fixed columns first, then columns that only bars have, outcomes last."""
        asked = self.request
        writer = ColumnWriter(design.sample, self.standards, asked.has_intercept)
        made: dict[str, Column] = {}
        random: dict[str, None] = {}
        parts = asked.parts
        outcomes = len(asked.formulas)
        for at, part in enumerate(parts):
            written = writer.columns(design.materialised(part))
            if at >= len(parts) - outcomes:
                for one in written:
                    made[one.name] = made.pop(one.name, one)
                continue
            made |= {one.name: one for one in written if one.name not in made}
            if at >= len(asked.formulas):
                random |= {one.name: None for one in written}
        names = list(made)
        if self.request.groupings and self.has_all_products:
            random = dict.fromkeys(names)
        elif random and INTERCEPT in made:
            random = {INTERCEPT: None, **random}
        return _Columns(tuple(made.values()), tuple(names.index(one) for one in random)), writer

    def _plan(self, columns: _Columns, writer: ColumnWriter, is_strict: bool) -> Plan:
        """What to sum by group, and what by cell."""
        polynomials = [one.polynomial for one in columns.made]
        by_group = group_monomials(
            times(polynomials[u], other) for u in columns.random for other in polynomials
        )
        everything = group_monomials(times(one, other) for one in polynomials for other in polynomials)
        factors = {factor: writer.sample.levels[factor] for factor in writer.coded}
        by_cell: tuple[tuple[int, ...], ...] | None = tuple(dict.fromkeys(atoms for _, atoms in everything))
        if set(everything) <= set(by_group):
            by_cell = ((),) if factors else None
        return Plan(
            table=self.rows.table,
            atoms=tuple(writer.atoms),
            levels=factors,
            groups=self.request.group_columns,
            by_group=by_group,
            by_cell=by_cell,
            weights=self.request.weights,
            present=self.request.columns,
            keys_with_nan=tuple(
                one
                for one in dict.fromkeys((*self.request.group_columns, *factors))
                if self.rows.is_float(one)
            ),
            is_strict=is_strict,
        )

    def _levels(self, answer: Answer) -> dict[str, tuple[Any, ...]]:
        """Levels of the complete rows, in order."""
        levels = {
            name: in_order(values, self.rows.orders.get(name))
            for name, values in answer.present_levels().items()
        }
        single = [name for name, values in levels.items() if len(values) < 2]
        if single:
            raise CannotFit("constant_column", columns=tuple(single))
        return levels

    def _scan(self, design: Design, columns: _Columns, answer: Answer) -> Scan:
        polynomials = [one.polynomial for one in columns.made]
        sums = Sums(answer)
        levels, order, groupings = find_levels(answer, self.request.groupings)
        n_groups = len(levels[0].labels) if levels else 0
        rows_read = self.rows.count()
        moments = GroupedMoments(
            columns=tuple(one.name for one in columns.made),
            shift=np.array([one.shift for one in columns.made], dtype=np.float64),
            products=product_table(polynomials, sums),
            random=columns.random,
            grouped=group_table(polynomials, columns.random, sums, order, n_groups),
            levels=levels,
            n_obs=answer.n_obs,
            rows_dropped=rows_read - answer.n_obs,
            sum_log_weights=answer.sum_log_weights,
        )
        return Scan(
            moments,
            replace(design, sql=answer.plan.sql),
            groupings,
            self.request.formulas,
            rows_read,
            moments.rows_dropped,
        )

    def _infinite(self) -> InputRefused:
        """Name the columns that hold infinite numbers."""
        numbers = [one for one in self.request.columns if self.rows.kinds[one] == "number"]
        tests = ", ".join(f"bool_or(isinf({quoted(one)}::DOUBLE))" for one in numbers) or "true"
        row = self.rows.row(f"SELECT {tests} FROM {self.rows.table}")
        named = [one for one, wrong in zip(numbers, row, strict=False) if wrong] or list(
            self.request.expressions
        )
        return InputRefused(Problem("value_infinite", found=", ".join(named)))
