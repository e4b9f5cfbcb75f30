"""Tables behind the trust in a programme's numbers: steps of the grade, schools lost, plan, checklist."""

from __future__ import annotations

import re

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import FlowArmRow, PlanLine, TrendRow
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import coded, estimated
from shnor_analysis.exhibits.sentences.shared import in_words, reason_in_words
from shnor_analysis.exhibits.tables.building import build_table
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import has_text, render
from shnor_analysis.results import NotEstimable, Suppressed
from shnor_analysis.results.analysis_plan import AS_PLANNED

Town = Released[TownEvaluation]
FRACTION = re.compile(r"\d+\.\d+")


def make_evidence_table(released: Town, language: str) -> ShownTable | Text:
    """Each step of the grade: what was looked at, how many padlocks it took, how many are left."""
    facts = estimated(released.value)
    grade = facts.effect.grade if facts else None
    if grade is None:
        return Text("evidence", ())
    columns = (
        Column("reason", render("column.grade_reason", language), "left"),
        Column("change", render("column.grade_change", language)),
        Column("left", render("column.grade_left", language)),
    )
    rows, left = [], grade.start
    for place, step in enumerate(grade.steps):
        left += step.change
        reason = coded(f"grade_step.{step.code}", step.fields, language)
        if step.is_spared:
            reason = f"{reason} {render('grade_step.spared', language)}"
        change = printing.number(step.change, language) if step.change else printing.DASH
        rows.append(
            {
                "reason": reason,
                "change": printing.number(grade.start, language) if place == 0 else change,
                "left": printing.number(left, language),
            }
        )
    return build_table(rows, columns, section="evidence")


def make_programme_flow_table(released: Town, language: str) -> ShownTable | Text:
    """Schools of both groups: meant to be compared, with data, compared, and why others were not."""
    facts = released.value.programme
    if isinstance(facts, NotEstimable):
        return Text("programme_flow", ())
    columns = (
        Column("arm", render("column.arm", language), "left"),
        *(
            Column(name, render(f"column.arm.{name}", language))
            for name in ("eligible", "with_data", "used", "pupils")
        ),
        Column("why", render("column.why", language), "left"),
    )
    rows = [_arm_row(one, language) for one in facts.flow]
    return build_table(rows, columns, section="programme_flow")


def _arm_row(one: FlowArmRow, language: str) -> dict[str, str]:
    if isinstance(one.excluded, Suppressed):
        why = printing.closed(one.excluded, language)
    else:
        why = "; ".join(reason_in_words(reason, language) for reason in one.excluded) or printing.DASH
    return {
        "arm": render(f"arm.{one.arm}", language),
        "eligible": printing.count_of(one.schools_eligible, language),
        "with_data": printing.count_of(one.schools_with_data, language),
        "used": printing.count_of(one.schools_used, language),
        "pupils": printing.count_of(one.pupils, language),
        "why": why,
    }


def make_plan_table(released: Town, language: str) -> ShownTable | Text:
    """Each analysis: as planned, a deviation with both sides, or not in the plan."""
    facts = released.value.programme
    if isinstance(facts, NotEstimable) or isinstance(facts.plan, NotEstimable):
        return Text("plan", ())
    columns = (
        Column("analysis", render("column.analysis", language), "left"),
        Column("status", render("column.plan_status", language), "left"),
        Column("sides", render("column.plan_sides", language), "left"),
    )
    rows = [_plan_row(line, language) for line in facts.plan.lines]
    return build_table(rows, columns, section="plan")


def _plan_row(line: PlanLine, language: str) -> dict[str, str]:
    sides = printing.DASH
    if line.status != AS_PLANNED and (line.planned or line.done):
        planned = _side(line.planned, language)
        sides = render("frozen_plan.sides", language, planned=planned, done=_done(line.done, language))
    return {
        "analysis": in_words("plan_analysis", line.analysis, language),
        "status": render(f"plan_status.{line.status}", language),
        "sides": sides,
    }


def _done(code: str, language: str) -> str:
    """What was done in short: a number as it is; a code of why not says only that it was not."""
    if has_text(f"not_estimable.{code}", language) or has_text(f"plan_done.{code}", language):
        return render("plan_done.not_done", language)
    return _side(code, language)


def _side(told: str, language: str) -> str:
    """A number, a short text or a choice of a plan; fractions as the language writes them."""
    if FRACTION.fullmatch(told):
        return printing.number(float(told), language, 2)
    for room in ("plan_choice", "plan_analysis", "rule_name"):
        if has_text(f"{room}.{told}", language):
            return printing.within(render(f"{room}.{told}", language))
    return told or printing.DASH


def make_trend_items_table(released: Town, language: str) -> ShownTable | Text:
    """The checklist item by item: what the data filled, and what the analyst is asked for."""
    facts = released.value.programme
    if isinstance(facts, NotEstimable):
        return Text("trend_items", ())
    columns = (
        Column("item", render("column.item", language), "left"),
        Column("what", render("column.item_text", language), "left"),
        Column("answer", render("column.item_answer", language), "left"),
    )
    rows = [_item_row(row, language) for row in facts.trend]
    return build_table(rows, columns, section="trend_items", notes=[render("note.trend_items", language)])


def _item_row(row: TrendRow, language: str) -> dict[str, str]:
    asked = render("trend_status.asked", language)
    answer = coded(f"trend_answer.{row.answer}", dict(row.fields), language) if row.answer else ""
    if row.status == "partly":
        answer = f"{answer} {render('trend_status.partly', language)}"
    return {"item": row.item, "what": in_words("trend_item", row.item, language), "answer": answer or asked}


SECTIONS = {
    "evidence": make_evidence_table,
    "programme_flow": make_programme_flow_table,
    "plan": make_plan_table,
    "trend_items": make_trend_items_table,
}
