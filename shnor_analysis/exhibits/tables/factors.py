"""Tables of factors and gaps: what goes with results, each school beside what was expected of it; never ranked."""

from __future__ import annotations

from collections.abc import Sequence

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import ExpectedResult, LikeSchool, SchoolGap, Spread
from shnor_analysis.evaluation.facts import Measure, SchoolEvaluation, TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import (
    Step,
    factor_name,
    family_name,
    first_expected,
    first_gaps,
    first_influence,
    is_told_apart,
    step_size,
    steps_of,
    term_name,
    whole_families,
)
from shnor_analysis.exhibits.tables.building import GROUP, build_table, reasons_of
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed
from shnor_analysis.results.factor_influence import CompositeIndex, FactorInfluence


def make_factors_table(released: Released[TownEvaluation], language: str) -> ShownTable | Text:
    """Each factor of each assessment: the step, what goes with it, stability, the share of differences it carries."""
    facts = released.value.factors
    if isinstance(facts, NotEstimable):
        return Text("factors", ())
    above = render("column.goes_with", language)
    columns = (
        Column("factor", label("factor", language), "left"),
        Column("step", render("column.factor_step", language), above=above),
        Column("spread", render("column.pupil_sd", language), above=above),
        Column("ahead", render("column.of_hundred", language), above=above),
        Column("clear", render("column.told_apart", language), "left"),
        Column("stable", render("column.without_one", language), "left"),
        Column("share", render("column.variance_share", language)),
    )
    rows = [
        row
        for family, influence in whole_families(facts)
        for row in _factor_rows(influence, family_name(family, language), language)
    ]
    codes = ("step", "of_hundred", "told_apart", "without_one", "share")
    notes = [render(f"note.factors.{code}", language) for code in codes]
    return build_table(rows, columns, section="factors", notes=notes)


def _factor_rows(influence: FactorInfluence, group: str, language: str) -> list[dict[str, str]]:
    shares = (
        {} if isinstance(influence.shares, NotEstimable) else {one.factor: one for one in influence.shares}
    )
    rows = []
    for step in steps_of(influence):
        # a factor of several categories has several rows and one share: the first row has it
        share = shares.pop(step.association.factor, None)
        rows.append(
            {
                GROUP: group,
                **_step_row(step, influence.level, language),
                "share": printing.percent(share.share, language) if share else printing.DASH,
            }
        )
    return rows


def _step_row(step: Step, level: float, language: str) -> dict[str, str]:
    one = step.association
    return {
        "factor": term_name(one, language),
        "step": step_size(step, language) or printing.DASH,
        "spread": printing.spread(step.value.value, language),
        "ahead": printing.ahead_interval(step.value, language),
        "clear": render("told_apart.yes" if is_told_apart(one, level) else "told_apart.no", language),
        "stable": render("without_one.same" if one.is_sign_stable else "without_one.turns", language),
    }


def make_index_table(released: Released[TownEvaluation], language: str) -> ShownTable | Text:
    """How each factor enters the composite index of circumstances."""
    found = first_influence(released.value.factors)
    composite = found[1].composite if found else None
    if not isinstance(composite, CompositeIndex):
        return Text("index", ())
    columns = (
        Column("factor", label("factor", language), "left"),
        Column("weight", render("column.weight", language)),
    )
    rows = [
        {"factor": factor_name(one.factor, language), "weight": printing.spread(one.weight, language)}
        for one in composite.weights
    ]
    share = printing.percent(composite.explained_share, language)
    return build_table(rows, columns, section="index", notes=[render("note.index", language, share=share)])


def make_gaps_table(released: Released[TownEvaluation], language: str) -> ShownTable | Text:
    """Each school beside what was expected of it, in the order of numbers."""
    found = first_gaps(released.value.factors)
    if found is None:
        return Text("gaps", ())
    gaps = found[1]
    columns = (Column("name", label("area_level.school", language), "left"), *_gap_columns(gaps, language))
    rows = [{"name": one.name, **_gap_cells(one, language)} for one in gaps]
    notes = [*_reasons(gaps, language), render("note.gaps", language), render("note.order", language)]
    return build_table(rows, columns, section="gaps", notes=notes)


def make_expected_table(released: Released[SchoolEvaluation], language: str) -> ShownTable | Text:
    """The school's results of each assessment and subject beside what was expected of them."""
    facts = released.value.expectations
    if isinstance(facts, NotEstimable):
        return Text("expected", ())
    work = Column("family", render("column.work", language), "left")
    rows = [
        {
            GROUP: render(f"given.{one.given}", language),
            "family": family_name(one, language),
            **_gap_cells(one, language),
        }
        for one in sorted(facts.results, key=lambda one: one.given)
    ]
    notes = [*_reasons(facts.results, language), render("note.gaps", language)]
    columns = (work, *_gap_columns(facts.results, language))
    return build_table(rows, columns, section="expected", notes=notes)


def _reasons(results: Sequence[ExpectedResult | SchoolGap], language: str) -> list[str]:
    """Why numbers are closed, and why a school has no expected result."""
    notes = [*reasons_of([one.observed for one in results], language)]
    unknown = {one.gap.reason for one in results if isinstance(one.gap, NotEstimable)}
    return notes + [
        render("note.dash", language, why=f"{render(f'effect_unknown.{code}', language)}.")
        for code in sorted(unknown)
    ]


def _gap_columns(results: Sequence[ExpectedResult | SchoolGap], language: str) -> tuple[Column, ...]:
    above = render("column.ahead_of", language)
    pupils = [Column("pupils", render("column.pupils", language))]
    return (
        *(pupils if any(isinstance(one.pupils_n, int) for one in results) else []),
        Column("observed", render("column.of_all", language), above=above),
        Column("expected", render("column.expected", language), above=above),
        Column("gap", render("column.of_like", language), above=above),
        Column("verdict", render("column.gap_verdict", language), "left"),
    )


def _gap_cells(one: ExpectedResult | SchoolGap, language: str) -> dict[str, str]:
    verdict = (
        printing.closed(one.verdict, language)
        if isinstance(one.verdict, Suppressed)
        else render(f"effect_verdict.{one.verdict}", language)
    )
    if one.is_resilient is True:
        verdict = f"{verdict}; {render('verdict.resilient', language)}"
    return {
        "pupils": printing.count_of(one.pupils_n, language),
        "observed": _ahead(one.observed, language),
        "expected": _ahead(one.expected, language),
        "gap": _gap(one.gap, language),
        "verdict": verdict,
    }


def _ahead(value: Spread, language: str) -> str:
    if isinstance(value, Suppressed):
        return printing.closed(value, language)
    return printing.DASH if value is None else printing.ahead(value, language)


def _gap(gap: Measure, language: str) -> str:
    if isinstance(gap, Estimate):
        return printing.ahead_interval(gap, language)
    return printing.closed(gap, language) if isinstance(gap, Suppressed) else printing.DASH


def make_like_table(released: Released[SchoolEvaluation], language: str) -> ShownTable | Text:
    """The schools in like circumstances, nearest first; only where their names may be shown."""
    one = first_expected(released.value.expectations)
    if one is None or not one.like or one.like[0].name is None:
        return Text("like", ())
    above = render("column.ahead_of", language)
    columns = (
        Column("name", label("area_level.school", language), "left"),
        Column("distance", render("column.distance", language)),
        Column("observed", render("column.of_all", language), above=above),
        Column("gap", render("column.of_like", language), above=above),
    )
    rows = [_like_row(like, language) for like in one.like]
    notes = [*reasons_of([like.observed for like in one.like], language), render("note.like", language)]
    return build_table(rows, columns, section="like", notes=notes)


def _like_row(like: LikeSchool, language: str) -> dict[str, str]:
    distance = printing.DASH if like.distance is None else printing.number(like.distance, language, 1)
    return {
        "name": like.name or printing.DASH,
        "distance": distance,
        "observed": _ahead(like.observed, language),
        "gap": _ahead(like.gap, language),
    }


SCHOOL_SECTIONS = {"expected": make_expected_table, "like": make_like_table}
TOWN_SECTIONS = {"factors": make_factors_table, "index": make_index_table, "gaps": make_gaps_table}
