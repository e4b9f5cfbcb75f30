"""Which procedure each row is about: facts of the row and of the sheet, made whole once per different set of facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shnor_analysis.schemas.columns import FIRST_SCHOOL_YEAR, LAST_SCHOOL_YEAR
from shnor_analysis.sources.class_grades import grade_of_class, may_write, usual_grade
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.hints import OPTIONS
from shnor_analysis.sources.title_facts import Fact

AUTUMN_BEGINS = 9
# In these calendar years the works of one assessment were written in autumn, or in both seasons: nothing is assumed.
TWO_SEASON_YEARS: Mapping[str, frozenset[int]] = {"vpr": frozenset({2020, 2022})}
PROCEDURE_FIELDS = ("school_year", "assessment", "subject", "grade", "season", "test_date")
DTYPES = {"school_year": "float64", "grade": "float64", "test_date": "datetime64[us]"}
NEEDED = ("school_year", "subject", "grade", "assessment")


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure as far as it is known; `class_id` is the grade of the class that wrote."""

    school_year: float | None
    assessment: str | None
    subject: str | None
    grade: float | None
    season: str | None
    test_date: pd.Timestamp | None
    test_year: float | None
    class_id: float | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A procedure with year and season worked out, and what is wrong with it; `given` is as it was before."""

    given: Procedure
    whole: Procedure
    wrong: frozenset[str]


def make_whole(given: Procedure) -> Checked:
    """Fill school year and season from the date, else from year and season; the grade, if unsaid, from exam or class.

    `wrong` names facts that exclude each other: `season`, `school_year`, `test_year` against the date, `calendar`
    for school year against calendar year; `class_id` for a class that cannot write this work; and `season_needed` where nothing may be assumed.
    """
    done = _by_date(given, given.test_date) if given.test_date is not None else _by_years(given)
    known = {"assessment": given.assessment, "season": done.whole.season}
    if given.grade is None:
        return replace(done, whole=replace(done.whole, grade=usual_grade(given.class_id, **known)))
    is_right = may_write(given.class_id, given.grade, **known)
    return done if is_right else replace(done, wrong=done.wrong | {"class_id"})


def _by_date(given: Procedure, day: pd.Timestamp) -> Checked:
    is_autumn = day.month >= AUTUMN_BEGINS
    whole = replace(
        given, school_year=float(day.year + is_autumn), season="autumn" if is_autumn else "spring"
    )
    differs = {
        "season": given.season not in (None, whole.season),
        "school_year": given.school_year not in (None, whole.school_year),
        "test_year": given.test_year not in (None, day.year),
    }
    return Checked(given, whole, frozenset(name for name, is_wrong in differs.items() if is_wrong))


def _by_years(given: Procedure) -> Checked:
    season = given.season or "spring"
    wrong = {"season_needed"} if given.season is None and _has_two_seasons(given) else set()
    by_calendar = None if given.test_year is None else given.test_year + (season == "autumn")
    if by_calendar is not None and given.school_year not in (None, by_calendar):
        wrong.add("calendar")
    year = by_calendar if given.school_year is None else given.school_year
    return Checked(given, replace(given, school_year=year, season=season), frozenset(wrong))


def _has_two_seasons(given: Procedure) -> bool:
    years = TWO_SEASON_YEARS.get(str(given.assessment), frozenset())
    if given.test_year is not None:
        return given.test_year in years
    return given.school_year is not None and given.school_year - 1 in years


def find_procedures(draft: Draft, facts: Mapping[str, Fact], findings: Findings) -> pd.DataFrame:
    """The six columns of the procedure for every row of a draft; see `Surroundings.procedure`."""
    return _Rows(draft, facts, findings).frame()


class _Rows:
    """The rows of a draft by their different sets of facts: `place` is the number of each row's set."""

    def __init__(self, draft: Draft, facts: Mapping[str, Fact], findings: Findings) -> None:
        self.draft, self.facts, self.findings = draft, facts, findings
        columns = {name: self._column(name) for name in (*PROCEDURE_FIELDS, "test_year", "class_id")}
        self.place, self.first = _different(list(columns.values()), len(draft.frame))
        self.checked = [
            make_whole(Procedure(**{name: known[codes[row]] for name, (codes, known) in columns.items()}))
            for row in self.first.tolist()
        ]

    def frame(self) -> pd.DataFrame:
        """The procedure of every row, once everything wrong is told."""
        for name, by in (("season", "season"), ("school_year", "school_year"), ("test_year", "test_year")):
            self._tell_contradiction(name, by)
        self._tell_season()
        self._tell_class()
        self._tell_contradiction("school_year", "calendar")
        self._tell_missing()
        self._tell_outside_calendar()
        columns = {}
        for name in PROCEDURE_FIELDS:
            known = [getattr(one.whole, name) for one in self.checked]
            values: Any = pd.Series(known, dtype=DTYPES.get(name, "object")).to_numpy()
            columns[name] = values[self.place]
        return pd.DataFrame(columns, index=self.draft.frame.index)

    def _column(self, name: str) -> tuple[npt.NDArray[np.intp], list[Any]]:
        """A fact for every row, as a code and the values: the row's own cell where there is one, else the sheet's."""
        frame, fact = self.draft.frame, self.facts.get(name)
        sheet_value = None if fact is None else _typed(name, fact.value)
        if name not in frame:
            return np.zeros(len(frame), dtype=np.intp), [sheet_value]
        codes, values = pd.factorize(frame[name])
        known = [_typed(name, value) for value in values]
        differs = np.array([value != sheet_value for value in known] + [False])[codes]
        if fact is not None and fact.shown and name in OPTIONS and differs.any():
            label = frame.index[int(differs.argmax())]
            self.findings.problem(
                f"contradicts_{name}",
                self.draft.sheet.name,
                self.draft.cell(label, name),
                found=self.draft.printed(label, name),
                other=fact.shown,
            )
        return codes, [*known, sheet_value]

    def _sets(self, wrong: str) -> Iterator[tuple[Any, Checked]]:
        """Sets of facts with something wrong, each with the label of its first row, in the order of rows."""
        for row, one in zip(self.first.tolist(), self.checked, strict=True):
            if wrong in one.wrong:
                yield self.draft.frame.index[row], one

    def _tell_contradiction(self, name: str, wrong: str) -> None:
        """Tell the first row in which a fact and the date (or the calendar year) of the work exclude each other."""
        draft, facts = self.draft, self.facts
        for label, one in self._sets(wrong):
            by = "test_year" if one.given.test_date is None else "test_date"
            fact, of_day = facts.get(name), facts.get(by)
            in_table = by in draft.header.places
            self.findings.problem(
                f"contradicts_{name}",
                draft.sheet.name,
                draft.cell(label, by) if in_table else (of_day.cell if of_day else "") or None,
                found=draft.printed(label, by) if in_table else (of_day.shown if of_day else None),
                other=draft.printed(label, name) or (fact.shown if fact else ""),
            )
            return

    def _tell_season(self) -> None:
        for label, one in self._sets("season_needed"):
            shown = one.given.school_year if one.given.test_year is None else one.given.test_year
            cell = self.draft.cell(label, "test_year") if "test_year" in self.draft.header.places else None
            self.findings.problem("season_needed", self.draft.sheet.name, cell, found=f"{shown:.0f}")
            return

    def _tell_class(self) -> None:
        draft = self.draft
        for label, one in self._sets("class_id"):
            draft_cell, found = draft.cell(label, "class_id"), draft.printed(label, "class_id")
            grade = f"{one.given.grade:.0f}"
            self.findings.problem(
                "class_not_of_grade", draft.sheet.name, draft_cell, found=found, grade=grade
            )
            return

    def _tell_missing(self) -> None:
        draft = self.draft
        for name in NEEDED:
            has_year = name == "school_year" and ("test_year" in draft.frame or "test_date" in draft.frame)
            is_missing = any(getattr(one.whole, name) is None for one in self.checked)
            if is_missing and name not in draft.header.places and not has_year:
                self.findings.problem(f"missing_{name}", draft.sheet.name)

    def _tell_outside_calendar(self) -> None:
        draft = self.draft
        years = [one.whole.school_year for one in self.checked]
        is_outside = [
            year is not None and not FIRST_SCHOOL_YEAR <= year <= LAST_SCHOOL_YEAR for year in years
        ]
        field = next(
            (name for name in ("test_date", "test_year", "school_year") if name in draft.header.places), None
        )
        for row in np.flatnonzero(np.array(is_outside, dtype=bool)[self.place]).tolist():
            self.findings.problem(
                "year_outside_calendar",
                draft.sheet.name,
                draft.cell(draft.frame.index[row], field) if field else None,
                found=f"{years[self.place[row]]:.0f}",
                allowed=f"{FIRST_SCHOOL_YEAR}–{LAST_SCHOOL_YEAR}",
            )
            if field is None:
                return


def _typed(name: str, value: Any) -> Any:
    """A fact as this module counts with it: a day, a number or a word; None where there is none."""
    if value is None or pd.isna(value):
        return None
    if name == "class_id":
        return grade_of_class(value)
    if name == "test_date":
        return pd.Timestamp(value)
    return float(value) if name in ("school_year", "test_year", "grade") else value


def _different(
    columns: list[tuple[npt.NDArray[np.intp], list[Any]]], rows_n: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The number of each row's set of values, and the first row of each set; sets in the order of their first rows."""
    combined = np.zeros(rows_n, dtype=np.int64)
    for codes, known in columns:
        # an empty cell has the code -1, which is the last of the values
        combined = combined * len(known) + np.where(codes < 0, len(known) - 1, codes)
    place, first = pd.factorize(combined)
    rows = np.zeros(len(first), dtype=np.intp)
    rows[place[::-1]] = np.arange(rows_n, dtype=np.intp)[::-1]
    return place, rows
