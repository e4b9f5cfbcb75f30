"""Closes what a listing rule says of a school as far as its evidence is closed."""

from __future__ import annotations

from dataclasses import replace

from shnor_analysis.disclosure.audit import FEWER_THAN_5, FEWER_THAN_10, AuditTrail
from shnor_analysis.disclosure.marks import close_measure, few_tested
from shnor_analysis.disclosure.patterns import OPEN, Pattern, choose_pattern
from shnor_analysis.evaluation.facts import ListYear, Number, Procedure, RuleEvidence, RuleOutcome
from shnor_analysis.results import Estimate, Suppressed

ProcedureKey = tuple[int, str, str, int, str]


def key_of(procedure: Procedure) -> ProcedureKey:
    """A procedure without its date."""
    return procedure.school_year, procedure.assessment, procedure.subject, procedure.grade, procedure.season


def close_list_year(
    year: ListYear,
    place: str,
    trail: AuditTrail,
    *,
    is_public: bool,
) -> ListYear:
    """Close what the rule says for one list year."""
    if not isinstance(year.rule, RuleOutcome):
        return year
    return replace(year, rule=close_rule(year.rule, f"{place}.rule", trail, is_public=is_public))


def close_rule(rule: RuleOutcome, place: str, trail: AuditTrail, *, is_public: bool) -> RuleOutcome:
    """Close the rule's evidence like the results it repeats, and the outcome where the closed part follows from it.

    Decides on the outcome alone, so that a school's page and the municipality's hide the same answers.
    """
    evidence = tuple(
        _close_evidence(item, f"{place}.evidence[{n}]", trail, is_public=is_public)
        for n, item in enumerate(rule.evidence)
    )
    return _close_outcome(replace(rule, evidence=evidence), place, trail)


def _close_evidence(
    item: RuleEvidence,
    place: str,
    trail: AuditTrail,
    *,
    is_public: bool,
) -> RuleEvidence:
    pattern = _pattern(item) if is_public else OPEN
    reason = FEWER_THAN_5 if not pattern.low else FEWER_THAN_10 if few_tested(item.tested_n) else None
    tested: Number = item.tested_n
    if not pattern.tested:
        tested = trail.close(f"{place}.tested_n", FEWER_THAN_5)
    return replace(
        item,
        tested_n=tested,
        low=close_measure(item.low, f"{place}.low", trail, reason),
        is_low=item.is_low if pattern.low else trail.close(f"{place}.is_low", FEWER_THAN_5),
    )


def _pattern(item: RuleEvidence) -> Pattern:
    """Closes low results exactly where the result's own row does: that looks at the low ones and their rest, too."""
    if not isinstance(item.low, Estimate) or not isinstance(item.tested_n, int):
        return OPEN
    two = round(item.low.value * item.tested_n)
    return choose_pattern(two, item.tested_n - two, None)


def _close_outcome(rule: RuleOutcome, place: str, trail: AuditTrail) -> RuleOutcome:
    hidden = sum(isinstance(item.is_low, Suppressed) for item in rule.evidence)
    if not hidden:
        return rule
    open_low = sum(item.is_low is True for item in rule.evidence)
    needed = rule.procedures_needed_n
    follows = open_low >= needed or open_low + hidden < needed
    return replace(
        rule,
        fires=rule.fires if follows else trail.close(f"{place}.fires", FEWER_THAN_5),
        procedures_low_n=trail.close(f"{place}.procedures_low_n", FEWER_THAN_5),
        chance_if_unchanged=trail.close(f"{place}.chance_if_unchanged", FEWER_THAN_5),
    )
