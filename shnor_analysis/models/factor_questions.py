"""What a factor analysis is asked, as sums of products by school with the place of every column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.multilevel import GroupedMoments, MultilevelSpec, RandomTerm
from shnor_analysis.kernels.variance_shares import SchoolBlocks, blocks_of
from shnor_analysis.warehouse.analysis import INDEX

Array = NDArray[np.float64]
# what varies within schools less than this part of a column's variation is rounding
CONSTANT_WITHIN = 1e-9


@dataclass(frozen=True, slots=True)
class FactorColumns:
    """A factor and its columns in the moments: one, or a dummy for each category but the base."""

    name: str
    columns: tuple[int, ...]
    is_category: bool


@dataclass(frozen=True, slots=True)
class Questions:
    """Sums of products by school, and which columns are what.

    Attributes:
        moments: Products by school for all columns; one level, the school.
        base: Columns of the adjusters, the column of ones first.
        factors: The factors in the order asked.
        outcomes: Columns of each outcome: one, or one for each plausible value.
        noise: What is known of the spread within schools: "estimated" from several rows a school, "known" (one row a
            school with its sampling variance, whose reciprocal is the weight), "unknown" (one row and nothing else).
        pupil_sd: Spread of pupils in the outcome's unit where rows are those of schools and it is known.
        n_pupils: Pupils behind the rows where they are known.
        pupils_by_school: Of rows of schools the pupils of each school's largest row, shape (schools,).
        rows_kind: "pupils" or "schools".
    """

    moments: GroupedMoments
    base: tuple[int, ...]
    factors: tuple[FactorColumns, ...]
    outcomes: Mapping[str, tuple[int, ...]]
    noise: str = "estimated"
    pupil_sd: float | None = None
    n_pupils: int | None = None
    pupils_by_school: NDArray[np.int64] | None = None
    rows_kind: str = "pupils"

    @property
    def n_schools(self) -> int:
        """Schools with rows."""
        return len(self.moments.levels[-1].labels)

    @property
    def pupils(self) -> NDArray[np.int64]:
        """Pupils behind each school, shape (schools,)."""
        return self.moments.levels[-1].sizes if self.pupils_by_school is None else self.pupils_by_school

    @property
    def factor_columns(self) -> tuple[int, ...]:
        """Columns of all factors in their order."""
        return tuple(column for one in self.factors for column in one.columns)

    def outcome_sd(self, outcome: str) -> float | None:
        """Spread of pupils in the outcome's unit: of all rows of pupils, or what is known of it."""
        if self.rows_kind != "pupils":
            return self.pupil_sd
        squares = self.total_sums(self.outcomes[outcome])
        weight = self.moments.products[self.base[0], self.base[0]]
        return float(np.sqrt(squares.mean() / (weight * (1 - 1 / self.moments.n_obs))))

    def spec(self, outcome: int) -> MultilevelSpec:
        """Random intercepts of schools, or the linear model where schools have one row."""
        random = (RandomTerm(0, (self.base[0],)),) if self.noise == "estimated" else ()
        return MultilevelSpec((*self.base, *self.factor_columns), outcome, random)

    def blocks(self, outcome: int) -> SchoolBlocks:
        """The products in the order of columns that variance shares need."""
        return blocks_of(
            self.moments,
            base=self.base,
            factors=[one.columns for one in self.factors],
            outcome=outcome,
            is_noise_known=self.noise == "known",
        )

    def school_means(self, columns: Sequence[int]) -> Array:
        """Weighted means of some columns in each school, shape (schools, columns)."""
        moments, ones = self.moments, self.base[0]
        row = moments.random.index(ones)
        sums = moments.grouped[row][list(columns)] / moments.grouped[row, ones]
        return np.asarray(sums.T + moments.shift[list(columns)])

    def within_sums(self, columns: Sequence[int]) -> Array:
        """Sums of squares about the school means, shape (columns,)."""
        moments, ones = self.moments, self.base[0]
        sizes = moments.grouped[moments.random.index(ones), ones]
        rows = [moments.random.index(column) for column in columns]
        squares = np.array([moments.grouped[row, column] for row, column in zip(rows, columns, strict=True)])
        sums = np.array([moments.grouped[row, ones] for row in rows])
        return np.asarray(np.maximum(squares - sums**2 / sizes, 0.0).sum(axis=1))

    def total_sums(self, columns: Sequence[int]) -> Array:
        """Sums of squares about the means of all rows, shape (columns,)."""
        products, ones = self.moments.products, self.base[0]
        return np.array(
            [products[one, one] - products[ones, one] ** 2 / products[ones, ones] for one in columns]
        )

    def is_constant_within(self, columns: Sequence[int]) -> NDArray[np.bool_]:
        """Which columns have one value a school."""
        return np.asarray(self.within_sums(columns) <= CONSTANT_WITHIN * self.total_sums(columns))

    def names_without_spread(self) -> tuple[str, ...]:
        """Factors with a column that is the same in all schools."""
        spreads = np.ptp(self.school_means(self.factor_columns), axis=0)
        same = {column for column, spread in zip(self.factor_columns, spreads, strict=True) if spread == 0}
        return tuple(one.name for one in self.factors if same & set(one.columns))

    def with_index(self, weights: Array, centre: Array) -> Questions:
        """The same question with one index Σ weight · (column − centre) in the place of all factors."""
        moments, columns = self.moments, list(self.factor_columns)
        outcomes = sorted({one for many in self.outcomes.values() for one in many})
        kept = [*self.base, *outcomes]
        fold = np.zeros((len(moments.columns), len(kept) + 1))
        fold[kept, np.arange(len(kept))] = 1.0
        fold[columns, -1] = weights
        fold[self.base[0], -1] = weights @ (moments.shift[columns] - centre)
        order = np.argsort(moments.random)
        grouped = np.einsum("ia,ijg,jb->abg", fold, moments.grouped[order], fold, optimize=True)
        place = {column: at for at, column in enumerate(kept)}
        return replace(
            self,
            moments=replace(
                moments,
                columns=(*(moments.columns[one] for one in kept), INDEX),
                shift=np.append(moments.shift[kept], 0.0),
                products=fold.T @ moments.products @ fold,
                random=tuple(range(len(kept) + 1)),
                grouped=grouped,
            ),
            base=tuple(place[one] for one in self.base),
            factors=(FactorColumns(INDEX, (len(kept),), is_category=False),),
            outcomes={name: tuple(place[one] for one in many) for name, many in self.outcomes.items()},
        )
