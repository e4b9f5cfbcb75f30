"""The frozen recipe of a scan: which columns each formula has, and how new rows become them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic import ModelSpec, SimpleFormula

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.formulas import CONTEXT, ModelFormula, formula_columns
from shnor_analysis.warehouse.moments.columns import Materialised, materialise, refusing
from shnor_analysis.warehouse.moments.sample import DTYPES, Sample

Floats = npt.NDArray[np.float64]
SHOWN_LEVELS = 12


@dataclass(frozen=True, slots=True)
class Design:
    """How rows become columns: levels of factors, states of transforms, formulaic's recipes.

    Attributes:
        sample: Levels of the factors in their order, kinds of the columns, and some rows for formulaic to look at.
        states: States of the transforms, found in all rows.
        sql: The query of the pass; empty where the rows went through formulaic.
    """

    sample: Sample
    states: Mapping[str, Any]
    sql: str = ""
    # names that formulaic has given once: hundreds of models of one scan share their terms
    _named: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def levels(self) -> Mapping[str, tuple[Any, ...]]:
        """Levels of each factor, the base first."""
        return self.sample.levels

    def materialised(self, terms: SimpleFormula) -> Materialised:
        """The recipe of some terms."""
        return materialise(terms, self.sample, self.states)

    def names(self, terms: SimpleFormula) -> tuple[str, ...]:
        """Names of the columns of some terms."""
        key = str(terms)
        if key not in self._named:
            self._named[key] = self.materialised(terms).names
        return self._named[key]

    def matrix(
        self, rows: pd.DataFrame, terms: ModelFormula | SimpleFormula
    ) -> tuple[Floats, tuple[str, ...]]:
        """Columns of new rows.

        Parameters:
            rows: The new rows; an empty cell makes its columns empty.
            terms: A formula (its fixed part is taken) or some terms, such as those of a bar.

        Returns:
            The matrix, shape (rows, columns), and the names of its columns.

        Raises:
            UsageProblem: ``formula_column`` for a column that is not there, ``level_unknown`` for a category that the
                rows of the fit did not have.
        """
        asked = terms.fixed if isinstance(terms, ModelFormula) else terms
        spec = self.materialised(asked).spec
        return self.filled(self.cells(rows, formula_columns(asked)), spec), tuple(spec.column_names)

    def cells(self, rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
        """The columns of new rows, typed as in the fit."""
        missing = [name for name in columns if name not in rows.columns]
        if missing:
            known = ", ".join(str(one) for one in rows.columns)
            raise UsageProblem(Problem("formula_column", found=name, allowed=known) for name in missing)
        problems = [one for name in columns for one in self._unknown(name, rows[name])]
        if problems:
            raise UsageProblem(problems)
        return pd.DataFrame({name: self._typed(name, rows[name]) for name in columns}, index=range(len(rows)))

    def filled(self, cells: pd.DataFrame, spec: ModelSpec) -> Floats:
        """The matrix of typed cells; rows with an empty cell are not shown to formulaic, which may refuse them."""
        matrix = np.full((len(cells), len(spec.column_names)), np.nan)
        whole = cells.notna().to_numpy().all(axis=1)
        if not whole.any():
            return matrix
        given = cells if whole.all() else cells[whole].reset_index(drop=True)
        with np.errstate(all="ignore"), refusing(str(spec.formula)):
            matrix[whole] = np.asarray(spec.get_model_matrix(given, context=dict(CONTEXT)), dtype=np.float64)
        return matrix

    def _unknown(self, name: str, values: pd.Series[Any]) -> list[Problem]:
        """Categories that the fit did not know."""
        if name not in self.levels:
            return []
        known = set(self.levels[name])
        wrong = [one for one in pd.unique(values.dropna().to_numpy(dtype=object)) if one not in known]
        allowed = ", ".join(str(one) for one in self.levels[name][:SHOWN_LEVELS])
        return [
            Problem("level_unknown", found=str(one), allowed=allowed, fields={"name": name}) for one in wrong
        ]

    def _typed(self, name: str, values: pd.Series[Any]) -> Any:
        """Cells in the kind of the fit; empty numbers are no numbers."""
        kind = self.sample.kinds[name]
        if kind == "text":
            return pd.Categorical(values.to_numpy(dtype=object), categories=list(self.levels[name]))
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isnan(numbers).any():
            return numbers
        return numbers.astype(DTYPES.get(kind, np.float64))
