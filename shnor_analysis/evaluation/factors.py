"""Reads what was fitted for a place: a school's own part, and the town's whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shnor_analysis.evaluation.factor_facts import (
    ExpectedResult,
    FactorFacts,
    FamilyFacts,
    LikeSchool,
    SchoolExpectations,
    SchoolGap,
)
from shnor_analysis.evaluation.measures import Measure
from shnor_analysis.evaluation.town_indicators import TownIndicators
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.school_effects import SchoolEffect
from shnor_analysis.results.school_fits import SchoolFits, SchoolPart
from shnor_analysis.results.town_fits import FamilyFits, TownFits


def expectations_of(
    fits: SchoolFits | NotEstimable, *, names: Mapping[str, str], is_stale: bool
) -> SchoolExpectations | NotEstimable:
    """One school's results beside what was expected of them, each family given context, then with earlier results.

    Args:
        fits: The school's part of what was fitted for the school year, or why nothing was.
        names: Names of schools by their codes.
        is_stale: Whether the inputs changed since.
    """
    if isinstance(fits, NotEstimable):
        return fits
    results = tuple(_expected(part, names) for part in fits.parts)
    return SchoolExpectations(fits.school_year, results, is_stale)


def factors_of(
    fits: TownFits | NotEstimable, school_ids: tuple[str, ...], *, names: Mapping[str, str], is_stale: bool
) -> FactorFacts | NotEstimable:
    """The town's factors and the gaps of its own schools, in the order of `school_ids`."""
    if isinstance(fits, NotEstimable):
        return fits
    families = tuple(_family(family, school_ids, names) for family in fits.in_reading_order())
    return FactorFacts(fits.school_year, fits.factors, families, is_stale)


def school_names(town: TownIndicators) -> dict[str, str]:
    """Names of all schools of the register by their codes."""
    schools = town.frame("schools")
    return {str(code): str(name) for code, name in zip(schools["school_id"], schools["name"], strict=True)}


def _expected(part: SchoolPart, names: Mapping[str, str]) -> ExpectedResult:
    effect = part.effect
    like = tuple(
        LikeSchool(
            one.school_id,
            names.get(one.school_id, one.school_id),
            pupils_n,
            one.distance,
            one.observed,
            one.gap,
        )
        for one, pupils_n in zip(effect.similar, part.similar_pupils, strict=True)
    )
    return ExpectedResult(
        assessment=part.assessment,
        subject=part.subject,
        given=part.given,
        rows_kind=part.rows_kind,
        **_beside_expected(effect, part.level),
        margin=part.margin,
        schools_n=part.schools_n,
        context=part.context,
        circumstances=part.circumstances,
        like=like,
    )


def _family(family: FamilyFits, school_ids: tuple[str, ...], names: Mapping[str, str]) -> FamilyFacts:
    effects = family.effects
    gaps: tuple[SchoolGap, ...] | NotEstimable
    if isinstance(effects, NotEstimable):
        gaps, margin = effects, None
    else:
        known = {one.school_id: one for one in effects.effects}
        margin = effects.margin
        gaps = tuple(
            _school_gap(known[school_id], effects.level, names)
            for school_id in school_ids
            if school_id in known
        )
    return FamilyFacts(
        assessment=family.assessment,
        subject=family.subject,
        rows_kind=family.rows_kind,
        schools_n=family.schools_n,
        pupils_n=family.pupils_n,
        linked_share=family.linked_share,
        margin=margin,
        influence=family.influence,
        gaps=gaps,
    )


def _school_gap(effect: SchoolEffect, level: float, names: Mapping[str, str]) -> SchoolGap:
    return SchoolGap(
        school_id=effect.school_id,
        name=names.get(effect.school_id, effect.school_id),
        **_beside_expected(effect, level),
    )


def _beside_expected(effect: SchoolEffect, level: float) -> dict[str, Any]:
    """The fields of `BesideExpected`."""
    return {
        "pupils_n": effect.pupils_n,
        "observed": effect.observed,
        "expected": effect.expected,
        "gap": _gap(effect, level),
        "verdict": effect.verdict,
        "reason": effect.reason,
        "is_resilient": effect.is_resilient,
    }


def _gap(effect: SchoolEffect, level: float) -> Measure:
    if effect.gap is None or effect.gap_low is None or effect.gap_high is None:
        return NotEstimable(effect.reason or "context_missing")
    return Estimate(effect.gap, effect.gap_low, effect.gap_high, level)
