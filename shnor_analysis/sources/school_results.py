"""Results of schools and areas from rows that print shares of marks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shnor_analysis.schemas import MARKS
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.percentages import rebuild
from shnor_analysis.sources.surroundings import Surroundings

SHARES = tuple(f"mark_{mark}_share" for mark in MARKS)
COUNTS = tuple(f"mark_{mark}_n" for mark in MARKS)


def with_marks(
    draft: Draft, procedure: pd.DataFrame, around: Surroundings, *, rows: pd.Index
) -> pd.DataFrame:
    """Columns that `school_results` and `area_results` share, for some rows of a draft.

    Shares of marks with their rebuilt counts where the source has them; the count of low results as it is given.
    Counts that the source itself gives are kept, and their sum must be `tested_n` (`counts_sum_wrong`).
    """
    frame = draft.frame.loc[rows]
    kept = [
        name
        for name in (*SHARES, *COUNTS, "low_n", "low_share", "mean_points", "sd_points", "points_max")
        if name in frame
    ]
    made = pd.concat([frame[["row", "tested_n", *kept]], procedure.loc[rows]], axis=1)
    if all(name in frame for name in COUNTS):
        made = made.assign(counts_rebuilt=frame[list(COUNTS)].notna().all(axis=1))
        _check_sum(draft, around, rows)
    elif all(name in frame for name in SHARES):
        made = made.join(rebuild(draft, SHARES, COUNTS, rows=rows, findings=around.findings))
    else:
        made = made.assign(counts_rebuilt=made["low_n"].notna() if "low_n" in made else False)
    points_max = around.value("points_max")
    return made if points_max is None or "points_max" in made else made.assign(points_max=points_max)


def make_school_results(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `school_results` from a draft with a row a school and procedure."""
    procedure = around.procedure(draft)
    schools = around.schools(draft, draft.frame["school_id"], procedure)
    made = with_marks(draft, procedure, around, rows=draft.frame.index)
    named = draft.frame.get("tested_n_is_estimated", pd.Series(False, index=made.index))
    estimated = named.astype("boolean").fillna(False)
    return {"school_results": made.assign(school_id=schools, tested_n_is_estimated=estimated)}


def _check_sum(draft: Draft, around: Surroundings, rows: pd.Index) -> None:
    frame = draft.frame.loc[rows]
    total = frame[list(COUNTS)].sum(axis=1)
    wrong = frame[list(COUNTS)].notna().all(axis=1) & (total != frame["tested_n"])
    for label in frame.index[np.asarray(wrong)]:
        around.findings.problem(
            "counts_sum_wrong",
            draft.sheet.name,
            draft.cell(label, "tested_n"),
            found=draft.printed(label, "tested_n"),
            allowed=f"{total[label]:.0f}",
        )
