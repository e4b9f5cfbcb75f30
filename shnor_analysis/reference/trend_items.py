"""What a report on a programme without a lottery should say: the items of the TREND statement."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from shnor_analysis.reference.provenance import Provenance, provenance_of


@dataclass(frozen=True, slots=True)
class TrendItem:
    """One item: its number, its section of a paper, and who can answer it ("data", "both", "analyst").

    Its text is msgid ``trend_item.<item>`` of `locale/`.
    """

    item: str
    section: str
    needs: str


@dataclass(frozen=True, slots=True)
class TrendStatement:
    """All items in their order, and where they come from."""

    items: tuple[TrendItem, ...]
    provenance: Provenance


@lru_cache(maxsize=1)
def trend_statement() -> TrendStatement:
    """The items of the statement."""
    text = (resources.files("shnor_analysis.reference") / "trend_items.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    return TrendStatement(tuple(TrendItem(**one) for one in raw["items"]), provenance_of(raw))
