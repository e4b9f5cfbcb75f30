"""When which test was written: the calendar of 2018–2024 with its breaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

VPR_GRADES = (4, 5, 6, 7, 8)
SUBJECTS = ("mathematics", "russian")
ALL, MARCH, LATER = "all", "march", "later"

# Tests written in autumn find pupils who have forgotten: in standard deviations of pupils.
AUTUMN_LOSS = {2021: 0.15, 2023: 0.10}
INTERNAL_YEAR = 2023
NO_SPRING_VPR = (2020,)
SPLIT_VPR_YEAR = 2022
NO_OGE = (2020,)
NO_EGE_BASE = (2020, 2021)


@dataclass(frozen=True, slots=True)
class Sitting:
    """One test of one programme grade on one day.

    `writers` tells which schools wrote: all, those of March 2022, or the others in the autumn after.
    """

    school_year: int
    assessment: str
    subject: str
    grade: int
    season: str
    test_date: date
    writers: str = ALL

    @property
    def programme_year(self) -> int:
        """The school year whose programme was tested; in autumn the year before."""
        return self.school_year - (self.season == "autumn")

    @property
    def cohort(self) -> int:
        """Follows one group of pupils through the grades."""
        return self.programme_year - self.grade

    @property
    def loss(self) -> float:
        """How much lower everybody is because of the season."""
        return AUTUMN_LOSS.get(self.school_year, 0.0) if self.season == "autumn" else 0.0

    @property
    def label(self) -> str:
        """A name for streams of random numbers."""
        return f"{self.school_year}/{self.assessment}/{self.subject}/{self.grade}/{self.season}"


def sittings(first_year: int, last_year: int) -> tuple[Sitting, ...]:
    """Every test of the school years, oldest first; within a year autumn before spring."""
    return tuple(
        sitting
        for year in range(first_year, last_year + 1)
        for part in (_autumn_vpr(year), _internal(year), _spring_vpr(year), _oge(year), _ege(year))
        for sitting in part
    )


def _autumn_vpr(year: int) -> list[Sitting]:
    if year not in AUTUMN_LOSS:
        return []
    writers = LATER if year - 1 == SPLIT_VPR_YEAR else ALL
    return [
        Sitting(year, "vpr", subject, grade, "autumn", date(year - 1, 9, 15 + grade + index), writers)
        for index, subject in enumerate(SUBJECTS)
        for grade in VPR_GRADES
    ]


def _spring_vpr(year: int) -> list[Sitting]:
    if year in NO_SPRING_VPR:
        return []
    month, writers = (3, MARCH) if year == SPLIT_VPR_YEAR else (4, ALL)
    return [
        Sitting(year, "vpr", subject, grade, "spring", date(year, month, 11 + grade + index), writers)
        for index, subject in enumerate(SUBJECTS)
        for grade in VPR_GRADES
    ]


def _internal(year: int) -> list[Sitting]:
    """A test of the town's own, in one year."""
    if year != INTERNAL_YEAR:
        return []
    return [Sitting(year, "internal", "reading", 4, "autumn", date(year - 1, 10, 20))]


def _oge(year: int) -> list[Sitting]:
    if year in NO_OGE:
        return []
    days = {"mathematics": date(year, 5, 27), "russian": date(year, 5, 24)}
    return [Sitting(year, "oge", subject, 9, "spring", days[subject]) for subject in SUBJECTS]


def _ege(year: int) -> list[Sitting]:
    month = 7 if year == 2020 else 6
    found = [
        Sitting(year, "ege", "russian", 11, "spring", date(year, month, 6)),
        Sitting(year, "ege", "mathematics", 11, "spring", date(year, month, 10)),
    ]
    if year not in NO_EGE_BASE:
        found.append(Sitting(year, "ege_base", "mathematics", 11, "spring", date(year, month, 7)))
    return found
