"""A school's other tables: circumstances, evidence of the rule, list years, agreement with the journal."""

from __future__ import annotations

from great_tables import GT

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import ContextFactor, ListYear, RuleEvidence, SchoolEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.reading import latest_list_year
from shnor_analysis.exhibits.tables.building import GROUP, Column, build_table, reasons_of
from shnor_analysis.exhibits.tables.results import make_levels_table, make_results_table
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label, terms
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable, Suppressed

School = Released[SchoolEvaluation]


def make_context_table(released: School, language: str) -> GT | Text:
    """Each circumstance beside the middle and the middle half of the municipality's schools."""
    context = released.value.context
    columns = (
        Column("factor", label("factor", language), "left"),
        Column("value", label("area_level.school", language)),
        Column("median", render("column.median", language), above=label("area_level.municipality", language)),
        Column("half", render("column.half", language), above=label("area_level.municipality", language)),
        Column("place", render("column.place", language), "left"),
    )
    notes = [*reasons_of([item.municipality_quartiles for item in context], language)]
    notes.append(render("note.half", language))
    return build_table(
        [_context_row(item, language) for item in context], columns, section="context", notes=notes
    )


def _context_row(item: ContextFactor, language: str) -> dict[str, str]:
    key = f"factor.{item.factor}"
    unit = terms()[key].unit if key in terms() else ""
    row = {
        "factor": f"{label(key, language)}, {printing.school_year(item.school_year, language)}",
        "value": printing.measured(item.value, unit, language),
        "median": printing.DASH,
        "half": printing.DASH,
        "place": printing.DASH,
    }
    if isinstance(item.municipality_quartiles, NotEstimable):
        return row
    low, middle, high = item.municipality_quartiles
    place = "below" if item.value < low else "above" if item.value > high else "within"
    return {
        **row,
        "median": printing.measured(middle, unit, language),
        "half": f"{printing.measured(low, unit, language)} – {printing.measured(high, unit, language)}",
        "place": render(f"place.half.{place}", language),
    }


def make_list_status_table(released: School, language: str) -> GT | Text:
    """Each procedure under the rule of the latest list year."""
    latest = latest_list_year(released.value)
    if latest is None or isinstance(latest.rule, NotEstimable):
        return Text("list_status", ())
    evidence = latest.rule.evidence
    columns = (
        Column("work", render("column.work", language), "left"),
        Column("tested", label("tested_n", language)),
        Column("low", render("column.share", language), above=label("low_share", language)),
        Column("interval", render("column.interval", language), above=label("low_share", language)),
        Column("threshold", render("column.threshold", language)),
        Column("is_low", render("column.is_low", language), "left"),
    )
    rows = [_evidence_row(item, language) for item in evidence]
    notes = reasons_of([item.low for item in evidence], language)
    return build_table(rows, columns, section="list_status", notes=notes)


def _evidence_row(item: RuleEvidence, language: str) -> dict[str, str]:
    if isinstance(item.is_low, Suppressed):
        verdict = printing.why_not(item.is_low, language)
    else:
        verdict = render("verdict.low" if item.is_low else "verdict.not_low", language)
    return {
        GROUP: label(f"assessment.{item.procedure.assessment}", language),
        "work": f"{label(f'subject.{item.procedure.subject}', language)}, "
        f"{printing.grade(item.procedure, language)}, {printing.season(item.procedure, language)}",
        "tested": printing.count_of(item.tested_n, language),
        "low": printing.share_of(item.low, language),
        "interval": printing.interval_of(item.low, language),
        "threshold": printing.percent(item.threshold, language),
        "is_low": verdict,
    }


def make_list_history_table(released: School, language: str) -> GT | Text:
    """Each list year: the issued list and the rule recomputed, side by side."""
    years = released.value.list_years
    columns = (
        Column("year", label("school_year", language), "left"),
        Column("issued", render("column.issued", language), "left"),
        Column("rule", render("column.rule", language), "left"),
        Column("works", render("column.low_works", language)),
    )
    notes = reasons_of([year.rule for year in years], language)
    rows = [_history_row(year, language) for year in years]
    return build_table(rows, columns, section="list_history", notes=notes)


def _history_row(year: ListYear, language: str) -> dict[str, str]:
    issued = ", ".join(label(f"list.{item.list}", language) for item in year.issued)
    if not issued:
        issued = render("status.off" if year.has_issued_list else "status.unknown", language)
    rule = year.rule
    is_known = not isinstance(rule, NotEstimable)
    return {
        "year": printing.school_year(year.school_year, language),
        "issued": issued,
        "rule": render("status.fires" if rule.fires else "status.silent", language)
        if is_known
        else printing.DASH,
        "works": f"{rule.procedures_low_n} / {len(rule.evidence)}" if is_known else printing.DASH,
    }


def make_agreement_table(released: School, language: str) -> GT | Text:
    """Shares of marks below, equal to and above the journal."""
    agreement = released.value.agreement
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
            GROUP: printing.school_year(item.procedure.school_year, language),
            "work": printing.work(item.procedure, language),
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
    "list_history": make_list_history_table,
    "agreement": make_agreement_table,
}
