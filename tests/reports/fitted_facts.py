"""Hand-made facts of factors and gaps for tests: every number is given, nothing is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluations import YEAR, a_school
from test_what_is_not_shown import a_town

from shnor_analysis.evaluation.factor_facts import (
    ExpectedResult,
    FactorFacts,
    FamilyFacts,
    LikeSchool,
    SchoolExpectations,
    SchoolGap,
)
from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import (
    CompositeIndex,
    FactorAssociation,
    FactorInfluence,
    IndexWeight,
    PartialPoint,
    VarianceShare,
)

FACTORS = ("parents_higher_education_share", "boiler_age_years")


def an_association(factor: str, in_sd: float, half: float, *, sd: float, p: float) -> FactorAssociation:
    """An association whose step goes with `in_sd`, `half` of an interval to both sides."""
    per_unit, width = in_sd / sd, half / sd
    told = (per_unit, per_unit - width, per_unit + width)
    return FactorAssociation(
        factor, factor, told[0], width / 2, 30.0, p, p, told[1], told[2], *told, -0.1, 0.1, p < 0.05, sd
    )


def an_influence(**changed: Any) -> FactorInfluence:
    """Two factors, one told apart from chance, and an index of both; 14 schools with points."""
    links = (
        an_association(FACTORS[0], 0.25, 0.14, sd=0.15, p=0.01),
        an_association(FACTORS[1], -0.02, 0.1, sd=13.6, p=0.7),
    )
    index = CompositeIndex(
        tuple(IndexWeight(one, one, 0.3, 0.2, 0.1) for one in FACTORS),
        0.55,
        an_association("context_index", -0.18, 0.1, sd=1.0, p=0.02),
        Estimate(0.3, 0.1, 0.5),
    )
    points = tuple(
        PartialPoint(factor, f"sch{n}", n / 100 if factor == FACTORS[0] else 2.0 * n, (n - 7) / 20, 20 + n)
        for factor in FACTORS
        for n in range(1, 15)
    )
    influence = FactorInfluence(
        outcome="outcome",
        outcome_sd=1.0,
        level=0.95,
        factors=FACTORS,
        adjusters=("sex",),
        associations=links,
        shares=(VarianceShare(FACTORS[0], 0.3, 0.1, 0.5), VarianceShare(FACTORS[1], -0.02, -0.1, 0.1)),
        total_share=Estimate(0.28, 0.1, 0.55),
        tau2_null=0.1,
        tau2_full=0.072,
        composite=index,
        warnings=("few_schools_for_factors",),
        n_obs=1400,
        n_pupils=1400,
        n_schools=14,
        rows_dropped=0,
        replicates=199,
        seed=1,
        is_exact=True,
        partials=points,
    )
    return replace(influence, **changed)


def a_gap(number: int, gap: float, verdict: str, **changed: Any) -> SchoolGap:
    """A school's gap with an interval of a quarter to both sides."""
    told = SchoolGap(
        school_id=f"sch{number}",
        name=f"Школа № {number}",
        pupils_n=80,
        observed=gap + 0.1,
        expected=0.1,
        gap=Estimate(gap, gap - 0.25, gap + 0.25),
        verdict=verdict,
        reason=None,
        is_resilient=False,
    )
    return replace(told, **changed)


def the_gaps() -> tuple[SchoolGap, ...]:
    """One school of each verdict, and one of seven pupils."""
    return (
        a_gap(1, 0.43, "above", is_resilient=True),
        a_gap(2, 0.0, "as_expected"),
        a_gap(3, -0.5, "below"),
        a_gap(4, 0.1, "cannot_be_told", reason="interval_wide", pupils_n=12),
        a_gap(5, 0.9, "above", pupils_n=7),
    )


def a_family(**changed: Any) -> FamilyFacts:
    """All subjects of a diagnostic test together."""
    family = FamilyFacts("vpr", "all", "pupils", 14, 1401, 0.5, 0.3, an_influence(), the_gaps())
    return replace(family, **changed)


def a_fitted_town(*families: FamilyFacts, is_stale: bool = False) -> TownEvaluation:
    """A municipality with fitted models."""
    facts = FactorFacts(YEAR, FACTORS, families or (a_family(),), is_stale)
    return replace(a_town((10, 100)), factors=facts)


def an_expected(**changed: Any) -> ExpectedResult:
    """A school somewhat above what was expected, with ten like schools, one of them of six pupils."""
    like = tuple(
        LikeSchool(f"sch{n}", f"Школа № {n}", 6 if n == 13 else 60, n / 20, (n - 15) / 10, 0.05)
        for n in range(11, 21)
    )
    told = ExpectedResult(
        assessment="vpr",
        subject="all",
        given="context",
        rows_kind="pupils",
        pupils_n=80,
        observed=0.3,
        expected=0.05,
        gap=Estimate(0.21, 0.05, 0.37),
        verdict="above",
        reason=None,
        is_resilient=False,
        margin=0.3,
        schools_n=40,
        context=("context_index",),
        circumstances=FACTORS,
        like=like,
    )
    return replace(told, **changed)


def a_fitted_school(*results: ExpectedResult, is_stale: bool = False) -> SchoolEvaluation:
    """A school with an expected result."""
    return a_school(expectations=SchoolExpectations(YEAR, results or (an_expected(),), is_stale))


def without_fits(value: Any) -> Any:
    """The same before the models were fitted."""
    missing = NotEstimable("not_fitted", {"year": YEAR})
    return replace(value, **{"factors" if isinstance(value, TownEvaluation) else "expectations": missing})
