"""Every published fact in one row a fact, so that reports can say which of them nobody has verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shnor_analysis.reference.calendar_breaks import calendar_breaks
from shnor_analysis.reference.evidence_scales import evidence_scales
from shnor_analysis.reference.exam_minima import exam_minima
from shnor_analysis.reference.listing_rules import listing_practices, listing_rules
from shnor_analysis.reference.mark_scales import mark_scales
from shnor_analysis.reference.programme_history import programme_history
from shnor_analysis.reference.provenance import Provenance
from shnor_analysis.reference.risk_factors import all_risk_factors


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact by kind and key, with where it comes from.

    `kind` is one of mark_scale, exam_minimum, calendar_break, listing_rule, listing_practice, risk_factor, evidence_scale,
    history.
    """

    kind: str
    key: str
    provenance: Provenance

    @property
    def code(self) -> str:
        """Kind and key in one word, for the list of unverified facts of an evaluation."""
        return f"{self.kind}:{self.key}"


def facts() -> tuple[Fact, ...]:
    """Every fact of this room."""
    return tuple(_facts())


def unverified(*kinds: str) -> tuple[Fact, ...]:
    """The facts that nobody has verified, of some kinds or (none named) of all."""
    return tuple(
        fact for fact in facts() if not fact.provenance.is_verified and (not kinds or fact.kind in kinds)
    )


def _facts() -> Iterator[Fact]:
    for scale in mark_scales():
        key = f"{scale.assessment}/{scale.subject}/{scale.grade}/{_years(scale.provenance)}"
        yield Fact("mark_scale", key, scale.provenance)
    for minimum in exam_minima():
        key = f"{minimum.kind}/{minimum.assessment}/{minimum.subject}/{_years(minimum.provenance)}"
        yield Fact("exam_minimum", key, minimum.provenance)
    for one in calendar_breaks():
        yield Fact("calendar_break", one.code, one.provenance)
    for rule in listing_rules():
        yield Fact("listing_rule", rule.version, rule.provenance)
    for practice in listing_practices():
        yield Fact("listing_practice", practice.version, practice.provenance)
    for factor in all_risk_factors():
        yield Fact("risk_factor", f"{factor.year}/{factor.code}", factor.provenance)
    for name, provenance in evidence_scales().provenances().items():
        yield Fact("evidence_scale", name, provenance)
    yield from _history()


def _history() -> Iterator[Fact]:
    history = programme_history()
    for group in (history.cohorts, history.events, history.claims):
        for part in group:
            yield Fact("history", part.code, part.provenance)
    for order in history.orders:
        yield Fact("history", f"order_{order.level}_{order.number}", order.provenance)
    for pair in history.pairs:
        yield Fact("history", f"curator_{pair.curator_school}_{pair.helped_school}", pair.provenance)


def _years(provenance: Provenance) -> str:
    last = provenance.valid_to.isoformat() if provenance.valid_to else ""
    return f"{provenance.valid_from.isoformat()}–{last}"
