"""What formulaic makes of some terms, column by column, written as polynomials of levels and numbers."""

from __future__ import annotations

import ast
import itertools
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from formulaic import ModelSpec, SimpleFormula
from formulaic.errors import DataMismatchWarning, FormulaicError
from formulaic.materializers import PandasMaterializer

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.formulas import CONTEXT
from shnor_analysis.warehouse.formulas.allowed import parse_expression
from shnor_analysis.warehouse.moments.numbers import NotInSql, Standard, write_column, write_number
from shnor_analysis.warehouse.moments.polynomials import (
    ONE,
    Atom,
    Column,
    Polynomial,
    of_atom,
    of_factor,
    scaled,
    times,
)
from shnor_analysis.warehouse.moments.sample import Sample

REFUSED = (
    *(FormulaicError, DataMismatchWarning),
    *(ArithmeticError, IndexError, KeyError, TypeError, ValueError),
)


@dataclass(frozen=True, slots=True)
class Materialised:
    """Some terms on the sample: formulaic's frozen recipe, and the values of each factor on the sample."""

    spec: ModelSpec
    factors: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns as formulaic writes them."""
        return tuple(self.spec.column_names)


@contextmanager
def refusing(terms: str) -> Iterator[None]:
    """What formulaic cannot compute from these columns is a fault of the formula, in formulaic's words.

    Raises:
        UsageProblem: ``formula_refused``.
    """
    try:
        yield
    except REFUSED as error:
        said = str(error).partition("[")[2].removesuffix("]") or str(error)
        raise UsageProblem(Problem("formula_refused", found=terms, fields={"said": said})) from None


def materialise(terms: SimpleFormula, sample: Sample, states: Mapping[str, Any]) -> Materialised:
    """Let formulaic build its columns on the sample, with the states of the transforms as they are in all rows."""
    materializer = PandasMaterializer(sample.frame, context=dict(CONTEXT))
    asked = ModelSpec(
        formula=terms,
        na_action="ignore",
        output="numpy",
        transform_state={key: dict(one) for key, one in states.items()},
    )
    with np.errstate(all="ignore"), warnings.catch_warnings(), refusing(str(terms)):
        # rows of a category that is not among `levels` would quietly count as the base
        warnings.simplefilter("error", DataMismatchWarning)
        matrix = materializer.get_model_matrix(asked)
    return Materialised(
        matrix.model_spec, {key: one.values for key, one in materializer.factor_cache.items()}
    )


@dataclass(slots=True)
class ColumnWriter:
    """Writes columns as polynomials and collects the numbers that they need.

    Attributes:
        sample: Levels and kinds.
        standards: States of `center` and `scale` by their text.
        has_shift: Whether numbers may be taken from near their mean: only beside an intercept.
        atoms: Numbers of each row, as they come.
        coded: Columns that stand as categories, as they come.
    """

    sample: Sample
    standards: Mapping[str, Standard]
    has_shift: bool
    atoms: list[Atom] = field(default_factory=list)
    coded: dict[str, None] = field(default_factory=dict)
    _known: dict[str, int] = field(default_factory=dict)

    def columns(self, materialised: Materialised) -> tuple[Column, ...]:
        """The columns of some terms.

        Raises:
            NotInSql: A factor can only be computed by formulaic.
        """
        made: list[Column] = []
        for structure in materialised.spec.structure or ():
            names = iter(structure.columns)
            for scoped in structure.scoped_terms:
                for polynomial, shift in self._scoped(scoped, materialised):
                    made.append(Column(next(names), polynomial, shift))
        return tuple(made)

    def _scoped(self, scoped: Any, materialised: Materialised) -> Iterator[tuple[Polynomial, float]]:
        """The columns of one term: codings of its factors times the product of its numbers."""
        codings: list[list[Polynomial]] = []
        numbers: list[str] = []
        values: Any = 1.0
        for factor in scoped.factors:
            expression = factor.factor.expr
            column = expression if is_lookup(factor.factor.factor) else category_column(expression)
            coding = self._coding(column, factor, materialised.spec)
            if coding is not None:
                codings.append(coding)
                continue
            numbers.append(self._number(expression, factor.factor))
            values = values * np.asarray(materialised.factors[expression], dtype=np.float64)
        scale = float(scoped.scale)
        if not codings:
            yield self._pure(numbers, values, scale)
            return
        number = self._mixed(numbers, values)
        for product in itertools.product(*reversed(codings)):
            polynomial: Polynomial = scaled(number, scale)
            for one in reversed(product):
                polynomial = times(polynomial, one)
            yield polynomial, 0.0

    def _pure(self, numbers: Sequence[str], values: Any, scale: float) -> tuple[Polynomial, float]:
        """A column of numbers alone is shifted as a whole."""
        if not numbers:
            return {ONE: scale}, 0.0
        atom = self._atom(" * ".join(numbers), values)
        return {((), (atom,)): scale}, scale * self.atoms[atom].shift

    def _mixed(self, numbers: Sequence[str], values: Any) -> Polynomial:
        if not numbers:
            return {ONE: 1.0}
        atom = self._atom(" * ".join(numbers), values)
        return of_atom(atom, self.atoms[atom].shift)

    def _atom(self, sql: str, values: Any) -> int:
        if sql not in self._known:
            self._known[sql] = len(self.atoms)
            self.atoms.append(Atom(sql, near_mean(values) if self.has_shift else 0.0))
        return self._known[sql]

    def _number(self, expression: str, factor: Any) -> str:
        if is_lookup(factor.factor):
            return write_column(expression, self.sample.kinds)
        return write_number(expression, self.sample.kinds, self.standards)

    def _coding(self, column: str | None, factor: Any, spec: ModelSpec) -> list[Polynomial] | None:
        """The columns of a factor by level; None for a number."""
        state = spec.encoder_state.get(factor.factor.expr)
        if state is None or "contrasts" not in state[1]:
            return None
        if column is None or column not in self.sample.levels:
            raise NotInSql
        self.coded[column] = None
        matrix = state[1]["contrasts"].get_coding_matrix(reduced_rank=factor.reduced)
        place = {level: at for at, level in enumerate(matrix.index.to_list())}
        by_level = matrix.to_numpy(dtype=np.float64)[[place[one] for one in self.sample.levels[column]]]
        return [of_factor(column, by_level[:, at]) for at in range(by_level.shape[1])]


def near_mean(values: Any) -> float:
    """A round number near the mean, to a tenth of the spread: most samples of the same rows give the same."""
    finite = np.asarray(values)[np.isfinite(values)]
    if len(finite) == 0:
        return 0.0
    mean, spread = float(finite.mean()), float(np.ptp(finite))
    if spread == 0.0:
        return mean
    digits = 1 - math.floor(math.log10(spread))
    return round(mean, digits)


def is_lookup(factor: Any) -> bool:
    """Whether a factor is the name of a column and nothing else."""
    return bool(factor.eval_method.value == "lookup")


def category_column(expression: str) -> str | None:
    """The column in ``C(name, …)``; None for any other computation."""
    tree, aliases = parse_expression(expression)
    if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "C"):
        return None
    first = tree.args[0] if tree.args else None
    if not isinstance(first, ast.Name) or any(one.arg == "levels" for one in tree.keywords):
        return None
    return aliases.get(first.id, first.id)
