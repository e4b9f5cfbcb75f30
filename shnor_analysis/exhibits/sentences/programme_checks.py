"""Checks of a programme's headline in words: years before and after, would-be programmes, other ways of asking."""

from __future__ import annotations

from collections.abc import Iterator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import ProgrammeFacts
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import coded, estimated
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.evidence import PreTrend
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import (
    PLACEBOS_FOR_A_TEST,
    DesignEstimate,
    Discontinuity,
    PlaceboRank,
    StaggeredEffect,
)

Town = Released[TownEvaluation]


def describe_event_study(released: Town, language: str) -> Text:
    """How to read the picture of the years, and what the dip of the selection year is."""
    facts = estimated(released.value)
    if facts is None or not facts.effect.event_study:
        return Text("event_study", ())
    blocks: list[Block] = [
        Heading(render("event.heading", language), 3),
        Paragraph(render("event.intro", language)),
    ]
    dip = [one for one in facts.effect.event_study if one.is_selection]
    if dip:
        lowest = min(dip, key=lambda one: one.estimate)
        code = "event.dip" if lowest.estimate < 0 else "event.no_dip"
        blocks.append(
            Paragraph(render(code, language, value=printing.spread(lowest.estimate, language)), "note")
        )
    blocks += _course_before(facts.effect, language)
    if facts.breaks:
        blocks.append(Paragraph(printing.counted("event.breaks", len(facts.breaks), language), "note"))
    return Text("event_study", tuple(blocks))


def _course_before(effect: ProgrammeEffect, language: str) -> Iterator[Block]:
    """How the schools moved before they were chosen, and what that would have led to with no programme."""
    told = effect.pre_trend
    if isinstance(told, NotEstimable):
        yield Paragraph(render("pre_trend.none", language, why=_why(told, language)), "note")
    if not isinstance(told, PreTrend):
        return
    side = "unclear" if not told.is_clear else "down" if told.slope < 0 else "up"
    numbers = ("slope", "conf_low", "conf_high", "drift", "drift_low", "drift_high")
    said = {name: printing.spread(getattr(told, name), language) for name in numbers}
    text = printing.counted(f"pre_trend.{side}", told.years_n, language, **said)
    yield Paragraph(text, "caution" if told.is_clear else "plain")


def describe_placebos(released: Town, language: str) -> Text:
    """Where the real estimate stands among programmes that never were, and the least p so many of them can give."""
    facts = estimated(released.value)
    ranked = facts.effect.placebos if facts else None
    if ranked is None:
        return Text("placebos", ())
    heading = Heading(render("placebo.heading", language), 3)
    if isinstance(ranked, NotEstimable):
        said = render("placebo.none", language, why=_why(ranked, language))
        return Text("placebos", (heading, Paragraph(said, "note")))
    place = render(
        "placebo.rank",
        language,
        rank=printing.number(ranked.rank, language),
        all=printing.number(ranked.k + 1, language),
    )
    count = printing.counted("placebo.count", ranked.k, language)
    blocks: tuple[Block, ...] = (
        heading,
        Paragraph(f"{render('placebo.intro', language)} {count} {place}"),
        Paragraph(_least_p(ranked, language), "note"),
    )
    if ranked.is_overlapping:
        blocks = (*blocks, Paragraph(render("placebo.overlapping", language), "note"))
    return Text("placebos", blocks)


def _least_p(ranked: PlaceboRank, language: str) -> str:
    least = printing.number(ranked.smallest_p, language, 3)
    if ranked.p is None:
        return render("placebo.no_test", language, least=least, needed=PLACEBOS_FOR_A_TEST)
    return render("placebo.p", language, p=printing.p_value(ranked.p, language), least=least)


def describe_specifications(released: Town, language: str) -> Text:
    """Whether the answer hangs on one school or on one of many defensible ways of asking."""
    facts = estimated(released.value)
    if facts is None:
        return Text("specifications", ())
    said = [*_without_one(facts, language), *_ways(facts.effect, language), *_others(facts.effect, language)]
    if not said:
        return Text("specifications", ())
    blocks: list[Block] = [Heading(render("specification.heading", language), 3), Bullets(tuple(said))]
    if facts.effect.specifications:
        blocks.append(Paragraph(render("specification.reading", language), "note"))
    return Text("specifications", tuple(blocks))


def _without_one(facts: ProgrammeFacts, language: str) -> Iterator[str]:
    found = facts.leave_one_out
    if isinstance(found, NotEstimable):
        return
    yield render(
        "leave_one_out.turns" if found.crosses_zero else "leave_one_out.same",
        language,
        low=printing.spread(found.lowest, language),
        high=printing.spread(found.highest, language),
    )


def _ways(effect: ProgrammeEffect, language: str) -> Iterator[str]:
    """How many ways of asking give a positive, a negative, and a number apart from zero."""
    ways = [one for one in effect.specifications if one.scale == "sd"]
    if not ways:
        return
    yield printing.counted(
        "specification.count",
        len(ways),
        language,
        positive=sum(one.estimate > 0 for one in ways),
        clear=sum(one.conf_low > 0 for one in ways),
        worse=sum(one.conf_high < 0 for one in ways),
        low=printing.spread(min(one.estimate for one in ways), language),
        high=printing.spread(max(one.estimate for one in ways), language),
    )


def _others(effect: ProgrammeEffect, language: str) -> Iterator[str]:
    """The design for several years of joining, and the jump at the threshold, or why they are not there."""
    if isinstance(effect.staggered, StaggeredEffect):
        own = effect.design("callaway_santanna")
        if not isinstance(own, NotEstimable):
            told = printing.spread_interval(own.estimate, own.conf_low, own.conf_high, language=language)
            said = render("staggered.found", language, value=told)
            yield f"{said} {_why_not_first(effect, own, language)}"
    elif isinstance(effect.staggered, NotEstimable):
        yield render("staggered.none", language, why=_why(effect.staggered, language))
    if isinstance(effect.discontinuity, Discontinuity):
        one = effect.discontinuity
        told = printing.spread_interval(one.estimate, one.conf_low, one.conf_high, language=language)
        yield printing.counted("discontinuity.found", one.n_below + one.n_above, language, value=told)
    elif isinstance(effect.discontinuity, NotEstimable):
        yield render("discontinuity.none", language, why=_why(effect.discontinuity, language))


def _why_not_first(effect: ProgrammeEffect, own: DesignEstimate, language: str) -> str:
    """Why the design by years of joining is a check and not the answer, and what its one base year makes of it."""
    said = [render("staggered.check", language)]
    last = next((one.estimate for one in reversed(effect.event_study) if one.is_base), 0.0)
    if round(last, 2):
        side = "low" if last < 0 else "high"
        said.append(render(f"staggered.base_{side}", language, value=printing.spread(last, language)))
    low, high = effect.hull_low, effect.hull_high
    holds_zero = low is not None and high is not None and low <= 0 <= high
    if holds_zero and (own.conf_low > 0 or own.conf_high < 0):
        said.append(render("staggered.alone", language))
    return " ".join(said)


def _why(reason: NotEstimable, language: str) -> str:
    return coded(f"not_estimable.{reason.reason}", reason.fields, language)


SECTIONS = {
    "event_study": describe_event_study,
    "placebos": describe_placebos,
    "specifications": describe_specifications,
}
