"""Factors and gaps in words: what goes with results here, which schools differ from what was expected, what is not said."""

from __future__ import annotations

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import FactorFacts, FamilyFacts
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import (
    INDEX,
    Step,
    factors_named,
    family_name,
    first_influence,
    is_told_apart,
    step_size,
    steps_of,
    term_name,
)
from shnor_analysis.exhibits.sentences.fitted import opening
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.glossary import label, terms
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence

Town = Released[TownEvaluation]


def describe_factors(released: Town, language: str) -> Text:
    """Which circumstances go with results here, how sure that is, and for how many schools it was asked."""
    facts = released.value.factors
    blocks = opening("factors", facts, language, audience=released.audience)
    if isinstance(facts, NotEstimable):
        return Text("factors", blocks)
    found = first_influence(facts)
    whys = _whys(facts, language)
    if found is None:
        return Text("factors", (*blocks, Bullets(whys or (render("factors.nothing", language),))))
    unasked = (Heading(render("factors.not_asked", language), 3), Bullets(whys)) if whys else ()
    return Text("factors", (*blocks, *_told(*found, language), *unasked))


def _told(family: FamilyFacts, influence: FactorInfluence, language: str) -> list[Block]:
    return [
        Paragraph(_asked(family, influence, language)),
        Bullets(tuple(_found(influence, language))),
        Paragraph(render("factors.reading", language), "note"),
        *(Paragraph(render(f"factor_warning.{code}", language), "caution") for code in influence.warnings),
    ]


def _whys(facts: FactorFacts, language: str) -> tuple[str, ...]:
    """The families for which the question could not be asked, each with its reason."""
    return tuple(
        render(
            "factors.why",
            language,
            family=family_name(one, language),
            why=printing.why_not(one.influence, language),
        )
        for one in facts.families
        if isinstance(one.influence, NotEstimable)
    )


def _asked(family: FamilyFacts, influence: FactorInfluence, language: str) -> str:
    name, schools_n = family_name(family, language), influence.n_schools
    if influence.rows_kind != "pupils":
        return printing.counted("factors.asked.schools", schools_n, language, family=name)
    if isinstance(family.pupils_n, int):
        pupils = printing.counted("factors.pupils", family.pupils_n, language)
        said = printing.counted("factors.asked.pupils", schools_n, language, family=name, pupils=pupils)
    else:
        said = printing.counted("factors.asked", schools_n, language, family=name)
    if influence.adjusters:
        names = ", ".join(_adjuster(one, language) for one in influence.adjusters)
        said += " " + render("factors.adjusted", language, names=names)
    return said


def _adjuster(column: str, language: str) -> str:
    return printing.within(label(column, language)) if column in terms() else column


def _found(influence: FactorInfluence, language: str) -> list[str]:
    steps = [one for one in steps_of(influence) if one.association.factor != INDEX]
    clear = [step for step in steps if is_told_apart(step.association, influence.level)]
    said = [_one_step(step, language) for step in clear]
    unclear = [term_name(step.association, language) for step in steps if step not in clear]
    if not clear:
        said.append(render("factors.none_clear", language))
    elif unclear:
        names = ", ".join(map(printing.within, unclear))
        said.append(render("factors.unclear", language, names=names))
    said += [
        _of_index(step, influence, language)
        for step in steps_of(influence)
        if step.association.factor == INDEX
    ]
    return said


def _of_index(step: Step, influence: FactorInfluence, language: str) -> str:
    is_clear = is_told_apart(step.association, influence.level)
    return render(
        f"factors.index.{'clear' if is_clear else 'unclear'}",
        language,
        n=printing.ahead(step.value.value, language),
        range=printing.ahead_range(step.value, language),
    )


def _one_step(step: Step, language: str) -> str:
    return render(
        "factors.step.category" if step.size is None else "factors.step.number",
        language,
        name=term_name(step.association, language),
        size=step_size(step, language),
        n=printing.ahead(step.value.value, language),
        range=printing.ahead_range(step.value, language),
    )


def describe_shares(released: Town, language: str) -> Text:
    """How much of the differences between schools goes with all factors together, and with each by itself."""
    blocks: list[Block] = [Heading(render("shares.heading", language), 3)]
    found = first_influence(released.value.factors)
    if found is None:
        return Text("shares", ())
    shares, total = found[1].shares, found[1].total_share
    if isinstance(total, NotEstimable):
        return Text("shares", (*blocks, Paragraph(printing.why_not(total, language), "note")))
    if isinstance(shares, NotEstimable):
        return Text("shares", (*blocks, Paragraph(printing.why_not(shares, language), "note")))
    code = "shares.total" if _has_bounds(total) else "shares.total.no_bounds"
    said = render(
        code,
        language,
        share=printing.percent(total.value, language),
        interval=printing.interval(total, language),
    )
    blocks += [Paragraph(said), Paragraph(render("shares.reading", language), "note")]
    if any(one.share < 0 for one in shares):
        blocks.append(Paragraph(render("shares.negative", language), "note"))
    return Text("shares", tuple(blocks))


def _has_bounds(total: Estimate) -> bool:
    """Bounds that leave out the value say of themselves that they are worth nothing."""
    return total.low < total.high and total.low <= total.value <= total.high


def describe_index(released: Town, language: str) -> Text:
    """What the composite index of circumstances is; empty where no index was needed."""
    found = first_influence(released.value.factors)
    composite = found[1].composite if found else None
    if composite is None:
        return Text("index", ())
    heading = Heading(render("index.heading", language), 3)
    if isinstance(composite, NotEstimable):
        return Text("index", (heading, Paragraph(printing.why_not(composite, language), "note")))
    return Text("index", (heading, Paragraph(render("index.intro", language))))


def describe_partials(released: Town, language: str) -> Text:
    """How to read the small pictures of single factors."""
    found = first_influence(released.value.factors)
    if found is None or not found[1].partials:
        return Text("partials", ())
    blocks: tuple[Block, ...] = (
        Heading(render("partials.heading", language), 3),
        Paragraph(render("partials.reading", language)),
    )
    return Text("partials", blocks)


def describe_factor_limits(released: Town, language: str) -> Text:
    """What the models of factors and gaps cannot say."""
    facts = released.value.factors
    if isinstance(facts, NotEstimable):
        return Text("factor_limits", ())
    names = factors_named(facts.factors, language)
    said = tuple(
        render(f"factor_limits.{code}", language, factors=names)
        for code in ("not_cause", "known_only", "schools", "not_rank")
    )
    return Text("factor_limits", (Heading(render("factor_limits.heading", language), 3), Bullets(said)))


SECTIONS = {
    "factors": describe_factors,
    "shares": describe_shares,
    "index": describe_index,
    "partials": describe_partials,
    "factor_limits": describe_factor_limits,
}
