"""Leaving the list beside chance, in words: the programme's schools, past lists as a check, the list to come."""

from __future__ import annotations

from collections.abc import Iterator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import CalibrationRow, CohortFlow, ListFlowFacts, ListForecast
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import autumn_in_words, coded
from shnor_analysis.exhibits.sentences.fitted import opening
from shnor_analysis.exhibits.sentences.shared import rule_name
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable, Suppressed
from shnor_analysis.results.list_flow import calibration_verdict

Town = Released[TownEvaluation]


def describe_list_flow(released: Town, language: str) -> Text:
    """How many of the programme's schools left the list, and how many would have left anyway."""
    facts = released.value.list_flow
    start = opening("list_flow", facts, language, audience=released.audience)
    if isinstance(facts, NotEstimable):
        return Text("list_flow", start)
    blocks: list[Block] = [*start, Paragraph(render("list_flow.intro", language))]
    said = cohorts_in_words(facts, language)
    blocks.append(Bullets(said) if said else Paragraph(render("list_flow.no_cohorts", language), "note"))
    if said:
        blocks.append(Paragraph(render("list_flow.not_meant", language), "note"))
    rule = rule_name(facts.rule, language)
    how = printing.counted("list_flow.how", facts.schools_n, language, rule=rule)
    years = f"{_first_year(facts, language)} {autumn_in_words(facts.autumn_years, language)}".strip()
    blocks.append(Paragraph(f"{how} {years}", "note"))
    if not facts.rule_is_verified:
        blocks.append(Paragraph(render("lists.unverified", language), "caution"))
    blocks += [Paragraph(render(f"list_flow_note.{note}", language), "note") for note in facts.notes]
    return Text("list_flow", tuple(blocks))


def _first_year(facts: ListFlowFacts, language: str) -> str:
    return render("list_flow.since", language, year=printing.school_year(facts.first_year, language))


def cohorts_in_words(facts: ListFlowFacts, language: str) -> tuple[str, ...]:
    """One line for each year in which schools joined: left, would have left anyway, how often by chance."""
    return tuple(_cohort(one, language) for one in facts.cohorts)


def cohorts_in_short(facts: ListFlowFacts | NotEstimable, language: str) -> Iterator[str]:
    """One short line for each year in which schools joined, for the first page; nothing of closed or unknown numbers."""
    cohorts = () if isinstance(facts, NotEstimable) else facts.cohorts
    for one in cohorts:
        if not isinstance(one.left_n, int) or not one.listed_n:
            continue
        said = _left(
            "list_flow.short",
            one.left_n,
            language,
            programme=one.programme,
            year=printing.school_year(one.cohort_year, language),
            listed=one.listed_n,
        )
        yield f"{said} {_anyway(one, language)}".strip()


def _cohort(one: CohortFlow, language: str) -> str:
    joined = printing.counted(
        "list_flow.joined",
        one.schools_n,
        language,
        programme=one.programme,
        year=printing.school_year(one.cohort_year, language),
    )
    if isinstance(one.listed_n, Suppressed) or isinstance(one.left_n, Suppressed):
        closed = one.listed_n if isinstance(one.listed_n, Suppressed) else one.left_n
        assert isinstance(closed, Suppressed)
        return f"{joined} {render('list_flow.closed', language, why=printing.why_not(closed, language))}"
    if one.listed_n is None and one.reason is not None:
        why = coded(f"not_estimable.{one.reason.reason}", one.reason.fields, language)
        return f"{joined} {render('list_flow.unknown', language, why=why)}"
    if not one.listed_n:
        return f"{joined} {render('list_flow.none_listed', language)}"
    if one.left_n is None:
        listed = printing.counted("list_flow.listed", one.listed_n, language)
        return f"{joined} {listed} {_anyway(one, language)}"
    left = _left("list_flow.left", one.left_n, language, listed=one.listed_n)
    return " ".join(
        filter(None, (joined, left, _anyway(one, language), _by_chance(one, language), _lost(one, language)))
    )


def _left(code: str, n: int, language: str, **fields: object) -> str:
    """How many left, or that none did."""
    return printing.counted(code, n, language, **fields) if n else render(f"{code}.none", language, **fields)


def _anyway(one: CohortFlow, language: str) -> str:
    """How many would leave with no programme."""
    if not isinstance(one.expected_leavers, float):
        return ""
    return _expected("list_flow.anyway", one.expected_leavers, one, language)


def _expected(code: str, expected: float, one: CohortFlow | ListForecast, language: str) -> str:
    """A number of schools that is expected, with its bounds; "fewer than one" where it rounds to none."""
    bounds = printing.count_range(one.leavers_low, one.leavers_high, language)
    if round(expected) == 0:
        return render(f"{code}.hardly_any", language, range=bounds)
    return printing.counted(code, round(expected), language, range=bounds)


def _by_chance(one: CohortFlow, language: str) -> str:
    """How often so many leave by chance alone."""
    p, left = one.p_at_least_observed, one.left_n
    if not isinstance(p, float) or not isinstance(left, int) or left == 0:
        return ""
    cases = printing.in_cases(p, language)
    if left == 1:
        return render("list_flow.by_chance.one", language, cases=cases)
    is_all = isinstance(one.listed_n, int) and left == one.listed_n - _known(one.without_result_n)
    code = "list_flow.by_chance.all" if is_all else "list_flow.by_chance"
    return printing.counted(code, left, language, cases=cases)


def _known(value: object) -> int:
    return value if isinstance(value, int) else 0


def _lost(one: CohortFlow, language: str) -> str:
    lost = _known(one.without_result_n)
    return printing.counted("list_flow.lost", lost, language) if lost else ""


def describe_calibration(released: Town, language: str) -> Text:
    """Whether predictions of this kind held for past lists that nobody was helped from."""
    facts = released.value.list_flow
    if isinstance(facts, NotEstimable):
        return Text("calibration", ())
    heading = Heading(render("calibration.heading", language), 3)
    known = _checked(facts.calibration)
    if not known:
        code = "calibration.closed" if facts.calibration else "calibration.none"
        return Text("calibration", (heading, Paragraph(render(code, language), "note")))
    inside = sum(one.is_inside is True for one in known)
    said = printing.counted("calibration.inside", len(known), language, inside=inside)
    blocks: list[Block] = [heading, Paragraph(f"{render('calibration.intro', language)} {said}")]
    verdict = calibration_verdict(inside, len(known))
    blocks.append(Paragraph(render(f"calibration.{verdict}", language), "note"))
    return Text("calibration", tuple(blocks))


def _checked(rows: tuple[CalibrationRow, ...]) -> list[CalibrationRow]:
    return [one for one in rows if isinstance(one.is_inside, bool)]


def describe_next_list(released: Town, language: str) -> Text:
    """What chance alone will do with the newest list: how many schools stay, leave and enter."""
    facts = released.value.list_flow
    if isinstance(facts, NotEstimable) or not (facts.lists or facts.absent):
        return Text("next_list", ())
    blocks: list[Block] = [Heading(render("next_list.heading", language), 3)]
    if not facts.lists:
        return Text("next_list", (*blocks, *(Paragraph(said, "note") for said in _absent(facts, language))))
    newest = facts.lists[-1]
    if not isinstance(newest.list_n, int) or not isinstance(newest.expected_leavers, float):
        why = (
            printing.closed(newest.list_n, language)
            if isinstance(newest.list_n, Suppressed)
            else printing.DASH
        )
        return Text("next_list", (*blocks, Paragraph(render("next_list.closed", language, why=why), "note")))
    years = {
        "year": printing.school_year(newest.list_school_year, language),
        "next_year": printing.school_year(newest.next_school_year, language),
    }
    if newest.list_n == 0:
        said = render("next_list.empty", language, **years)
    else:
        listed = printing.counted("next_list.listed", newest.list_n, language, **years)
        said = f"{listed} {_expected('next_list.leave', newest.expected_leavers, newest, language)}"
    blocks.append(Paragraph(f"{said} {_entrants(newest, language)}".strip()))
    blocks.append(Paragraph(render("next_list.use", language), "note"))
    blocks += [Paragraph(said, "note") for said in _absent(facts, language)]
    return Text("next_list", tuple(blocks))


def _absent(facts: ListFlowFacts, language: str) -> Iterator[str]:
    """The lists of which nothing can be predicted, each with its reason."""
    for one in facts.absent:
        why = coded(f"not_estimable.{one.reason.reason}", one.reason.fields, language)
        year = printing.school_year(one.list_school_year, language)
        yield render("next_list.absent", language, year=year, why=why)


def _entrants(newest: ListForecast, language: str) -> str:
    if not isinstance(newest.expected_entrants, float):
        return ""
    bounds = printing.count_range(newest.entrants_low, newest.entrants_high, language)
    n = round(newest.expected_entrants)
    if n == 0:
        return render("next_list.enter.hardly_any", language, range=bounds)
    return printing.counted("next_list.enter", n, language, range=bounds)


SECTIONS = {
    "list_flow": describe_list_flow,
    "calibration": describe_calibration,
    "next_list": describe_next_list,
}
