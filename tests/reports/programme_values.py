"""Hand-made facts of list flow, a programme and a school's course for tests: every number is given, nothing is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluations import YEAR, a_school, vpr, wilson
from test_what_is_not_shown import a_town

from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.evaluation.programme_facts import (
    CalibrationRow,
    CohortFlow,
    FlowArmRow,
    GroupYearRow,
    LeaveOneOutFacts,
    LeaveOneOutRow,
    ListFlowFacts,
    ListForecast,
    PlanFacts,
    PlanLine,
    ProgrammeFacts,
    SchoolFlow,
    TrendRow,
)
from shnor_analysis.evaluation.record_facts import Change, Listing, MarkAgreement, PooledPart
from shnor_analysis.evaluation.school_programme_facts import (
    ChangeStatement,
    CourseFacts,
    CoursePoint,
    ExitStatements,
    IssuedStatement,
    ObjectivitySigns,
    RuleStatement,
    SimilarCourse,
    SimilarShare,
    SimilarYear,
)
from shnor_analysis.results import Estimate, NotEstimable
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

COHORT = 2022


def a_cohort(
    *, listed: int = 7, left: int = 7, expected: float = 3.1, p: float = 0.002, **changed: Any
) -> CohortFlow:
    """Schools of one year of a programme on the list before it."""
    schools = tuple(
        SchoolFlow(f"sch{n}", f"Школа № {n}", True, 0.25 + n / 40, n <= left) for n in range(1, listed + 1)
    )
    told = CohortFlow(
        programme="500+",
        cohort_year=COHORT,
        list_school_year=2021,
        next_school_year=2022,
        schools_n=max(listed, 1),
        listed_n=listed,
        without_result_n=0,
        left_n=left,
        expected_leavers=expected,
        leavers_low=1,
        leavers_high=5,
        p_at_least_observed=p,
        schools=schools,
    )
    return replace(told, **changed)


def a_calibration(year: int, expected: float, observed: int, **changed: Any) -> CalibrationRow:
    """A past list of 13 schools with three to either side of the expected number."""
    low, high = max(0, round(expected) - 3), round(expected) + 3
    told = CalibrationRow(
        list_school_year=year,
        list_n=13,
        without_result_n=0,
        expected_leavers=expected,
        leavers_low=low,
        leavers_high=high,
        observed_leavers=observed,
        p_at_least_observed=0.5,
        pit=0.5,
        is_inside=low <= observed <= high,
    )
    return replace(told, **changed)


def a_forecast(year: int, *, observed: int | None = None, **changed: Any) -> ListForecast:
    """A list of twelve schools of which four would leave."""
    told = ListForecast(
        list_school_year=year,
        next_school_year=year + 1,
        list_n=12,
        without_result_n=0,
        expected_leavers=4.2,
        leavers_low=2,
        leavers_high=7,
        observed_leavers=observed,
        p_at_least_observed=None if observed is None else 0.4,
        expected_entrants=4.4,
        entrants_low=2,
        entrants_high=7,
        observed_entrants=observed,
    )
    return replace(told, **changed)


def a_list_flow(*cohorts: CohortFlow, **changed: Any) -> ListFlowFacts:
    """A rule that was right about four of five past lists."""
    told = ListFlowFacts(
        school_year=YEAR,
        rule="rosobr_2023",
        rule_is_verified=False,
        rule_code="share_of_low",
        rule_parameters=(("threshold", 0.3),),
        level=0.95,
        first_year=2018,
        schools_n=40,
        lists=(a_forecast(YEAR - 1, observed=5), a_forecast(YEAR)),
        calibration=(
            a_calibration(2018, 5.2, 6),
            a_calibration(2019, 4.4, 3),
            a_calibration(2020, 4.0, 8),
            a_calibration(2021, 4.6, 5),
            a_calibration(2022, 4.9, 4),
        ),
        cohorts=cohorts or (a_cohort(),),
        reliability=0.68,
        notes=(),
        is_stale=False,
    )
    return replace(told, **changed)


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


def an_effect(**changed: Any) -> ProgrammeEffect:
    """Seven schools of forty: the hull from a little worse to better."""
    placebos = tuple(
        Placebo("year" if n % 3 else "place", str(2016 + n % 4), 2016 + n % 4, (n - 9) / 60, (n - 9) / 6)
        for n in range(24)
    )
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
        grade=EvidenceGrade(
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
                GradeStep(
                    "baseline_adjusted", 0, {"g": -0.21, "outcome": "selection_year", "school_year": 2021}
                ),
                GradeStep("biased_results", -1, {"n": 2, "treated": 7}),
            ),
        ),
        event_study=the_event_years(),
        staggered=NotEstimable("design_not_asked"),
        placebos=PlaceboRank(placebos, 6, 24, 0.04, 0.24),
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


def the_exits(**changed: Any) -> ExitStatements:
    """Off the issued list, the rule silent, the share lower within chance."""
    rule = a_school().list_years[-1].rule
    told = ExitStatements(
        IssuedStatement(2022, (Listing(2022, "low_results", "Ведомство", "№ 1"),), YEAR, (), ("№ 7",), True),
        RuleStatement(2022, replace(rule, fires=True), YEAR + 1, rule, True, 0.36, 2022),
        ChangeStatement(
            2021,
            YEAR,
            (
                Change(
                    vpr("mathematics", 5, year=YEAR - 1), vpr("mathematics", 5), Estimate(-0.12, -0.25, 0.02)
                ),
            ),
            1,
            1,
        ),
    )
    return replace(told, **changed)


def a_course(**changed: Any) -> CourseFacts:
    """Four years of its own, then three against the prediction."""
    own = ((2018, 20), (2019, 24), (2020, 22), (2021, 34))
    after = ((2022, 18, "inside"), (2023, 9, "better"), (2024, 19, "inside"))
    told = CourseFacts(
        school_year=YEAR,
        through=2021,
        level=0.95,
        programme="500+",
        cohort_year=COHORT,
        years=(
            *(
                CoursePoint(year, 100, wilson(low, 100), None, None, parts=(PooledPart(100, low),))
                for year, low in own
            ),
            *(
                CoursePoint(
                    year,
                    100,
                    wilson(low, 100),
                    Estimate(0.23, 0.11, 0.37),
                    verdict,
                    parts=(PooledPart(100, low),),
                )
                for year, low, verdict in after
            ),
        ),
        similar=tuple(
            SimilarCourse(
                f"sch{n}",
                f"Школа № {n}",
                tuple(SimilarShare(year, 90, 0.12 + n / 100 + (year % 3) / 50) for year in range(2018, 2025)),
            )
            for n in range(11, 21)
        ),
        similar_years=tuple(SimilarYear(year, 10, 0.13, 0.22, 0.36) for year in range(2018, 2025)),
        signs=ObjectivitySigns(
            (Listing(2021, "biased_results", "Ведомство", None),),
            (MarkAgreement(vpr("mathematics", 5), 100, wilson(20, 100), wilson(65, 100), wilson(15, 100)),),
            (2021,),
        ),
        is_stale=False,
    )
    return replace(told, **changed)


def a_course_school(
    *, course: CourseFacts | NotEstimable | None = None, exits: ExitStatements | NotEstimable | None = None
) -> SchoolEvaluation:
    """A school that left the list, with its course."""
    return a_school(course=course or a_course(), exits=exits or the_exits())
