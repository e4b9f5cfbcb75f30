"""Which numbers of one row of marks may be shown together so that no small number follows from them.

A row is n pupils in four cells (marks 2 to 5). Showing the share of low results beside n shows cell 2, showing
quality shows cells 4 and 5 together, success is the rest of low. Small is 1 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Pattern:
    """What stays open: number tested, the cells of marks 2–5, low results with success, quality."""

    tested: bool
    cells: tuple[bool, bool, bool, bool]
    low: bool
    quality: bool

    @property
    def is_open(self) -> bool:
        """Nothing is closed."""
        return self == OPEN


OPEN = Pattern(tested=True, cells=(True, True, True, True), low=True, quality=True)
WITHOUT_UPPER = Pattern(tested=True, cells=(True, True, False, False), low=True, quality=True)
ONLY_LOW = Pattern(tested=True, cells=(True, False, False, False), low=True, quality=False)
ONLY_QUALITY = Pattern(tested=True, cells=(False, False, True, True), low=False, quality=True)
ONLY_TESTED = Pattern(tested=True, cells=(False, False, False, False), low=False, quality=False)
CLOSED = Pattern(tested=False, cells=(False, False, False, False), low=False, quality=False)


def is_small(number: int) -> bool:
    """1 to 4; nobody at all is not small."""
    return 0 < number < SMALLEST_SHOWN


def choose_pattern(two: int, three: int, upper: tuple[int, int] | int | None) -> Pattern:
    """Choose the most that may stay open.

    Args:
        two: Number of low results.
        three: Number of marks 3; all above the low results where `upper` is None.
        upper: Numbers of marks 4 and 5, their sum where only that is known, or None.

    Returns:
        The first of the patterns, from open to closed, that leaves at least two values for every small number:
        a small cell is never the only one closed, and the sum of closed cells that can be worked out is not small.

    Limits:
        Looks at one row. What follows from several rows together is the business of the callers.
    """
    parts = upper if isinstance(upper, tuple) else (upper or 0,)
    quality = sum(parts)
    success, below = three + quality, two + three
    if is_small(two + success):
        return CLOSED
    if upper is None:
        return ONLY_TESTED if _any_small(two, success) else OPEN
    if not _any_small(two, three, *parts, success, quality, below):
        return OPEN
    return _choose_partly_open(two, three, parts)


def _choose_partly_open(two: int, three: int, parts: tuple[int, ...]) -> Pattern:
    quality = sum(parts)
    success, below = three + quality, two + three
    if not _any_small(two, three, success, quality, below):
        return WITHOUT_UPPER
    if not _any_small(two, success):
        return ONLY_LOW
    if not _any_small(*parts, quality, below):
        return ONLY_QUALITY
    return ONLY_TESTED


def _any_small(*numbers: int) -> bool:
    return any(is_small(number) for number in numbers)
