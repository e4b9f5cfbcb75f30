"""The grade that the name of a class says, where nothing else does, and where it cannot be true."""

from __future__ import annotations

import re

from shnor_analysis.sources.spelling import clean

GRADE_OF_EXAM = {"oge": 9.0, "ege": 11.0, "ege_base": 11.0}
LAST_CLASS = 12
_CLASS = re.compile(r"(\d{1,2})(?!\d)")


def grade_of_class(text: object) -> float | None:
    """The number with which the name of a class begins: `5А`, `5 «Б»`; None where it begins with none."""
    found = _CLASS.match(clean(str(text)))
    return float(found[1]) if found and 1 <= int(found[1]) <= LAST_CLASS else None


def usual_grade(of_class: float | None, assessment: str | None, season: str | None) -> float | None:
    """The grade of a work that is told by its exam or by the class of the pupil.

    In autumn pupils write on the programme of the year before: class 6 then means grade 5.
    """
    if assessment in GRADE_OF_EXAM:
        return GRADE_OF_EXAM[assessment]
    return None if of_class is None else of_class - (season == "autumn")


def may_write(
    of_class: float | None, grade: float | None, *, assessment: str | None, season: str | None
) -> bool:
    """Tell whether a class may write a work of a grade: an exam also a class earlier, or later in evening schools."""
    if of_class is None or grade is None:
        return True
    if assessment in GRADE_OF_EXAM:
        return abs(of_class - grade) <= 1
    return of_class == grade or (season == "autumn" and of_class == grade + 1)
