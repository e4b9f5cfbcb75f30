"""A first look at the rows: levels of factors, and a small frame on which formulaic shows its columns.

The look is a guess: the pass over all rows counts every level that there is, and is run once more where the guess was
short. So levels cost no pass of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.moments.source import Rows, quoted

LOOKED_AT = 4096
FRAME_ROWS = 64
# levels of one factor: each is a column, and sums of products grow with their square
MOST_LEVELS = 2000
DTYPES: Mapping[str, Any] = {"flag": np.bool_, "whole": np.int64}


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
        """The same rows with other levels; ``factor_large`` as in `look`."""
        _check_levels(levels)
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

    Raises:
        UsageProblem: ``factor_large`` for a factor of so many levels that it can only be a code or a number in text.
    """
    wanted = set(factors)
    read = [name for name in columns if name in wanted or name not in rows.ranges]
    listed = ", ".join(quoted(name) for name in read)
    first = rows.answer(f"SELECT {listed} FROM {rows.table} LIMIT {LOOKED_AT}") if read else {}
    present = {name: _present(first[name]) for name in read}
    levels = {name: _levels(rows, name, present[name]) for name in read if name in wanted}
    _check_levels(levels)
    size = max([FRAME_ROWS, *(len(values) for values in levels.values())])
    cells = {}
    for name in columns:
        if name in wanted:
            cells[name] = _level_cells(levels[name], size, rows.kinds[name])
        elif name in rows.ranges:
            cells[name] = _grid(rows.ranges[name], size, rows.kinds[name])
        else:
            cells[name] = _number_cells(present[name], size, rows.kinds[name])
    return Sample(pd.DataFrame(cells, index=range(size)), levels, rows.kinds)


def _check_levels(levels: Mapping[str, Sequence[Any]]) -> None:
    large = [name for name, values in levels.items() if len(values) > MOST_LEVELS]
    if large:
        fields = {"most": MOST_LEVELS}
        raise UsageProblem(Problem("factor_large", found=name, fields=fields) for name in large)


def _grid(ends: tuple[float, float], size: int, kind: str) -> Any:
    """Numbers spread over a range: their mean is near that of the column, whatever the order of the rows."""
    grid = np.linspace(*ends, size)
    return np.round(grid).astype(np.int64) if kind == "whole" else grid


def _present(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The cells that are not empty."""
    known = np.ma.getdata(values)[~np.ma.getmaskarray(values)]
    return known[~pd.isna(known)]


def _levels(rows: Rows, name: str, first: npt.NDArray[Any]) -> tuple[Any, ...]:
    """Levels among the first rows; sorted rows show one level only, and are asked in full."""
    found = pd.unique(first).tolist()
    if len(found) < 2:
        asked = rows.answer(f"SELECT DISTINCT {quoted(name)} AS level FROM {rows.table}")["level"]
        found = _present(asked).tolist()
    return in_order(found, rows.orders.get(name))


def in_order(values: Iterable[Any], order: Sequence[Any] | None) -> tuple[Any, ...]:
    """Values as their categories stand, else sorted; values that the categories lack come last."""
    place = {value: at for at, value in enumerate(order or ())}
    return tuple(sorted(values, key=lambda value: (place.get(value, len(place)), value)))


def _level_cells(levels: Sequence[Any], size: int, kind: str) -> Any:
    """Cells in which every level stands at least once."""
    codes = np.arange(size) % max(len(levels), 1)
    if kind == "text":
        return categorical(codes if levels else codes - 1, levels)
    values: npt.NDArray[Any] = np.array(levels or [0], dtype=DTYPES.get(kind, np.float64))
    return values[codes]


def categorical(codes: npt.NDArray[np.int64], levels: Sequence[Any]) -> Any:
    """A factor with all its levels, whichever of them stand in its cells."""
    made: Any = pd.Categorical
    return made.from_codes(codes, categories=list(levels))


def _number_cells(present: npt.NDArray[Any], size: int, kind: str) -> Any:
    """The first present values, again from the start where they are few."""
    if kind in ("other", "text"):
        return np.full(size, np.nan)
    numbers = present[np.isfinite(present.astype(np.float64))][:size]
    return np.resize(numbers if len(numbers) else np.ones(1), size).astype(DTYPES.get(kind, np.float64))
