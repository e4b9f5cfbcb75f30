"""Tables of leaving the list beside chance: the programme's schools, past lists, the list to come."""

from __future__ import annotations

from collections.abc import Sequence

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import Number, TownEvaluation
from shnor_analysis.evaluation.programme_facts import (
    CalibrationRow,
    CohortFlow,
    ListFlowFacts,
    ListForecast,
    SchoolFlow,
    Value,
)
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.tables.building import GROUP, build_table, reasons_of
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable, Suppressed

Town = Released[TownEvaluation]


def make_list_flow_table(released: Town, language: str) -> ShownTable | Text:
    """Each year in which schools joined: on the list, left, would leave anyway, the chance of so many."""
    facts = released.value.list_flow
    if isinstance(facts, NotEstimable) or _all_closed([one.listed_n for one in facts.cohorts]):
        return Text("list_flow", ())
    above = render("column.anyway", language)
    columns = (
        Column("programme", render("column.joined", language), "left"),
        Column("schools", label("schools_n", language)),
        Column("listed", render("column.on_list", language)),
        Column("left", render("column.left", language)),
        Column("expected", render("column.mean", language), above=above),
        Column("range", render("column.range", language), above=above),
        Column("chance", render("column.by_chance", language)),
    )
    rows = [_cohort_row(one, language) for one in facts.cohorts]
    notes = [*reasons_of(_cohort_values(facts), language), render("note.list_flow", language)]
    return build_table(rows, columns, section="list_flow", notes=notes)


def _all_closed(counts: Sequence[Number]) -> bool:
    """Whether a table would hold nothing but closed cells; the words above it say so."""
    return all(isinstance(one, Suppressed) for one in counts)


def _cohort_values(facts: ListFlowFacts) -> list[object]:
    return [part for one in facts.cohorts for part in (one.listed_n, one.left_n, one.expected_leavers)]


def _cohort_row(one: CohortFlow, language: str) -> dict[str, str]:
    return {
        "programme": f"{one.programme}, {printing.school_year(one.cohort_year, language)}",
        "schools": printing.number(one.schools_n, language),
        "listed": printing.count_of(one.listed_n, language),
        "left": printing.count_of(one.left_n, language),
        "expected": printing.expected_number(one.expected_leavers, language),
        "range": printing.count_range(one.leavers_low, one.leavers_high, language),
        "chance": printing.DASH if one.left_n == 0 else _chance(one.p_at_least_observed, language),
    }


def _chance(p: Value, language: str) -> str:
    """A chance as cases of one hundred; a dash where it is not known."""
    if isinstance(p, Suppressed):
        return printing.closed(p, language)
    return printing.DASH if p is None else printing.of_hundred(p, language)


def make_listed_schools_table(released: Town, language: str) -> ShownTable | Text:
    """The programme's schools on the list before it, each with its chance to leave anyway; only where names may be shown."""
    facts = released.value.list_flow
    if isinstance(facts, NotEstimable):
        return Text("listed_schools", ())
    columns = (
        Column("name", label("area_level.school", language), "left"),
        Column("chance", render("column.leave_anyway", language)),
        Column("left", render("column.has_left", language), "left"),
    )
    rows = [
        {
            GROUP: f"{one.programme}, {printing.school_year(one.cohort_year, language)}",
            **_school_row(school, language),
        }
        for one in facts.cohorts
        for school in one.schools
        if school.name is not None and school.is_listed is True
    ]
    return build_table(
        rows, columns, section="listed_schools", notes=[render("note.listed_schools", language)]
    )


def _school_row(school: SchoolFlow, language: str) -> dict[str, str]:
    if isinstance(school.has_left, Suppressed):
        left = printing.closed(school.has_left, language)
    elif school.has_left is None:
        left = render("left.unknown", language)
    else:
        left = render("left.yes" if school.has_left else "left.no", language)
    return {"name": school.name or printing.DASH, "chance": _chance(school.p_left, language), "left": left}


def make_calibration_table(released: Town, language: str) -> ShownTable | Text:
    """Each past list: how many left, what was predicted, whether that was within the bounds."""
    facts = released.value.list_flow
    if isinstance(facts, NotEstimable) or _all_closed([one.list_n for one in facts.calibration]):
        return Text("calibration", ())
    above = render("column.predicted", language)
    columns = (
        Column("year", render("column.list_year", language), "left"),
        Column("listed", render("column.on_list", language)),
        Column("left", render("column.left", language)),
        Column("expected", render("column.mean", language), above=above),
        Column("range", render("column.range", language), above=above),
        Column("inside", render("column.inside", language), "left"),
    )
    rows = [_calibration_row(one, language) for one in facts.calibration]
    notes = [
        *reasons_of(
            [part for one in facts.calibration for part in (one.list_n, one.expected_leavers)], language
        )
    ]
    return build_table(
        rows, columns, section="calibration", notes=[*notes, render("note.calibration", language)]
    )


def _calibration_row(one: CalibrationRow, language: str) -> dict[str, str]:
    inside = one.is_inside
    said = (
        printing.closed(inside, language)
        if isinstance(inside, Suppressed)
        else render("inside.yes" if inside else "inside.no", language)
    )
    return {
        "year": printing.school_year(one.list_school_year, language),
        "listed": printing.count_of(one.list_n, language),
        "left": printing.count_of(one.observed_leavers, language),
        "expected": printing.expected_number(one.expected_leavers, language),
        "range": printing.count_range(one.leavers_low, one.leavers_high, language),
        "inside": said,
    }


def make_next_list_table(released: Town, language: str) -> ShownTable | Text:
    """The newest lists: who left and entered, and how many of them by chance alone."""
    facts = released.value.list_flow
    if isinstance(facts, NotEstimable) or _all_closed([one.list_n for one in facts.lists]):
        return Text("next_list", ())
    left, entered = (render(f"column.{code}", language) for code in ("leavers", "entrants"))
    columns = (
        Column("year", render("column.list_year", language), "left"),
        Column("listed", render("column.on_list", language)),
        Column("expected", render("column.expected_n", language), above=left),
        Column("observed", render("column.observed_n", language), above=left),
        Column("expected_in", render("column.expected_n", language), above=entered),
        Column("observed_in", render("column.observed_n", language), above=entered),
        Column("lost", render("column.flow.lost", language)),
    )
    rows = [_list_row(one, language) for one in facts.lists]
    notes = [*reasons_of([one.list_n for one in facts.lists], language), render("note.next_list", language)]
    return build_table(rows, columns, section="next_list", notes=notes)


def _list_row(one: ListForecast, language: str) -> dict[str, str]:
    return {
        "year": printing.school_year(one.list_school_year, language),
        "listed": printing.count_of(one.list_n, language),
        "expected": _with_range(
            one.expected_leavers, printing.count_range(one.leavers_low, one.leavers_high, language), language
        ),
        "observed": _or_later(one.observed_leavers, one, language),
        "expected_in": _with_range(
            one.expected_entrants,
            printing.count_range(one.entrants_low, one.entrants_high, language),
            language,
        ),
        "observed_in": _or_later(one.observed_entrants, one, language),
        "lost": _or_later(one.without_result_n, one, language),
    }


def _with_range(value: Value, told: str, language: str) -> str:
    number = printing.expected_number(value, language)
    return (
        render("interval.with_value", language, value=number, range=told)
        if isinstance(value, float)
        else number
    )


def _or_later(value: int | Suppressed | None, one: ListForecast, language: str) -> str:
    """A count that is seen in the next year, or that it is not there yet."""
    is_later = one.observed_leavers is None
    return render("later", language) if is_later else printing.count_of(value, language)


SECTIONS = {
    "list_flow": make_list_flow_table,
    "listed_schools": make_listed_schools_table,
    "calibration": make_calibration_table,
    "next_list": make_next_list_table,
}
