"""A formula once read: outcomes, fixed terms, random terms."""

from __future__ import annotations

from dataclasses import dataclass

from formulaic import SimpleFormula
from formulaic.parser.types import Term


@dataclass(frozen=True, slots=True)
class Bar:
    """One random term, such as ``(1 + ses | school_id)``; ``(x || g)`` has been taken apart into several.

    Attributes:
        terms: What varies between groups, as formulaic reads it; the intercept is the term ``1``.
        group: Columns whose joint values make a group, in the order of the name: ``(1 | a/b)`` gives
            ``("b", "a")`` and ``("a",)``, as in lme4.
        is_correlated: Whether the bar was single in the text. Effects of one bar correlate freely in any case: what
            ``||`` keeps apart stands in several bars, and a factor stays whole, as in lme4.
    """

    terms: SimpleFormula
    group: tuple[str, ...]
    is_correlated: bool = True

    @property
    def group_name(self) -> str:
        """Name of the grouping as lme4 writes it."""
        return ":".join(self.group)


@dataclass(frozen=True, slots=True)
class ModelFormula:
    """What a formula in lme4's language asks for.

    Attributes:
        text: The formula as given.
        outcomes: Terms on the left, each one outcome; empty for a formula without a left side.
        fixed: The fixed part as formulaic reads it, with its ``1`` for the intercept.
        random: The bars, in the order written.
        columns: Columns of the data that are named anywhere, in alphabetical order.
    """

    text: str
    outcomes: SimpleFormula
    fixed: SimpleFormula
    random: tuple[Bar, ...]
    columns: tuple[str, ...]

    @property
    def groupings(self) -> tuple[tuple[str, ...], ...]:
        """The different groupings, in the order written."""
        return tuple(dict.fromkeys(bar.group for bar in self.random))


def term_columns(term: Term) -> str:
    """Name of a term as formulaic writes it."""
    return ":".join(factor.expr for factor in term.factors)
