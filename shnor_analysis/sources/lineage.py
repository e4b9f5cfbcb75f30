"""Where each stored row stood: report, hash of the file, sheet and cell range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.sources.cells import column_letters
from shnor_analysis.sources.drafts import Draft


def add_lineage(frame: pd.DataFrame, draft: Draft, *, sha256: str) -> pd.DataFrame:
    """Return the frame with its lineage; the column `row` (of the sheet, from 0) becomes a cell range.

    A frame that already has `source_cells` keeps them: some rows come from one cell, some from several rows.
    """
    header = draft.header
    used = [*header.places.values(), *(place for _, place in header.run)]
    first, last = column_letters(min(used)), column_letters(max(used))
    known: dict[str, Any] = {}
    if "source_cells" not in frame:
        numbers = frame["row"].to_numpy(dtype=np.int64) + 1
        known["source_cells"] = [f"{first}{number}:{last}{number}" for number in numbers.tolist()]
    return frame.drop(columns="row", errors="ignore").assign(
        report=draft.layout.code, source_sha256=sha256, source_sheet=draft.sheet.name, **known
    )
