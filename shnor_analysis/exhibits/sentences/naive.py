"""What the simple comparison of before and after would say of a programme, and why it is not said."""

from __future__ import annotations

from collections.abc import Iterator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import GroupYearRow, ProgrammeFacts
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import COMPARISON, cohort_years, estimated
from shnor_analysis.exhibits.text import Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render

Town = Released[TownEvaluation]
Years = dict[int, GroupYearRow]


def describe_naive(released: Town, language: str) -> Text:
    """What the simple comparison of before and after would say, and why it is not said."""
    facts = estimated(released.value)
    said = tuple(_naive(facts, language)) if facts else ()
    if facts is None or not said:
        return Text("naive", ())
    is_whole = all(row.is_comparable for row in facts.groups)
    blocks = (
        Heading(render("naive.heading", language), 3),
        Paragraph(render("naive.intro" if is_whole else "naive.intro.breaks", language)),
        Bullets(said),
        Paragraph(render("naive.why", language), "caution"),
    )
    return Text("naive", blocks)


def _naive(facts: ProgrammeFacts, language: str) -> Iterator[str]:
    others = cohort_years(facts, COMPARISON)
    for cohort, _ in facts.cohorts:
        own = cohort_years(facts, str(cohort))
        before = [year for year in own if year < cohort]
        after = [year for year in own if year >= cohort + facts.effect.delay]
        if not before or not after:
            continue
        ends = _comparable_ends(own, before, after)
        if ends is None:
            joined = printing.school_year(cohort, language)
            yield render("naive.cohort.broken", language, cohort=joined)
            continue
        told = _before_after(own, *ends, language)
        if told is None:
            continue
        beside = _before_after(others, *ends, language) if set(ends) <= others.keys() else None
        years = {"before": ends[0], "after": ends[1], "cohort": cohort}
        named = {name: printing.school_year(year, language) for name, year in years.items()}
        said = render("naive.cohort", language, **named, **told)
        yield f"{said} {render('naive.others', language, **beside)}" if beside else said


def _comparable_ends(own: Years, before: list[int], after: list[int]) -> tuple[int, int] | None:
    """The last year before and the first after that may be set beside one another; None where there are none."""
    last = max((year for year in before if own[year].is_comparable), default=None)
    first = min((year for year in after if own[year].is_comparable), default=None)
    return None if last is None or first is None else (last, first)


def _before_after(rows: Years, before: int, after: int, language: str) -> dict[str, str] | None:
    """Two shares of low results and their change; None where one of them is not open."""
    was, became = rows[before].share_low, rows[after].share_low
    if not isinstance(was, float) or not isinstance(became, float):
        return None
    return {
        "was": printing.percent(was, language),
        "became": printing.percent(became, language),
        "change": printing.points(round(became * 100) - round(was * 100), language),
    }
