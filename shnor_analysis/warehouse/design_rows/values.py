"""Rows of a model: a column a term, sorted by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.multilevel import Level
from shnor_analysis.warehouse.moments import Design
from shnor_analysis.warehouse.moments.hierarchy import Grouping

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RandomPart:
    """One random term of the formula: its grouping, and the places of its columns in the matrix."""

    grouping: Grouping
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DesignRows:
    """Complete rows, sorted by the outer and within it by the inner grouping.

    Attributes:
        names: Names of the k columns; the first `n_fixed` are the fixed part.
        n_fixed: Number of columns with coefficients.
        matrix: Shape (k, n): a column of the model in each row. Belongs to the caller.
        outcome: Name of the outcome.
        successes: Outcome, or successes among the trials, shape (n,).
        trials: Trials, shape (n,); None when each row is one.
        codes: Group of each row on each level, innermost first, shape (n,).
        levels: The levels, innermost first; sizes count rows of the source.
        groupings: Columns of each level.
        random: The random terms.
        design: The recipe of the columns.
        n_obs: Complete rows of the source.
        rows_read: Rows of the source.
        is_collapsed: Whether equal rows of a group were counted into one: then `trials` are counts of rows.
    """

    names: tuple[str, ...]
    n_fixed: int
    matrix: Floats
    outcome: str
    successes: Floats
    trials: Floats | None
    codes: tuple[npt.NDArray[np.int64], ...]
    levels: tuple[Level, ...]
    groupings: tuple[Grouping, ...]
    random: tuple[RandomPart, ...]
    design: Design
    n_obs: int
    rows_read: int
    is_collapsed: bool

    @property
    def rows_dropped(self) -> int:
        """Rows left out: an empty cell in a column of the formula, or no trials."""
        return self.rows_read - self.n_obs
