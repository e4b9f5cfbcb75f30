"""How rows become the terms of one fitted model: for predictions, from the data of the fit or from new rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.results.prediction import GroupRows, PredictionRows
from shnor_analysis.warehouse.formulas import ModelFormula, formula_columns, parse_formula
from shnor_analysis.warehouse.moments import Design
from shnor_analysis.warehouse.moments.hierarchy import whole_codes
from shnor_analysis.warehouse.moments.opening import columns_of, open_rows
from shnor_analysis.warehouse.moments.sample import Sample
from shnor_analysis.warehouse.moments.source import as_it_is, quoted

# rows made up for formulaic to look at: only their kinds and bounds count
SAMPLE_ROWS = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """The columns of a model and where its rows were.

    Attributes:
        formula: The formula of the fit.
        design: Levels of factors and states of transforms.
        terms: Names of the fixed columns, in the order of the coefficients.
        groups: For each of the model's effects its columns, ``class:school`` as two.
        needed: Columns that had to be there for a row to be used.
        weights: Column of weights.
        source: What the model was fitted to; None when it was read from disk.
    """

    formula: ModelFormula
    design: Design
    terms: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    needed: tuple[str, ...] = ()
    weights: str | None = None
    source: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", as_it_is(self.source))

    @property
    def has_data(self) -> bool:
        """Whether the rows of the fit can be read again."""
        return self.source is not None

    def rows(self, new: Any, *, with_groups: bool) -> PredictionRows:
        """The rows of `new`, or the complete rows of the fit when it is None.

        Raises:
            UsageProblem: ``formula_column`` for a column that is not there, ``level_unknown`` for a category that the
                fit has not seen.
            InputRefused: The source cannot be read.
        """
        frame = self._rows_of_the_fit() if new is None else read_columns(new, self._needed(with_groups))
        fixed, names = self.design.matrix(frame, self.formula)
        order = [names.index(one) for one in self.terms]
        groups = tuple(self._group(frame, one) for one in self.groups) if with_groups else ()
        return PredictionRows(frame.index, fixed[:, order], groups)

    def _needed(self, with_groups: bool) -> list[str]:
        """Columns of the fixed part, and of the groups and what varies between them."""
        needed = list(formula_columns(self.formula.fixed))
        if with_groups:
            needed += [name for bar in self.formula.random for name in formula_columns(bar.terms)]
            needed += [name for group in self.groups for name in group]
        return list(dict.fromkeys(needed))

    def _rows_of_the_fit(self) -> pd.DataFrame:
        """Rows in which nothing that the fit needed is missing."""
        needed = dict.fromkeys(
            [*self.formula.columns, *self.needed, *([self.weights] if self.weights else [])]
        )
        frame = read_columns(self.source, list(needed))
        complete = frame.notna().all(axis=1)
        if self.weights:
            complete &= frame[self.weights] > 0
        return frame[complete]

    def _group(self, frame: pd.DataFrame, group: tuple[str, ...]) -> GroupRows:
        """Label and random columns of each row for one grouping; the terms of its bars side by side."""
        bars = [bar for bar in self.formula.random if sorted(bar.group) == sorted(group)]
        matrix = np.hstack([self.design.matrix(frame, bar.terms)[0] for bar in bars])
        return GroupRows(labels_of(frame, group), matrix)

    def plain(self) -> dict[str, Any]:
        """All but the data as plain values; no row of the fit is in it."""
        return {
            "formula": self.formula.text,
            "terms": list(self.terms),
            "groups": [list(one) for one in self.groups],
            "levels": {name: _listed(values) for name, values in self.design.levels.items()},
            "kinds": {str(name): self.design.sample.kinds[str(name)] for name in self.design.sample.frame},
            "typical": _typical(self.design.sample),
            "states": _plain_states(self.design.states),
        }


def recipe_of(plain: Mapping[str, Any]) -> Recipe:
    """Read a recipe back; the rows that formulaic looks at are made up: only their kinds and bounds count."""
    levels = {name: tuple(values) for name, values in plain["levels"].items()}
    size = max([SAMPLE_ROWS, *(len(values) for values in levels.values())])
    dtypes = {"flag": np.bool_, "whole": np.int64}
    cells: dict[str, Any] = {
        name: np.full(size, plain["typical"].get(name, 0.0)).astype(dtypes.get(kind, np.float64))
        for name, kind in plain["kinds"].items()
    }
    sample = Sample(pd.DataFrame(cells, index=range(size)), {}, dict(plain["kinds"])).with_levels(levels)
    return Recipe(
        formula=parse_formula(plain["formula"]),
        design=Design(sample, _states(plain["states"])),
        terms=tuple(plain["terms"]),
        groups=tuple(tuple(one) for one in plain["groups"]),
    )


def _typical(sample: Sample) -> dict[str, float]:
    """A value amid those of each number column: transforms refuse values beyond what the fit has seen."""
    numbers = [name for name in sample.frame if name not in sample.levels]
    return {str(name): float(sample.frame[name].median()) for name in numbers}


def read_columns(source: Any, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of a source as a frame; a frame keeps its index."""
    if isinstance(source, pd.DataFrame):
        return columns_of(source, columns)
    with open_rows(Path(source) if isinstance(source, str) else source, columns) as rows:
        listed = ", ".join(quoted(name) for name in columns) or "1 AS _"
        frame: pd.DataFrame = rows.fetch(f"SELECT {listed} FROM {rows.table}").to_pandas()
        return frame


def labels_of(frame: pd.DataFrame, group: tuple[str, ...]) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Label of each row's group as the scan writes it; None where one of its columns is missing."""
    parts = [_whole(frame[name]) for name in group]
    if len(parts) == 1:
        return parts[0]
    made = [None if None in row else ":".join(map(str, row)) for row in zip(*parts, strict=True)]
    return _objects(made)


def _whole(values: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.object_]]:
    cells = [None if pd.isna(one) else one for one in values.to_numpy(dtype=object)]
    return _objects(whole_codes(cells))


def _objects(values: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.object_]]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _listed(values: Sequence[Any]) -> list[Any]:
    return [one.item() if hasattr(one, "item") else one for one in values]


def _plain_states(states: Any) -> Any:
    """States of transforms as JSON holds them: numbers, lists and names."""
    if isinstance(states, Mapping):
        keys = [{"key": _plain_states(key), "value": _plain_states(value)} for key, value in states.items()]
        return {"map": keys}
    if isinstance(states, np.ndarray):
        return {"array": states.tolist()}
    if isinstance(states, list | tuple):
        return {"list": [_plain_states(one) for one in states]}
    return states.item() if isinstance(states, np.generic) else states


def _states(plain: Any) -> Any:
    if isinstance(plain, dict) and "map" in plain:
        return {_states(one["key"]): _states(one["value"]) for one in plain["map"]}
    if isinstance(plain, dict) and "array" in plain:
        return np.array(plain["array"])
    if isinstance(plain, dict):
        return [_states(one) for one in plain["list"]]
    return plain
