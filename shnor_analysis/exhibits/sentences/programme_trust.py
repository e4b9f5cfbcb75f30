"""How far a programme's numbers may be trusted, in words: padlocks, likeness before, schools lost, plan, checklist."""

from __future__ import annotations

from collections import Counter

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import PlanFacts
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import estimated
from shnor_analysis.exhibits.text import Block, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.evidence import ADJUST, NOT_EQUIVALENT, SATISFIED, EvidenceGrade

Town = Released[TownEvaluation]
LOCKED, OPEN = "■", "□"  # a picture of a padlock is missing in some fonts
SHORT_HASH = 12


def padlocks(grade: EvidenceGrade) -> str:
    """The grade as a row of squares, filled for each padlock."""
    return LOCKED * grade.padlocks + OPEN * (grade.most - grade.padlocks)


def describe_evidence(released: Town, language: str) -> Text:
    """How many padlocks the evidence has; the table gives the reason of each step."""
    facts = estimated(released.value)
    grade = facts.effect.grade if facts else None
    if grade is None:
        return Text("evidence", ())
    said = printing.counted(
        "evidence.grade", grade.padlocks, language, locks=padlocks(grade), most=grade.most
    )
    blocks: list[Block] = [
        Heading(render("evidence.heading", language), 3),
        Paragraph(said, "lead"),
        Paragraph(render("evidence.reading", language), "note"),
    ]
    return Text("evidence", tuple(blocks))


def describe_baseline(released: Town, language: str) -> Text:
    """Whether the groups were alike before the programme, by the worst of the results compared."""
    facts = estimated(released.value)
    rows = facts.effect.baseline if facts else ()
    if not rows:
        return Text("baseline", ())
    verdicts = {row.verdict for row in rows}
    worst = next(code for code in (NOT_EQUIVALENT, ADJUST, SATISFIED) if code in verdicts)
    blocks = (
        Heading(render("baseline.heading", language), 3),
        Paragraph(render(f"baseline.{worst}", language)),
    )
    return Text("baseline", blocks)


def describe_programme_flow(released: Town, language: str) -> Text:
    """How many schools came how far; empty where nothing was worked out."""
    facts = released.value.programme
    if isinstance(facts, NotEstimable) or not facts.flow:
        return Text("programme_flow", ())
    blocks = (
        Heading(render("programme_flow.heading", language), 3),
        Paragraph(render("programme_flow.intro", language)),
    )
    return Text("programme_flow", blocks)


def describe_plan(released: Town, language: str) -> Text:
    """Whether a plan was frozen before the results were seen, and how many analyses keep to it."""
    facts = released.value.programme
    if isinstance(facts, NotEstimable):
        return Text("plan", ())
    heading = Heading(render("frozen_plan.heading", language), 3)
    if isinstance(facts.plan, NotEstimable):
        blocks: list[Block] = [heading, Paragraph(printing.why_not(facts.plan, language), "caution")]
        if released.audience == "department":
            blocks.append(Paragraph(render("frozen_plan.how", language), "note"))
        return Text("plan", tuple(blocks))
    return Text("plan", (heading, *_frozen(facts.plan, language)))


def _frozen(plan: PlanFacts, language: str) -> tuple[Block, ...]:
    frozen = render(
        "frozen_plan.before" if plan.is_before_outcome else "frozen_plan.after",
        language,
        day=printing.day(plan.frozen_on, language),
        name=plan.name,
        hash=plan.plan_hash[:SHORT_HASH],
    )
    known = Counter(line.status for line in plan.lines)
    told = [
        printing.counted(f"frozen_plan.{status}", known[status], language)
        for status in ("as_planned", "deviation", "exploratory")
        if known[status]
    ]
    counts = render("frozen_plan.counts", language, parts="; ".join(told)) if told else ""
    said = Paragraph(f"{frozen} {counts}".strip(), "note" if plan.is_before_outcome else "caution")
    if not plan.unreadable:
        return (said,)
    unread = render("frozen_plan.unreadable", language, files=", ".join(plan.unreadable))
    return (said, Paragraph(unread, "caution"))


def describe_trend_items(released: Town, language: str) -> Text:
    """The checklist of what a report on a programme must say, and how much of it the data filled."""
    facts = released.value.programme
    if isinstance(facts, NotEstimable) or not facts.trend:
        return Text("trend_items", ())
    filled = sum(row.status == "filled" for row in facts.trend)
    said = printing.counted("trend_items.intro", filled, language, all=len(facts.trend))
    return Text("trend_items", (Heading(render("trend_items.heading", language)), Paragraph(said)))


SECTIONS = {
    "evidence": describe_evidence,
    "baseline": describe_baseline,
    "programme_flow": describe_programme_flow,
    "plan": describe_plan,
    "trend_items": describe_trend_items,
}
