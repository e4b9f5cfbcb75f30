"""The same shares without pupils with special needs, where pupils are known."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.indicators.marks import MARK_COUNTS, attach_shares
from shnor_analysis.schemas import MARKS, PROCEDURE_KEY

GROUP = ["school_id", *PROCEDURE_KEY]


def build_shares_without_special_needs(
    shares: pd.DataFrame, pupil_results: pd.DataFrame, pupils: pd.DataFrame
) -> tuple[pd.DataFrame, Accounting]:
    """Shares among the pupils without special needs, one row for each row of `shares`.

    Args:
        shares: Schools' mark shares (`build_mark_shares`).
        pupil_results: Table `pupil_results`.
        pupils: Table `pupils`; `has_special_needs` may be empty.

    Returns:
        Keys, the columns of `build_mark_shares` for the group, and `reason`: why there is no number
        (`no_pupil_rows`, `pupil_rows_incomplete`, `special_needs_unknown`, `marks_not_given`,
        `nobody_without_special_needs`), else empty; and the accounting.

    Limits:
        A pupil whose flag is empty makes the school's procedure unknown: nobody is guessed into a group.
    """
    counts = _count_groups(pupil_results, pupils)
    frame = shares[[*GROUP, "test_date", "tested_n"]].merge(counts, on=GROUP, how="left")
    frame["reason"] = _reasons(frame)
    usable = frame["reason"] == ""
    table = frame[[*GROUP, "test_date", "reason"]].copy()
    table["tested_n"] = frame["without_n"].where(usable).astype("Int64")
    table["tested_n_is_estimated"] = False
    for name in MARK_COUNTS:
        table[name] = frame[name].where(usable).astype("Int64")
    table["low_n"] = table["mark_2_n"].astype("Float64").astype(float)
    table["quality_n"] = (table["mark_4_n"] + table["mark_5_n"]).astype("Float64").astype(float)
    table["tested_n"] = table["tested_n"].fillna(0)
    table["low_n"] = table["low_n"].where(usable)
    reasons = [
        Reason(str(code), int(n)) for code, n in table["reason"].value_counts().sort_index().items() if code
    ]
    accounting = Accounting().then(
        "without_special_needs", "pupil_results", len(shares), int(usable.sum()), reasons
    )
    return attach_shares(table), accounting


def _count_groups(pupil_results: pd.DataFrame, pupils: pd.DataFrame) -> pd.DataFrame:
    flags = pupils[["pupil_id", "school_year", "has_special_needs"]]
    rows = pupil_results[["pupil_id", *GROUP, "mark"]].merge(
        flags, on=["pupil_id", "school_year"], how="left"
    )
    without = (rows["has_special_needs"] == False).fillna(False)  # noqa: E712  # three-valued: NA stays unknown
    marks: dict[str, Any] = {
        f"mark_{mark}_n": ((rows["mark"] == mark).fillna(False) & without).astype(int) for mark in MARKS
    }
    counted = rows[GROUP].assign(
        rows_n=1,
        flags_n=rows["has_special_needs"].notna().astype(int),
        marks_n=rows["mark"].notna().astype(int),
        without_n=without.astype(int),
        **marks,
    )
    return counted.groupby(GROUP, as_index=False).sum()


def _reasons(frame: pd.DataFrame) -> pd.Series:
    reason = pd.Series("", index=frame.index, dtype="str")
    # the later a check stands, the more it says; the first that fails must win, so they are written last to first
    reason = reason.mask(frame["without_n"] == 0, "nobody_without_special_needs")
    reason = reason.mask(frame["marks_n"] < frame["rows_n"], "marks_not_given")
    reason = reason.mask(frame["flags_n"] < frame["rows_n"], "special_needs_unknown")
    reason = reason.mask(frame["rows_n"] != frame["tested_n"].astype(float), "pupil_rows_incomplete")
    return reason.mask(frame["rows_n"].isna(), "no_pupil_rows")
