"""Changes of the share of low results over years, never across a break of the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.kernels.wilson import newcombe_difference
from shnor_analysis.reference.calendar_breaks import SeriesBreak, first_crossed

SERIES = ["school_id", "assessment", "subject", "grade", "season"]
CARRIED = ["school_year", "test_date", "tested_n"]


def build_changes(
    shares: pd.DataFrame, *, breaks: tuple[SeriesBreak, ...]
) -> tuple[pd.DataFrame, Accounting]:
    """Difference of the share of low results between neighbouring results of one series of one school.

    A series is school × assessment × subject × grade × season: other pupils of the same grade, year after year.
    Results of different seasons are never compared.

    Args:
        shares: Schools' mark shares (`build_mark_shares`).
        breaks: Breaks of the calendar.

    Returns:
        One row a pair: the series; the columns `before_*` and `after_*` of school_year, test_date and tested_n;
        `difference` after − before with `conf_low` and `conf_high` (Newcombe); `reason` `across_break` where there
        is none, with the code and year of the first break in `break_code` and `break_year`; else empty. And the
        accounting.

    Limits:
        The intervals hold sampling of pupils only; a new cohort adds more. Papers of two years may differ in
        difficulty even without a named break.
    """
    ordered = shares.sort_values([*SERIES, "school_year"], ignore_index=True)
    earlier = ordered.groupby(SERIES)[["low_n", *CARRIED]].shift(1)
    has_earlier = earlier["tested_n"].notna()
    after, before = ordered[has_earlier], earlier[has_earlier]
    pairs = after[SERIES].copy()
    for name in CARRIED:
        pairs[f"before_{name}"] = before[name].astype(ordered[name].dtype)
        pairs[f"after_{name}"] = after[name]
    _name_breaks(pairs, breaks)
    pairs["reason"] = np.where(pairs["break_code"] != "", "across_break", "")
    _fill_differences(pairs, after, before)
    return pairs.reset_index(drop=True), _account(pairs)


def _name_breaks(pairs: pd.DataFrame, breaks: tuple[SeriesBreak, ...]) -> None:
    keys = [*SERIES[1:], "before_school_year", "after_school_year"]
    steps = pairs[keys].drop_duplicates()
    first = [
        first_crossed(
            breaks,
            (step["assessment"], step["subject"], step["season"]),
            before=int(step["before_school_year"]),
            after=int(step["after_school_year"]),
        )
        for step in steps.to_dict("records")
    ]
    steps["break_code"] = pd.Series(
        [item.code if item else "" for item in first], index=steps.index, dtype="str"
    )
    steps["break_year"] = [item.school_year if item else 0 for item in first]
    named = pairs[keys].merge(steps, on=keys, how="left")
    for name in ("break_code", "break_year"):
        pairs[name] = named[name].to_numpy()


def _fill_differences(pairs: pd.DataFrame, after: pd.DataFrame, before: pd.DataFrame) -> None:
    known = ((pairs["reason"] == "") & after["low_n"].notna() & before["low_n"].notna()).to_numpy()
    columns = np.full((3, len(pairs)), np.nan)
    columns[:, known] = newcombe_difference(
        (after["low_n"].to_numpy(float)[known], after["tested_n"].to_numpy(float)[known]),
        (before["low_n"].to_numpy(float)[known], before["tested_n"].to_numpy(float)[known]),
    )
    pairs["difference"], pairs["conf_low"], pairs["conf_high"] = columns


def _account(pairs: pd.DataFrame) -> Accounting:
    comparable = int((pairs["reason"] == "").sum())
    across = len(pairs) - comparable
    reasons = [Reason("across_break", across)] if across else []
    return Accounting().then("changes", "school_results", len(pairs), comparable, reasons)
