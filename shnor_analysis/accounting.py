"""Rows in, rows out, and why: every step of the data's way returns one of these beside its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# steps that name files and sheets as people called them
READING_STEPS = frozenset({"open_file", "read_sheet"})
MOST_PLACES_NAMED = 3
MANY_FILES = "raw_files"


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

    def without_reading(self) -> Accounting:
        """The steps that name no file and no sheet."""
        return Accounting(tuple(step for step in self.steps if step.code not in READING_STEPS))

    def reading_merged(self) -> Accounting:
        """The reading of all files as one step a code, in front of the other steps.

        Rows and reasons are summed; of the places that reasons name, the first three are kept.
        """
        reading = [step for step in self.steps if step.code in READING_STEPS]
        merged = []
        for code in dict.fromkeys(step.code for step in reading):
            steps = [step for step in reading if step.code == code]
            reasons = [reason for step in steps for reason in step.reasons]
            merged.append(
                Step(
                    code,
                    steps[0].subject if len(steps) == 1 else MANY_FILES,
                    sum(step.rows_in for step in steps),
                    sum(step.rows_out for step in steps),
                    tuple(_together(reasons, name) for name in dict.fromkeys(one.code for one in reasons)),
                )
            )
        return Accounting((*merged, *self.without_reading().steps))


def _together(reasons: Iterable[Reason], code: str) -> Reason:
    same = [reason for reason in reasons if reason.code == code]
    fields = {
        name: _named(list(dict.fromkeys(str(reason.fields.get(name, "")) for reason in same)))
        for name in same[0].fields
    }
    return Reason(code, sum(reason.n for reason in same), fields)


def _named(values: list[str]) -> str:
    shown = ", ".join(values[:MOST_PLACES_NAMED])
    return f"{shown} …" if len(values) > MOST_PLACES_NAMED else shown
