"""Lists of schools and programmes of help: a row a school and year."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.schemas import TABLES
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.school_years import schools_in, years_of
from shnor_analysis.sources.surroundings import Surroundings


def make_listings(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `listings`; list and issuer may be constants of the form."""
    return {"listings": _by_year(draft, around, "listings", "school_year")}


def make_participation(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `participation`; the programme may be a constant of the form."""
    return {"participation": _by_year(draft, around, "participation", "cohort_year")}


def _by_year(draft: Draft, around: Surroundings, name: str, year: str) -> pd.DataFrame:
    table = TABLES[name]
    given = [field for field in draft.frame if field in table.own_columns]
    constants = {field: value for field, value in draft.layout.constants if field in table.own_columns}
    years = years_of(draft, around, year, or_year="test_year")
    made = draft.frame[["row", *given]].assign(**constants)
    return made.assign(**{year: years, "school_id": schools_in(draft, around, years)})
