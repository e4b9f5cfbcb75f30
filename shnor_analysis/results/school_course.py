"""A school's course over the years beside the course expected of it: an interval for what would be observed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import pandas as pd

CourseVerdict = Literal["inside", "better", "worse"]


@dataclass(frozen=True, slots=True)
class CourseYear:
    """One year of a school: what was observed, and for years after `through` what was to be expected.

    `expected_share`, `low` and `high` bound the share of low results that would be observed among so many tested;
    `verdict`: "better" below the interval, "worse" above it. All four are None for the years that were learnt from.
    """

    school_year: int
    tested_n: int
    observed_share: float
    expected_share: float | None
    low: float | None
    high: float | None
    verdict: CourseVerdict | None


@dataclass(frozen=True, slots=True)
class SchoolCourse:
    """The course of one school; years up to `through` were learnt from, later ones predicted."""

    school_id: str
    through: int
    level: float
    years: tuple[CourseYear, ...]

    def tidy(self) -> pd.DataFrame:
        """A row a year: `school_id` and the columns of `CourseYear`."""
        names = [one.name for one in fields(CourseYear)]
        told = [[self.school_id, *(getattr(one, name) for name in names)] for one in self.years]
        frame = pd.DataFrame(told, columns=["school_id", *names])
        return frame.astype(dict.fromkeys(("expected_share", "low", "high"), "float64"))
