"""What was estimated, how sure it is, or why there is no number: frozen values without words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, in the unit of what it estimates; full precision."""

    value: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """Why there is no number: a code of `locale/` (msgid ``not_estimable.<reason>``) with its fields."""

    reason: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A number that exists and is not shown: a code of `locale/` (msgid ``suppressed.<reason>``)."""

    reason: str


__all__ = ["Estimate", "NotEstimable", "Suppressed"]
