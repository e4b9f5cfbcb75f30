"""Numbers of pupils for rows that print percentages: rebuilt where they follow, else told why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.kernels.counts import AMBIGUOUS, EXACT, UNFIT, WRONG, rebuild_counts
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.findings import Findings


def rebuild(
    draft: Draft, shares: Sequence[str], counts: Sequence[str], *, rows: pd.Index, findings: Findings
) -> pd.DataFrame:
    """Counts of some rows of a draft, from its share columns and `tested_n`.

    Parameters:
        draft: Holds the shares (0–1), their printed decimals and `tested_n`.
        shares: Columns of shares that together make the whole.
        counts: Names of the count columns to make, in the order of `shares`.
        rows: Labels of the rows wanted.
        findings: Takes `percent_sum_wrong` and `percent_impossible` (beyond one point), and reasons for rows that
            keep only their shares.

    Returns: the count columns (empty where not rebuilt) and `counts_rebuilt`.
    """
    frame = draft.frame.loc[rows]
    printed = draft.decimals.loc[rows, list(shares)].max(axis=1).to_numpy(dtype=np.int64)
    percent = frame[list(shares)].to_numpy(dtype=np.float64) * 100
    total = frame["tested_n"].to_numpy(dtype=np.float64)
    # shares outside 0–1 are told where they were read
    usable = ((percent >= 0) & (percent <= 100)).all(axis=1) & (total >= 0)
    known = np.full((len(frame), len(counts)), np.nan)
    rebuilt_rows = np.zeros(len(frame), dtype=bool)
    if usable.any():
        places = np.flatnonzero(usable)
        done = rebuild_counts(percent[places], total[places].astype(np.int64), printed[places])
        is_exact = done.state == EXACT
        known[places[is_exact]] = done.counts[is_exact]
        rebuilt_rows[places] = is_exact
        _tell(
            draft,
            findings,
            labels=rows[places].tolist(),
            state=done.state,
            percent=percent[places],
            shares=shares,
        )
    result = pd.DataFrame(known, index=rows, columns=list(counts))
    return result.assign(counts_rebuilt=rebuilt_rows)


def _tell(
    draft: Draft,
    findings: Findings,
    *,
    labels: list[Any],
    state: np.ndarray,
    percent: np.ndarray,
    shares: Sequence[str],
) -> None:
    for place in np.flatnonzero(state == WRONG).tolist():
        label = labels[place]
        total = percent[place].sum()
        first, last = (draft.cell(label, name) for name in (shares[0], shares[-1]))
        shown = printed_number(total)
        if abs(total - 100) > 1:
            findings.problem(
                "percent_sum_wrong", draft.sheet.name, f"{first}:{last}", found=shown, allowed="100"
            )
        else:
            printed = "; ".join(printed_number(value) for value in percent[place])
            findings.problem(
                "percent_impossible",
                draft.sheet.name,
                f"{first}:{last}",
                found=printed,
                pupils=draft.printed(label, "tested_n"),
            )
    findings.reason("counts_ambiguous", int((state == AMBIGUOUS).sum()), sheet=draft.sheet.name)
    findings.reason("counts_unfit", int((state == UNFIT).sum()), sheet=draft.sheet.name)


def printed_number(value: float) -> str:
    """A number as reports print it, with a decimal comma and at most six digits."""
    return f"{value:.6g}".replace(".", ",")
