"""Tables of a whole region: rows of other municipalities are left out, counted, before schools are looked up."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from shnor_analysis.sources.aliases import match_schools
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.school_results import make_school_results
from shnor_analysis.sources.spelling import plain_name
from shnor_analysis.sources.surroundings import Surroundings
from shnor_analysis.sources.templates import make_mark_comparisons


def make_regional_marks(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `school_results` of the municipalities of the register."""
    return make_school_results(own_rows(draft, around), around)


def make_regional_comparisons(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `mark_comparisons` of the schools of the municipalities of the register."""
    return make_mark_comparisons(own_rows(draft, around), around)


def own_rows(draft: Draft, around: Surroundings) -> Draft:
    """Leave out the rows of municipalities that the register does not know.

    A municipality is known by its name in the register, or because one of its rows has a known school: an unknown
    school beside known ones stays, as a problem. Where nothing at all is known every row stays.
    """
    if "municipality_id" not in draft.frame:
        return draft
    spelled = draft.frame["municipality_id"].fillna("").astype(str).map(plain_name)
    context = around.context
    matched = match_schools(draft.frame["school_id"], context.directory).school_id
    known = {plain_name(str(name)) for name in context.schools["municipality_id"].unique()}
    known |= set(spelled[matched.notna()])
    is_own = spelled.isin(known) | (spelled == "")
    if is_own.all() or not is_own.any():
        return draft
    around.findings.reason("rows_of_other_municipalities", int((~is_own).sum()), sheet=draft.sheet.name)
    return replace(
        draft,
        frame=draft.frame[is_own].reset_index(drop=True),
        decimals=draft.decimals[is_own].reset_index(drop=True),
    )
