"""Factors and gaps in words: what goes with results here, which schools differ from what was expected, what is not said."""

from __future__ import annotations

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import FactorFacts, FamilyFacts, SchoolGap
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import (
    Step,
    factor_name,
    family_name,
    first_gaps,
    first_influence,
    is_told_apart,
    step_of_index,
    step_size,
    steps_of,
    term_name,
    with_verdict,
)
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence

Town = Released[TownEvaluation]
VERDICTS = ("above", "below", "as_expected", "cannot_be_told")


def describe_factors(released: Town, language: str) -> Text:
    """Which circumstances go with results here, how sure that is, and for how many schools it was asked."""
    facts = released.value.factors
    blocks: list[Block] = [Heading(render("factors.heading", language))]
    if isinstance(facts, NotEstimable):
        return Text("factors", (*blocks, Paragraph(_why_not(facts, language), "note")))
    found = first_influence(facts)
    if found is None:
        whys = _whys(facts, language) or (render("factors.nothing", language),)
        return Text("factors", (*blocks, Bullets(whys)))
    family, influence = found
    blocks += [
        Paragraph(_asked(family, influence, language)),
        Bullets(tuple(_found(influence, language))),
        *(Paragraph(render(f"factor_warning.{code}", language), "caution") for code in influence.warnings),
    ]
    if facts.is_stale:
        blocks.append(Paragraph(render("factors.stale", language), "caution"))
    whys = _whys(facts, language)
    if whys:
        blocks += [Heading(render("factors.not_asked", language), 3), Bullets(whys)]
    return Text("factors", tuple(blocks))


def _why_not(reason: NotEstimable, language: str) -> str:
    return render("factors.none", language, why=printing.why_not(reason, language))


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
    code = "factors.asked.pupils" if influence.rows_kind == "pupils" else "factors.asked.schools"
    return printing.counted(
        code,
        influence.n_schools,
        language,
        family=family_name(family, language),
        pupils=printing.number(influence.n_pupils or influence.n_obs, language),
    )


def _found(influence: FactorInfluence, language: str) -> list[str]:
    steps = steps_of(influence)
    clear = [step for step in steps if is_told_apart(step.association, influence.level)]
    said = [_one_step(step, language) for step in clear]
    if not clear:
        said.append(render("factors.none_clear", language))
    unclear = [term_name(step.association, language) for step in steps if step not in clear]
    if clear and unclear:
        said.append(render("factors.unclear", language, names=", ".join(unclear)))
    index = step_of_index(influence)
    if index is not None:
        code = (
            "factors.index.clear"
            if is_told_apart(index.association, influence.level)
            else "factors.index.unclear"
        )
        said.append(render(code, language, interval=printing.spread_interval(index.value, language)))
    return said


def _one_step(step: Step, language: str) -> str:
    code = "factors.step.category" if step.size is None else "factors.step.number"
    direction = "higher" if step.value.value > 0 else "lower"
    return render(
        f"{code}.{direction}",
        language,
        name=term_name(step.association, language),
        size=step_size(step, language),
        interval=printing.spread_interval(step.value, language),
    )


def describe_shares(released: Town, language: str) -> Text:
    """How much of the differences between schools all factors carry together, and each by itself."""
    blocks: list[Block] = [Heading(render("shares.heading", language), 3)]
    found = first_influence(released.value.factors)
    if found is None:
        return Text("shares", ())
    influence = found[1]
    if isinstance(influence.shares, NotEstimable) or not isinstance(influence.total_share, Estimate):
        reason = influence.shares if isinstance(influence.shares, NotEstimable) else influence.total_share
        assert isinstance(reason, NotEstimable)
        return Text("shares", (*blocks, Paragraph(printing.why_not(reason, language), "note")))
    total = influence.total_share
    code = "shares.total" if influence.replicates else "shares.total.no_bounds"
    blocks.append(
        Paragraph(
            render(
                code,
                language,
                share=printing.percent(total.value, language),
                interval=printing.interval(total, language),
            )
        )
    )
    blocks.append(Paragraph(render("shares.reading", language), "note"))
    if any(one.share < 0 for one in influence.shares):
        blocks.append(Paragraph(render("shares.negative", language), "note"))
    return Text("shares", tuple(blocks))


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
    blocks: list[Block] = [Heading(render("gaps.heading", language))]
    found = first_gaps(facts)
    if found is None:
        whys = [] if isinstance(facts, NotEstimable) else [one.gaps for one in facts.families]
        reason = next((one for one in whys if isinstance(one, NotEstimable)), facts)
        if isinstance(reason, NotEstimable):
            blocks.append(Paragraph(_why_not(reason, language), "note"))
        return Text("gaps", tuple(blocks))
    family, gaps = found
    blocks += [
        Paragraph(render("gaps.intro", language, family=family_name(family, language))),
        Bullets(tuple(_verdicts(gaps, language))),
    ]
    resilient = [one.name for one in gaps if one.is_resilient is True]
    if resilient:
        blocks.append(Paragraph(render("gaps.resilient", language, names=", ".join(resilient))))
    return Text("gaps", tuple(blocks))


def _verdicts(gaps: tuple[SchoolGap, ...], language: str) -> list[str]:
    counts = [(verdict, len(with_verdict(gaps, verdict))) for verdict in VERDICTS]
    return [printing.counted(f"gaps.{verdict}", n, language) for verdict, n in counts if n]


def describe_factor_limits(released: Town, language: str) -> Text:
    """What the models of factors and gaps cannot say."""
    facts = released.value.factors
    if isinstance(facts, NotEstimable):
        return Text("factor_limits", ())
    names = ", ".join(factor_name(one, language) for one in facts.factors)
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
