"""The kinds of column that tables are made of, each a pandera column with what a template needs to know."""

from __future__ import annotations

from collections.abc import Sequence

import pandera.pandas as pa
from pandera.engines.pandas_engine import DateTime

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


def text(*, required: bool = True, pattern: str | None = None) -> pa.Column:
    """Text; an empty string counts as wrong when required."""
    checks = [pa.Check.str_length(min_value=1, max_value=500)]
    if pattern:
        checks.append(pa.Check.str_matches(pattern))
    return pa.Column(str, checks, nullable=not required, metadata={"kind": "text"})


def identifier(*, required: bool = True) -> pa.Column:
    """A key: letters of any alphabet, digits and `-_./«»№"` without blanks at the ends; up to 80 characters."""
    return pa.Column(
        str,
        [pa.Check.str_matches(r"^[^\s\x00-\x1f](?:[^\x00-\x1f]{0,78}[^\s\x00-\x1f])?$")],
        nullable=not required,
        metadata={"kind": "identifier"},
    )


def one_of(values: Sequence[str], *, required: bool = True) -> pa.Column:
    """Text from a closed list; labels of the values are glossary terms `<column>.<value>`."""
    return pa.Column(
        str,
        [pa.Check.isin(list(values))],
        nullable=not required,
        metadata={"kind": "choice", "values": tuple(values)},
    )


def whole(low: int, high: int, *, required: bool = True) -> pa.Column:
    """A whole number between two limits, both allowed."""
    return pa.Column(
        "Int64",
        [pa.Check.in_range(low, high)],
        nullable=not required,
        metadata={"kind": "whole", "low": low, "high": high},
    )


def count(*, required: bool = True) -> pa.Column:
    """A number of pupils, works or schools."""
    return whole(0, 10_000_000, required=required)


def number(low: float, high: float, *, required: bool = True) -> pa.Column:
    """A finite number between two limits, both allowed."""
    return pa.Column(
        "float64",
        [pa.Check.in_range(low, high)],
        nullable=not required,
        metadata={"kind": "number", "low": low, "high": high},
    )


def share(*, required: bool = True) -> pa.Column:
    """A share from 0 to 1 (a percentage of the source divided by 100)."""
    return number(0.0, 1.0, required=required)


def flag(*, required: bool = True) -> pa.Column:
    """Yes or no."""
    return pa.Column("boolean", nullable=not required, metadata={"kind": "flag"})


def date(*, required: bool = True) -> pa.Column:
    """A calendar day without a time."""
    return pa.Column(
        DateTime(unit="us"),  # type: ignore[call-arg]  # its dataclass fields are hidden from mypy
        nullable=not required,
        metadata={"kind": "date"},
    )


def school_year() -> pa.Column:
    """The academic year, named by the year in which it ends: September 2020 is in 2021."""
    return whole(FIRST_SCHOOL_YEAR, LAST_SCHOOL_YEAR)


def procedure() -> dict[str, pa.Column]:
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


def lineage() -> dict[str, pa.Column]:
    """Where a row stood: reader, hash of the file, sheet and cell range."""
    return {
        "report": text(),
        "source_sha256": text(pattern=r"^[0-9a-f]{64}$"),
        "source_sheet": text(),
        "source_cells": text(pattern=r"^[A-Z]{1,3}\d+(:[A-Z]{1,3}\d+)?$"),
    }
