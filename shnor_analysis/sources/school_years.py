"""Tables known by school and school year alone: whose row it is in that year, and which year where no column says."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.surroundings import Surroundings


def years_of(
    draft: Draft, around: Surroundings, field: str = "school_year", *, or_year: str = "school_year"
) -> pd.Series:
    """The school year of every row: its own column, else what the sheet, the card or `--year` says (`missing_school_year`).

    `or_year` is another fact that may stand for it: a list «за 2023 год» is of 2023.
    """
    if field in draft.frame:
        return draft.frame[field]
    year = around.value("school_year") or around.value(or_year)
    if year is None:
        around.findings.problem("missing_school_year", draft.sheet.name)
    return pd.Series([year] * len(draft.frame), index=draft.frame.index, dtype="float64")


def schools_in(draft: Draft, around: Surroundings, years: pd.Series) -> pd.Series:
    """The school of every row in the middle of its school year: a merged school is its successor by then."""
    nothing = pd.Series(pd.NaT, index=draft.frame.index, dtype="datetime64[us]")
    moments = pd.DataFrame({"school_year": years, "season": "spring", "test_date": nothing})
    return around.schools(draft, draft.frame["school_id"], moments)
