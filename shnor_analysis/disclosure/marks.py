"""Closes rows of marks: one school, area or group in one procedure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shnor_analysis.disclosure.audit import FEWER_THAN_5, FEWER_THAN_10, AuditTrail
from shnor_analysis.disclosure.patterns import CLOSED, OPEN, Pattern, choose_pattern, is_small
from shnor_analysis.evaluation.facts import MarkResult, Measure, Number
from shnor_analysis.results import Estimate, Suppressed

FEWEST_FOR_SHARES = 10


@dataclass(frozen=True, slots=True)
class ClosedMarks:
    """A row of marks after the door, and what stayed open in it."""

    marks: MarkResult
    pattern: Pattern


def close_marks(marks: MarkResult, place: str, trail: AuditTrail, *, pattern: Pattern) -> ClosedMarks:
    """Close what the pattern closes, and shares of fewer than ten tested."""
    reason = None if few_tested(marks.tested_n) is False else FEWER_THAN_10
    low_reason = reason if pattern.low else FEWER_THAN_5
    quality_reason = reason if pattern.quality else FEWER_THAN_5
    tested: Number = marks.tested_n
    if not pattern.tested:
        tested = trail.close(f"{place}.tested_n", FEWER_THAN_5)
    closed = replace(
        marks,
        tested_n=tested,
        mark_n=_close_cells(marks.mark_n, place, trail, pattern),
        low=close_measure(marks.low, f"{place}.low", trail, low_reason),
        success=close_measure(marks.success, f"{place}.success", trail, low_reason),
        quality=close_measure(marks.quality, f"{place}.quality", trail, quality_reason),
    )
    return ClosedMarks(closed, pattern)


def few_tested(tested: Number) -> bool:
    """Fewer than ten, or nobody knows how many."""
    return not isinstance(tested, int) or tested < FEWEST_FOR_SHARES


def close_measure(measure: Measure, place: str, trail: AuditTrail, reason: str | None) -> Measure:
    """Close an estimate for a reason; what is no number stays as it is."""
    if reason is None or not isinstance(measure, Estimate):
        return measure
    return trail.close(place, reason)


def public_pattern(marks: MarkResult) -> Pattern:
    """What may stay open of one row for the public."""
    if not isinstance(marks.tested_n, int):
        return CLOSED
    if not isinstance(marks.low, Estimate) and marks.mark_n is None:
        return CLOSED if is_small(marks.tested_n) else OPEN
    two, three, upper = implied_cells(marks)
    return choose_pattern(two, three, upper)


def implied_cells(marks: MarkResult) -> tuple[int, int, tuple[int, int] | int | None]:
    """Whole numbers of marks 2, 3, and 4 with 5 (or their sum, or None) that a reader can work out from the row."""
    cells = [number for number in marks.mark_n or () if isinstance(number, int)]
    if len(cells) == 4:
        return cells[0], cells[1], (cells[2], cells[3])
    tested = marks.tested_n if isinstance(marks.tested_n, int) else 0
    two = round(marks.low.value * tested) if isinstance(marks.low, Estimate) else 0
    if not isinstance(marks.quality, Estimate):
        return two, tested - two, None
    quality = min(round(marks.quality.value * tested), tested - two)
    return two, tested - two - quality, quality


def difference_is_small(whole: MarkResult, part: MarkResult) -> bool:
    """Tell whether the rest of a group, whole minus part, has any small number that follows from the two rows."""
    return any(is_small(abs(a - b)) for a, b in zip(_sums(whole), _sums(part), strict=False))


def _sums(marks: MarkResult) -> tuple[int, ...]:
    two, three, upper = implied_cells(marks)
    quality = upper if isinstance(upper, int) else sum(upper or ())
    tested = two + three + quality
    known = (tested, two, tested - two)
    if upper is None:
        return known
    cells = () if isinstance(upper, int) else upper
    return (*known, three, quality, two + three, *cells)


def _close_cells(
    cells: tuple[Number, Number, Number, Number] | None, place: str, trail: AuditTrail, pattern: Pattern
) -> tuple[Number, Number, Number, Number] | None:
    if cells is None:
        return None
    shown: list[int | Suppressed | None] = []
    for position, (cell, is_open) in enumerate(zip(cells, pattern.cells, strict=True)):
        shown.append(cell if is_open else trail.close(f"{place}.mark_n[{position}]", FEWER_THAN_5))
    two, three, four, five = shown
    return two, three, four, five
