"""Rows as arrays, some at a time: for models that need the rows, and for columns that only formulaic can compute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shnor_analysis.errors import InputRefused, Problem, UsageProblem
from shnor_analysis.kernels.multilevel import CannotFit
from shnor_analysis.warehouse.formulas import ModelFormula
from shnor_analysis.warehouse.moments.columns import Materialised
from shnor_analysis.warehouse.moments.design import Design
from shnor_analysis.warehouse.moments.group_codes import GroupCodes, find_groups
from shnor_analysis.warehouse.moments.hierarchy import Hierarchy
from shnor_analysis.warehouse.moments.opening import open_rows
from shnor_analysis.warehouse.moments.request import Request, request
from shnor_analysis.warehouse.moments.sample import DTYPES, categorical, in_order, look
from shnor_analysis.warehouse.moments.source import Rows, Source, quoted
from shnor_analysis.warehouse.moments.states import formulaic_states, standards, whole_column_states

Floats = npt.NDArray[np.float64]
BATCH_ROWS = 131_072


@dataclass(frozen=True, slots=True)
class Batch:
    """Some complete rows.

    Attributes:
        values: Columns as `RowStream.columns` names them, shape (rows, k).
        groups: Code of each row's group on each level, innermost first, shape (levels, rows).
        weights: Precision weights, shape (rows,); None without.
        extra: Columns asked for as they are, shape (rows, extra columns).
    """

    values: Floats
    groups: npt.NDArray[np.int64]
    weights: Floats | None
    extra: Floats


@dataclass(frozen=True, slots=True)
class RowStream:
    """Rows of a source as arrays; iterating reads them once more.

    Attributes:
        columns: Names of the k columns: fixed terms, further random columns, outcomes.
        fixed: Positions of the fixed columns of the first formula.
        outcomes: Positions of the outcomes.
        random: Positions of the columns of bars.
        hierarchy: Groups, innermost level first, or by their number where they cross; codes are those of the
            batches. None without groups.
        design: The recipe of the columns.
        rows_read: Rows of the source.
    """

    columns: tuple[str, ...]
    fixed: tuple[int, ...]
    outcomes: tuple[int, ...]
    random: tuple[int, ...]
    hierarchy: Hierarchy | None
    design: Design
    rows_read: int
    _reader: _Reader

    def __iter__(self) -> Iterator[Batch]:
        """Batches of complete rows, in the order of the source.

        Raises:
            InputRefused: ``value_infinite`` when a column came out infinite.
            UsageProblem: ``weights_negative``.
        """
        return self._reader.batches()

    def close(self) -> None:
        """Give the source back."""
        self._reader.rows.close()


@dataclass(frozen=True, slots=True)
class _Reader:
    """What reading a batch needs."""

    rows: Rows
    request: Request
    design: Design
    parts: tuple[tuple[Materialised, tuple[int, ...]], ...]
    width: int
    coding: GroupCodes | None
    extra: tuple[str, ...]
    batch_rows: int

    def batches(self) -> Iterator[Batch]:
        """Read the rows."""
        listed = (
            ", ".join(quoted(one) for one in dict.fromkeys((*self.request.columns, *self.extra))) or "1 AS _"
        )
        sql = f"SELECT {listed} FROM {self.rows.table} WHERE {self.rows.complete((*self.request.columns, *self.extra))}"
        for record in self.rows.query(sql).to_arrow_reader(self.batch_rows):
            if record.num_rows:
                yield from self._batch(pa.Table.from_batches([record]))

    def _batch(self, table: pa.Table) -> Iterator[Batch]:
        weights = self._weights(table)
        frame = pd.DataFrame(
            {one: self._cells(table, one) for one in self.request.term_columns}, index=range(len(table))
        )
        values = np.empty((len(table), self.width))
        for materialised, places in self.parts:
            values[:, list(places)] = self.design.filled(frame, materialised.spec)
        keep = ~np.isnan(values).any(axis=1)
        keep &= True if weights is None else weights > 0
        if np.isinf(values[keep]).any():
            raise InputRefused(Problem("value_infinite", found=", ".join(self.request.expressions)))
        groups = np.empty((0, len(table)), np.int64) if self.coding is None else self.coding.codes(table)
        extra = np.column_stack([_numbers(table, one) for one in self.extra] or [np.empty((len(table), 0))])
        kept = None if weights is None else weights[keep]
        if keep.any():
            yield Batch(values[keep], groups[:, keep], kept, extra[keep])

    def _cells(self, table: pa.Table, name: str) -> Any:
        if name in self.design.levels and self.rows.kinds[name] == "text":
            codes = pc.index_in(_text(table, name), pa.array(self.design.levels[name]))
            return categorical(codes.to_numpy().astype(np.int64), self.design.levels[name])
        return table.column(name).to_numpy().astype(DTYPES.get(self.rows.kinds[name], np.float64))

    def _weights(self, table: pa.Table) -> Floats | None:
        if self.request.weights is None:
            return None
        weights = _numbers(table, self.request.weights)
        if (weights < 0).any():
            found = str(weights.min())
            raise UsageProblem(
                Problem("weights_negative", found=found, fields={"name": self.request.weights})
            )
        return weights


def matrix_batches(
    formula: ModelFormula | str,
    source: Source,
    *,
    design: Design | None = None,
    weights: str | None = None,
    extra: Sequence[str] = (),
    batch_rows: int = BATCH_ROWS,
) -> RowStream:
    """Open a source for reading the columns of a formula, some rows at a time.

    Parameters:
        formula: The formula.
        source: A frame, Parquet, or a relation of DuckDB.
        design: The recipe of an earlier scan; found anew when None.
        weights: Column of precision weights; rows of weight 0 are left out.
        extra: Numeric columns handed over as they are, such as the number of trials; their empty cells drop a row.
        batch_rows: Rows of a batch, at most.

    Raises:
        UsageProblem: As `scan`.
        InputRefused: As `scan`.
        CannotFit: ``no_rows``, ``constant_column``.
    """
    asked = request(formula, weights, None)
    rows = open_rows(source, (*asked.columns, *extra))
    try:
        return open_stream(
            asked, rows, design=design, extra=tuple(extra), batch_rows=batch_rows, may_cross=True
        )
    except BaseException:
        rows.close()
        raise


def open_stream(
    asked: Request,
    rows: Rows,
    *,
    design: Design | None,
    extra: tuple[str, ...],
    batch_rows: int = BATCH_ROWS,
    may_cross: bool = False,
) -> RowStream:
    """A stream over rows that are open already; see `matrix_batches`."""
    asked.check_kinds(rows)
    used = design or find_design(asked, rows, extra)
    columns: dict[str, int] = {}
    parts = []
    n_outcomes = len(asked.formulas)
    made = [used.materialised(part) for part in asked.parts]
    for one in made:
        parts.append((one, tuple(columns.setdefault(name, len(columns)) for name in one.names)))
    bars = [place for _, places in parts[n_outcomes:-n_outcomes] for place in places]
    coding = find_groups(asked, rows, extra, may_cross=may_cross) if asked.groupings else None
    reader = _Reader(
        rows, asked, used, tuple(parts), len(columns), coding[1] if coding else None, extra, batch_rows
    )
    return RowStream(
        tuple(columns),
        parts[0][1],
        tuple(dict.fromkeys(place for _, places in parts[-n_outcomes:] for place in places)),
        tuple(dict.fromkeys(bars)),
        coding[0] if coding else None,
        used,
        rows.count(),
        reader,
    )


def find_design(asked: Request, rows: Rows, extra: Sequence[str] = ()) -> Design:
    """Levels and states from the rows themselves, by queries of their own."""
    factors = asked.factors(rows)
    sample = look(rows, asked.term_columns, factors)
    if factors:
        found = ", ".join(f"list(DISTINCT {quoted(one)}) AS f{at}" for at, one in enumerate(factors))
        present = rows.complete((*asked.columns, *extra))
        row = rows.row(f"SELECT {found} FROM {rows.table} WHERE {present}")
        if row[0] is None:
            raise CannotFit("no_rows")
        levels = {
            name: in_order(values, rows.orders.get(name)) for name, values in zip(factors, row, strict=True)
        }
        single = tuple(name for name, values in levels.items() if len(values) < 2)
        if single:
            raise CannotFit("constant_column", columns=single)
        sample = sample.with_levels(levels)
    known = formulaic_states(standards(rows, asked.expressions))
    return Design(sample, whole_column_states(rows, asked.expressions, known))


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table.column(name).to_numpy(), dtype=np.float64)


def _text(table: pa.Table, name: str) -> pa.Array:
    values = table.column(name).combine_chunks()
    return values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
