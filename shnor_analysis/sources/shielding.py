"""What of a cell may stand in a message: values that may name a person are left out, their place is enough."""

from __future__ import annotations

import re
from dataclasses import replace

from shnor_analysis.errors import NOT_SHOWN, Problem
from shnor_analysis.sources.personal import holds_number_of_person, holds_person
from shnor_analysis.sources.spelling import clean, plain

# In a row about a pupil a shifted cell may hold anything: only what cannot be a name or a code is repeated there.
_HARMLESS = re.compile(r"[-+−]?\d{1,4}(?:[.,]\d{1,4})? ?%?|#.{1,12}|.")
_SCHOOL = re.compile(
    r"школ|лице[йя]|гимнази|интернат|колледж|\b[а-я]?[со]ош\b|№|school|^[a-z]{2,8}_?\d{3,}$|\([a-z]+\d+\)$"
)
_OF_SCHOOLS = ("school_", "missing_school", "contradicts_school")
_TYPED = ("contradicts_", "season_needed", "year_outside_calendar")
SHOWN_FIELDS = frozenset({"other"})


def shielded(problem: Problem, *, is_about_pupils: bool) -> Problem:
    """A problem whose values are safe to print: NOT_SHOWN stands where a cell may name a person.

    Parameters: problem — as found; is_about_pupils — its sheet has a row a pupil.
    """
    found = problem.found
    if found is not None and not _is_safe(found, problem.code, is_about_pupils=is_about_pupils):
        found = NOT_SHOWN
    fields = {
        name: NOT_SHOWN
        if name in SHOWN_FIELDS and not _is_safe(str(value), problem.code, is_about_pupils=is_about_pupils)
        else value
        for name, value in problem.fields.items()
    }
    return replace(problem, found=found, fields=fields)


def _is_safe(text: str, code: str, *, is_about_pupils: bool) -> bool:
    if holds_number_of_person(text):
        return False
    is_of_school = bool(_SCHOOL.search(plain(text)))  # schools are named after persons
    if not is_about_pupils:
        return is_of_school or not holds_person(text)
    if code.startswith(_OF_SCHOOLS):
        return is_of_school
    return (code.startswith(_TYPED) and not holds_person(text)) or bool(_HARMLESS.fullmatch(clean(text)))
