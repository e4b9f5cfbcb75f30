"""Reads lme4's formula language: formulaic reads the fixed part, the bars are read here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from formulaic import SimpleFormula
from formulaic.parser.types import Token

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.formulas.allowed import check_expression
from shnor_analysis.warehouse.formulas.bars import BarSpan, bar_spans, bars_of
from shnor_analysis.warehouse.formulas.tokens import KIND, formula_of, place_of, syntax_problem, tokens_of
from shnor_analysis.warehouse.formulas.values import ModelFormula, term_columns

MOST_CHARACTERS = 20_000
MOST_POWER_OF_TERMS = 5
# formulaic's name of the column of ones; a column of the data by this name would be taken for it
RESERVED = "Intercept"


def parse_formula(text: str) -> ModelFormula:
    """Read a formula such as ``points ~ sex + ses + (1 + ses | school_id) + (1 | municipality_id)``.

    The fixed part means what it means in formulaic, and its terms have formulaic's names. Random bars are those of
    lme4: ``(1 | g)``, ``(x | g)`` with its intercept, ``(0 + x | g)``, ``(x || g)``, ``(1 | a/b)``, ``(1 | a:b)``.
    Names with spaces stand in backticks. Several outcomes are added on the left: ``y1 + log(y2) ~ x``.

    Parameters:
        text: The formula; the left side may be missing where rows are only described.

    Returns:
        Outcomes, fixed terms, bars and the columns that they name.

    Raises:
        UsageProblem: ``formula_syntax`` with the place, ``formula_bar`` for a bar in a wrong place,
            ``formula_group`` for a group that is no column, ``formula_outcome``, ``formula_function``,
            ``formula_forbidden``, ``formula_expression``, ``formula_order``, ``formula_large``.
    """
    if not isinstance(text, str):
        raise UsageProblem(Problem("formula_syntax", found=type(text).__name__))
    tokens = tokens_of(text)
    if not tokens:
        raise syntax_problem(text, None)
    _check_size(text, tokens)
    tilde = _tilde(text, tokens)
    left = text[:tilde] if tilde is not None else ""
    start = 0 if tilde is None else tilde + 1
    right = [token for token in tokens if place_of(token) >= start]
    spans = list(bar_spans(text, right))
    fixed = formula_of(text, _without(text, start, spans), start)
    outcomes = _outcomes(text, left)
    bars = tuple(bar for span in spans for bar in bars_of(text, span))
    formula = ModelFormula(text, outcomes, fixed, bars, ())
    return ModelFormula(text, outcomes, fixed, bars, _columns(formula))


def _check_size(text: str, tokens: Sequence[Token]) -> None:
    """A short text can ask for a million terms."""
    if len(text) > MOST_CHARACTERS:
        raise UsageProblem(Problem("formula_large", found=text[:40] + "…"))
    for sign, power in pairwise(tokens):
        is_power = sign.kind is KIND.OPERATOR and sign.token.strip().endswith(("**", "^"))
        if is_power and not (power.token.isdigit() and 1 <= int(power.token[:6]) <= MOST_POWER_OF_TERMS):
            raise syntax_problem(text, place_of(power))
    if any((token.kind is KIND.OPERATOR and token.token == ".") or token.token == "." for token in tokens):
        raise syntax_problem(text, text.index("."))


def _tilde(text: str, tokens: Sequence[Token]) -> int | None:
    """Place of the sign between the sides."""
    places = [
        place_of(token) + offset
        for token in tokens
        if token.kind is KIND.OPERATOR
        for offset, sign in enumerate(token.token)
        if sign == "~"
    ]
    if len(places) > 1:
        raise syntax_problem(text, places[1])
    return places[0] if places else None


def _without(text: str, start: int, spans: Sequence[BarSpan]) -> str:
    """The right side without its bars; blanks keep every other sign in its place."""
    kept = list(text[start:])
    for span in spans:
        for place in range(span.cut_from, span.close + 1):
            kept[place - start] = " "
    left = "".join(kept)
    return left if left.strip() else "1"


def _outcomes(text: str, left: str) -> SimpleFormula:
    """The terms of the left side; each is one column."""
    if not left.strip():
        return SimpleFormula([], _ordering="none")
    terms = list(formula_of(text, f"{left} - 1", 0))
    if not terms or any(len(term.factors) != 1 or _is_literal(term) for term in terms):
        raise UsageProblem(Problem("formula_outcome", found=left.strip()))
    return SimpleFormula(terms, _ordering="none")


def _is_literal(term: Any) -> bool:
    return any(factor.eval_method.value == "literal" for factor in term.factors)


def _columns(formula: ModelFormula) -> tuple[str, ...]:
    """Every column named anywhere; refuses on the way what a formula may not do."""
    found = {name for bar in formula.random for name in bar.group}
    for part in (formula.outcomes, formula.fixed, *(bar.terms for bar in formula.random)):
        found.update(formula_columns(part))
    if RESERVED in found:
        raise UsageProblem(Problem("column_reserved", found=RESERVED))
    return tuple(sorted(found))


def formula_columns(part: SimpleFormula) -> tuple[str, ...]:
    """The columns that some terms name.

    Raises:
        UsageProblem: A factor does what a formula may not do.
    """
    found: dict[str, None] = {}
    for factor in (factor for term in part for factor in term.factors):
        if factor.eval_method.value == "lookup":
            found[factor.expr] = None
        elif factor.eval_method.value == "python":
            found |= dict.fromkeys(check_expression(factor.expr))
        elif not re.fullmatch(r"[0-9.]+", factor.expr):
            raise UsageProblem(
                Problem("formula_forbidden", found=factor.expr, allowed=term_columns(next(iter(part))))
            )
    return tuple(found)
