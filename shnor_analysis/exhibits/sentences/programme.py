"""A programme in words: what so few schools can show, the headline between two bounds, and what must not be said."""

from __future__ import annotations

from collections.abc import Iterator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import ProgrammeFacts, UnseenProgramme
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import autumn_in_words, coded, estimated, is_effect
from shnor_analysis.exhibits.sentences.fitted import opening
from shnor_analysis.exhibits.sentences.naive import describe_naive
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.evidence import MonthsOfProgress, PreTrend
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import Note
from shnor_analysis.results.shown_plan import USUAL_EFFECT

Town = Released[TownEvaluation]


def describe_programme(released: Town, language: str) -> Text:
    """What could be found at all, then the headline with both bounds, then how often chance gives as much."""
    facts = released.value.programme
    start = opening("programme", facts, language, audience=released.audience)
    if isinstance(facts, NotEstimable):
        return Text("programme", start)
    if facts.effect.is_descriptive or facts.effect.hull_low is None:
        return Text("programme", (*start, *_descriptive(facts, language), *_others(released.value, language)))
    blocks: list[Block] = [
        *start,
        Heading(render("programme.first", language), 3),
        Paragraph(_schools(facts, language)),
        Paragraph(_which_years(facts, language), "note"),
        *_detectable(facts.effect, language),
        Heading(render("programme.found", language), 3),
        Paragraph(headline(facts, language), "lead"),
        Paragraph(_in_sd(facts, language)),
        Paragraph(_reading(facts, language)),
        *_course_before(facts.effect, language),
        Paragraph(render("programme.hull", language), "note"),
        *_chance(facts.effect, language),
        *(_months(facts.effect, language) if is_effect(facts) else ()),
        *(Paragraph(_note(note, language), "caution") for note in facts.effect.notes),
        *_others(released.value, language),
    ]
    return Text("programme", tuple(blocks))


def _others(town: TownEvaluation, language: str) -> Iterator[Block]:
    """The headline of each other programme, or that nothing was estimated."""
    said = [
        headline(one, language)
        if not one.effect.is_descriptive and one.effect.hull_low is not None
        else printing.counted(
            "programme.other.descriptive", one.effect.n_treated, language, programme=one.programme
        )
        for one in town.other_programmes
    ]
    said += [_unseen(one, language) for one in town.unseen_programmes]
    if said:
        yield Heading(render("programme.others", language), 3)
        yield Bullets(tuple(said))


def _unseen(one: UnseenProgramme, language: str) -> str:
    """A programme without any result, with its number of schools and the reason."""
    why = coded(f"not_estimable.{one.reason.reason}", one.reason.fields, language)
    return printing.counted(
        "programme.other.unseen", one.schools_n, language, programme=one.programme, why=why
    )


def _note(note: Note, language: str) -> str:
    return coded(f"programme_note.{note.reason}", note.fields, language)


def _descriptive(facts: ProgrammeFacts, language: str) -> tuple[Block, ...]:
    """Why there is no headline — too few schools, or no years for one of the two designs —, and what stands here instead."""
    reasons = [facts.effect.reason, *(reason for _, reason in facts.effect.absent)]
    reason = next((one for one in reasons if one is not None), None)
    why = coded(f"not_estimable.{reason.reason}", reason.fields, language) if reason else ""
    return (
        Paragraph(_schools(facts, language)),
        Paragraph(render("programme.descriptive", language, why=why).strip(), "lead"),
        Paragraph(render("programme.descriptive.table", language), "note"),
    )


def _schools(facts: ProgrammeFacts, language: str) -> str:
    effect = facts.effect
    treated = printing.counted("programme.treated", effect.n_treated, language, programme=facts.programme)
    others = printing.counted("programme.comparison", effect.n_comparison, language)
    years = "; ".join(
        printing.counted("programme.cohort", n, language, year=printing.school_year(year, language))
        for year, n in effect.cohorts or facts.cohorts
    )
    return render("programme.schools", language, treated=treated, comparison=others, cohorts=years)


def _which_years(facts: ProgrammeFacts, language: str) -> str:
    """Which year is the first that results are looked at in, and what autumn tests count for."""
    code = "programme.delay.later" if facts.effect.delay else "programme.delay.none"
    return f"{render(code, language)} {autumn_in_words(facts.autumn_years, language)}".strip()


def _course_before(effect: ProgrammeEffect, language: str) -> Iterator[Block]:
    """That the schools were on another course already before they were chosen, where that is seen."""
    told = effect.pre_trend
    if isinstance(told, PreTrend) and told.is_clear:
        code = "programme.pre_trend.down" if told.slope < 0 else "programme.pre_trend.up"
        slope, drift = (printing.spread(one, language) for one in (told.slope, told.drift))
        yield Paragraph(render(code, language, slope=slope, drift=drift), "caution")


def _detectable(effect: ProgrammeEffect, language: str) -> Iterator[Block]:
    """The smallest effect that would mostly have been noticed, said before the result."""
    if effect.mdes is None:
        return
    said = render(
        "programme.mdes",
        language,
        mdes=printing.number(effect.mdes, language, 2),
        n=printing.ahead(effect.mdes, language),
    )
    usual = "programme.mdes.too_large" if effect.mdes > USUAL_EFFECT else "programme.mdes.fine"
    yield Paragraph(f"{said} {render(usual, language)}")


def headline_in_short(town: TownEvaluation, language: str) -> Iterator[str]:
    """The headline for the first page, with what its bounds allow to say; nothing where nothing was estimated."""
    facts = estimated(town)
    if facts is not None:
        yield f"{headline(facts, language)} {_reading(facts, language)}"


def headline(facts: ProgrammeFacts, language: str) -> str:
    """The hull of both intervals in pupils of a hundred; no effect is spoken of where the groups were not alike."""
    code = "programme.headline" if is_effect(facts) else "programme.headline.difference"
    low, high = facts.hull_low_of_100, facts.hull_high_of_100
    if low is None or high is None:
        assert facts.effect.hull_low is not None
        assert facts.effect.hull_high is not None
        told = printing.between(facts.effect.hull_low, facts.effect.hull_high, language)
        return render(f"{code}.sd", language, programme=facts.programme, range=told)
    told = printing.fewer_of_hundred(low, high, language)
    return render(code, language, programme=facts.programme, range=told)


def _in_sd(facts: ProgrammeFacts, language: str) -> str:
    low, high = facts.effect.hull_low, facts.effect.hull_high
    assert low is not None
    assert high is not None
    return render(
        "programme.in_sd",
        language,
        between=printing.between(low, high, language),
        low=printing.ahead(low, language),
        high=printing.ahead(high, language),
    )


def _reading(facts: ProgrammeFacts, language: str) -> str:
    """Whether the bounds leave out zero, and what then can be said."""
    low, high = facts.effect.hull_low, facts.effect.hull_high
    assert low is not None
    assert high is not None
    side = "above" if low > 0 else "below" if high < 0 else "crosses"
    if side != "crosses" and not is_effect(facts):
        return render(f"programme.not_alike.{side}", language)
    return render(f"programme.{side}", language)


def _chance(effect: ProgrammeEffect, language: str) -> Iterator[Block]:
    """How often the difference appears when participation is dealt out blindly."""
    p = effect.permutation_p
    if p is None:
        return
    said = printing.counted(
        "programme.permutation.exact" if effect.is_exact_permutation else "programme.permutation",
        effect.permutations,
        language,
        cases=printing.in_cases(p, language),
        p=printing.p_value(p, language),
    )
    yield Paragraph(said)


def _months(effect: ProgrammeEffect, language: str) -> Iterator[Block]:
    """Months of progress, never without their warnings."""
    months = effect.months
    if not isinstance(months, MonthsOfProgress) or not months.warnings:
        return
    warnings = " ".join(render(f"months_warning.{code}", language) for code in months.warnings)
    said = render(
        "programme.months",
        language,
        months=printing.number(months.months, language),
        low=printing.number(months.low, language),
        high=printing.number(months.high, language),
    )
    yield Paragraph(f"{said} {warnings}", "note")


SECTIONS = {"programme": describe_programme, "naive": describe_naive}
