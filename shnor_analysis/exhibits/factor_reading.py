"""What pages ask of factors and gaps before they speak: names, one scale for all factors, the schools to name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from shnor_analysis.evaluation.factor_facts import (
    ExpectedResult,
    FactorFacts,
    FamilyFacts,
    SchoolExpectations,
    SchoolGap,
)
from shnor_analysis.exhibits import printing
from shnor_analysis.glossary import label, terms
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import FactorAssociation, FactorInfluence

ALL_SUBJECTS = "all"
INDEX = "context_index"
_CATEGORY = re.compile(r"\[(?:T\.)?(?P<value>[^\]]*)\]$")


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of a factor goes with, in standard deviations of pupils.

    A step of a number is one standard deviation between schools, `size` in the factor's own unit; that of a category
    is the category itself against the base category (`size` None).
    """

    association: FactorAssociation
    value: Estimate
    size: float | None


def steps_of(influence: FactorInfluence) -> tuple[Step, ...]:
    """Every association on one scale, in the order of the factors asked for."""
    return tuple(_step(one, influence.level) for one in influence.associations)


def step_of_index(influence: FactorInfluence) -> Step | None:
    """The composite index on the same scale; None where there is none."""
    composite = influence.composite
    found = getattr(composite, "association", None)
    return _step(found, influence.level) if isinstance(found, FactorAssociation) else None


def _step(one: FactorAssociation, level: float) -> Step:
    size = one.factor_sd
    scale = 1.0 if size is None else size
    told = (one.in_sd, one.in_sd_low, one.in_sd_high)
    if any(value is None for value in told):
        told = (one.estimate, one.conf_low, one.conf_high)
    value, low, high = (float(part or 0.0) * scale for part in told)
    return Step(one, Estimate(value, low, high, level), size)


def is_told_apart(one: FactorAssociation, level: float) -> bool:
    """Whether the association stays apart from nothing among all that were looked at together."""
    return one.p_adjusted < 1 - level


def family_name(one: FamilyFacts | ExpectedResult, language: str) -> str:
    """Assessment and subject of a family of results: "ВПР, русский язык"."""
    kind = label(f"assessment.{one.assessment}", language)
    if one.subject == ALL_SUBJECTS:
        return render("family.all_subjects", language, assessment=kind)
    return f"{kind}, {printing.subject_named(one.subject, language)}"


def factor_name(factor: str, language: str) -> str:
    """The label of a factor; a column that the glossary does not know keeps its own name."""
    if factor == INDEX:
        return render("factor.context_index", language)
    for key in (f"factor.{factor}", factor):
        if key in terms():
            return label(key, language)
    return factor


def term_name(one: FactorAssociation, language: str) -> str:
    """The label of a factor, with the category where it is one."""
    found = _CATEGORY.search(one.term)
    if found is None:
        return factor_name(one.factor, language)
    key = f"{one.factor}.{found['value']}"
    category = label(key, language) if key in terms() else found["value"]
    return f"{factor_name(one.factor, language)}: {category}"


def step_size(step: Step, language: str) -> str:
    """How large one step of a factor is, in its own unit; empty for a category."""
    if step.size is None:
        return ""
    unit = _unit(step.association.factor)
    if unit == printing.SHARE:
        return render("step.points", language, value=printing.number(step.size * 100, language))
    return printing.measured(step.size, unit, language)


def _unit(factor: str) -> str:
    key = f"factor.{factor}"
    return terms()[key].unit if key in terms() else ""


def factor_value(factor: str, value: float, language: str) -> str:
    """A value of a factor in its own unit."""
    return printing.measured(value, _unit(factor), language)


def first_influence(facts: FactorFacts | NotEstimable) -> tuple[FamilyFacts, FactorInfluence] | None:
    """The first family for which the question of factors could be asked; assessments pooled stand first."""
    families = () if isinstance(facts, NotEstimable) else facts.families
    asked = ((one, one.influence) for one in families if isinstance(one.influence, FactorInfluence))
    return next(asked, None)


def first_gaps(facts: FactorFacts | NotEstimable) -> tuple[FamilyFacts, tuple[SchoolGap, ...]] | None:
    """The first family in which schools could be set beside what was expected of them."""
    families = () if isinstance(facts, NotEstimable) else facts.families
    known = ((one, one.gaps) for one in families if not isinstance(one.gaps, NotEstimable))
    return next(known, None)


def first_expected(facts: SchoolExpectations | NotEstimable) -> ExpectedResult | None:
    """The result to set beside what was expected first: the first assessment, pooled, given context."""
    return None if isinstance(facts, NotEstimable) else next(iter(facts.given_context()), None)


def numeric_slope(influence: FactorInfluence, factor: str) -> float | None:
    """What one unit of a numeric factor goes with, in the unit of the outcome; None for categories."""
    found = [one for one in influence.associations if one.factor == factor and one.factor_sd is not None]
    return found[0].estimate if len(found) == 1 else None


def with_verdict(gaps: Iterable[SchoolGap], verdict: str) -> tuple[SchoolGap, ...]:
    """The schools with a verdict, in the order of their numbers."""
    return tuple(one for one in gaps if one.verdict == verdict)
