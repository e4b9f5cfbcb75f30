"""What holds for a whole sheet: which procedure it is about and which school, from the nearest place that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shnor_analysis.sources.aliases import day_in_year, match_schools
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.fact_gathering import gather_facts
from shnor_analysis.sources.findings import Findings
from shnor_analysis.sources.hints import Card, ReadingContext
from shnor_analysis.sources.procedures import find_procedures
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.title_facts import Fact


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
        return find_procedures(draft, self.facts, self.findings)

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
        self._check_hint(draft, spellings, found.school_id)
        return found.school_id

    def _check_hint(self, draft: Draft, spellings: pd.Series, school_id: pd.Series) -> None:
        """Tell the first row whose own column names another school than the card or the option."""
        fact, sheet = self.facts.get("school_id"), draft.sheet.name
        if fact is None or fact.cell or fact.shown == sheet or "school_id" not in draft.header.places:
            return
        named = self.context.directory.school_of(str(fact.value), None) or fact.value
        others = school_id.index[school_id.notna() & (school_id != named)]
        if len(others):
            cell = draft.cell(others[0], "school_id")
            found = str(spellings[others[0]])
            self.findings.problem("contradicts_school_id", sheet, cell, found=found, other=fact.shown)


def look_around(
    recognised: Recognised, context: ReadingContext, card: Card, findings: Findings
) -> Surroundings:
    """Collect the facts of a sheet, see `gather_facts`."""
    return Surroundings(recognised, context, findings, gather_facts(recognised, context, card, findings))


def _days(procedure: pd.DataFrame) -> pd.Series:
    known = procedure["test_date"]
    if known.notna().all():
        return known
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
