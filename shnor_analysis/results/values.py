"""The small values: a number with its interval, a reason why there is no number, a number that is not shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING

from shnor_analysis.language import render, session_language

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, in the unit of what it estimates; full precision."""

    value: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """Why there is no number: a code of `locale/` (msgid ``not_estimable.<reason>``) with its fields.

    Stands wherever a fitted model may stand: its `tidy()` has the same columns and no row, its `glance()` the
    same columns, one row and the reason.
    """

    reason: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    def __str__(self) -> str:
        return self.in_words(session_language())

    def in_words(self, language: str) -> str:
        """The reason as a sentence."""
        return render(f"not_estimable.{self.reason}", language, **self.fields)

    def tidy(self) -> pd.DataFrame:
        """No coefficients: the columns of a fitted model without a row."""
        from shnor_analysis.results.frames import tidy_frame

        return tidy_frame((), (), (), (), level=0.95)

    def glance(self) -> pd.DataFrame:
        """One row with the columns of a fitted model: empty but for `reason`."""
        from shnor_analysis.results.frames import glance_frame

        return glance_frame({"reason": self.reason})

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A number that exists and is not shown: a code of `locale/` (msgid ``suppressed.<reason>``)."""

    reason: str
