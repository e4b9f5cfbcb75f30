"""One school's result beside what was expected of it, and beside schools in like circumstances, in words."""

from __future__ import annotations

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import ExpectedResult, SchoolExpectations
from shnor_analysis.evaluation.facts import SchoolEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import factor_name, family_name, first_expected
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

School = Released[SchoolEvaluation]


def describe_expected(released: School, language: str) -> Text:
    """Whether the school's results are above, as, or below what such circumstances let expect, and how sure that is."""
    facts = released.value.expectations
    blocks: list[Block] = [Heading(render("expected.heading", language))]
    if isinstance(facts, NotEstimable):
        why = render("factors.none", language, why=printing.why_not(facts, language))
        return Text("expected", (*blocks, Paragraph(why, "note")))
    first = first_expected(facts)
    if first is None:
        return Text("expected", (*blocks, Paragraph(render("expected.empty", language), "note")))
    blocks += [
        Paragraph(_intro(first, language)),
        Bullets(tuple(_verdict(one, language) for one in facts.given_context())),
        *_in_frequencies(first, language),
        *_earlier(facts, language),
    ]
    if any(one.is_resilient is True for one in facts.results):
        blocks.append(Paragraph(render("expected.resilient", language), "note"))
    if facts.is_stale:
        blocks.append(Paragraph(render("factors.stale", language), "caution"))
    blocks.append(Paragraph(render("expected.not_meant", language), "note"))
    return Text("expected", tuple(blocks))


def _intro(one: ExpectedResult, language: str) -> str:
    names = ", ".join(factor_name(factor, language) for factor in one.context)
    return printing.counted("expected.intro", one.schools_n, language, factors=names)


def _verdict(one: ExpectedResult, language: str) -> str:
    if isinstance(one.verdict, Suppressed):
        why = printing.why_not(one.verdict, language)
        return render("expected.closed", language, family=family_name(one, language), why=why)
    why = render(f"effect_unknown.{one.reason}", language) if one.reason else ""
    return render(f"expected.{one.verdict}", language, family=family_name(one, language), why=why)


def _in_frequencies(one: ExpectedResult, language: str) -> list[Block]:
    """The gap as pupils out of a hundred: nobody reads standard deviations."""
    if not isinstance(one.gap, Estimate):
        return []
    middle, low, high = (
        printing.ahead_of_hundred(part) for part in (one.gap.value, one.gap.low, one.gap.high)
    )
    return [Paragraph(render("expected.hundred", language, n=middle, low=low, high=high), "lead")]


def _earlier(facts: SchoolExpectations, language: str) -> list[Block]:
    """The same with the pupils' earlier results, where they are known."""
    known = [one for one in facts.results if one.given == "context_and_earlier"]
    if not known:
        return []
    return [
        Paragraph(render("expected.earlier", language)),
        Bullets(tuple(_verdict(one, language) for one in known)),
    ]


def describe_like(released: School, language: str) -> Text:
    """The schools in like circumstances and where this one stands among their results."""
    one = first_expected(released.value.expectations)
    if one is None:
        return Text("like", ())
    blocks: list[Block] = [Heading(render("like.heading", language), 3)]
    if isinstance(one.like_range, NotEstimable | Suppressed):
        return Text("like", (*blocks, Paragraph(printing.why_not(one.like_range, language), "note")))
    low, middle, high = (printing.spread(value, language) for value in one.like_range)
    blocks.append(
        Paragraph(
            printing.counted(
                "like.intro",
                len(one.like),
                language,
                family=family_name(one, language),
                low=low,
                middle=middle,
                high=high,
            )
        )
    )
    return Text("like", tuple(blocks))


SECTIONS = {"expected": describe_expected, "like": describe_like}
