"""The regional table of primary points: a row a school and procedure, a column a number of points."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.regional import own_rows
from shnor_analysis.sources.shapes.groups import read_points, score_rows
from shnor_analysis.sources.surroundings import Surroundings


def make_score_counts(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `score_counts` of a sheet with a run of points, for the municipalities of the register."""
    draft = own_rows(draft, around)
    procedure = around.procedure(draft)
    schools = around.schools(draft, draft.frame["school_id"], procedure)
    wide = read_points(draft, around)
    return {"score_counts": score_rows(wide, around, procedure=procedure, schools=schools)}
