"""Known codes that look like one that is not known."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher


def nearest(wanted: str, known: Sequence[str], *, most: int = 5) -> tuple[str, ...]:
    """The known codes most like the wanted one, best first; all of them when they are few.

    Compares by the share of common characters in order (Ratcliff & Obershelp); ties go by code.
    """
    if len(known) <= most:
        return tuple(sorted(known))
    ranked = sorted(known, key=lambda code: (-SequenceMatcher(None, wanted, code).ratio(), code))
    return tuple(ranked[:most])
