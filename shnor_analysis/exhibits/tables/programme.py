"""Tables of a programme: designs side by side, groups by year, padlocks, likeness before, schools, plan, checklist."""

from __future__ import annotations

from collections.abc import Sequence

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import LeaveOneOutRow, ProgrammeFacts
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import COMPARISON, coded, estimated, group_name
from shnor_analysis.exhibits.tables.building import build_table, reasons_of
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable, Suppressed
from shnor_analysis.results.programme_effect import DESIGNS
from shnor_analysis.results.programme_parts import DesignEstimate

Town = Released[TownEvaluation]
MOST_WITHOUT = 8


def make_programme_table(released: Town, language: str) -> ShownTable | Text:
    """Each design's estimate on both scales with its intervals; last the hull of the two that make the headline."""
    facts = estimated(released.value)
    if facts is None:
        return Text("programme", ())
    columns = (
        Column("design", render("column.design", language), "left"),
        Column("sd", render("column.effect_sd", language)),
        Column("pp", render("column.effect_pp", language)),
        Column("p", render("column.p", language)),
        Column("permutation", render("column.permutation_p", language)),
        Column("schools", render("column.schools_both", language)),
    )
    rows = [_design_row(facts, design, language) for design in DESIGNS]
    rows.append(_hull_row(facts, language))
    absent = [facts.effect.design(design) for design in DESIGNS]
    notes = [
        render("note.dash", language, why=coded(f"not_estimable.{one.reason}", one.fields, language))
        for one in absent
        if isinstance(one, NotEstimable)
    ]
    codes = ["better", "p", "hull"]
    if isinstance(facts.effect.design("callaway_santanna"), DesignEstimate):
        codes.append("staggered")
    notes += [render(f"note.programme.{code}", language) for code in codes]
    return build_table(rows, columns, section="programme", notes=notes)


def _design_row(facts: ProgrammeFacts, design: str, language: str) -> dict[str, str]:
    sd, pp = facts.effect.design(design), facts.effect.design(design, "pp")
    row = {"design": render(f"design.{design}", language)}
    row |= dict.fromkeys(("sd", "pp", "p", "permutation", "schools"), printing.DASH)
    if isinstance(sd, DesignEstimate):
        row["sd"] = printing.spread_interval(sd.estimate, sd.conf_low, sd.conf_high, language=language)
        row["p"] = _p(sd.p_value, language)
        row["permutation"] = printing.DASH if sd.permutation_p is None else _p(sd.permutation_p, language)
        row["schools"] = f"{sd.n_treated} / {sd.n_comparison}"
    if isinstance(pp, DesignEstimate):
        row["pp"] = printing.points_interval(pp.estimate, pp.conf_low, pp.conf_high, language=language)
    return row


def _p(p: float, language: str) -> str:
    """A p without its letter: the column names it."""
    return printing.p_value(p, language).removeprefix("p = ").removeprefix("p ")


def _hull_row(facts: ProgrammeFacts, language: str) -> dict[str, str]:
    effect = facts.effect
    assert effect.hull_low is not None
    assert effect.hull_high is not None
    row = dict.fromkeys(("p", "permutation", "schools", "pp"), printing.DASH)
    if effect.hull_low_pp is not None and effect.hull_high_pp is not None:
        ends = (printing.points(end, language) for end in (effect.hull_low_pp, effect.hull_high_pp))
        row["pp"] = render("interval.plain", language, **dict(zip(("low", "high"), ends, strict=True)))
    ends = (printing.spread(end, language) for end in (effect.hull_low, effect.hull_high))
    row["sd"] = render("interval.plain", language, **dict(zip(("low", "high"), ends, strict=True)))
    return {**row, "design": render("design.hull", language)}


def make_groups_table(released: Town, language: str) -> ShownTable | Text:
    """Each group's low results by school year, groups side by side; always there, also where nothing is estimated."""
    facts = released.value.programme
    if isinstance(facts, NotEstimable) or not facts.groups:
        return Text("groups", ())
    groups = sorted({row.group for row in facts.groups}, key=lambda code: (code == COMPARISON, code))
    columns = [Column("year", label("school_year", language), "left")]
    for group in groups:
        above = _group_head(facts, group, language)
        columns.append(Column(f"{group}-low", render("column.low_short", language), above=above))
        columns.append(Column(f"{group}-mean", render("column.beside_others", language), above=above))
    rows = [
        _year_row(facts, year, groups, language) for year in sorted({row.school_year for row in facts.groups})
    ]
    notes = [*reasons_of([part for row in facts.groups for part in (row.share_low, row.mean_sd)], language)]
    if not all(row.is_comparable for row in facts.groups):
        notes.append(render("note.groups.break", language))
    return build_table(rows, columns, section="groups", notes=[*notes, render("note.groups", language)])


def _group_head(facts: ProgrammeFacts, group: str, language: str) -> str:
    """The group and the largest number of its schools that have a result in a year."""
    name = group_name(group, language)
    known = [row.schools_n for row in facts.groups if row.group == group and isinstance(row.schools_n, int)]
    return printing.counted("group.schools", max(known), language, name=name) if known else name


def _year_row(facts: ProgrammeFacts, year: int, groups: Sequence[str], language: str) -> dict[str, str]:
    found = {row.group: row for row in facts.groups if row.school_year == year}
    name = printing.school_year(year, language)
    cells = {"year": name if all(row.is_comparable for row in found.values()) else f"{name} *"}
    for group in groups:
        row = found.get(group)
        cells[f"{group}-low"] = _value(row.share_low if row else None, language, is_share=True)
        cells[f"{group}-mean"] = _value(row.mean_sd if row else None, language, is_share=False)
    return cells


def _value(value: float | Suppressed | None, language: str, *, is_share: bool) -> str:
    if isinstance(value, Suppressed):
        return printing.closed(value, language)
    if value is None:
        return printing.DASH
    return printing.percent(value, language) if is_share else printing.spread(value, language)


def make_baseline_table(released: Town, language: str) -> ShownTable | Text:
    """How far apart the groups were before the programme, and what that allows."""
    facts = estimated(released.value)
    if facts is None:
        return Text("baseline", ())
    columns = (
        Column("outcome", render("column.before_programme", language), "left"),
        Column("treated", render("column.treated", language)),
        Column("comparison", render("column.comparison", language)),
        Column("g", render("column.apart", language)),
        Column("verdict", render("column.allows", language), "left"),
    )
    rows = [
        {
            "outcome": coded(
                f"baseline_outcome.{row.outcome}", {"school_year": row.school_year or 0}, language
            ),
            "treated": _value(row.treated_mean, language, is_share=False),
            "comparison": _value(row.comparison_mean, language, is_share=False),
            "g": _value(row.g, language, is_share=False),
            "verdict": render(f"baseline_verdict.{row.verdict}", language),
        }
        for row in facts.effect.baseline
    ]
    return build_table(rows, columns, section="baseline", notes=[render("note.baseline", language)])


def make_leave_one_out_table(released: Town, language: str) -> ShownTable | Text:
    """The primary estimate without each school in turn; only where names may be shown."""
    facts = estimated(released.value)
    if facts is None or isinstance(facts.leave_one_out, NotEstimable):
        return Text("leave_one_out", ())
    columns = (
        Column("name", render("column.without_school", language), "left"),
        Column("estimate", render("column.effect_sd", language)),
    )
    named = [row for row in facts.leave_one_out.rows if row.name is not None]
    if len(named) > MOST_WITHOUT:  # what matters is how far the estimate can move
        named = [*named[: MOST_WITHOUT // 2], *named[-(MOST_WITHOUT // 2) :]]
    rows = [_without_row(row, language) for row in named]
    return build_table(rows, columns, section="leave_one_out", notes=[render("note.leave_one_out", language)])


def _without_row(row: LeaveOneOutRow, language: str) -> dict[str, str]:
    told = printing.spread_interval(row.estimate, row.conf_low, row.conf_high, language=language)
    return {"name": row.name or printing.DASH, "estimate": told}


SECTIONS = {
    "programme": make_programme_table,
    "groups": make_groups_table,
    "baseline": make_baseline_table,
    "leave_one_out": make_leave_one_out_table,
}
