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
    """The table `participation`; the programme may be a constant of the form.

    Dates that contradict the school year or each other are problems (`programme_date_of_other_year`,
    `programme_ends_before`): agreements are signed from the January before a school year to the December after it.
    """
    made = _by_year(draft, around, "participation", "cohort_year")
    _tell_dates(draft, around, made)
    return {"participation": made}


def _tell_dates(draft: Draft, around: Surroundings, made: pd.DataFrame) -> None:
    nothing = pd.Series(pd.NaT, index=made.index, dtype="datetime64[us]")
    begun, ended = (
        pd.to_datetime(made.get(name, nothing), errors="coerce") for name in ("date_from", "date_to")
    )
    ahead = (made["cohort_year"] - begun.dt.year).dropna()
    for label in ahead.index[~ahead.isin((0, 1))]:
        year = int(begun.dt.year[label] + ahead[label])
        around.findings.problem(
            "programme_date_of_other_year",
            draft.sheet.name,
            draft.cell(label, "date_from"),
            found=draft.printed(label, "date_from"),
            year=year,
            before=year - 1,
        )
    for label in made.index[begun > ended]:
        around.findings.problem(
            "programme_ends_before",
            draft.sheet.name,
            draft.cell(label, "date_to"),
            found=draft.printed(label, "date_to"),
            begun=draft.printed(label, "date_from"),
        )


def _by_year(draft: Draft, around: Surroundings, name: str, year: str) -> pd.DataFrame:
    table = TABLES[name]
    given = [field for field in draft.frame if field in table.own_columns]
    constants = {field: value for field, value in draft.layout.constants if field in table.own_columns}
    years = years_of(draft, around, year, or_year="test_year")
    made = draft.frame[["row", *given]].assign(**constants)
    return made.assign(**{year: years, "school_id": schools_in(draft, around, years)})
