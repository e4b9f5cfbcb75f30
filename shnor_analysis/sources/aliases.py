"""Which school a spelling means: by login or code, by an alias valid on the day, or by nobody's guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

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
class _Directory:
    """All spellings of all schools; `merged` holds the last day of a school and its successor."""

    codes: Mapping[str, tuple[_Alias, ...]]
    names: Mapping[str, tuple[_Alias, ...]]
    merged: Mapping[str, tuple[Day, str]]
    labels: Mapping[str, str] = field(default_factory=dict)


def match_schools(
    spellings: pd.Series,
    *,
    schools: pd.DataFrame,
    aliases: pd.DataFrame,
    on_date: pd.Series | date | None = None,
) -> Matched:
    """Find the school that each spelling means on its day.

    Parameters:
        spellings: Logins, codes or names as the file has them; `МБОУ СОШ № 5 (sch660005)` counts by its login.
        schools: Table `schools`.
        aliases: Table `school_aliases`. A name counts only where an alias of kind `name` says so. An alias with
            a successor says that its school was merged after `valid_to`: later results belong to the successor.
        on_date: Day of the procedure, one for all or one a row; without a day every alias holds and no
            merger is followed.

    Returns: `school_id` with the index of `spellings`, and the unknown spellings with up to three candidates.
    A spelling that means two schools on one day is unknown, with both as candidates. Empty cells stay empty.
    """
    directory = _directory(schools, aliases)
    pairs = pd.DataFrame(
        {"spelling": spellings.astype("object").to_numpy(), "day": _days(spellings, on_date).to_numpy()}
    )
    is_given = pairs["spelling"].notna() & (pairs["spelling"].astype(str).str.strip() != "")
    codes = pairs[is_given].groupby(["spelling", "day"], sort=False, dropna=False).ngroup()
    firsts = codes[~codes.duplicated()]
    asked = pairs.loc[firsts.index]
    meant = {
        code: _school_of(directory, str(spelling), _day(day))
        for code, spelling, day in zip(firsts, asked["spelling"], asked["day"], strict=True)
    }
    school_id = codes.map(meant).reindex(pairs.index).astype("object")
    missing = pairs.loc[is_given & school_id.isna(), "spelling"]
    school_id.index = spellings.index
    return Matched(school_id.astype("str"), tuple(_unknowns(directory, missing, spellings.index)))


def day_in_year(school_year: int, season: str | None = None) -> pd.Timestamp:
    """A day that stands for a procedure known by year and season alone: mid April, or mid October in autumn."""
    return pd.Timestamp(school_year - 1, 10, 15) if season == "autumn" else pd.Timestamp(school_year, 4, 15)


def _days(spellings: pd.Series, on_date: pd.Series | date | None) -> Any:
    if isinstance(on_date, pd.Series):
        return pd.to_datetime(on_date).astype("datetime64[us]")
    day = pd.NaT if on_date is None else pd.Timestamp(on_date)
    return pd.Series(day, index=spellings.index, dtype="datetime64[us]")


def _directory(schools: pd.DataFrame, aliases: pd.DataFrame) -> _Directory:
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
    return _Directory(_frozen(codes), _frozen(names), merged, labels)


def _frozen(found: Mapping[str, list[_Alias]]) -> dict[str, tuple[_Alias, ...]]:
    return {spelling: tuple(aliases) for spelling, aliases in found.items()}


def _day(value: Any) -> Day:
    return None if pd.isna(value) else pd.Timestamp(value)


def _school_of(directory: _Directory, spelling: str, day: Day) -> str | None:
    name, login = split_login(spelling)
    by_code = directory.codes.get(plain(login or spelling), ())
    by_name = () if login else directory.names.get(plain_name(name), ())
    for aliases in (by_code, by_name):
        meant = {_heir(directory, alias.school_id, day) for alias in aliases if alias.holds(day)}
        if meant:
            return meant.pop() if len(meant) == 1 else None
    return None


def _heir(directory: _Directory, school_id: str, day: Day) -> str:
    """The school itself, or the one that it belonged to on the day."""
    passed = {school_id}
    while day is not None and school_id in directory.merged:
        last, successor = directory.merged[school_id]
        if (last is not None and day <= last) or successor in passed:
            break
        passed.add(successor)
        school_id = successor
    return school_id


def _unknowns(directory: _Directory, missing: pd.Series, labels: pd.Index) -> Iterator[UnknownSchool]:
    most = min(MOST_SEARCHED, max(5, MOST_COMPARISONS // max(1, len(directory.labels))))
    for place, (spelling, places) in enumerate(missing.groupby(missing, sort=False).groups.items()):
        proposed = _proposed(directory, str(spelling)) if place < most else ()
        yield UnknownSchool(str(spelling), tuple(labels[places]), proposed)


def _proposed(directory: _Directory, spelling: str) -> tuple[Candidate, ...]:
    """Schools that bear the spelling on another day, or several on this one; else those that look alike."""
    name, login = split_login(spelling)
    known = (*directory.codes.get(plain(login or spelling), ()), *directory.names.get(plain_name(name), ()))
    ids = sorted({alias.school_id for alias in known})
    if ids:
        return tuple(Candidate(one, directory.labels.get(one, one), 1.0) for one in ids[:MOST_CANDIDATES])
    return find_candidates(spelling, directory.labels)
