"""Factors and gaps in words: what goes with results here, which schools differ from what was expected, what is not said."""

from __future__ import annotations

from collections import Counter

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import FactorFacts, FamilyFacts, SchoolGap
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import (
    INDEX,
    Step,
    factors_named,
    family_name,
    first_gaps,
    first_influence,
    is_told_apart,
    step_size,
    steps_of,
    term_name,
    why_nothing,
)
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.glossary import label, terms
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed
from shnor_analysis.results.factor_influence import FactorInfluence

Town = Released[TownEvaluation]
VERDICTS = ("above", "below", "as_expected")
MOST_NAMES = 12


def describe_factors(released: Town, language: str) -> Text:
    """Which circumstances go with results here, how sure that is, and for how many schools it was asked."""
    facts = released.value.factors
    blocks: list[Block] = [Heading(render("factors.heading", language))]
    if isinstance(facts, NotEstimable):
        why = why_nothing(facts, language, audience=released.audience)
        return Text("factors", (*blocks, Paragraph(why, "note")))
    if facts.is_stale:
        blocks.append(stale(facts.school_year, language, audience=released.audience))
    found = first_influence(facts)
    whys = _whys(facts, language)
    if found is None:
        return Text("factors", (*blocks, Bullets(whys or (render("factors.nothing", language),))))
    blocks += _told(*found, language)
    if whys:
        blocks += [Heading(render("factors.not_asked", language), 3), Bullets(whys)]
    return Text("factors", tuple(blocks))


def stale(year: int, language: str, *, audience: str) -> Paragraph:
    """Says that data or settings changed after the models were fitted; who can, is told what to do."""
    said = render("factors.stale", language)
    if audience == "department":
        said = f"{said} {render('factors.fit_them', language, year=year)}"
    return Paragraph(said, "caution")


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
    influence, total = found[1], found[1].total_share
    if isinstance(total, NotEstimable) or isinstance(influence.shares, NotEstimable):
        reason = total if isinstance(total, NotEstimable) else influence.shares
        assert isinstance(reason, NotEstimable)
        return Text("shares", (*blocks, Paragraph(printing.why_not(reason, language), "note")))
    code = "shares.total" if _has_bounds(total) else "shares.total.no_bounds"
    said = render(
        code,
        language,
        share=printing.percent(total.value, language),
        interval=printing.interval(total, language),
    )
    blocks += [Paragraph(said), Paragraph(render("shares.reading", language), "note")]
    if any(one.share < 0 for one in influence.shares):
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


def describe_gaps(released: Town, language: str) -> Text:
    """How many schools differ from what was expected, the resilient ones, and how little that says."""
    facts = released.value.factors
    if isinstance(facts, NotEstimable):
        return Text("gaps", ())
    blocks: list[Block] = [Heading(render("gaps.heading", language))]
    found = first_gaps(facts)
    if found is None:
        reason = next((one.gaps for one in facts.families if isinstance(one.gaps, NotEstimable)), None)
        why = why_nothing(reason or NotEstimable("no_models"), language, audience=released.audience)
        return Text("gaps", (*blocks, Paragraph(why, "note")))
    family, gaps = found
    blocks += [
        Paragraph(render("gaps.intro", language, family=family_name(family, language))),
        Bullets(tuple(_verdicts(gaps, language))),
    ]
    resilient = [one.name for one in gaps if one.is_resilient is True]
    if len(resilient) > MOST_NAMES:
        blocks.append(Paragraph(printing.counted("gaps.resilient.many", len(resilient), language)))
    elif resilient:
        blocks.append(Paragraph(render("gaps.resilient", language, names=", ".join(resilient))))
    blocks.append(Paragraph(render("gaps.reading", language), "note"))
    return Text("gaps", tuple(blocks))


def _verdicts(gaps: tuple[SchoolGap, ...], language: str) -> list[str]:
    known = Counter(str(one.verdict) for one in gaps if not isinstance(one.verdict, Suppressed))
    said = [printing.counted(f"gaps.{one}", known[one], language) for one in VERDICTS if known[one]]
    reasons = Counter(one.reason for one in gaps if one.verdict == "cannot_be_told")
    said += [
        printing.counted("gaps.cannot_be_told", n, language, why=render(f"effect_unknown.{code}", language))
        for code, n in reasons.items()
        if code
    ]
    hidden = Counter(one.verdict.reason for one in gaps if isinstance(one.verdict, Suppressed))
    return said + [
        printing.counted("gaps.closed", n, language, why=printing.why_not(Suppressed(code), language))
        for code, n in hidden.items()
    ]


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
    "gaps": describe_gaps,
    "factor_limits": describe_factor_limits,
}
