"""The kinds of column that tables are made of, as plain facts: checks, templates and types are all made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FIRST_SCHOOL_YEAR = 1990
LAST_SCHOOL_YEAR = 2040

MARKS = (2, 3, 4, 5)
ASSESSMENTS = ("vpr", "oge", "ege", "ege_base", "pisa", "internal")
SEASONS = ("spring", "autumn")
SCHOOL_KINDS = (
    "school",
    "gymnasium",
    "lyceum",
    "advanced_study",
    "evening",
    "special_needs",
    "kindergarten_school",
    "other",
)
AREA_LEVELS = ("russia", "region", "municipality", "group")
UNIT_LEVELS = (*AREA_LEVELS, "school")
ALIAS_KINDS = ("login", "code", "name")
LISTS = ("low_results", "biased_results")
SEXES = ("f", "m")

# Letters of any alphabet, digits and signs without blanks at the ends.
IDENTIFIER = r"^[^\s\x00-\x1f](?:[^\x00-\x1f]{0,78}[^\s\x00-\x1f])?$"
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Column:
    """What a column allows: its kind, whether a cell may be empty, and limits, closed list or pattern where it has them."""

    kind: str
    is_required: bool = True
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""

    @property
    def facts(self) -> Mapping[str, object]:
        """Kind, and low, high, values where the column has them."""
        facts: dict[str, object] = {"kind": self.kind}
        if self.choices:
            facts["values"] = self.choices
        if self.low is not None:
            facts |= {"low": self.low, "high": self.high}
        return facts


def text(*, required: bool = True, pattern: str = "") -> Column:
    """Text of up to LONGEST_TEXT characters; an empty string counts as wrong."""
    return Column("text", required, pattern=pattern)


def identifier(*, required: bool = True) -> Column:
    """A key: letters of any alphabet, digits and `-_./«»№"` without blanks at the ends; up to 80 characters."""
    return Column("identifier", required, pattern=IDENTIFIER)


def one_of(values: Sequence[str], *, required: bool = True) -> Column:
    """Text from a closed list; labels of the values are glossary terms `<column>.<value>`."""
    return Column("choice", required, choices=tuple(values))


def whole(low: int, high: int, *, required: bool = True) -> Column:
    """A whole number between two limits, both allowed."""
    return Column("whole", required, low=low, high=high)


def count(*, required: bool = True) -> Column:
    """A number of pupils, works or schools."""
    return whole(0, 10_000_000, required=required)


def number(low: float, high: float, *, required: bool = True) -> Column:
    """A finite number between two limits, both allowed."""
    return Column("number", required, low=low, high=high)


def share(*, required: bool = True) -> Column:
    """A share from 0 to 1 (a percentage of the source divided by 100)."""
    return number(0.0, 1.0, required=required)


def flag(*, required: bool = True) -> Column:
    """Yes or no."""
    return Column("flag", required)


def date(*, required: bool = True) -> Column:
    """A calendar day without a time."""
    return Column("date", required)


def school_year() -> Column:
    """The academic year, named by the year in which it ends: September 2020 is in 2021."""
    return whole(FIRST_SCHOOL_YEAR, LAST_SCHOOL_YEAR)


def procedure() -> dict[str, Column]:
    """What was written, by which grade and when: the part of a key that every result shares.

    `assessment` is one of ASSESSMENTS or a name of the user's own; `grade` is that of the programme tested.
    """
    return {
        "school_year": school_year(),
        "assessment": text(pattern=r"^[a-z][a-z0-9_]{1,39}$"),
        "subject": text(pattern=r"^[a-z][a-z0-9_]{1,39}$"),
        "grade": whole(1, 12),
        "season": one_of(SEASONS),
        "test_date": date(required=False),
    }


PROCEDURE_KEY = ("school_year", "assessment", "subject", "grade", "season")
LINEAGE_COLUMNS = ("report", "source_sha256", "source_sheet", "source_cells")


def lineage() -> dict[str, Column]:
    """Where a row stood: reader, hash of the file, sheet and cell range."""
    return {
        "report": text(),
        "source_sha256": text(pattern=r"^[0-9a-f]{64}$"),
        "source_sheet": text(),
        "source_cells": text(pattern=r"^[A-Z]{1,3}\d+(:[A-Z]{1,3}\d+)?$"),
    }
