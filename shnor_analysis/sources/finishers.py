"""From the typed rows of a report to its tables, where more is needed than passing fields on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from shnor_analysis.sources.area_tables import make_area_results
from shnor_analysis.sources.bias_list import make_bias_listings
from shnor_analysis.sources.circumstances import make_factors
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.individual import make_individual_results, pupil_tables
from shnor_analysis.sources.lists import make_listings, make_participation
from shnor_analysis.sources.protocols import make_ege_results, make_exam_results
from shnor_analysis.sources.regional import make_regional_comparisons, make_regional_marks
from shnor_analysis.sources.register import make_aliases, make_schools
from shnor_analysis.sources.school_results import make_school_results
from shnor_analysis.sources.score_tables import make_score_counts
from shnor_analysis.sources.surroundings import Surroundings
from shnor_analysis.sources.templates import TEMPLATE_FINISHERS, make_items_of_pupils

Finisher = Callable[[Draft, Surroundings], dict[str, pd.DataFrame]]

FINISHERS: Mapping[str, Finisher] = {
    "individual_results": make_individual_results,
    "regional_marks": make_regional_marks,
    "regional_scores": make_score_counts,
    "regional_comparisons": make_regional_comparisons,
    "regional_bias": make_bias_listings,
    "oge_protocol": make_exam_results,
    "ege_protocol": make_ege_results,
    **TEMPLATE_FINISHERS,
}

# by table: what a form without a finisher of its own gets, such as one that a mapping describes
USUAL_FINISHERS: Mapping[str, Finisher] = {
    "schools": make_schools,
    "school_aliases": make_aliases,
    "factors": make_factors,
    "pupil_results": pupil_tables,
    "school_results": make_school_results,
    "area_results": make_area_results,
    "listings": make_listings,
    "participation": make_participation,
    **{
        table: TEMPLATE_FINISHERS[f"template_{table}"]
        for table in ("mark_comparisons", "score_counts", "item_summaries")
    },
    "item_results": make_items_of_pupils,
}
