"""The town's tables: schools in the order of their numbers, list flow, coverage."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import SchoolLine, TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.reading import estimated_in, is_estimated, of_year, page_order
from shnor_analysis.exhibits.tables.building import GROUP, build_table, reasons_of
from shnor_analysis.exhibits.tables.results import make_levels_table
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

Town = Released[TownEvaluation]


def make_schools_table(released: Town, language: str) -> ShownTable | Text:
    """Each school: tested, pooled share of low results with its interval, list status, programmes; never ranked."""
    value = released.value
    schools = value.schools
    listed_year, rule_year = (
        printing.school_year(year, language) for year in (value.school_year, value.rule_list_year)
    )
    columns = (
        Column("name", label("area_level.school", language), "left"),
        Column("works", render("column.works", language)),
        Column("tested", label("tested_n", language)),
        Column("low", render("column.share", language), above=label("low_share", language)),
        Column("interval", render("column.interval", language), above=label("low_share", language)),
        Column("listed", render("column.issued_year", language, year=listed_year), "left"),
        Column("rule", render("column.rule_year", language, year=rule_year), "left"),
        Column("programmes", render("column.programmes", language), "left"),
    )
    notes = [*reasons_of([part for line in schools for part in (line.low, line.tested_n)], language)]
    notes += reasons_of([line.rule_fires for line in schools], language)
    notes += [render(f"note.basis.{code}", language) for code in _bases(schools)]
    notes.append(render("note.order", language))
    guessed = bool(estimated_in(of_year(value.levels, value.school_year)))
    if guessed:
        notes.append(render("note.estimated", language, mark=printing.ESTIMATED))
    rows = [_school_row(line, language, is_estimated=guessed) for line in schools]
    return build_table(rows, columns, section="schools", notes=notes)


def _bases(schools: Iterable[SchoolLine]) -> list[str]:
    """What the intervals shown take as independent: said once for each way that stands in the table."""
    shown = {line.interval_basis for line in schools if isinstance(line.low, Estimate)}
    return [code for code in ("pupils", "partly", "works") if code in shown]


def _school_row(line: SchoolLine, language: str, *, is_estimated: bool) -> dict[str, str]:
    listed = "unknown" if line.is_listed is None else "on" if line.is_listed else "off"
    rule = printing.DASH
    if isinstance(line.rule_fires, Suppressed):
        rule = printing.closed(line.rule_fires, language)
    elif not isinstance(line.rule_fires, NotEstimable):
        rule = render("status.fires" if line.rule_fires else "status.silent", language)
    return {
        "name": line.name,
        "works": printing.number(line.procedures_n, language),
        "tested": printing.tested_of(line.tested_n, language, is_estimated=is_estimated),
        "low": printing.share_of(line.low, language),
        "interval": printing.interval_of(line.low, language),
        "listed": render(f"status.{listed}", language),
        "rule": rule,
        "programmes": ", ".join(
            f"{item.programme}, {printing.school_year(item.cohort_year, language)}"
            for item in line.programmes
        ),
    }


def make_flow_table(released: Town, language: str) -> ShownTable | Text:
    """How many schools were on the list, stayed, left and entered, by list year and kind of list."""
    columns = [
        Column("year", label("school_year", language), "left"),
        *(
            Column(name, render(f"column.flow.{name}", language))
            for name in ("listed", "stayed", "left", "entered", "lost")
        ),
    ]
    rows = [
        {
            GROUP: render(f"flow.source.{item.source}", language),
            "year": printing.school_year(item.school_year, language),
            "listed": printing.count_of(item.listed_n, language),
            "stayed": printing.count_of(item.stayed_n, language),
            "left": printing.count_of(item.left_n, language),
            "entered": printing.count_of(item.entered_n, language),
            "lost": printing.count_of(item.without_result_n, language),
        }
        for item in released.value.flows
    ]
    notes = [
        *reasons_of([item.listed_n for item in released.value.flows], language),
        render("note.flow", language),
    ]
    return build_table(rows, columns, section="flow", notes=notes)


def make_coverage_table(released: Town, language: str) -> ShownTable | Text:
    """How many of the register's schools have a result in each procedure of the year."""
    value = released.value
    columns = (
        Column("work", render("column.work", language), "left"),
        Column("schools", label("schools_n", language)),
        Column("missing", render("column.missing", language)),
        Column("tested", label("tested_n", language)),
    )
    cells = [cell for cell in value.coverage if cell.procedure.school_year == value.school_year]
    guessed = estimated_in(value.levels)
    rows = [
        {
            GROUP: label(f"assessment.{cell.procedure.assessment}", language),
            "work": printing.work_within(cell.procedure, language),
            "schools": printing.number(cell.schools_n, language),
            "missing": printing.number(max(value.schools_n - cell.schools_n, 0), language),
            "tested": printing.tested_of(
                cell.tested_n, language, is_estimated=is_estimated(cell.procedure, guessed)
            ),
        }
        for cell in sorted(cells, key=lambda cell: page_order(cell.procedure))
    ]
    notes = [printing.counted("note.coverage", value.schools_n, language)]
    if any(is_estimated(cell.procedure, guessed) for cell in cells):
        notes.append(render("note.estimated", language, mark=printing.ESTIMATED))
    return build_table(rows, columns, section="coverage", notes=notes)


SECTIONS = {
    "schools": make_schools_table,
    "flow": make_flow_table,
    "coverage": make_coverage_table,
    "levels": make_levels_table,
}
