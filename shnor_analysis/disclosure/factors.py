"""Closes what is said of factors and of results beside what was expected of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from shnor_analysis.disclosure.audit import FEWER_THAN_10, OTHER_SCHOOLS, AuditTrail
from shnor_analysis.disclosure.marks import close_measure, few_tested
from shnor_analysis.evaluation.factor_facts import (
    ExpectedResult,
    FactorFacts,
    FamilyFacts,
    SchoolExpectations,
    SchoolGap,
)
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence

Gap = TypeVar("Gap", ExpectedResult, SchoolGap)
NAMELESS = "—"


def close_expectations(
    facts: SchoolExpectations | NotEstimable, place: str, trail: AuditTrail, *, names_others: bool
) -> SchoolExpectations | NotEstimable:
    """Close a mean of few pupils; other schools keep their names on pages for the department only."""
    if isinstance(facts, NotEstimable):
        return facts
    closed = []
    for n, one in enumerate(facts.results):
        here = f"{place}.results[{n}]"
        shown = _close_gap(one, here, trail)
        if not names_others:
            shown = _without_others(shown, here, trail)
        closed.append(shown)
    return replace(facts, results=tuple(closed))


def close_factors(
    facts: FactorFacts | NotEstimable, place: str, trail: AuditTrail
) -> FactorFacts | NotEstimable:
    """Close gaps and points of schools with few pupils; what is said of all schools together stays."""
    if isinstance(facts, NotEstimable):
        return facts
    families = tuple(
        _close_family(one, f"{place}.families[{n}]", trail) for n, one in enumerate(facts.families)
    )
    return replace(facts, families=families)


def _close_family(family: FamilyFacts, place: str, trail: AuditTrail) -> FamilyFacts:
    gaps = family.gaps
    if not isinstance(gaps, NotEstimable):
        gaps = tuple(_close_gap(one, f"{place}.gaps[{n}]", trail) for n, one in enumerate(gaps))
    influence = family.influence
    if isinstance(influence, FactorInfluence):
        points = tuple(point for point in influence.partials if not few_tested(point.pupils_n))
        if len(points) < len(influence.partials):
            trail.close(f"{place}.influence.partials", FEWER_THAN_10)
        influence = replace(influence, partials=points)
    return replace(family, gaps=gaps, influence=influence)


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


def _without_others(one: ExpectedResult, place: str, trail: AuditTrail) -> ExpectedResult:
    """Like schools as points without names; their codes and names would tell a neighbour's result."""
    if not one.like:
        return one
    trail.close(f"{place}.like", OTHER_SCHOOLS)
    return replace(one, like=tuple(replace(like, school_id=NAMELESS, name=NAMELESS) for like in one.like))
