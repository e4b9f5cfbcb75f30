"""Reads lme4's formula language: formulaic reads the fixed part, the bars are read here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from formulaic import Formula, SimpleFormula
from formulaic.errors import FormulaicError
from formulaic.parser.algos.tokenize import tokenize
from formulaic.parser.types import Token

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.formulas.allowed import check_expression
from shnor_analysis.warehouse.formulas.values import Bar, ModelFormula, term_columns

MOST_CHARACTERS = 20_000
MOST_POWER_OF_TERMS = 5
MOST_TERMS = 5_000
KIND = Token.Kind
BARS = ("|", "||")


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
    tokens = _tokens(text)
    if not tokens:
        raise _syntax(text, None)
    _check_size(text, tokens)
    tilde = _tilde(text, tokens)
    left = text[:tilde] if tilde is not None else ""
    start = 0 if tilde is None else tilde + 1
    right = [token for token in tokens if _start(token) >= start]
    spans = list(_bar_spans(text, right))
    fixed = _formula(text, _without(text, start, spans), start)
    outcomes = _outcomes(text, left)
    bars = tuple(bar for span in spans for bar in _bars(text, span))
    formula = ModelFormula(text, outcomes, fixed, bars, ())
    return ModelFormula(text, outcomes, fixed, bars, _columns(formula))


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a bar stands in the text: from its sign to its closing bracket."""

    cut_from: int
    open: int
    bar: Token
    close: int


def _tokens(text: str) -> list[Token]:
    try:
        return list(tokenize(text))
    except FormulaicError as error:
        raise _syntax(text, _place(error)) from None


def _check_size(text: str, tokens: Sequence[Token]) -> None:
    """A short text can ask for a million terms."""
    if len(text) > MOST_CHARACTERS:
        raise UsageProblem(Problem("formula_large", found=text[:40] + "…"))
    for sign, power in pairwise(tokens):
        is_power = sign.kind is KIND.OPERATOR and sign.token.strip().endswith(("**", "^"))
        if is_power and not (power.token.isdigit() and 1 <= int(power.token[:6]) <= MOST_POWER_OF_TERMS):
            raise _syntax(text, _start(power))
    if any((token.kind is KIND.OPERATOR and token.token == ".") or token.token == "." for token in tokens):
        raise _syntax(text, text.index("."))


def _tilde(text: str, tokens: Sequence[Token]) -> int | None:
    """Place of the sign between the sides."""
    places = [
        _start(token) + offset
        for token in tokens
        if token.kind is KIND.OPERATOR
        for offset, sign in enumerate(token.token)
        if sign == "~"
    ]
    if len(places) > 1:
        raise _syntax(text, places[1])
    return places[0] if places else None


def _bar_spans(text: str, tokens: Sequence[Token]) -> Iterator[_Span]:
    """The bracketed bars of the right side."""
    for begin, end in sorted(_brackets(text, tokens)):
        inside = tokens[begin + 1 : end]
        bars = [one for one in inside if one.kind is KIND.OPERATOR and "|" in one.token]
        if not bars:
            continue
        before = "".join(one.token for one in inside[: inside.index(bars[0])] if one.kind is KIND.CONTEXT)
        if len(bars) > 1 or bars[0].token not in BARS or before.count("(") != before.count(")"):
            raise _bar_problem(text, bars[0])
        _check_after(text, tokens, end, bars[0])
        yield _Span(
            _cut_from(text, tokens, begin, bars[0]), _start(tokens[begin]), bars[0], _start(tokens[end])
        )
    bare = [one for one in tokens if one.kind is KIND.OPERATOR and "|" in one.token]
    if len(bare) > len(_bracketed_bars(text, tokens)):
        raise _bar_problem(text, bare[0])


def _brackets(text: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Places of the outermost brackets."""
    opened: list[int] = []
    found = []
    for at, token in enumerate(tokens):
        if token.kind is KIND.CONTEXT and token.token in "([":
            opened.append(at)
        elif token.kind is KIND.CONTEXT:
            if not opened:
                raise _syntax(text, _start(token))
            begin = opened.pop()
            found += [] if opened else [(begin, at)]
    if opened:
        raise _syntax(text, _start(tokens[opened[-1]]))
    return found


def _bracketed_bars(text: str, tokens: Sequence[Token]) -> list[Token]:
    """The bars that stand in brackets."""
    return [
        one
        for begin, end in _brackets(text, tokens)
        for one in tokens[begin:end]
        if one.kind is KIND.OPERATOR and "|" in one.token
    ]


def _cut_from(text: str, tokens: Sequence[Token], begin: int, bar: Token) -> int:
    """A bar follows the tilde or a plus."""
    if begin == 0:
        return _start(tokens[0])
    before = tokens[begin - 1]
    if (
        _start(before) < 0
        or before.kind is not KIND.OPERATOR
        or not before.token.strip().endswith(("+", "~"))
    ):
        raise _bar_problem(text, bar)
    if before.token.endswith("~"):
        return _start(tokens[begin])
    return _start(before)


def _check_after(text: str, tokens: Sequence[Token], at: int, bar: Token) -> None:
    if at + 1 < len(tokens):
        after = tokens[at + 1]
        if after.kind is not KIND.OPERATOR or after.token[0] not in "+-":
            raise _bar_problem(text, bar)


def _without(text: str, start: int, spans: Sequence[_Span]) -> str:
    """The right side without its bars; blanks keep every other sign in its place."""
    kept = list(text[start:])
    for span in spans:
        for place in range(span.cut_from, span.close + 1):
            kept[place - start] = " "
    left = "".join(kept)
    return left if left.strip() else "1"


def _bars(text: str, span: _Span) -> Iterator[Bar]:
    """What a bracket with a bar asks for; ``||`` and ``a/b`` stand for several bars."""
    width = len(span.bar.token)
    begin = _start(span.bar)
    terms = _formula(text, text[span.open + 1 : begin], span.open + 1)
    if len(terms) == 0:
        raise _bar_problem(text, span.bar)
    parts = _uncorrelated(terms) if width == 2 else [terms]
    for group in _groups(text, text[begin + width : span.close], begin + width):
        for part in parts:
            yield Bar(part, group, is_correlated=width == 1)


def _uncorrelated(terms: SimpleFormula) -> list[SimpleFormula]:
    """One formula for each term; without the intercept unless the term is the intercept."""
    return [SimpleFormula([term], _ordering="none") for term in terms]


def _groups(text: str, group: str, place: int) -> list[tuple[str, ...]]:
    """The groupings of ``a/b`` (``b:a`` and ``a``, innermost first as in lme4), ``a:b`` and ``a``."""
    parts: list[list[str]] = [[]]
    wants_name = True
    for token in _tokens(group):
        if wants_name and token.kind is KIND.NAME:
            parts[-1].append(token.token)
        elif wants_name or token.kind is not KIND.OPERATOR or token.token not in ("/", ":"):
            raise UsageProblem(Problem("formula_group", found=group.strip()))
        elif token.token == "/":
            parts.append([])
        wants_name = not wants_name
    if wants_name:
        raise _syntax(text, place)
    nested: list[tuple[str, ...]] = []
    for part in parts:
        nested.append((*part, *(nested[-1] if nested else ())))
    return nested[::-1]


def _outcomes(text: str, left: str) -> SimpleFormula:
    """The terms of the left side; each is one column."""
    if not left.strip():
        return SimpleFormula([], _ordering="none")
    terms = list(_formula(text, f"{left} - 1", 0))
    if not terms or any(len(term.factors) != 1 or _is_literal(term) for term in terms):
        raise UsageProblem(Problem("formula_outcome", found=left.strip()))
    return SimpleFormula(terms, _ordering="none")


def _is_literal(term: Any) -> bool:
    return any(factor.eval_method.value == "literal" for factor in term.factors)


def _formula(text: str, part: str, offset: int) -> SimpleFormula:
    try:
        read = Formula(part)
    except FormulaicError as error:
        place = _place(error)
        raise _syntax(text, None if place is None else place + offset) from None
    except (SyntaxError, ValueError, TypeError, RecursionError, KeyError, NotImplementedError):
        raise _syntax(text, offset) from None
    if not isinstance(read, SimpleFormula):
        raise _syntax(text, offset)
    if len(read) > MOST_TERMS:
        raise UsageProblem(Problem("formula_large", found=part.strip()))
    return read


def _columns(formula: ModelFormula) -> tuple[str, ...]:
    """Every column named anywhere; refuses on the way what a formula may not do."""
    found = {name for bar in formula.random for name in bar.group}
    for part in (formula.outcomes, formula.fixed, *(bar.terms for bar in formula.random)):
        found.update(formula_columns(part))
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


def _start(token: Token) -> int:
    return -1 if token.source_start is None else int(token.source_start)


def _place(error: Exception) -> int | None:
    """Formulaic shows the place in its message, in signs of its own."""
    _, found, shown = str(error).partition("\n\n")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    return plain.index("⧛") if found and "⧛" in plain else None


def _syntax(text: str, place: int | None) -> UsageProblem:
    if place is None or place >= len(text):
        return UsageProblem(Problem("formula_syntax", found=text.strip()))
    return UsageProblem(
        Problem("formula_syntax_at", found=text[place : place + 12], fields={"position": place + 1})
    )


def _bar_problem(text: str, token: Token) -> UsageProblem:
    place = _start(token)
    return UsageProblem(
        Problem("formula_bar", found=text[max(place - 10, 0) : place + 10], fields={"position": place + 1})
    )
