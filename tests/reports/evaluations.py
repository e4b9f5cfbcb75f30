"""Hand-made facts of one school for tests: every number is given, nothing is simulated."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Any

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.evaluation.facts import (
    Change,
    ContextFactor,
    LevelResult,
    Listing,
    ListYear,
    MarkAgreement,
    MarkResult,
    Participation,
    Procedure,
    ProcedureResult,
    RuleEvidence,
    RuleOutcome,
    SchoolEvaluation,
    SourceFile,
)
from shnor_analysis.reference.calendar_breaks import SeriesBreak, calendar_breaks
from shnor_analysis.results import Estimate, NotEstimable

YEAR = 2024


def breaks_named(*codes: str) -> tuple[SeriesBreak, ...]:
    """Breaks of the calendar by their codes."""
    return tuple(known for known in calendar_breaks() if known.code in codes)


def wilson(successes: int, n: int) -> Estimate:
    """Share with its Wilson interval, by the formula of 1927."""
    share, z = successes / n, 1.959963984540054
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Estimate(share, max(0.0, centre - half), min(1.0, centre + half))


def marks_of(n: int, low: int) -> MarkResult:
    """Marks of `n` pupils, `low` of them 2 and the others 3, 4 and 5 in about equal parts."""
    rest = n - low
    counts = (low, rest - 2 * (rest // 3), rest // 3, rest // 3)
    return MarkResult(n, False, counts, wilson(low, n), wilson(n - low, n), wilson(counts[2] + counts[3], n))


def result_of(procedure: Procedure, n: int, low: int, *, town: tuple[int, int]) -> ProcedureResult:
    """A school's result beside the municipality's (tested, low)."""
    level = LevelResult("municipality", "Светлоярск", "computed", 40, marks_of(*town))
    return ProcedureResult(procedure, marks_of(n, low), NotEstimable("no_pupil_rows"), (level,), ())


def vpr(subject: str, grade: int, *, year: int = YEAR, season: str = "spring") -> Procedure:
    """A diagnostic test."""
    return Procedure(year, "vpr", subject, grade, season)


def a_school(**changed: Any) -> SchoolEvaluation:
    """A school with two tests of two years, a list, a rule, circumstances, a journal and a programme."""
    now, before = vpr("mathematics", 5), vpr("mathematics", 5, year=YEAR - 1)
    results = (
        result_of(before, 40, 12, town=(2000, 300)),
        result_of(now, 40, 16, town=(2000, 320)),
        result_of(vpr("russian", 5), 50, 4, town=(2000, 310)),
    )
    rule = RuleOutcome(
        "rosobr_2020", False, (YEAR,), False, 1, 2, (RuleEvidence(now, 40, wilson(16, 40), 0.3, True),), 0.37
    )
    school = SchoolEvaluation(
        school_id="sch660005",
        name="МБОУ СОШ № 5",
        kind="school",
        municipality_id="Светлоярск",
        region_id="Область",
        place_ru="г. Светлоярск",
        place_en="Svetloyarsk",
        is_invented=True,
        school_year=YEAR,
        results=results,
        changes=(Change(before, now, Estimate(0.1, -0.11, 0.3)),),
        breaks=breaks_named("vpr_2020_autumn"),
        list_years=(
            ListYear(YEAR, (Listing(YEAR, "low_results", "Ведомство", "№ 1"),), True, rule),
            ListYear(YEAR + 1, (), False, rule),
        ),
        context=(ContextFactor("low_income_share", YEAR, 0.31, (0.1, 0.2, 0.25), 40),),
        agreement=(MarkAgreement(now, 40, wilson(10, 40), wilson(25, 40), wilson(5, 40)),),
        participation=(Participation("500+", 2022),),
        unverified_facts=("listing_rule.rosobr_2020", "layout.mark_statistics"),
        accounting=Accounting().then(
            "school_facts", "school_results", 3, 3, [Reason("only_shares_known", 1)]
        ),
        files=(
            SourceFile("Математика 5.xlsx", "a" * 64, "mark_statistics", "2024-05-14T09:12:00+00:00", False),
        ),
    )
    return replace(school, **changed)
