"""Results of a country, region or municipality from a table with a row an area, as a mapping describes it."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.schemas import TABLES
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.school_results import with_marks
from shnor_analysis.sources.surroundings import Surroundings


def make_area_results(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `area_results`: published figures; the level may be a constant of the form."""
    made = with_marks(draft, around.procedure(draft), around, rows=draft.frame.index)
    own = {name: draft.frame[name] for name in ("area_level", "area_id", "schools_n") if name in draft.frame}
    if "area_level" not in own:
        own["area_level"] = pd.Series(around.value("area_level"), index=made.index)
    made = made.assign(**own, result_source="published")
    columns = [name for name in made if name == "row" or name in TABLES["area_results"].own_columns]
    return {"area_results": made[columns]}
