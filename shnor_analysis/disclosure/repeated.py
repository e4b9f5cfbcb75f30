"""Closes what repeats results of a school elsewhere on its page: changes between two of them, agreement of marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shnor_analysis.disclosure.audit import FEWER_THAN_5, FEWER_THAN_10, AuditTrail
from shnor_analysis.disclosure.marks import ClosedMarks, close_measure, few_tested
from shnor_analysis.disclosure.patterns import is_small
from shnor_analysis.disclosure.rules import ProcedureKey, key_of
from shnor_analysis.evaluation.facts import Change, MarkAgreement, Number
from shnor_analysis.results import Estimate, Suppressed


def close_change(
    change: Change, place: str, trail: AuditTrail, shown: Mapping[ProcedureKey, ClosedMarks]
) -> Change:
    """Close a change between two results as far as either of them is closed."""
    ends = [shown.get(key_of(end)) for end in (change.before, change.after)]
    reasons = {
        end.marks.low.reason for end in ends if end is not None and isinstance(end.marks.low, Suppressed)
    }
    if None in ends or FEWER_THAN_5 in reasons:
        return replace(change, difference=close_measure(change.difference, place, trail, FEWER_THAN_5))
    reason = FEWER_THAN_10 if reasons else None
    return replace(change, difference=close_measure(change.difference, place, trail, reason))


def close_agreement(item: MarkAgreement, place: str, trail: AuditTrail, *, is_public: bool) -> MarkAgreement:
    """Close shares of few pupils, and for the public numbers that are small or leave a small rest."""
    reason = FEWER_THAN_10 if few_tested(item.tested_n) else None
    tested: Number = item.tested_n
    measures = (item.lowered, item.confirmed, item.raised)
    if is_public and isinstance(item.tested_n, int):
        numbers = [round(one.value * item.tested_n) for one in measures if isinstance(one, Estimate)]
        if any(is_small(number) or is_small(item.tested_n - number) for number in numbers):
            reason = FEWER_THAN_5
        if is_small(item.tested_n):
            tested = trail.close(f"{place}.tested_n", FEWER_THAN_5)
    return replace(
        item,
        tested_n=tested,
        lowered=close_measure(item.lowered, f"{place}.lowered", trail, reason),
        confirmed=close_measure(item.confirmed, f"{place}.confirmed", trail, reason),
        raised=close_measure(item.raised, f"{place}.raised", trail, reason),
    )
