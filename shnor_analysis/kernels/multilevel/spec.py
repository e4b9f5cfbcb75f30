"""Which of the scanned columns a model uses, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """Columns whose coefficients vary between the groups of one level.

    Attributes:
        level: Position of the level in the moments, innermost 0.
        columns: Positions of the columns in the moments.
        is_correlated: One covariance matrix for all columns, `(1 + x | g)`; otherwise independent, `(1 + x || g)`.
    """

    level: int
    columns: tuple[int, ...]
    is_correlated: bool = True

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """The columns that share a covariance matrix."""
        return (self.columns,) if self.is_correlated else tuple((one,) for one in self.columns)


@dataclass(frozen=True, slots=True)
class MultilevelSpec:
    """A Gaussian model by positions of columns in the moments.

    Attributes:
        fixed: Positions of the p columns of the fixed part.
        outcome: Position of the outcome.
        random: Terms in any order; none makes a linear model.
        method: ``reml`` or ``ml``.
    """

    fixed: tuple[int, ...]
    outcome: int
    random: tuple[RandomTerm, ...] = ()
    method: Literal["reml", "ml"] = "reml"
