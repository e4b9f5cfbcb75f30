"""One school's result beside what was expected of it, and beside schools in like circumstances, in words."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import groupby

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import ExpectedResult, SchoolExpectations
from shnor_analysis.evaluation.facts import SchoolEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import (
    INDEX,
    assessment_name,
    factors_named,
    family_name,
    first_expected,
    part_name,
)
from shnor_analysis.exhibits.sentences.fitted import opening
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

School = Released[SchoolEvaluation]
VERDICTS = ("above", "as_expected", "below", "cannot_be_told")


def describe_expected(released: School, language: str) -> Text:
    """Whether the school's results are above, as, or below what such circumstances let expect, and how sure that is."""
    facts = released.value.expectations
    start = opening("expected", facts, language, audience=released.audience)
    if isinstance(facts, NotEstimable):
        return Text("expected", start)
    first = first_expected(facts)
    if first is None:
        return Text("expected", (*start, Paragraph(render("expected.empty", language), "note")))
    blocks: list[Block] = [
        *start,
        *_in_frequencies(first, language),
        Bullets(tuple(_verdicts(facts.given_context(), language))),
        *_earlier(facts, language),
    ]
    if any(one.is_resilient is True for one in facts.results):
        blocks.append(Paragraph(render("expected.resilient", language)))
    blocks += [
        Paragraph(_how(first, language), "note"),
        Paragraph(render("expected.not_meant", language), "note"),
    ]
    return Text("expected", tuple(blocks))


def _how(one: ExpectedResult, language: str) -> str:
    code = "expected.how.index" if one.context == (INDEX,) else "expected.how"
    factors = factors_named(one.circumstances, language)
    return printing.counted(code, one.schools_n, language, factors=factors)


def _verdicts(results: Sequence[ExpectedResult], language: str) -> list[str]:
    """One line a verdict and reason, with all the tests of which it holds."""
    said = []
    for verdict in VERDICTS:
        found = [one for one in results if one.verdict == verdict]
        for reason in dict.fromkeys(one.reason for one in found):
            works = _works([one for one in found if one.reason == reason], language)
            why = render(f"effect_unknown.{reason}", language) if reason else ""
            said.append(render(f"expected.{verdict}", language, works=works, why=why))
    for one in results:
        if isinstance(one.verdict, Suppressed):
            why = printing.why_not(one.verdict, language)
            said.append(render("expected.closed", language, works=family_name(one, language), why=why))
    return said


def _works(results: Sequence[ExpectedResult], language: str) -> str:
    """Assessments, each with its parts: "ВПР (все предметы вместе, математика); ОГЭ (русский язык)"."""
    return "; ".join(
        f"{name} ({', '.join(part_name(one, language) for one in parts)})"
        for name, parts in groupby(results, lambda one: assessment_name(one, language))
    )


def _in_frequencies(one: ExpectedResult, language: str) -> list[Block]:
    """The gap as pupils out of a hundred: nobody reads standard deviations."""
    if not isinstance(one.gap, Estimate):
        return []
    said = render(
        "expected.hundred",
        language,
        family=family_name(one, language),
        n=printing.ahead(one.gap.value, language),
        range=printing.ahead_range(one.gap, language),
    )
    return [Paragraph(said, "lead")]


def _earlier(facts: SchoolExpectations, language: str) -> list[Block]:
    """The same with the pupils' earlier results, where they are known."""
    known = [one for one in facts.results if one.given == "context_and_earlier"]
    if not known:
        return []
    return [
        Paragraph(render("expected.earlier", language)),
        Bullets(tuple(_verdicts(known, language))),
    ]


def describe_like(released: School, language: str) -> Text:
    """The schools in like circumstances and where this one stands among their results."""
    one = first_expected(released.value.expectations)
    if one is None:
        return Text("like", ())
    heading = Heading(render("like.heading", language), 3)
    results = [like.observed for like in one.like if isinstance(like.observed, float)]
    if not results:
        why = printing.why_not(NotEstimable("no_like_schools"), language)
        return Text("like", (heading, Paragraph(why, "note")))
    said = printing.counted(
        "like.intro",
        len(results),
        language,
        family=family_name(one, language),
        low=printing.ahead(min(results), language),
        middle=printing.ahead(statistics.median(results), language),
        high=printing.ahead(max(results), language),
    )
    if isinstance(one.observed, float):
        said += " " + render("like.own", language, own=printing.ahead(one.observed, language))
    return Text("like", (heading, Paragraph(said)))


SECTIONS = {"expected": describe_expected, "like": describe_like}
