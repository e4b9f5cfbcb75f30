"""Closes what is said of factors and of results beside what was expected of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from shnor_analysis.disclosure.audit import FEWER_THAN_5, FEWER_THAN_10, OTHER_SCHOOLS, AuditTrail
from shnor_analysis.disclosure.marks import close_measure, few_tested
from shnor_analysis.evaluation.factor_facts import (
    ExpectedResult,
    FactorFacts,
    FamilyFacts,
    LikeSchool,
    SchoolExpectations,
    SchoolGap,
)
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence

Gap = TypeVar("Gap", ExpectedResult, SchoolGap)
NOBODY = ""
ROUNDED_TO = 10  # numbers of pupils behind the points of a public picture


def close_expectations(
    facts: SchoolExpectations | NotEstimable, place: str, trail: AuditTrail, *, audience: str
) -> SchoolExpectations | NotEstimable:
    """Close means of few pupils; other schools are known by name on pages for the department only.

    On public pages the numbers of pupils behind pooled results go, too: less a number that is open elsewhere they would
    tell one that is not.
    """
    if isinstance(facts, NotEstimable):
        return facts
    closed = []
    for n, one in enumerate(facts.results):
        here = f"{place}.results[{n}]"
        shown = replace(_close_gap(one, here, trail), like=_close_like(one.like, here, trail))
        if audience != "department":
            shown = _without_others(shown, here, trail)
        if audience == "public":
            shown = _without_size(shown, here, trail)
        closed.append(shown)
    return replace(facts, results=tuple(closed))


def close_factors(
    facts: FactorFacts | NotEstimable, place: str, trail: AuditTrail, *, audience: str
) -> FactorFacts | NotEstimable:
    """Close gaps and points of schools with few pupils; what is said of all schools together stays."""
    if isinstance(facts, NotEstimable):
        return facts
    families = tuple(
        _close_family(one, f"{place}.families[{n}]", trail, is_public=audience == "public")
        for n, one in enumerate(facts.families)
    )
    return replace(facts, families=families)


def _close_family(family: FamilyFacts, place: str, trail: AuditTrail, *, is_public: bool) -> FamilyFacts:
    gaps = family.gaps
    if not isinstance(gaps, NotEstimable):
        gaps = tuple(_close_gap(one, f"{place}.gaps[{n}]", trail) for n, one in enumerate(gaps))
        if is_public:
            gaps = tuple(_without_size(one, f"{place}.gaps[{n}]", trail) for n, one in enumerate(gaps))
    influence = family.influence
    if isinstance(influence, FactorInfluence):
        influence = _close_points(influence, place, trail, is_public=is_public)
    pupils = trail.close(f"{place}.pupils_n", FEWER_THAN_5) if is_public else family.pupils_n
    return replace(family, pupils_n=pupils, gaps=gaps, influence=influence)


def _close_points(
    influence: FactorInfluence, place: str, trail: AuditTrail, *, is_public: bool
) -> FactorInfluence:
    """Points of schools with enough pupils, without the schools' codes; public ones with rounded sizes."""
    points = tuple(
        replace(point, school_id=NOBODY) for point in influence.partials if not few_tested(point.pupils_n)
    )
    if len(points) < len(influence.partials):
        trail.close(f"{place}.influence.partials", FEWER_THAN_10)
    if not is_public:
        return replace(influence, partials=points)
    coarse = tuple(replace(one, pupils_n=one.pupils_n // ROUNDED_TO * ROUNDED_TO) for one in points)
    trail.close(f"{place}.influence.n_pupils", FEWER_THAN_5)
    return replace(influence, partials=coarse, n_pupils=None, n_obs=0, rows_dropped=0)


def _close_gap(one: Gap, place: str, trail: AuditTrail) -> Gap:
    if not few_tested(one.pupils_n):
        return one
    return replace(
        one,
        observed=trail.close(f"{place}.observed", FEWER_THAN_10),
        expected=trail.close(f"{place}.expected", FEWER_THAN_10),
        gap=close_measure(one.gap, f"{place}.gap", trail, FEWER_THAN_10),
        verdict=trail.close(f"{place}.verdict", FEWER_THAN_10),
        is_resilient=trail.close(f"{place}.is_resilient", FEWER_THAN_10),
    )


def _without_size(one: Gap, place: str, trail: AuditTrail) -> Gap:
    return replace(one, pupils_n=trail.close(f"{place}.pupils_n", FEWER_THAN_5))


def _close_like(like: tuple[LikeSchool, ...], place: str, trail: AuditTrail) -> tuple[LikeSchool, ...]:
    """Close the results of like schools with few pupils."""
    return tuple(_close_like_one(one, f"{place}.like[{n}]", trail) for n, one in enumerate(like))


def _close_like_one(one: LikeSchool, place: str, trail: AuditTrail) -> LikeSchool:
    if not few_tested(one.pupils_n):
        return one
    return replace(
        one,
        observed=trail.close(f"{place}.observed", FEWER_THAN_10),
        gap=trail.close(f"{place}.gap", FEWER_THAN_10),
    )


def _without_others(one: ExpectedResult, place: str, trail: AuditTrail) -> ExpectedResult:
    """Like schools as points in the order of their results: codes, sizes and likeness would tell which school it is."""
    if not one.like:
        return one
    trail.close(f"{place}.like", OTHER_SCHOOLS)
    points = sorted(like.observed for like in one.like if isinstance(like.observed, float))
    return replace(one, like=tuple(LikeSchool(None, None, None, None, observed, None) for observed in points))
