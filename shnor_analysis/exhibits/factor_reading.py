"""What pages ask of factors and gaps before they speak: names, one scale for all factors, the families to tell first."""

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
from shnor_analysis.language import has_text, render, render_count
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import FactorAssociation, FactorInfluence
from shnor_analysis.results.town_fits import ALL_SUBJECTS

INDEX = "context_index"
NOT_FITTED = "not_fitted"
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
    """Every association on one scale, in the order of the factors asked for, the composite index last."""
    found = [_step(one, influence.level) for one in influence.associations]
    index = step_of_index(influence)
    return (*found, *([index] if index else []))


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
    """Whether the association stays apart from chance among all that were looked at together."""
    return one.p_adjusted < 1 - level


def family_name(one: FamilyFacts | ExpectedResult, language: str) -> str:
    """Assessment and subject of a family of results: "ВПР, русский язык"."""
    return f"{assessment_name(one, language)}, {part_name(one, language)}"


def assessment_name(one: FamilyFacts | ExpectedResult, language: str) -> str:
    """The assessment alone; one of the user's own keeps its name."""
    key = f"assessment.{one.assessment}"
    return label(key, language) if key in terms() else one.assessment


def part_name(one: FamilyFacts | ExpectedResult, language: str) -> str:
    """The subject alone, or that all are meant."""
    if one.subject == ALL_SUBJECTS:
        return render("family.all_subjects", language)
    if f"subject.{one.subject}" not in terms():
        return one.subject
    return printing.subject_named(one.subject, language)


def factor_name(factor: str, language: str) -> str:
    """The label of a factor; a column that the glossary does not know keeps its own name."""
    if factor == INDEX:
        return render("factor.context_index", language)
    for key in (f"factor.{factor}", factor):
        if key in terms():
            return label(key, language)
    return factor


def factors_named(factors: Iterable[str], language: str) -> str:
    """Labels of factors within a sentence."""
    return ", ".join(printing.within(factor_name(one, language)) for one in factors)


def term_name(one: FactorAssociation, language: str) -> str:
    """The label of a factor, with the category where it is one."""
    found = _CATEGORY.search(one.term)
    if found is None:
        return factor_name(one.factor, language)
    key = f"{one.factor}.{found['value']}"
    category = label(key, language) if key in terms() else found["value"]
    return f"{factor_name(one.factor, language)}: {category}"


def step_size(step: Step, language: str) -> str:
    """How large one step of a factor is, in its own unit; empty for a category and for the index, which has none."""
    factor = step.association.factor
    if step.size is None or factor == INDEX:
        return ""
    unit = _unit(factor)
    if unit == printing.SHARE:
        return render("step.points", language, value=_two_digits(step.size * 100, language))
    if not has_text(f"step.unit.{unit}", language):
        return _two_digits(step.size, language)
    # a size below one is counted like two: 0,4 года
    counts, size = (2, _two_digits(step.size, language)) if step.size < 1 else (round(step.size), "")
    return render_count(f"step.unit.{unit}", language, counts, size=size or printing.number(counts, language))


def _two_digits(value: float, language: str) -> str:
    """A size of a step: whole from ten on, with one decimal below."""
    return printing.number(value, language, 0 if abs(value) >= 10 else 1 if abs(value) >= 1 else 2)


def _unit(factor: str) -> str:
    key = f"factor.{factor}"
    return terms()[key].unit if key in terms() else ""


def factor_value(factor: str, value: float, language: str) -> str:
    """A value of a factor in its own unit."""
    return printing.measured(value, _unit(factor), language)


def first_influence(facts: FactorFacts | NotEstimable) -> tuple[FamilyFacts, FactorInfluence] | None:
    """The first family for which the question of factors could be asked."""
    families = () if isinstance(facts, NotEstimable) else facts.families
    asked = ((one, one.influence) for one in families if isinstance(one.influence, FactorInfluence))
    return next(asked, None)


def whole_families(facts: FactorFacts) -> tuple[tuple[FamilyFacts, FactorInfluence], ...]:
    """The families to show side by side: each assessment with all its subjects together, or what it has."""
    asked = [(one, one.influence) for one in facts.families if isinstance(one.influence, FactorInfluence)]
    wholes = {one.assessment for one, _ in asked if one.subject == ALL_SUBJECTS}
    return tuple(
        pair for pair in asked if pair[0].subject == ALL_SUBJECTS or pair[0].assessment not in wholes
    )


def first_gaps(facts: FactorFacts | NotEstimable) -> tuple[FamilyFacts, tuple[SchoolGap, ...]] | None:
    """The first family in which schools could be set beside what was expected of them."""
    families = () if isinstance(facts, NotEstimable) else facts.families
    known = ((one, one.gaps) for one in families if not isinstance(one.gaps, NotEstimable))
    return next(known, None)


def first_expected(facts: SchoolExpectations | NotEstimable) -> ExpectedResult | None:
    """The result to set beside what was expected first: the first assessment, given context."""
    return None if isinstance(facts, NotEstimable) else next(iter(facts.given_context()), None)


def why_nothing(reason: NotEstimable, language: str, *, audience: str) -> str:
    """Why a section about models has nothing to tell; who cannot type a command is not told one."""
    if reason.reason != NOT_FITTED:
        return render("factors.none", language, why=printing.why_not(reason, language))
    year = int(str(reason.fields["year"]))
    said = render("factors.not_fitted", language, year=printing.school_year(year, language))
    return f"{said} {render('factors.fit_them', language, year=year)}" if audience == "department" else said


def numeric_slope(influence: FactorInfluence, factor: str) -> float | None:
    """What one unit of a numeric factor goes with, in the unit of the outcome; None for categories."""
    found = [one for one in influence.associations if one.factor == factor and one.factor_sd is not None]
    return found[0].estimate if len(found) == 1 else None


def outcome_scale(influence: FactorInfluence) -> float:
    """Standard deviations of pupils in one unit of the outcome; stored outcomes are in them already."""
    return 1 / influence.outcome_sd if influence.outcome_sd else 1.0
