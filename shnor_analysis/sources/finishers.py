"""From the typed rows of a report to its tables, where more is needed than passing fields on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.individual import make_individual_results
from shnor_analysis.sources.surroundings import Surroundings

Finisher = Callable[[Draft, Surroundings], dict[str, pd.DataFrame]]

FINISHERS: Mapping[str, Finisher] = {
    "individual_results": make_individual_results,
}
