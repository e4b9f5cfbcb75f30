"""Which school a spelling means: by login or code, by an alias valid on the day, or by nobody's guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.errors import Problem
from shnor_analysis.sources.candidates import MOST_CANDIDATES, Candidate, find_candidates
from shnor_analysis.sources.spelling import plain, plain_name, split_login

MOST_SEARCHED = 50
MOST_COMPARISONS = 200_000  # about two seconds; in a register of a country few spellings are searched
Day = pd.Timestamp | None


@dataclass(frozen=True, slots=True)
class UnknownSchool:
    """A spelling that means no school on its day; `rows` are the labels of the rows where it stands."""

    spelling: str
    rows: tuple[Any, ...]
    candidates: tuple[Candidate, ...] = ()

    def problem(
        self, *, file: str | None = None, sheet: str | None = None, cell: str | None = None
    ) -> Problem:
        """Say it: `school_unknown` with the candidates, or `school_unknown_alone` where none is alike."""
        place: dict[str, Any] = {"file": file, "sheet": sheet, "cell": cell, "found": self.spelling}
        if not self.candidates:
            return Problem("school_unknown_alone", **place)
        named = ", ".join(str(candidate) for candidate in self.candidates)
        return Problem("school_unknown", **place, fields={"candidates": named})


@dataclass(frozen=True, slots=True)
class Matched:
    """The school of each row (empty where unknown) and every spelling that means none."""

    school_id: pd.Series
    unknown: tuple[UnknownSchool, ...] = ()


@dataclass(frozen=True, slots=True)
class _Alias:
    school_id: str
    first: Day
    last: Day

    def holds(self, day: Day) -> bool:
        return day is None or (
            (self.first is None or self.first <= day) and (not self.last or day <= self.last)
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """All spellings of all schools; `merged` holds the last day of a school and its successor."""

    codes: Mapping[str, tuple[_Alias, ...]]
    names: Mapping[str, tuple[_Alias, ...]]
    merged: Mapping[str, tuple[Day, str]]
    labels: Mapping[str, str] = field(default_factory=dict)

    def school_of(self, spelling: str, day: Day) -> str | None:
        """The school that a spelling means on a day; None for a blank, a spelling of nobody or of several schools."""
        name, login = split_login(spelling)
        by_code = self.codes.get(plain(login or spelling), ())
        by_name = () if login else self.names.get(plain_name(name), ())
        for aliases in (by_code, by_name):
            meant = {self._heir(alias.school_id, day) for alias in aliases if alias.holds(day)}
            if meant:
                return meant.pop() if len(meant) == 1 else None
        return None

    def _heir(self, school_id: str, day: Day) -> str:
        """The school itself, or the one that it belonged to on the day."""
        passed = {school_id}
        while day is not None and school_id in self.merged:
            last, successor = self.merged[school_id]
            if (last is not None and day <= last) or successor in passed:
                break
            passed.add(successor)
            school_id = successor
        return school_id


def match_schools(
    spellings: pd.Series, directory: Directory, *, on_date: pd.Series | date | None = None
) -> Matched:
    """Find the school that each spelling means on its day.

    Parameters:
        spellings: Logins, codes or names as the file has them; `МБОУ СОШ № 5 (sch660005)` counts by its login.
        directory: From `make_directory`.
        on_date: Day of the procedure, one for all or one a row; without a day every alias holds and no
            merger is followed.

    Returns: `school_id` with the index of `spellings`, and the unknown spellings with up to three candidates.
    A spelling that means two schools on one day is unknown, with both as candidates. Empty cells stay empty.
    """
    texts, known_texts = pd.factorize(spellings.astype("object"))
    days, known_days = _days(on_date, len(spellings))
    pairs, place = np.unique(texts * len(known_days) + days, return_inverse=True)
    meant = np.array(
        [
            directory.school_of(str(known_texts[text]), known_days[day]) if text >= 0 else None
            for text, day in zip(*divmod(pairs, len(known_days)), strict=True)
        ],
        dtype=object,
    )[place]
    is_missing = (texts >= 0) & pd.isna(meant)
    unknown = _unknowns(directory, spellings[is_missing]) if is_missing.any() else ()
    return Matched(pd.Series(meant, index=spellings.index, dtype="str"), tuple(unknown))


def day_in_year(school_year: int, season: str | None = None) -> pd.Timestamp:
    """A day that stands for a procedure known by year and season alone: mid April, or mid October in autumn."""
    return pd.Timestamp(school_year - 1, 10, 15) if season == "autumn" else pd.Timestamp(school_year, 4, 15)


def _days(on_date: pd.Series | date | None, rows_n: int) -> tuple[Any, list[Day]]:
    """The number of each row's day, and the days."""
    if not isinstance(on_date, pd.Series):
        return np.zeros(rows_n, dtype=np.intp), [_day(on_date)]
    days, known = pd.factorize(pd.to_datetime(on_date), use_na_sentinel=False)
    return days, [_day(day) for day in known]


def make_directory(schools: pd.DataFrame, aliases: pd.DataFrame) -> Directory:
    """Put a directory together.

    Parameters:
        schools: Table `schools`.
        aliases: Table `school_aliases`. A name counts only where an alias of kind `name` says so. An alias with
            a successor says that its school was merged after `valid_to`: later results belong to the successor.
    """
    codes: dict[str, list[_Alias]] = {}
    names: dict[str, list[_Alias]] = {}
    merged: dict[str, tuple[Day, str]] = {}
    for school_id in schools["school_id"]:
        codes.setdefault(plain(str(school_id)), []).append(_Alias(str(school_id), None, None))
    for row in aliases.to_dict("records"):
        first, last = _day(row["valid_from"]), _day(row["valid_to"])
        has_successor = not pd.isna(row["successor_id"])
        if has_successor:
            merged[row["school_id"]] = (last, str(row["successor_id"]))
        alias = _Alias(str(row["school_id"]), first, None if has_successor else last)
        is_name = row["alias_kind"] == "name"
        spelling = plain_name(str(row["alias"])) if is_name else plain(str(row["alias"]))
        (names if is_name else codes).setdefault(spelling, []).append(alias)
    labels = dict(zip(schools["school_id"].astype(str), schools["name"].astype(str), strict=True))
    return Directory(_frozen(codes), _frozen(names), merged, labels)


def _frozen(found: Mapping[str, list[_Alias]]) -> dict[str, tuple[_Alias, ...]]:
    return {spelling: tuple(aliases) for spelling, aliases in found.items()}


def _day(value: Any) -> Day:
    return None if pd.isna(value) else pd.Timestamp(value)


def _unknowns(directory: Directory, missing: pd.Series) -> Iterator[UnknownSchool]:
    most = min(MOST_SEARCHED, max(5, MOST_COMPARISONS // max(1, len(directory.labels))))
    rows: dict[str, list[Any]] = {}
    for label, spelling in missing.items():
        if str(spelling).strip():
            rows.setdefault(str(spelling), []).append(label)
    for place, (spelling, labels) in enumerate(rows.items()):
        proposed = _proposed(directory, spelling) if place < most else ()
        yield UnknownSchool(spelling, tuple(labels), proposed)


def _proposed(directory: Directory, spelling: str) -> tuple[Candidate, ...]:
    """Schools that bear the spelling on another day, or several on this one; else those that look alike."""
    name, login = split_login(spelling)
    known = (*directory.codes.get(plain(login or spelling), ()), *directory.names.get(plain_name(name), ()))
    ids = sorted({alias.school_id for alias in known})
    if ids:
        return tuple(Candidate(one, directory.labels.get(one, one), 1.0) for one in ids[:MOST_CANDIDATES])
    return find_candidates(spelling, directory.labels)
