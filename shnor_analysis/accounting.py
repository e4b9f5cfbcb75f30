"""Rows in, rows out, and why: every step of the data's way returns one of these beside its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were dropped, changed or kept apart: a code of `locale/` (msgid ``reason.<code>``) and how many."""

    code: str
    n: int
    fields: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is (msgid ``step.<code>``), what it worked on, rows in and out, and the reasons between."""

    code: str
    subject: str
    rows_in: int
    rows_out: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Accounting:
    """The steps that a table went through, oldest first."""

    steps: tuple[Step, ...] = ()

    def __add__(self, other: Accounting) -> Accounting:
        return Accounting(self.steps + other.steps)

    def then(
        self, code: str, subject: str, rows_in: int, rows_out: int, reasons: Iterable[Reason] = ()
    ) -> Accounting:
        """Return this accounting with one more step."""
        return Accounting((*self.steps, Step(code, subject, rows_in, rows_out, tuple(reasons))))

    def reasons(self) -> tuple[Reason, ...]:
        """Every reason of every step, in order."""
        return tuple(reason for step in self.steps for reason in step.reasons)
