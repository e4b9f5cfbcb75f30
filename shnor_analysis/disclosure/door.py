"""The door itself: `release` is the only way to a `Released` value."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass
from datetime import date
from functools import cache
from typing import Any, Generic, Literal, TypeVar, get_args

from shnor_analysis.accounting import Accounting, Reason, Step
from shnor_analysis.disclosure.audit import AuditLine, AuditTrail
from shnor_analysis.disclosure.exits import close_course
from shnor_analysis.disclosure.factors import close_expectations, close_factors
from shnor_analysis.disclosure.school import close_school
from shnor_analysis.disclosure.town import close_town
from shnor_analysis.errors import Problem, ShnorError, UsageProblem
from shnor_analysis.evaluation import (
    factor_facts,
    facts,
    programme_facts,
    record_facts,
    school_programme_facts,
)
from shnor_analysis.evaluation.facts import SchoolEvaluation, SourceFile, TownEvaluation
from shnor_analysis.reference.calendar_breaks import SeriesBreak
from shnor_analysis.reference.provenance import Provenance
from shnor_analysis.results import (
    Estimate,
    NotEstimable,
    Suppressed,
    analysis_plan,
    evidence,
    factor_influence,
    programme_effect,
    programme_parts,
)

Audience = Literal["department", "school", "public"]
AUDIENCES: tuple[str, ...] = get_args(Audience)
T = TypeVar("T", SchoolEvaluation, TownEvaluation)
Open = TypeVar("Open", bound=object)
NAMELESS = "—"

_KEY = object()
_ROOMS = (
    facts,
    factor_facts,
    programme_facts,
    record_facts,
    school_programme_facts,
    factor_influence,
    programme_effect,
    programme_parts,
    evidence,
    analysis_plan,
)
# what the door knows how to look at; a new kind of fact has to be taught here before it can pass
_KNOWN = frozenset(
    {
        *(
            kind
            for room in _ROOMS
            for kind in vars(room).values()
            if isinstance(kind, type) and kind.__module__ == room.__name__
        ),
        Estimate,
        NotEstimable,
        Suppressed,
        SeriesBreak,
        Provenance,
        Accounting,
        Step,
        Reason,
    }
)
_PLAIN = (str, int, float, date, type(None))


@dataclass(frozen=True, slots=True)
class Released(Generic[Open]):
    """Facts that passed the door, for whom, and an audit line for each number that stayed behind.

    Only `release` can make one: anybody else gets ShnorError `released_only_by_door`.
    """

    value: Open
    audience: str
    audit: tuple[AuditLine, ...]
    key: InitVar[object]

    def __post_init__(self, key: object) -> None:
        if key is not _KEY:
            raise ShnorError(Problem("released_only_by_door"))


def release(value: T, audience: str = "department") -> Released[T]:
    """Close what an audience may not see and hand out the rest.

    department, school: counts stay, shares only from 10 tested; no rows of pupils ever. Files have names, and the
    reading of them its account, on pages for the department only: they name other schools.
    public: besides, a number of 1–4 pupils and every share, interval, rest or sum from which it follows is closed,
    together with as many others of its row as it takes; so is a change or an outcome of a rule with a closed end.

    Args:
        value: A school's or the municipality's facts.
        audience: `department`, `school` (a school's facts only) or `public`.

    Returns:
        A transformed copy; `value` itself is not touched.

    Raises:
        UsageProblem: `audience_unknown`, `audience_needs_own_school`, or `release_refused` for anything that is not
            made of facts alone.

    Limits:
        Looks at one report, and in the municipality's at the rule's answers and pooled shares beside the schools' own
        reports. What else follows from reports of two schools, two years or two releases side by side is not searched
        for; a share of 0 or 100 % is not closed.
    """
    if audience not in AUDIENCES:
        raise UsageProblem(Problem("audience_unknown", found=audience, allowed=", ".join(AUDIENCES)))
    if type(value) not in (SchoolEvaluation, TownEvaluation):
        raise UsageProblem(Problem("release_refused", found=type(value).__name__))
    if isinstance(value, TownEvaluation) and audience == "school":
        raise UsageProblem(Problem("audience_needs_own_school", found=audience, allowed="department, public"))
    for strange in _strange_types(value):
        raise UsageProblem(Problem("release_refused", found=strange))
    trail = AuditTrail()
    is_public = audience == "public"
    closed: T
    if isinstance(value, SchoolEvaluation):
        closed = close_school(value, trail, is_public=is_public)
        expectations = close_expectations(value.expectations, "expectations", trail, audience=audience)
        course = close_course(value.course, value.results, trail, audience=audience)
        closed = dataclasses.replace(closed, expectations=expectations, course=course)
        if audience != "department":
            closed = dataclasses.replace(
                closed,
                files=tuple(map(_without_name, closed.files)),
                files_behind=tuple(map(_without_name, closed.files_behind)),
            )
    else:
        closed = close_town(value, trail, is_public=is_public)
        factors = close_factors(value.factors, "factors", trail, audience=audience)
        closed = dataclasses.replace(closed, factors=factors)
    if audience != "department":
        closed = dataclasses.replace(closed, accounting=closed.accounting.without_reading())
    return Released(closed, audience, tuple(trail.lines), _KEY)


def _without_name(file: SourceFile) -> SourceFile:
    """A file as its hash tells it: its name may name other schools."""
    return dataclasses.replace(file, file_name=NAMELESS)


def _strange_types(value: object) -> Iterator[str]:
    """Names of kinds of value that the door was not taught: a frame, a row of a pupil, a new fact."""
    waiting = [value]
    while waiting:  # one loop, not a call for each of the ten thousands of values of a report
        one: Any = waiting.pop()
        kind: Any = type(one)
        if kind in _PLAIN or isinstance(one, _PLAIN):
            continue
        if isinstance(one, tuple):
            waiting.extend(one)
        elif isinstance(one, Mapping):
            waiting.extend(one.values())
        elif kind in _KNOWN:
            waiting.extend(getattr(one, name) for name in _fields_of(kind))
        else:
            yield kind.__name__


@cache
def _fields_of(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))
