"""Signs and places of a formula, as formulaic reads them, and what is said where it cannot."""

from __future__ import annotations

import re

from formulaic import Formula, SimpleFormula
from formulaic.errors import FormulaicError
from formulaic.parser.algos.tokenize import tokenize
from formulaic.parser.types import Token

from shnor_analysis.errors import Problem, UsageProblem

MOST_TERMS = 5_000


KIND = Token.Kind


def tokens_of(text: str) -> list[Token]:
    """The signs and names of a text.

    Raises:
        UsageProblem: ``formula_syntax_at`` or ``formula_syntax``.
    """
    try:
        return list(tokenize(text))
    except FormulaicError as error:
        raise syntax_problem(text, _shown_place(error)) from None


def formula_of(text: str, part: str, offset: int) -> SimpleFormula:
    """Terms of a part of a formula, as formulaic reads them; `offset` is where the part begins in the whole text.

    Raises:
        UsageProblem: ``formula_syntax_at`` or ``formula_syntax``; ``formula_large`` for too many terms.
    """
    try:
        read = Formula(part)
    except FormulaicError as error:
        place = _shown_place(error)
        raise syntax_problem(text, None if place is None else place + offset) from None
    except (SyntaxError, ValueError, TypeError, RecursionError, KeyError, NotImplementedError):
        raise syntax_problem(text, offset) from None
    if not isinstance(read, SimpleFormula):
        raise syntax_problem(text, offset)
    if len(read) > MOST_TERMS:
        raise UsageProblem(Problem("formula_large", found=part.strip()))
    return read


def place_of(token: Token) -> int:
    """Where a sign stands in the text; −1 for one that formulaic added."""
    return -1 if token.source_start is None else int(token.source_start)


def _shown_place(error: Exception) -> int | None:
    """Formulaic shows the place in its message, in signs of its own."""
    _, found, shown = str(error).partition("\n\n")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    return plain.index("⧛") if found and "⧛" in plain else None


def syntax_problem(text: str, place: int | None) -> UsageProblem:
    """What is said of a text that is no formula: with the place, counted from 0, where it is known."""
    if place is None or place >= len(text):
        return UsageProblem(Problem("formula_syntax", found=text.strip()))
    return UsageProblem(
        Problem("formula_syntax_at", found=text[place : place + 12], fields={"position": place + 1})
    )
