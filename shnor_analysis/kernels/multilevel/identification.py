"""Whether the data identify the model, before anything is fitted."""

from __future__ import annotations

import numpy as np

from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments
from shnor_analysis.kernels.multilevel.spec import MultilevelSpec
from shnor_analysis.kernels.multilevel.working import Working
from shnor_analysis.kernels.refusals import CannotFit

# share of a column's variation left beside the columns before it, below which sums of products cannot tell it from 0
COLLINEAR = 1e-11
# variation relative to the squared mean of a column, as the data have it and as it is once shifted, below which it is
# rounding: of the numbers themselves, and of their sums
CONSTANT, CONSTANT_SHIFTED = 1e-24, 1e-12
# residual sum of squares as a share of the outcome's variation, below which it is rounding of the sums
PERFECT = 1e-13


def refuse_unidentified(moments: GroupedMoments, spec: MultilevelSpec, working: Working) -> None:
    """Raise for what cannot be estimated: rows, groups, outcome and columns, in this order.

    Raises:
        CannotFit: With the codes of its docstring.
    """
    if moments.n_obs == 0:
        raise CannotFit("no_rows")
    if moments.n_obs <= len(spec.fixed):
        raise CannotFit("too_few_rows", n_rows=moments.n_obs, n_needed=len(spec.fixed) + 1)
    _refuse_groups(moments, spec)
    if _variation(moments, spec.outcome) <= 0.0:
        raise CannotFit("constant_outcome")
    _refuse_columns(moments, spec, working)


def refuse_perfect_fit(
    moments: GroupedMoments, spec: MultilevelSpec, working: Working, residual: float
) -> None:
    """Raise where a model leaves nothing of the outcome but rounding.

    Raises:
        CannotFit: ``perfect_fit``.
    """
    # without an intercept sums are not about means, and rounding is that of larger numbers
    size = max(_variation(moments, spec.outcome), working.products[-1, -1] / 10)
    if not residual > PERFECT * size:
        raise CannotFit("perfect_fit")


def _refuse_groups(moments: GroupedMoments, spec: MultilevelSpec) -> None:
    for term in spec.random:
        level = moments.levels[term.level]
        n_groups = int((level.sizes > 0).sum())
        if n_groups < 2:
            raise CannotFit("one_group", group=level.name)
        if n_groups >= moments.n_obs:
            raise CannotFit("one_pupil_per_group", group=level.name)
        if n_groups * len(term.columns) >= moments.n_obs:
            raise CannotFit("too_few_rows", n_rows=moments.n_obs, n_needed=n_groups * len(term.columns) + 1)


def _refuse_columns(moments: GroupedMoments, spec: MultilevelSpec, working: Working) -> None:
    constant = [one for one in spec.fixed if one != moments.intercept and _variation(moments, one) <= 0.0]
    if constant and moments.intercept in spec.fixed:
        raise CannotFit("constant_column", columns=tuple(moments.columns[one] for one in constant))
    order = sorted(range(len(spec.fixed)), key=lambda at: spec.fixed[at] != moments.intercept)
    products = working.products[np.ix_(order, order)]
    dependent = [spec.fixed[order[at]] for at in dependent_columns(products)]
    if dependent:
        raise CannotFit("collinear", columns=tuple(moments.columns[one] for one in dependent))


def _variation(moments: GroupedMoments, column: int) -> float:
    """Sum of squares around the mean; 0 where it is rounding."""
    square = moments.products[column, column]
    if moments.intercept is None:
        return float(square)
    one = moments.intercept
    total = moments.products[one, one]
    mean = moments.products[one, column] / total
    around = square - total * mean**2
    rounding = CONSTANT_SHIFTED * total * mean**2 + CONSTANT * total * (mean + moments.shift[column]) ** 2
    return float(around) if around > rounding else 0.0


def dependent_columns(products: Floats) -> list[int]:
    """Positions of columns that are combinations of the columns before them, by Cholesky with columns left out."""
    rest = np.array(products, dtype=np.float64)
    found = []
    for at in range(len(rest)):
        if rest[at, at] <= COLLINEAR * products[at, at]:
            found.append(at)
            continue
        rest -= np.outer(rest[:, at], rest[at]) / rest[at, at]
    return found
