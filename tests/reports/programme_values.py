"""Hand-made facts of a programme for tests: every number is given, nothing is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluations import YEAR
from list_flow_values import COHORT, a_list_flow
from test_what_is_not_shown import a_town

from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import (
    FlowArmRow,
    GroupYearRow,
    LeaveOneOutFacts,
    LeaveOneOutRow,
    ListFlowFacts,
    PlanFacts,
    PlanLine,
    ProgrammeFacts,
    TrendRow,
)
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.evidence import (
    BaselineRow,
    EffectSize,
    EvidenceGrade,
    GradeStep,
    HedgesG,
    MonthsOfProgress,
)
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import (
    DesignEstimate,
    EventYear,
    Placebo,
    PlaceboRank,
    Specification,
)


def a_design(
    design: str, estimate: float, half: float, *, scale: str = "sd", p: float | None = None
) -> DesignEstimate:
    """One design with the same width to both sides."""
    return DesignEstimate(
        design,
        scale,  # type: ignore[arg-type]
        estimate,
        half / 2.3,
        8.7,
        estimate / (half / 2.3),
        0.11,
        estimate - half,
        estimate + half,
        p,
        7,
        33,
    )


def the_event_years() -> tuple[EventYear, ...]:
    """Level before, a dip in the selection year, somewhat better after."""
    told = ((-4, 0.0), (-3, -0.03), (-2, 0.02), (-1, -0.21), (0, 0.06), (1, 0.11), (2, 0.09))
    return tuple(
        EventYear(year, value, value - 0.17, value + 0.17, 7, year == -1, year == -4) for year, value in told
    )


def the_specifications() -> tuple[Specification, ...]:
    """Ways of asking that agree on the direction and not on the size."""
    ways = [
        (design, years, subjects, comparison, flagged)
        for design in ("ancova", "did")
        for years in ("all", "first")
        for subjects in ("all", "mathematics", "russian")
        for comparison in ("not_yet", "never")
        for flagged in (True, False)
    ]
    told = []
    for n, way in enumerate(ways):
        value = -0.06 + 0.008 * n
        told.append(Specification(*way, "sd", value, value - 0.18, value + 0.18, n == 16))
    return tuple(told)


def the_placebos() -> PlaceboRank:
    """The real estimate is the sixth of 25."""
    placebos = tuple(
        Placebo("year" if n % 3 else "place", str(2016 + n % 4), 2016 + n % 4, (n - 9) / 60, (n - 9) / 6)
        for n in range(24)
    )
    return PlaceboRank(placebos, 6, 24, 0.04, 0.24)


def the_grade() -> EvidenceGrade:
    """Two padlocks of five: three by design, one taken for biased results."""
    return EvidenceGrade(
        2,
        3,
        (
            GradeStep(
                "design_several_years",
                0,
                {"treated": 7, "comparison": 33, "years_before": 4, "years_after": 3},
            ),
            GradeStep("power", 0, {"mdes": 0.25, "ceiling": 4}),
            GradeStep("loss", 0, {"lost_share": 0.024, "ceiling": 5}),
            GradeStep("baseline_adjusted", 0, {"g": -0.21, "outcome": "selection_year", "school_year": 2021}),
            GradeStep("biased_results", -1, {"n": 2, "treated": 7}),
        ),
    )


def an_effect(**changed: Any) -> ProgrammeEffect:
    """Seven schools of forty: the hull from a little worse to better."""
    told = ProgrammeEffect(
        level=0.95,
        cohorts=((COHORT, 7),),
        n_treated=7,
        n_comparison=33,
        delay=0,
        selection_years=1,
        seed=500,
        flow=(),
        groups_by_year=(),
        is_descriptive=False,
        reason=None,
        designs=(
            a_design("ancova", 0.07, 0.16, p=0.21),
            a_design("did", 0.12, 0.17),
            a_design("ancova", -2.4, 4.1, scale="pp"),
            a_design("did", -4.0, 4.4, scale="pp"),
        ),
        hull_low=-0.09,
        hull_high=0.29,
        hull_low_pp=-8.4,
        hull_high_pp=1.7,
        permutation_p=0.21,
        permutations=999,
        mdes=0.25,
        icc=0.12,
        effect_sizes=(
            EffectSize(
                "ancova",
                HedgesG("total", 0.068, 0.07, 8.7, 0.98, -0.09, 0.22),
                NotEstimable("design_not_asked"),
                0.12,
            ),
        ),
        months=MonthsOfProgress(1, -1, 3, ("conversion", "interval_holds_zero")),
        baseline=(
            BaselineRow("selection_year", -0.21, "adjust", -0.3, -0.09, 2021, 7, 33),
            BaselineRow("earlier_mean", -0.04, "satisfied", -0.13, -0.09, None, 7, 33),
        ),
        baseline_g=-0.21,
        grade=the_grade(),
        event_study=the_event_years(),
        staggered=NotEstimable("design_not_asked"),
        placebos=the_placebos(),
        specifications=the_specifications(),
        discontinuity=NotEstimable("design_not_asked"),
    )
    return replace(told, **changed)


def a_descriptive_effect(reason: NotEstimable) -> ProgrammeEffect:
    """Too few schools for any estimate."""
    bare = {"designs", "effect_sizes", "baseline", "event_study", "specifications", "leave_one_out"}
    nothing = {
        "hull_low",
        "hull_high",
        "hull_low_pp",
        "hull_high_pp",
        "permutation_p",
        "mdes",
        "icc",
        "months",
    }
    nothing |= {"baseline_g", "grade", "staggered", "placebos", "discontinuity"}
    return an_effect(
        is_descriptive=True,
        reason=reason,
        n_treated=3,
        cohorts=((COHORT, 3),),
        **dict.fromkeys(bare, ()),
        **dict.fromkeys(nothing),
    )


def the_groups() -> tuple[GroupYearRow, ...]:
    """The programme's schools fall in the selection year and come back; the others stay."""
    treated = {2018: 0.2, 2019: 0.21, 2020: 0.2, 2021: 0.31, 2022: 0.19, 2023: 0.18, 2024: 0.18}
    return tuple(
        GroupYearRow(
            year,
            group,
            share,
            (0.15 - share) * 2,
            n,
            n * 120,
        )
        for year, low in treated.items()
        for group, share, n in ((str(COHORT), low, 7), ("comparison", 0.14, 33))
    )


def the_leave_one_out() -> LeaveOneOutFacts:
    """The sign stays whichever school is left out."""
    rows = tuple(
        LeaveOneOutRow(f"sch{n}", f"Школа № {n}", 0.03 + n / 100, -0.15 + n / 100, 0.2 + n / 100)
        for n in range(1, 8)
    )
    return LeaveOneOutFacts(0.04, 0.1, False, rows)


def a_programme(**changed: Any) -> ProgrammeFacts:
    """The facts of a programme of seven schools."""
    told = ProgrammeFacts(
        school_year=YEAR,
        programme="500+",
        cohorts=((COHORT, 7),),
        effect=an_effect(),
        hull_low_of_100=-1.7,
        hull_high_of_100=8.4,
        groups=the_groups(),
        flow=(
            FlowArmRow("treated", 8, 7, 7, 2520, ()),
            FlowArmRow("comparison", 33, 33, 33, 11880, ()),
        ),
        leave_one_out=the_leave_one_out(),
        breaks=(),
        plan=PlanFacts(
            "500+ 2024",
            "?",
            "a" * 64,
            "2023-09-01",
            True,
            (
                PlanLine("ancova", "as_planned"),
                PlanLine("years_after", "deviation", "3", "2"),
                PlanLine("specifications", "exploratory"),
            ),
        ),
        trend=(TrendRow("7", "filled", "mdes", (("mdes", 0.25),)), TrendRow("9", "asked", "")),
        is_stale=False,
    )
    return replace(told, **changed)


def a_programme_town(
    *,
    list_flow: ListFlowFacts | NotEstimable | None = None,
    programme: ProgrammeFacts | NotEstimable | None = None,
) -> TownEvaluation:
    """A municipality with list flow and a programme."""
    return replace(
        a_town((10, 100)), list_flow=list_flow or a_list_flow(), programme=programme or a_programme()
    )
