"""Tables of factors and gaps: what goes with results, each school beside what was expected of it; never ranked."""

from __future__ import annotations

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import ExpectedResult, LikeSchool, SchoolGap
from shnor_analysis.evaluation.facts import Measure, SchoolEvaluation, TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import (
    Step,
    factor_name,
    family_name,
    first_expected,
    first_gaps,
    is_told_apart,
    step_of_index,
    step_size,
    steps_of,
    term_name,
)
from shnor_analysis.exhibits.tables.building import GROUP, build_table, reasons_of
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed
from shnor_analysis.results.factor_influence import FactorInfluence

NAMELESS = "—"


def make_factors_table(released: Released[TownEvaluation], language: str) -> ShownTable | Text:
    """Each factor of each family of results: the step, what goes with it, stability, the share it carries."""
    facts = released.value.factors
    if isinstance(facts, NotEstimable):
        return Text("factors", ())
    columns = (
        Column("factor", label("factor", language), "left"),
        Column("step", render("column.factor_step", language), above=render("column.goes_with", language)),
        Column("value", render("column.pupil_sd", language), above=render("column.goes_with", language)),
        Column("interval", render("column.interval", language), above=render("column.goes_with", language)),
        Column("clear", render("column.told_apart", language), "left"),
        Column("stable", render("column.without_one", language), "left"),
        Column("share", render("column.variance_share", language)),
    )
    rows = [
        row
        for family in facts.families
        if isinstance(family.influence, FactorInfluence)
        for row in _factor_rows(family.influence, family_name(family, language), language)
    ]
    notes = [
        render(f"note.factors.{code}", language) for code in ("step", "told_apart", "without_one", "share")
    ]
    return build_table(rows, columns, section="factors", notes=notes)


def _factor_rows(influence: FactorInfluence, group: str, language: str) -> list[dict[str, str]]:
    shares = (
        {} if isinstance(influence.shares, NotEstimable) else {one.factor: one for one in influence.shares}
    )
    rows, told = [], set()
    index = step_of_index(influence)
    for step in (*steps_of(influence), *([index] if index else [])):
        factor = step.association.factor
        share = None if factor in told else shares.get(factor)
        told.add(factor)
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
        "value": printing.spread(step.value.value, language),
        "interval": printing.spread_range(step.value, language),
        "clear": render("told_apart.yes" if is_told_apart(one, level) else "told_apart.no", language),
        "stable": render("without_one.same" if one.is_sign_stable else "without_one.turns", language),
    }


def make_index_table(released: Released[TownEvaluation], language: str) -> ShownTable | Text:
    """How each factor enters the composite index of circumstances."""
    facts = released.value.factors
    families = () if isinstance(facts, NotEstimable) else facts.families
    found = next(
        (
            one.influence.composite
            for one in families
            if isinstance(one.influence, FactorInfluence)
            and one.influence.composite is not None
            and not isinstance(one.influence.composite, NotEstimable)
        ),
        None,
    )
    if found is None:
        return Text("index", ())
    columns = (
        Column("factor", label("factor", language), "left"),
        Column("weight", render("column.weight", language)),
    )
    rows = [
        {"factor": factor_name(one.factor, language), "weight": printing.spread(one.weight, language)}
        for one in found.weights
    ]
    share = printing.percent(found.explained_share, language)
    return build_table(rows, columns, section="index", notes=[render("note.index", language, share=share)])


def make_gaps_table(released: Released[TownEvaluation], language: str) -> ShownTable | Text:
    """Each school beside what was expected of it, in the order of numbers."""
    found = first_gaps(released.value.factors)
    if found is None:
        return Text("gaps", ())
    columns = (Column("name", label("area_level.school", language), "left"), *_gap_columns(language))
    rows = [{"name": one.name, **_gap_cells(one, language)} for one in found[1]]
    notes = [*reasons_of([part for one in found[1] for part in (one.gap, one.verdict)], language)]
    notes += [render("note.gaps", language), render("note.order", language)]
    return build_table(rows, columns, section="gaps", notes=notes)


def make_expected_table(released: Released[SchoolEvaluation], language: str) -> ShownTable | Text:
    """The school's results of each assessment and subject beside what was expected of them."""
    facts = released.value.expectations
    if isinstance(facts, NotEstimable):
        return Text("expected", ())
    columns = (Column("family", render("column.work", language), "left"), *_gap_columns(language))
    rows = [
        {
            GROUP: render(f"given.{one.given}", language),
            "family": family_name(one, language),
            **_gap_cells(one, language),
        }
        for one in sorted(facts.results, key=lambda one: one.given)
    ]
    notes = [*reasons_of([part for one in facts.results for part in (one.gap, one.verdict)], language)]
    return build_table(rows, columns, section="expected", notes=[*notes, render("note.gaps", language)])


def _gap_columns(language: str) -> tuple[Column, ...]:
    gap = render("column.gap", language)
    return (
        Column("pupils", render("column.pupils", language)),
        Column("observed", render("column.observed", language)),
        Column("expected", render("column.expected", language)),
        Column("value", render("column.pupil_sd", language), above=gap),
        Column("interval", render("column.interval", language), above=gap),
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
        "observed": _mean(one.observed, language),
        "expected": _mean(one.expected, language),
        "value": _gap(one.gap, language, is_interval=False),
        "interval": _gap(one.gap, language, is_interval=True),
        "verdict": verdict,
    }


def _mean(value: float | Suppressed | None, language: str) -> str:
    if isinstance(value, Suppressed):
        return printing.closed(value, language)
    return printing.DASH if value is None else printing.spread(value, language)


def _gap(gap: Measure, language: str, *, is_interval: bool) -> str:
    if isinstance(gap, Estimate):
        return printing.spread_range(gap, language) if is_interval else printing.spread(gap.value, language)
    return printing.closed(gap, language) if isinstance(gap, Suppressed) else printing.DASH


def make_like_table(released: Released[SchoolEvaluation], language: str) -> ShownTable | Text:
    """The schools in like circumstances, nearest first; only where their names may be shown."""
    one = first_expected(released.value.expectations)
    if one is None or not one.like or one.like[0].name == NAMELESS:
        return Text("like", ())
    columns = (
        Column("name", label("area_level.school", language), "left"),
        Column("distance", render("column.distance", language)),
        Column("observed", render("column.observed", language)),
        Column("gap", render("column.gap", language)),
    )
    rows = [_like_row(like, language) for like in one.like]
    return build_table(rows, columns, section="like", notes=[render("note.like", language)])


def _like_row(like: LikeSchool, language: str) -> dict[str, str]:
    return {
        "name": like.name,
        "distance": printing.number(like.distance, language, 2),
        "observed": printing.spread(like.observed, language),
        "gap": printing.spread(like.gap, language),
    }


SCHOOL_SECTIONS = {"expected": make_expected_table, "like": make_like_table}
TOWN_SECTIONS = {"factors": make_factors_table, "index": make_index_table, "gaps": make_gaps_table}
