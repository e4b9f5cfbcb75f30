"""Whether a school's sums over all works give away a result or a size that its own public page hides."""

from __future__ import annotations

from shnor_analysis.disclosure.patterns import (
    CLOSED,
    ONLY_TESTED,
    SMALLEST_SHOWN,
    Pattern,
    choose_pattern,
    is_small,
)
from shnor_analysis.evaluation.facts import PooledPart


def pooled_pattern(tested: int, low: int, parts: tuple[PooledPart, ...]) -> Pattern:
    """What may stay open of a sum over all works, beside a page that shows each of them as far as it may."""
    if hidden_size_follows(parts):
        return CLOSED
    pattern = choose_pattern(low, tested - low, None)
    return ONLY_TESTED if pattern.is_open and hidden_number_follows(parts) else pattern


def is_sum_of_open(parts: tuple[PooledPart, ...]) -> bool:
    """Tell whether a sum says nothing that its parts do not say beside it: not one of them is closed."""
    return all(choose_pattern(part.low_n, part.tested_n - part.low_n, None).is_open for part in parts)


def is_split_open(parts: tuple[PooledPart, ...], rest: tuple[PooledPart, ...]) -> bool:
    """Tell whether the sum over some works may stand beside the sum over all: neither it nor the rest tells a hidden one."""
    return all(
        pooled_pattern(sum(one.tested_n for one in some), sum(one.low_n for one in some), some).is_open
        for some in (parts, rest)
        if some
    )


def hidden_number_follows(parts: tuple[PooledPart, ...]) -> bool:
    """Tell whether a hidden number of low results has one possible value once the sum of all is known.

    The reader knows the open numbers, hence the sum of the hidden ones, and that each of them or its rest is small.
    """
    hidden = [part for part in parts if not choose_pattern(part.low_n, part.tested_n - part.low_n, None).low]
    total = sum(part.low_n for part in hidden)
    values = [_possible(part.tested_n) for part in hidden]
    for place, own in enumerate(values):
        others = {0}
        for other in values[:place] + values[place + 1 :]:
            others = {a + b for a in others for b in other if a + b <= total}
        if sum(total - value in others for value in own) == 1:
            return True
    return False


def hidden_size_follows(parts: tuple[PooledPart, ...]) -> bool:
    """Tell whether the hidden number tested of some work follows once the sum over all works is known.

    The reader subtracts the open numbers; what is left is a sum of numbers from 1 to 4, one a hidden work.
    """
    hidden = [part.tested_n for part in parts if is_small(part.tested_n)]
    ends = (len(hidden), len(hidden) * (SMALLEST_SHOWN - 1))
    return len(hidden) == 1 or (bool(hidden) and sum(hidden) in ends)


def _possible(tested: int) -> tuple[int, ...]:
    """Numbers of low results that are closed at this size; a size that is itself closed may be any of the small ones."""
    if is_small(tested):
        return tuple(range(5))
    return tuple(low for low in range(tested + 1) if is_small(low) or is_small(tested - low))
