"""The three statements of an exit side by side, and a school's years beside what was predicted for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import SchoolEvaluation
from shnor_analysis.evaluation.school_programme_facts import (
    ChangeStatement,
    CoursePoint,
    ExitStatements,
    IssuedStatement,
    RuleStatement,
    SimilarYear,
)
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.programme_reading import autumn_in_words, coded
from shnor_analysis.exhibits.sentences.school_lists import change_verdict
from shnor_analysis.exhibits.sentences.shared import rule_name
from shnor_analysis.exhibits.tables.building import build_table, reasons_of
from shnor_analysis.exhibits.tables.shown import Column, ShownTable
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

School = Released[SchoolEvaluation]
Statement = TypeVar("Statement", IssuedStatement, RuleStatement, ChangeStatement)
Cells = tuple[str, str, str]  # answer, evidence, what is missing
MOST_CHANGES = 3  # told one by one; more are told by the least and the greatest


def make_exits_table(released: School, language: str) -> ShownTable | Text:
    """Three rows: what the issued list says, what the rule says, how the share changed; each with evidence and gaps."""
    exits = released.value.exits
    if not isinstance(exits, ExitStatements):
        return Text("exits", ())
    columns = (
        Column("statement", render("column.statement", language), "left"),
        Column("answer", render("column.answer", language), "left"),
        Column("evidence", render("column.evidence", language), "left"),
        Column("missing", render("column.missing_evidence", language), "left"),
    )
    told: list[tuple[str, Cells]] = [
        ("issued", _cells(exits.issued, _issued, language)),
        ("rule", _cells(exits.rule, _rule, language)),
        ("change", _cells(exits.change, _change, language)),
    ]
    rows = [
        {
            "statement": render(f"exits.{code}", language),
            "answer": answer,
            "evidence": evidence,
            "missing": missing,
        }
        for code, (answer, evidence, missing) in told
    ]
    return build_table(rows, columns, section="exits")


def _cells(
    statement: Statement | NotEstimable | Suppressed, tell: Callable[[Statement, str], Cells], language: str
) -> Cells:
    """The cells of a statement, or that it cannot be made and why."""
    if isinstance(statement, NotEstimable):
        why = coded(f"not_estimable.{statement.reason}", statement.fields, language)
        return printing.begun(render("exits.unknown", language)), printing.DASH, printing.begun(why)
    if isinstance(statement, Suppressed):
        return printing.closed(statement, language), printing.DASH, printing.why_not(statement, language)
    return tell(statement, language)


def _issued(one: IssuedStatement, language: str) -> Cells:
    before, now = (printing.school_year(year, language) for year in (one.before_list_year, one.now_list_year))
    is_old = one.now_list_year <= one.before_list_year
    code = "exits.issued.left" if one.has_left else "exits.issued.only" if is_old else "exits.issued.stays"
    names = [item.issuer + (f", {item.document}" if item.document else "") for item in one.listings]
    evidence = render(
        "exits.issued.evidence",
        language,
        before=before,
        lists="; ".join(dict.fromkeys(names)) or printing.DASH,
        now=now,
        documents="; ".join(dict.fromkeys(one.documents)) or printing.DASH,
    )
    missing = printing.DASH if one.documents else render("exits.issued.no_document", language)
    return render(code, language, before=before, now=now), evidence, missing


def _rule(one: RuleStatement, language: str) -> Cells:
    before, now = (printing.school_year(year, language) for year in (one.before_list_year, one.now_list_year))
    if isinstance(one.has_left, Suppressed):
        answer = printing.closed(one.has_left, language)
    else:
        answer = render(
            "exits.rule.left" if one.has_left else "exits.rule.stays", language, before=before, now=now
        )
    evidence = render(
        "exits.rule.evidence",
        language,
        rule=printing.begun(rule_name(one.now.version, language)),
        before=_low_of(one.before.procedures_low_n, len(one.before.evidence), language),
        now=_low_of(one.now.procedures_low_n, len(one.now.evidence), language),
    )
    if isinstance(one.chance_left, float):
        evidence += " " + _chance(one, one.chance_left, language)
    return answer, evidence, "; ".join(_rule_missing(one, language)) or printing.DASH


def _chance(one: RuleStatement, chance: float, language: str) -> str:
    """The chance to leave, which is of one year, beside what was seen after one year; else that it is of one year."""
    n = printing.of_hundred(chance, language)
    if not one.is_one_year:
        return render("exits.rule.chance.longer", language, n=n)
    if one.first_off_list_year in (None, one.now_list_year):
        return render("exits.rule.chance", language, n=n)
    year = printing.school_year(one.first_off_list_year or 0, language)
    return render("exits.rule.chance.then", language, n=n, year=year)


def _low_of(low: object, n: int, language: str) -> str:
    """Low results of all looked at: "2 из 6"; the word for a closed one."""
    shown = printing.count_of(low, language) if isinstance(low, int | Suppressed) else printing.DASH
    return render("exits.of", language, low=shown, n=n)


def _rule_missing(one: RuleStatement, language: str) -> list[str]:
    said = [] if one.now.is_verified else [render("exits.rule.unverified", language)]
    if isinstance(one.chance_left, NotEstimable):
        why = coded(f"not_estimable.{one.chance_left.reason}", one.chance_left.fields, language)
        said.append(render("exits.rule.no_chance", language, why=why))
    return said


def _change(one: ChangeStatement, language: str) -> Cells:
    known = [item.difference for item in one.changes if isinstance(item.difference, Estimate)]
    years = {
        "before": printing.school_year(one.before_school_year, language),
        "after": printing.school_year(one.after_school_year, language),
    }
    missing = (
        printing.counted("exits.change.not_comparable", one.not_comparable_n, language)
        if one.not_comparable_n
        else printing.DASH
    )
    if not known:
        return printing.begun(render("exits.unknown", language)), printing.DASH, missing
    verdicts = [change_verdict(item) for item in known]
    counts = [
        printing.counted(f"exits.change.{code}", verdicts.count(code), language)
        for code in ("down", "up", "unsure")
        if code in verdicts
    ]
    evidence = render("exits.change.evidence", language, **years, changes=_differences(known, language))
    return printing.begun("; ".join(counts)), evidence, missing


def _differences(known: list[Estimate], language: str) -> str:
    """Each change with its interval: "−12 п. п. (от −25 до +2 п. п.)"; of many the least and the greatest."""
    if len(known) > MOST_CHANGES:
        values = [one.value for one in known]
        ends = (printing.signed(end, language) for end in (min(values), max(values)))
        return render("interval.points", language, **dict(zip(("low", "high"), ends, strict=True)))
    return "; ".join(
        render(
            "interval.with_value",
            language,
            value=printing.change(one, language),
            range=printing.change_interval(one, language),
        )
        for one in known
    )


def make_course_table(released: School, language: str) -> ShownTable | Text:
    """Each school year: the share with its interval, what was predicted, the verdict, like schools."""
    facts = released.value.course
    if isinstance(facts, NotEstimable):
        return Text("course", ())
    predicted, like = render("column.predicted", language), render("column.like", language)
    columns = (
        Column("year", label("school_year", language), "left"),
        Column("tested", label("tested_n", language)),
        Column("share", render("column.share", language), above=label("low_share", language)),
        Column("interval", render("column.interval", language), above=label("low_share", language)),
        Column("expected", render("column.mean", language), above=predicted),
        Column("range", render("column.range", language), above=predicted),
        Column("verdict", render("column.course_verdict", language), "left"),
        Column("like", render("column.middle", language), above=like),
        Column("like_range", render("column.range", language), above=like),
    )
    beside = {one.school_year: one for one in facts.similar_years}
    rows = [_course_row(one, beside.get(one.school_year), language) for one in facts.years]
    parts = [part for one in facts.years for part in (one.observed, one.expected, one.verdict)]
    notes = [*reasons_of(parts, language), render("note.course", language)]
    if not all(one.is_comparable for one in facts.years):
        notes.append(render("note.groups.break", language))
    if facts.autumn_years:
        notes.append(autumn_in_words(facts.autumn_years, language))
    return build_table(rows, columns, section="course", notes=notes)


def _course_row(one: CoursePoint, like: SimilarYear | None, language: str) -> dict[str, str]:
    year = printing.school_year(one.school_year, language)
    verdict = printing.DASH
    if isinstance(one.verdict, Suppressed):
        verdict = printing.closed(one.verdict, language)
    elif one.verdict is not None:
        verdict = render(f"course_verdict.{one.verdict}", language)
    return {
        "year": year if one.is_comparable else f"{year} *",
        "tested": printing.count_of(one.tested_n, language),
        "share": printing.share_of(one.observed, language),
        "interval": printing.interval_of(one.observed, language),
        "expected": printing.DASH if one.expected is None else printing.share_of(one.expected, language),
        "range": printing.DASH if one.expected is None else printing.interval_of(one.expected, language),
        "verdict": verdict,
        **_like_cells(like, language),
    }


def _like_cells(like: SimilarYear | None, language: str) -> dict[str, str]:
    if like is None or like.middle is None:
        return {"like": printing.DASH, "like_range": printing.DASH}
    if isinstance(like.middle, Suppressed):
        return dict.fromkeys(("like", "like_range"), printing.closed(like.middle, language))
    bounds = printing.DASH
    if isinstance(like.lowest, float) and isinstance(like.highest, float):
        bounds = printing.measured_range(like.lowest, like.highest, printing.SHARE, language)
    return {"like": printing.percent(like.middle, language), "like_range": bounds}


SECTIONS = {"exits": make_exits_table, "course": make_course_table}
