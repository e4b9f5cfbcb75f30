"""The random bars of lme4's language: ``(1 + x | g)``, ``(x || g)``, ``(1 | a/b)``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from formulaic import SimpleFormula
from formulaic.parser.types import Token

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.formulas.tokens import KIND, formula_of, place_of, syntax_problem, tokens_of
from shnor_analysis.warehouse.formulas.values import Bar

BARS = ("|", "||")


@dataclass(frozen=True, slots=True)
class BarSpan:
    """Where a bar stands in the text: from its sign to its closing bracket."""

    cut_from: int
    open: int
    bar: Token
    close: int


def bar_spans(text: str, tokens: Sequence[Token]) -> Iterator[BarSpan]:
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
        yield BarSpan(
            _cut_from(text, tokens, begin, bars[0]), place_of(tokens[begin]), bars[0], place_of(tokens[end])
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
                raise syntax_problem(text, place_of(token))
            begin = opened.pop()
            found += [] if opened else [(begin, at)]
    if opened:
        raise syntax_problem(text, place_of(tokens[opened[-1]]))
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
        return place_of(tokens[0])
    before = tokens[begin - 1]
    if (
        place_of(before) < 0
        or before.kind is not KIND.OPERATOR
        or not before.token.strip().endswith(("+", "~"))
    ):
        raise _bar_problem(text, bar)
    if before.token.endswith("~"):
        return place_of(tokens[begin])
    return place_of(before)


def _check_after(text: str, tokens: Sequence[Token], at: int, bar: Token) -> None:
    if at + 1 < len(tokens):
        after = tokens[at + 1]
        if after.kind is not KIND.OPERATOR or after.token[0] not in "+-":
            raise _bar_problem(text, bar)


def bars_of(text: str, span: BarSpan) -> Iterator[Bar]:
    """What a bracket with a bar asks for; ``||`` and ``a/b`` stand for several bars."""
    width = len(span.bar.token)
    begin = place_of(span.bar)
    terms = formula_of(text, text[span.open + 1 : begin], span.open + 1)
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
    for token in tokens_of(group):
        if wants_name and token.kind is KIND.NAME:
            parts[-1].append(token.token)
        elif wants_name or token.kind is not KIND.OPERATOR or token.token not in ("/", ":"):
            raise UsageProblem(Problem("formula_group", found=group.strip()))
        elif token.token == "/":
            parts.append([])
        wants_name = not wants_name
    if wants_name:
        raise syntax_problem(text, place)
    nested: list[tuple[str, ...]] = []
    for part in parts:
        nested.append((*part, *(nested[-1] if nested else ())))
    return nested[::-1]


def _bar_problem(text: str, token: Token) -> UsageProblem:
    place = place_of(token)
    return UsageProblem(
        Problem("formula_bar", found=text[max(place - 10, 0) : place + 10], fields={"position": place + 1})
    )
