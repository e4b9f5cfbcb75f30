"""What the files of a data set say of their columns before a row is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from shnor_analysis.warehouse.engine import Connection, text


@dataclass(frozen=True, slots=True)
class Footer:
    """What the first file of a data set says of its columns: parts of one set are written by one hand."""

    orders: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def read_footer(connection: Connection, pattern: str, kinds: Mapping[str, str]) -> Footer:
    """Order of categories written by Arrow or pandas, and the range of numbers."""
    import pyarrow.parquet as pq

    found = connection.execute(f"SELECT min(file) FROM glob({text(pattern)})").fetchall()
    if not found or found[0][0] is None:
        return Footer()
    with suppress(pa.ArrowException), pq.ParquetFile(found[0][0]) as file:
        return Footer(_file_orders(file, kinds), _file_ranges(file, kinds))
    return Footer()


def _file_orders(file: Any, kinds: Mapping[str, str]) -> dict[str, tuple[Any, ...]]:
    """The order of categories that a file written from Arrow or pandas still knows."""
    schema = file.schema_arrow
    known = [
        name
        for name, kind in kinds.items()
        if kind == "text"
        and schema.get_field_index(name) >= 0
        and pa.types.is_dictionary(schema.field(name).type)
    ]
    for batch in file.iter_batches(batch_size=1, columns=known) if known else ():
        return {name: tuple(batch.column(name).dictionary.to_pylist()) for name in known}
    return {}


def _file_ranges(file: Any, kinds: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Least and greatest number of each column, where every row group says them."""
    footer = file.metadata
    ends: dict[str, list[tuple[float, float]]] = {}
    for group in range(footer.num_row_groups):
        for at in range(footer.num_columns):
            chunk = footer.row_group(group).column(at)
            if kinds.get(chunk.path_in_schema) in ("number", "whole") and chunk.is_stats_set:
                low, high = chunk.statistics.min, chunk.statistics.max
                if isinstance(low, (int, float)) and math.isfinite(low) and math.isfinite(high):
                    ends.setdefault(chunk.path_in_schema, []).append((float(low), float(high)))
    return {
        name: (min(low for low, _ in found), max(high for _, high in found))
        for name, found in ends.items()
        if len(found) == footer.num_row_groups
    }
