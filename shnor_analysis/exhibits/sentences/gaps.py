"""Gaps of a town's schools in words: how many differ from what was expected, and how little that says."""

from __future__ import annotations

from collections import Counter

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import SchoolGap
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import family_name, first_gaps, why_nothing
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable, Suppressed

VERDICTS = ("above", "below", "as_expected")
MOST_NAMES = 12


def describe_gaps(released: Released[TownEvaluation], language: str) -> Text:
    """How many schools differ from what was expected, the resilient ones, and how little that says."""
    facts = released.value.factors
    if isinstance(facts, NotEstimable):
        return Text("gaps", ())
    blocks: list[Block] = [Heading(render("gaps.heading", language))]
    found = first_gaps(facts)
    if found is None:
        reason = next((one.gaps for one in facts.families if isinstance(one.gaps, NotEstimable)), None)
        why = why_nothing(reason or NotEstimable("no_models"), language, audience=released.audience)
        return Text("gaps", (*blocks, Paragraph(why, "note")))
    family, gaps = found
    blocks += [
        Paragraph(render("gaps.intro", language, family=family_name(family, language))),
        Bullets(tuple(_verdicts(gaps, language))),
    ]
    resilient = [one.name for one in gaps if one.is_resilient is True]
    if len(resilient) > MOST_NAMES:
        blocks.append(Paragraph(printing.counted("gaps.resilient.many", len(resilient), language)))
    elif resilient:
        blocks.append(Paragraph(render("gaps.resilient", language, names=", ".join(resilient))))
    blocks.append(Paragraph(render("gaps.reading", language), "note"))
    return Text("gaps", tuple(blocks))


def _verdicts(gaps: tuple[SchoolGap, ...], language: str) -> list[str]:
    known = Counter(str(one.verdict) for one in gaps if not isinstance(one.verdict, Suppressed))
    said = [printing.counted(f"gaps.{one}", known[one], language) for one in VERDICTS if known[one]]
    reasons = Counter(one.reason for one in gaps if one.verdict == "cannot_be_told")
    said += [
        printing.counted("gaps.cannot_be_told", n, language, why=render(f"effect_unknown.{code}", language))
        for code, n in reasons.items()
        if code
    ]
    hidden = Counter(one.verdict.reason for one in gaps if isinstance(one.verdict, Suppressed))
    return said + [
        printing.counted("gaps.closed", n, language, why=printing.why_not(Suppressed(code), language))
        for code, n in hidden.items()
    ]


SECTIONS = {"gaps": describe_gaps}
