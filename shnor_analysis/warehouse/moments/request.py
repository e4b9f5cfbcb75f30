"""What some formulas ask of the rows, all together: columns, factors, groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from formulaic import SimpleFormula

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.formulas import ModelFormula, formula_columns, parse_formula
from shnor_analysis.warehouse.formulas.allowed import check_expression
from shnor_analysis.warehouse.moments.columns import category_column
from shnor_analysis.warehouse.moments.hierarchy import Grouping
from shnor_analysis.warehouse.moments.source import Rows


@dataclass(frozen=True, slots=True)
class Request:
    """Formulas that share one scan.

    Attributes:
        formulas: The formulas.
        weights: Column of precision weights.
        cluster: Column whose groups are kept although no formula has a bar for it.
    """

    formulas: tuple[ModelFormula, ...]
    weights: str | None = None
    cluster: str | None = None

    @property
    def parts(self) -> tuple[SimpleFormula, ...]:
        """All terms, part by part: fixed, bars, outcomes."""
        fixed = [one.fixed for one in self.formulas]
        bars = [bar.terms for one in self.formulas for bar in one.random]
        return (*fixed, *bars, *(one.outcomes for one in self.formulas))

    @property
    def groupings(self) -> tuple[Grouping, ...]:
        """All groupings, in the order written."""
        found = [one for formula in self.formulas for one in formula.groupings]
        if self.cluster is not None:
            found.append((self.cluster,))
        return tuple(dict.fromkeys(found))

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns of the groupings."""
        return tuple(dict.fromkeys(name for one in self.groupings for name in one))

    @property
    def term_columns(self) -> tuple[str, ...]:
        """The columns of all terms."""
        return tuple(dict.fromkeys(name for part in self.parts for name in formula_columns(part)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that must be there and not be empty."""
        weights = () if self.weights is None else (self.weights,)
        return tuple(dict.fromkeys((*self.term_columns, *self.group_columns, *weights)))

    @property
    def expressions(self) -> tuple[str, ...]:
        """Factors that compute."""
        found = {
            factor.expr: None
            for part in self.parts
            for term in part
            for factor in term.factors
            if factor.eval_method.value == "python"
        }
        return tuple(found)

    @property
    def has_intercept(self) -> bool:
        """Whether every formula has one: only then are columns shifted."""
        return all(any(str(term) == "1" for term in one.fixed) for one in self.formulas)

    def factors(self, rows: Rows) -> tuple[str, ...]:
        """Columns that stand as categories: texts, and what ``C()`` makes one."""
        marked = {category_column(one) for one in self.expressions}
        return tuple(one for one in self.term_columns if rows.kinds[one] == "text" or one in marked)

    def check_kinds(self, rows: Rows) -> None:
        """Refuse columns whose kind does not fit their place.

        Raises:
            UsageProblem: ``formula_kind`` for dates and the like, ``formula_text`` for texts where numbers are needed.
        """
        problems = [
            Problem("formula_kind", found=one)
            for one in (*self.term_columns, *([self.weights] if self.weights else ()))
            if rows.kinds[one] == "other"
        ]
        texts = {one for one in self.term_columns if rows.kinds[one] == "text"}
        problems += [
            Problem("formula_text", found=name, fields={"place": name}) for name in self._text_outcomes(texts)
        ]
        problems += [
            Problem("formula_text", found=name, fields={"place": expression})
            for expression in self.expressions
            for name in check_expression(expression)
            if name in texts and category_column(expression) != name and _is_computed(expression)
        ]
        if self.weights is not None and rows.kinds[self.weights] == "text":
            problems.append(Problem("formula_text", found=self.weights, fields={"place": self.weights}))
        if problems:
            raise UsageProblem(problems)

    def _text_outcomes(self, texts: set[str]) -> list[str]:
        return [str(term) for one in self.formulas for term in one.outcomes if str(term).strip("`") in texts]


def _is_computed(expression: str) -> bool:
    """Whether a factor does arithmetic with its columns: a comparison with a text or a code of categories does not."""
    return not any(sign in expression for sign in ("==", "!=", "C(", "hashed(", "Q("))


def request(
    formulas: ModelFormula | str | Sequence[ModelFormula | str], weights: str | None, cluster: str | None
) -> Request:
    """Read what is asked; a single formula is a list of one."""
    several = [formulas] if isinstance(formulas, (ModelFormula, str)) else list(formulas)
    read = tuple(parse_formula(one) if isinstance(one, str) else one for one in several)
    return Request(read, weights, cluster)
