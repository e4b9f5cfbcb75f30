"""A first look at the rows: levels of factors, and a small frame on which formulaic shows its columns.

The look is a guess: the pass over all rows counts every level that there is, and is run once more where the guess was
short. So levels cost no pass of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.warehouse.moments.source import VIEW, Rows, quoted

LOOKED_AT = 4096
FRAME_ROWS = 64


@dataclass(frozen=True, slots=True)
class Sample:
    """What the first rows say.

    Attributes:
        frame: Some rows without empty cells in numbers; factors hold every known level.
        levels: Levels of each factor in their order: as in its categories, else sorted.
        kinds: Kind of each column as in `Rows`.
    """

    frame: pd.DataFrame
    levels: Mapping[str, tuple[Any, ...]]
    kinds: Mapping[str, str]

    def with_levels(self, levels: Mapping[str, tuple[Any, ...]]) -> Sample:
        """The same rows with other levels."""
        frame = self.frame.copy(deep=False)
        for name, values in levels.items():
            frame[name] = _level_cells(values, len(frame), self.kinds[name])
        return replace(self, frame=frame, levels={**self.levels, **levels})


def look(rows: Rows, columns: Sequence[str], factors: Iterable[str]) -> Sample:
    """Read the first rows of a source.

    Parameters:
        rows: The source.
        columns: Columns of the fixed and random terms and the outcomes.
        factors: Those of them that stand as categories.
    """
    wanted = set(factors)
    read = [name for name in columns if name in wanted or name not in rows.ranges]
    listed = ", ".join(quoted(name) for name in read)
    table = rows.fetch(f"SELECT {listed} FROM {VIEW} LIMIT {LOOKED_AT}") if read else None
    levels = {}
    for name in read:
        if table is not None and name in wanted:
            values = table.column(name).unique().drop_null().to_pylist()
            levels[name] = in_order([one for one in values if one == one], rows.orders.get(name))
    size = max([FRAME_ROWS, *(len(values) for values in levels.values())])
    cells = {}
    for name in columns:
        if name in wanted:
            cells[name] = _level_cells(levels[name], size, rows.kinds[name])
        elif table is None or name in rows.ranges:
            cells[name] = _grid(rows.ranges[name], size, rows.kinds[name])
        else:
            cells[name] = _number_cells(table.column(name).to_numpy(zero_copy_only=False), size, rows.kinds[name])
    return Sample(pd.DataFrame(cells, index=range(size)), levels, rows.kinds)


def _grid(ends: tuple[float, float], size: int, kind: str) -> Any:
    """Numbers spread over a range: their mean is near that of the column, whatever the order of the rows."""
    grid = np.linspace(*ends, size)
    return np.round(grid).astype(np.int64) if kind == "whole" else grid


def in_order(values: Iterable[Any], order: Sequence[Any] | None) -> tuple[Any, ...]:
    """Values as their categories stand, else sorted; values that the categories lack come last."""
    place = {value: at for at, value in enumerate(order or ())}
    return tuple(sorted(values, key=lambda value: (place.get(value, len(place)), value)))


def _level_cells(levels: Sequence[Any], size: int, kind: str) -> Any:
    """Cells in which every level stands at least once."""
    codes = np.arange(size) % max(len(levels), 1)
    if kind == "text":
        return pd.Categorical.from_codes(codes if levels else codes * 0 - 1, categories=list(levels))
    dtype = {"flag": np.bool_, "whole": np.int64}.get(kind, np.float64)
    values = np.array(levels or [0], dtype=dtype)
    return values[codes]


def _number_cells(values: Any, size: int, kind: str) -> Any:
    """The first present values, again from the start where they are few."""
    if kind == "other" or kind == "text":
        return np.full(size, np.nan)
    present = values[~pd.isna(values)][:size]
    dtype = {"flag": np.bool_, "whole": np.int64}.get(kind, np.float64)
    if kind in ("number", "whole"):
        present = present[np.isfinite(present.astype(np.float64))]
    if len(present) == 0:
        present = np.ones(1)
    return np.resize(present, size).astype(dtype)
