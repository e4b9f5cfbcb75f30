"""What holds for a whole sheet: which procedure it is about and which school, from the nearest place that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.schemas.columns import FIRST_SCHOOL_YEAR, LAST_SCHOOL_YEAR
from shnor_analysis.sources.aliases import day_in_year, match_schools
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.fact_gathering import gather_facts
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.hints import OPTIONS, Card, ReadingContext
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.title_facts import Fact

AUTUMN_BEGINS = 9
# In these calendar years the works of one assessment were written in autumn, or in both seasons: nothing is assumed.
TWO_SEASON_YEARS: Mapping[str, frozenset[int]] = {"vpr": frozenset({2020, 2022})}
PROCEDURE_FIELDS = ("school_year", "assessment", "subject", "grade", "season", "test_date")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The facts that a sheet has from outside its table, and the means to fill them in."""

    recognised: Recognised
    context: ReadingContext
    findings: Findings
    facts: Mapping[str, Fact]

    def value(self, name: str) -> Any:
        """A fact of the sheet, or None."""
        fact = self.facts.get(name)
        return None if fact is None else fact.value

    def procedure(self, draft: Draft) -> pd.DataFrame:
        """The six columns of the procedure for every row of a draft, from its own columns or from the sheet.

        Problems: `missing_…` and `contradicts_…` (both name the option), `season_needed`, `year_outside_calendar`.
        """
        return _procedure(self, draft)

    def schools(self, draft: Draft, spellings: pd.Series, procedure: pd.DataFrame | None = None) -> pd.Series:
        """The school of every row on the day of its procedure; unknown ones are problems with candidates."""
        days = None if procedure is None else _days(procedure)
        found = match_schools(spellings, self.context.directory, on_date=days)
        for unknown in found.unknown:
            for label in unknown.rows:
                cell = draft.cell(label, "school_id" if "school_id" in draft.header.places else "group")
                self.findings.take(
                    unknown.problem(file=self.findings.file, sheet=draft.sheet.name, cell=cell)
                )
        return found.school_id


def look_around(
    recognised: Recognised, context: ReadingContext, card: Card, findings: Findings
) -> Surroundings:
    """Collect the facts of a sheet, see `gather_facts`."""
    return Surroundings(recognised, context, findings, gather_facts(recognised, context, card, findings))


def _days(procedure: pd.DataFrame) -> pd.Series:
    known = procedure["test_date"]
    keys = procedure[["school_year", "season"]].drop_duplicates()
    stand_ins = {
        (year, season): day_in_year(int(year), season)
        for year, season in keys.itertuples(index=False)
        if not pd.isna(year)
    }
    guessed = [
        stand_ins.get(pair, pd.NaT)
        for pair in zip(procedure["school_year"], procedure["season"], strict=True)
    ]
    return known.fillna(pd.Series(guessed, index=procedure.index, dtype="datetime64[us]"))


def _procedure(around: Surroundings, draft: Draft) -> pd.DataFrame:
    columns = {name: _column(around, draft, name) for name in (*PROCEDURE_FIELDS, "test_year")}
    frame = pd.DataFrame(columns, index=draft.frame.index)
    frame["test_date"] = pd.to_datetime(frame["test_date"]).astype("datetime64[us]")
    for name in ("school_year", "test_year", "grade"):
        frame[name] = pd.to_numeric(frame[name]).astype("float64")
    frame = _with_year(around, draft, frame)
    for name in ("school_year", "subject", "grade", "assessment"):
        if frame[name].isna().any() and name not in draft.header.places and not _has_year_column(draft, name):
            around.findings.problem(f"missing_{name}", draft.sheet.name)
    _check_calendar(around, draft, frame)
    return frame[list(PROCEDURE_FIELDS)]


def _has_year_column(draft: Draft, name: str) -> bool:
    return name == "school_year" and ("test_year" in draft.frame or "test_date" in draft.frame)


def _column(around: Surroundings, draft: Draft, name: str) -> pd.Series:
    """A fact for every row: the row's own cell where the table has the column, else the sheet's fact."""
    fact = around.facts.get(name)
    if name not in draft.frame:
        value = None if fact is None else fact.value
        return pd.Series([value] * len(draft.frame), index=draft.frame.index, dtype="object")
    own = draft.frame[name].astype("object").where(draft.frame[name].notna(), None)
    if fact is None:
        return own
    sheet_value = pd.Timestamp(fact.value) if name == "test_date" else fact.value
    differs = own.notna() & (own != sheet_value)
    if differs.any() and name in OPTIONS and fact.shown:
        label = differs.idxmax()
        around.findings.problem(
            f"contradicts_{name}",
            draft.sheet.name,
            draft.cell(label, name),
            found=draft.printed(label, name),
            other=fact.shown,
        )
    return own.fillna(sheet_value)


def _with_year(around: Surroundings, draft: Draft, frame: pd.DataFrame) -> pd.DataFrame:
    """Fill school year and season from the date, else from the calendar year and the season."""
    dated = frame["test_date"].notna()
    is_autumn = frame["test_date"].dt.month >= AUTUMN_BEGINS
    derived_year = (frame["test_date"].dt.year + is_autumn).astype("float64")
    derived_season = pd.Series(np.where(is_autumn, "autumn", "spring"), index=frame.index, dtype="object")
    _contradiction(
        around, draft, dated & frame["season"].notna() & (frame["season"] != derived_season), frame, "season"
    )
    _contradiction(
        around,
        draft,
        dated & frame["school_year"].notna() & (frame["school_year"] != derived_year),
        frame,
        "school_year",
    )
    _contradiction(
        around,
        draft,
        dated & frame["test_year"].notna() & (frame["test_year"] != frame["test_date"].dt.year),
        frame,
        "test_year",
    )
    season = derived_season.where(dated, frame["season"])
    season = season.where(season.notna(), _usual_season(around, draft, frame, season))
    by_calendar = frame["test_year"] + (season == "autumn")
    _contradiction(
        around,
        draft,
        ~dated
        & frame["school_year"].notna()
        & frame["test_year"].notna()
        & (frame["school_year"] != by_calendar),
        frame,
        "school_year",
    )
    year = derived_year.where(dated, frame["school_year"].fillna(by_calendar))
    return frame.assign(school_year=year, season=season)


def _usual_season(around: Surroundings, draft: Draft, frame: pd.DataFrame, season: pd.Series) -> pd.Series:
    """Spring, except in years when the works were (also) written in autumn: there the season has to be given."""
    unclear = pd.Series(False, index=frame.index)
    for assessment, years in TWO_SEASON_YEARS.items():
        of_school_year = frame["test_year"].isna() & frame["school_year"].isin([year + 1 for year in years])
        unclear |= (frame["assessment"] == assessment) & (frame["test_year"].isin(years) | of_school_year)
    unclear &= season.isna()
    if unclear.any():
        label: Any = unclear.idxmax()
        shown = frame["test_year"].fillna(frame["school_year"])[label]
        cell = draft.cell(label, "test_year") if "test_year" in draft.header.places else None
        around.findings.problem("season_needed", draft.sheet.name, cell, found=f"{shown:.0f}")
    return pd.Series("spring", index=frame.index, dtype="object")


def _contradiction(
    around: Surroundings, draft: Draft, differs: pd.Series, frame: pd.DataFrame, name: str
) -> None:
    """Tell the first row in which a fact and the date (or the calendar year) of the work exclude each other."""
    if not differs.any():
        return
    label: Any = differs.idxmax()
    fact = around.facts.get(name)
    by = "test_date" if bool(frame.loc[[label], "test_date"].notna().all()) else "test_year"
    of_day = around.facts.get(by)
    in_table = by in draft.header.places
    around.findings.problem(
        f"contradicts_{name}",
        draft.sheet.name,
        draft.cell(label, by) if in_table else (of_day.cell if of_day else "") or None,
        found=draft.printed(label, by) if in_table else (of_day.shown if of_day else None),
        other=draft.printed(label, name) or (fact.shown if fact else ""),
    )


def _check_calendar(around: Surroundings, draft: Draft, frame: pd.DataFrame) -> None:
    year = frame["school_year"]
    outside = year.notna() & ~year.between(FIRST_SCHOOL_YEAR, LAST_SCHOOL_YEAR)
    for label in frame.index[outside]:
        field = next(
            (name for name in ("test_date", "test_year", "school_year") if name in draft.header.places), None
        )
        around.findings.problem(
            "year_outside_calendar",
            draft.sheet.name,
            draft.cell(label, field) if field else None,
            found=f"{year[label]:.0f}",
            allowed=f"{FIRST_SCHOOL_YEAR}–{LAST_SCHOOL_YEAR}",
        )
        if field is None:
            return
