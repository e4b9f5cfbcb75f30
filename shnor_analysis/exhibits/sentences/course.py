"""A school's exit as three statements, and its own course beside what was predicted for it; never an effect."""

from __future__ import annotations

from collections.abc import Iterator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import SchoolEvaluation
from shnor_analysis.evaluation.school_programme_facts import (
    CourseFacts,
    CoursePoint,
    ExitStatements,
    ObjectivitySigns,
    SimilarYear,
)
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import coded
from shnor_analysis.exhibits.sentences.fitted import opening
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

School = Released[SchoolEvaluation]
VERDICTS = ("better", "inside", "worse")


def describe_exits(released: School, language: str) -> Text:
    """That an exit is three statements, kept apart; the table has them side by side."""
    exits = released.value.exits
    heading = Heading(render("exits.heading", language), 3)
    if isinstance(exits, ExitStatements):
        return Text("exits", (heading, Paragraph(render("exits.intro", language))))
    if isinstance(exits, Suppressed):
        return Text("exits", (heading, Paragraph(render("exits.closed", language), "note")))
    said = render("exits.none", language, why=_why(exits, language))
    return Text("exits", (heading, Paragraph(said, "note")))


def _why(reason: NotEstimable, language: str) -> str:
    return coded(f"not_estimable.{reason.reason}", reason.fields, language)


def describe_course(released: School, language: str) -> Text:
    """The years after the prediction's last: within its bounds or not, beside like schools and signs of biased results."""
    facts = released.value.course
    start = opening("course", facts, language, audience=released.audience)
    if isinstance(facts, NotEstimable):
        return Text("course", start)
    blocks: list[Block] = [*start, Paragraph(_intro(facts, language))]
    said = [*_verdicts(facts, language), *_like(facts, language)]
    if said:
        blocks.append(Bullets(tuple(said)))
    blocks += _signs(facts.signs, language)
    blocks.append(Paragraph(_no_effect(facts, language), "caution"))
    return Text("course", tuple(blocks))


def _intro(facts: CourseFacts, language: str) -> str:
    through = printing.school_year(facts.through, language)
    if facts.programme is None or facts.cohort_year is None:
        return render("course.intro", language, through=through)
    joined = printing.school_year(facts.cohort_year, language)
    return render(
        "course.intro.programme", language, through=through, programme=facts.programme, joined=joined
    )


def _no_effect(facts: CourseFacts, language: str) -> str:
    if facts.programme is None:
        return render("course.no_effect", language)
    return render("course.no_effect.programme", language, programme=facts.programme)


def _verdicts(facts: CourseFacts, language: str) -> Iterator[str]:
    """The years within the bounds, below and above them; years that cannot be told are named."""
    told = [one for one in facts.years if one.verdict is not None]
    for verdict in VERDICTS:
        years = [one for one in told if one.verdict == verdict]
        if years:
            yield render(f"course.{verdict}", language, years=_years(years, language))
    hidden = [one for one in told if isinstance(one.verdict, Suppressed)]
    if hidden:
        years_named = ", ".join(printing.school_year(one.school_year, language) for one in hidden)
        yield render("course.hidden", language, years=years_named)


def _years(points: list[CoursePoint], language: str) -> str:
    """Each year with the share and the bounds: "2022/23 — 9 % (предсказано от 11 до 37 %)"."""
    return "; ".join(_year(one, language) for one in points)


def _year(one: CoursePoint, language: str) -> str:
    year = printing.school_year(one.school_year, language)
    if not isinstance(one.observed, Estimate) or not isinstance(one.expected, Estimate):
        return year
    return render(
        "course.year",
        language,
        year=year,
        share=printing.percent(one.observed.value, language),
        range=printing.interval(one.expected, language),
    )


def _like(facts: CourseFacts, language: str) -> Iterator[str]:
    """Like schools in the newest year."""
    if isinstance(facts.similar, NotEstimable):
        yield render("course.like.none", language, why=_why(facts.similar, language))
        return
    known = [one for one in facts.similar_years if isinstance(one.middle, float)]
    if known:
        yield _like_year(known[-1], language)


def _like_year(one: SimilarYear, language: str) -> str:
    assert isinstance(one.middle, float)
    middle = printing.percent(one.middle, language)
    year = printing.school_year(one.school_year, language)
    if not isinstance(one.lowest, float) or not isinstance(one.highest, float):
        return printing.counted("course.like.middle", one.schools_n, language, year=year, middle=middle)
    both = printing.measured_range(one.lowest, one.highest, printing.SHARE, language)
    return printing.counted("course.like", one.schools_n, language, year=year, middle=middle, range=both)


def _signs(signs: ObjectivitySigns | NotEstimable, language: str) -> list[Block]:
    """Signs that results may be biased, beside the course: an improvement may be one, a fall honesty."""
    heading = Heading(render("signs.heading", language), 3)
    if isinstance(signs, NotEstimable):
        return [heading, Paragraph(printing.begun(_why(signs, language)), "note")]
    said = []
    if signs.flagged_years:
        years = ", ".join(printing.school_year(year, language) for year in signs.flagged_years)
        said.append(render("signs.flagged", language, years=years))
    raised = [one.raised.value for one in signs.agreement if isinstance(one.raised, Estimate)]
    if raised:
        both = printing.measured_range(min(raised), max(raised), printing.SHARE, language)
        shares = both if len(raised) > 1 else printing.percent(raised[0], language)
        said.append(printing.counted("signs.raised", len(raised), language, shares=shares))
    if hidden_n := sum(isinstance(one.raised, Suppressed) for one in signs.agreement):
        said.append(printing.counted("signs.hidden", hidden_n, language))
    if not said:
        return [heading, Paragraph(render("signs.none", language))]
    return [heading, Bullets(tuple(said)), Paragraph(render("signs.reading", language), "note")]


SECTIONS = {"exits": describe_exits, "course": describe_course}
