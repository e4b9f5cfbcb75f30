"""A school's other tables: circumstances, evidence of the rule, list years, agreement with the journal."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import (
    Change,
    ContextFactor,
    ListYear,
    Procedure,
    RuleEvidence,
    RuleOutcome,
    SchoolEvaluation,
)
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.printing import SHARE
from shnor_analysis.exhibits.reading import (
    LOW_RESULTS,
    changes_to,
    estimated_in,
    is_estimated,
    latest_agreement,
    latest_context,
    latest_rule,
    page_order,
)
from shnor_analysis.exhibits.sentences.school_lists import change_verdict
from shnor_analysis.exhibits.tables.building import GROUP, build_table, reasons_of
from shnor_analysis.exhibits.tables.results import make_levels_table, make_results_table
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label, terms
from shnor_analysis.glossary import unit as unit_of
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

School = Released[SchoolEvaluation]


def make_context_table(released: School, language: str) -> ShownTable | Text:
    """Each circumstance beside the middle and the middle half of the municipality's schools."""
    context = latest_context(released.value)
    columns = (
        Column("factor", label("factor", language), "left"),
        Column("value", label("area_level.school", language)),
        Column("median", render("column.median", language), above=label("area_level.municipality", language)),
        Column("half", render("column.half", language), above=label("area_level.municipality", language)),
        Column("place", render("column.place", language), "left"),
    )
    notes = [
        *reasons_of(
            [part for item in context for part in (item.value, item.municipality_quartiles)], language
        )
    ]
    notes.append(render("note.half", language))
    return build_table(
        [_context_row(item, released.value.school_year, language) for item in context],
        columns,
        section="context",
        notes=notes,
    )


def _context_row(item: ContextFactor, report_year: int, language: str) -> dict[str, str]:
    key = f"factor.{item.factor}"
    unit = terms()[key].unit if key in terms() else ""
    row = {
        "factor": _factor_name(item, report_year, language),
        "value": printing.closed(item.value, language)
        if isinstance(item.value, Suppressed)
        else printing.measured(item.value, unit, language),
        "median": printing.DASH,
        "half": printing.DASH,
        "place": printing.DASH,
    }
    if isinstance(item.municipality_quartiles, NotEstimable):
        return row
    low, middle, high = item.municipality_quartiles
    if not isinstance(item.value, Suppressed):
        place = "below" if item.value < low else "above" if item.value > high else "within"
        row["place"] = render(f"place.half.{place}", language)
    return {
        **row,
        "median": printing.measured(middle, unit, language),
        "half": printing.measured_range(low, high, unit, language),
    }


def _factor_name(item: ContextFactor, report_year: int, language: str) -> str:
    """The factor with its unit, where its numbers do not show one, and with its year, where it is not the report's."""
    key = f"factor.{item.factor}"
    parts = [label(key, language)]
    if key in terms() and terms()[key].unit != SHARE:
        parts.append(unit_of(key, language))
    if item.school_year != report_year:
        parts.append(printing.school_year(item.school_year, language))
    return ", ".join(part for part in parts if part)


def make_list_status_table(released: School, language: str) -> ShownTable | Text:
    """Each procedure under the rule of the newest list year that could be recomputed."""
    recomputed = latest_rule(released.value)
    if recomputed is None:
        return Text("list_status", ())
    evidence = sorted(recomputed[1].evidence, key=lambda item: page_order(item.procedure))
    columns = (
        Column("work", render("column.work", language), "left"),
        Column("tested", label("tested_n", language)),
        Column("low", render("column.share", language), above=label("low_share", language)),
        Column("interval", render("column.interval", language), above=label("low_share", language)),
        Column("threshold", render("column.threshold", language)),
        Column("is_low", render("column.is_low", language), "left"),
    )
    estimated = estimated_in(released.value.results)
    rows = [_evidence_row(item, estimated, language) for item in evidence]
    notes = [*reasons_of([part for item in evidence for part in (item.low, item.tested_n)], language)]
    if any(is_estimated(item.procedure, estimated) for item in evidence):
        notes.append(render("note.estimated", language, mark=printing.ESTIMATED))
    return build_table(rows, columns, section="list_status", notes=notes)


def _evidence_row(item: RuleEvidence, estimated: frozenset[Procedure], language: str) -> dict[str, str]:
    if isinstance(item.is_low, Suppressed):
        verdict = printing.closed(item.is_low, language)
    else:
        verdict = render("verdict.low" if item.is_low else "verdict.not_low", language)
    return {
        GROUP: label(f"assessment.{item.procedure.assessment}", language),
        "work": printing.work_within(item.procedure, language),
        "tested": printing.tested_of(
            item.tested_n, language, is_estimated=is_estimated(item.procedure, estimated)
        ),
        "low": printing.share_of(item.low, language),
        "interval": printing.interval_of(item.low, language),
        "threshold": printing.percent(item.threshold, language),
        "is_low": verdict,
    }


def make_changes_table(released: School, language: str) -> ShownTable | Text:
    """The change of the share of low results to the report's year, with its interval and whether it exceeds chance."""
    value = released.value
    changes = changes_to(value, value.school_year)
    columns = (
        Column("work", render("column.work", language), "left"),
        Column("from", render("column.before", language), "left"),
        Column("change", render("column.change", language)),
        Column("interval", render("column.interval", language)),
        Column("verdict", render("column.verdict", language), "left"),
    )
    rows = [_change_row(item, language) for item in changes]
    notes = reasons_of([item.difference for item in changes], language)
    return build_table(rows, columns, section="changes", notes=notes)


def _change_row(item: Change, language: str) -> dict[str, str]:
    row = {
        GROUP: label(f"assessment.{item.after.assessment}", language),
        "work": printing.work_within(item.after, language),
        "from": printing.season(item.before, language),
    }
    difference = item.difference
    if not isinstance(difference, Estimate):
        said = printing.DASH
        if isinstance(difference, Suppressed):
            said = printing.closed(difference, language)
        return {**row, "change": said, "interval": said, "verdict": said}
    return {
        **row,
        "change": printing.change(difference, language),
        "interval": printing.change_interval(difference, language),
        "verdict": render(f"verdict.{change_verdict(difference)}", language),
    }


def make_list_history_table(released: School, language: str) -> ShownTable | Text:
    """Each list year: the issued list and the rule recomputed, side by side."""
    years = released.value.list_years
    columns = (
        Column("year", label("school_year", language), "left"),
        Column("issued", render("column.issued", language), "left"),
        Column("rule", render("column.rule", language), "left"),
        Column("works", render("column.low_works", language)),
    )
    rules = [year.rule for year in years]
    known = [rule for rule in rules if isinstance(rule, RuleOutcome)]
    parts = [part for rule in known for part in (rule.fires, rule.procedures_low_n)]
    notes = reasons_of([*_without_answer(years, language), *parts], language)
    rows = [_history_row(year, language) for year in years]
    return build_table(rows, columns, section="list_history", notes=notes)


def _without_answer(years: Iterable[ListYear], language: str) -> tuple[NotEstimable, ...]:
    """Why the rule gives no answer: one reason for all the list years that have it."""
    found: dict[str, list[tuple[str, NotEstimable]]] = {}
    for year in years:
        if isinstance(year.rule, NotEstimable):
            name = printing.school_year(year.school_year, language)
            found.setdefault(year.rule.reason, []).append((name, year.rule))
    return tuple(
        NotEstimable(reason, {**said[0][1].fields, "list_years": ", ".join(name for name, _ in said)})
        for reason, said in found.items()
    )


def _history_row(year: ListYear, language: str) -> dict[str, str]:
    kinds = [item.list for item in year.issued]
    if LOW_RESULTS in kinds:
        low = label(f"list.{LOW_RESULTS}", language)
    else:
        low = render("status.off" if year.has_issued_list else "status.unknown", language)
    others = dict.fromkeys(label(f"list.{kind}", language) for kind in kinds if kind != LOW_RESULTS)
    return {
        "year": printing.school_year(year.school_year, language),
        "issued": "; ".join((low, *others)),
        **_rule_cells(year.rule, language),
    }


def _rule_cells(rule: RuleOutcome | NotEstimable, language: str) -> dict[str, str]:
    if isinstance(rule, NotEstimable):
        return {"rule": printing.DASH, "works": printing.DASH}
    if isinstance(rule.fires, Suppressed):
        fires = printing.closed(rule.fires, language)
    else:
        fires = render("status.fires" if rule.fires else "status.silent", language)
    low = printing.count_of(rule.procedures_low_n, language)
    return {"rule": fires, "works": f"{low} / {len(rule.evidence)}"}


def make_agreement_table(released: School, language: str) -> ShownTable | Text:
    """Shares of marks below, equal to and above the journal."""
    agreement = latest_agreement(released.value)
    columns = [
        Column("work", render("column.work", language), "left"),
        Column("tested", label("tested_n", language)),
        *(
            Column(name, label(f"{name}_n", language), above=render("column.against_journal", language))
            for name in ("lowered", "confirmed", "raised")
        ),
        Column("interval", render("column.raised_interval", language)),
    ]
    rows = [
        {
            GROUP: label(f"assessment.{item.procedure.assessment}", language),
            "work": printing.work_within(item.procedure, language),
            "tested": printing.count_of(item.tested_n, language),
            "lowered": printing.share_of(item.lowered, language),
            "confirmed": printing.share_of(item.confirmed, language),
            "raised": printing.share_of(item.raised, language),
            "interval": printing.interval_of(item.raised, language),
        }
        for item in agreement
    ]
    notes = reasons_of(
        [m for item in agreement for m in (item.lowered, item.confirmed, item.raised)], language
    )
    return build_table(rows, columns, section="agreement", notes=notes)


SECTIONS = {
    "results": make_results_table,
    "levels": make_levels_table,
    "context": make_context_table,
    "list_status": make_list_status_table,
    "changes": make_changes_table,
    "list_history": make_list_history_table,
    "agreement": make_agreement_table,
}
