"""Tables of results of one year: marks with intervals, and the levels above; for a school and for a town alike."""

from __future__ import annotations

from typing import Any

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import (
    LevelResult,
    MarkResult,
    Measure,
    ProcedureResult,
    SchoolEvaluation,
)
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.reading import level_of, of_year
from shnor_analysis.exhibits.tables.building import GROUP, build_table, reasons_of
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable

MARKS = (2, 3, 4, 5)
AREAS = ("municipality", "region", "russia")
COMPUTED = "†"


def make_results_table(released: Released[SchoolEvaluation], language: str) -> ShownTable | Text:
    """Marks, share of low results with its interval and quality of each procedure of the year."""
    value = released.value
    now = of_year(value.results, value.school_year)
    rows = [_result_row(result, language) for result in now]
    has_special = any(isinstance(result.without_special_needs, MarkResult) for result in now)
    columns = [
        Column("work", render("column.work", language), "left"),
        Column("tested", label("tested_n", language)),
        *(
            Column(
                f"mark_{mark}",
                render("column.mark", language, mark=mark),
                above=render("column.marks", language),
            )
            for mark in MARKS
        ),
        Column("low", render("column.share", language), above=label("low_share", language)),
        Column("interval", render("column.interval", language), above=label("low_share", language)),
        *([Column("special", render("column.without_special", language))] if has_special else []),
        Column("quality", label("quality_share", language)),
    ]
    notes = [
        *reasons_of([part for result in now for part in _cells(result.school)], language),
        *(_special_reasons(now, language) if has_special else ()),
        render("note.low", language),
        render("note.quality", language),
    ]
    if any(result.school.tested_n_is_estimated for result in now):
        notes.append(render("note.estimated", language, mark=printing.ESTIMATED))
    return build_table(rows, columns, section="results", notes=notes)


def _cells(marks: MarkResult) -> list[object]:
    return [marks.low, marks.quality, marks.tested_n, *(marks.mark_n or ())]


def _special_reasons(results: tuple[ProcedureResult, ...], language: str) -> tuple[str, ...]:
    """Notes of the column without special needs: its dashes have other reasons than those beside them."""
    column = render("column.without_special", language)
    special = [
        one.low if isinstance(one, MarkResult) else one
        for one in (result.without_special_needs for result in results)
    ]
    dashes = [one for one in special if isinstance(one, NotEstimable)]
    named = [
        render("note.dash_in", language, column=column, why=printing.why_not(one, language)) for one in dashes
    ]
    closed = reasons_of([one for one in special if not isinstance(one, NotEstimable)], language)
    return (*closed, *dict.fromkeys(named))


def _result_row(result: ProcedureResult, language: str) -> dict[str, str]:
    marks, special = result.school, result.without_special_needs
    counts = marks.mark_n or (None,) * len(MARKS)
    return {
        GROUP: label(f"assessment.{result.procedure.assessment}", language),
        "work": printing.work_within(result.procedure, language),
        "tested": printing.tested_of(marks.tested_n, language, is_estimated=marks.tested_n_is_estimated),
        **{f"mark_{mark}": printing.count_of(n, language) for mark, n in zip(MARKS, counts, strict=True)},
        "low": printing.share_of(marks.low, language),
        "interval": printing.interval_of(marks.low, language),
        "special": printing.share_of(special.low, language)
        if isinstance(special, MarkResult)
        else printing.DASH,
        "quality": printing.share_of(marks.quality, language),
    }


def make_levels_table(released: Released[Any], language: str) -> ShownTable | Text:
    """The share of low results of the year beside the levels above, each with its origin."""
    value = released.value
    is_school = isinstance(value, SchoolEvaluation)
    results = of_year(value.results if is_school else value.levels, value.school_year)
    areas = [
        area
        for area in (AREAS if is_school else AREAS[1:])
        if any(level_of(result, area) for result in results)
    ]
    if is_school and not areas:
        return Text("levels", ())
    own_level = "school" if is_school else "municipality"
    rows = [_level_row(result, own_level, areas, language) for result in results]
    own = label(f"area_level.{own_level}", language)
    columns = [
        Column("work", render("column.work", language), "left"),
        Column("own", own, above=label("low_share", language)),
        Column("interval", render("column.interval", language), above=label("low_share", language)),
        *(
            Column(area, label(f"area_level.{area}", language), above=label("low_share", language))
            for area in areas
        ),
    ]
    notes = _level_notes(results, [own_level, *areas], language)
    return build_table(rows, columns, section="levels", notes=notes)


def _level_row(result: ProcedureResult, own_level: str, areas: list[str], language: str) -> dict[str, str]:
    own = level_of(result, own_level)
    row = {
        GROUP: label(f"assessment.{result.procedure.assessment}", language),
        "work": printing.work_within(result.procedure, language),
        "own": _share_and_sign(result.school.low, own, language),
        "interval": printing.interval_of(result.school.low, language),
    }
    for area in areas:
        level = level_of(result, area)
        row[area] = _level_cell(level, language) if level else printing.DASH
    return row


def _level_cell(level: LevelResult, language: str) -> str:
    return _share_and_sign(level.marks.low, level, language)


def _share_and_sign(low: Measure, level: LevelResult | None, language: str) -> str:
    """A share with the sign of a computed level; a school's own share belongs to no level and has none."""
    share = printing.share_of(low, language)
    return f"{share}{COMPUTED}" if level is not None and level.result_source == "computed" else share


def _level_notes(results: tuple[ProcedureResult, ...], areas: list[str], language: str) -> list[str]:
    every = [level for result in results for level in result.levels]
    known = [level for level in every if isinstance(level, LevelResult) and level.area_level in areas]
    notes = list(reasons_of([*every, *(result.school.low for result in results)], language))
    counts = [level.schools_n for level in known if level.result_source == "computed" and level.schools_n]
    if any(level.result_source == "computed" for level in known):
        code = "note.computed.schools" if counts else "note.computed"
        n = max(counts, default=0)
        notes.append(printing.counted(code, n, language, mark=COMPUTED))
    if any(level.result_source == "published" for level in known):
        notes.append(render("note.published", language))
    return notes
