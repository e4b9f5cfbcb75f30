"""Changes of the share of low results over years, never across a break of the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.kernels.wilson import newcombe_difference
from shnor_analysis.reference.calendar_breaks import SeriesBreak

SERIES = ["school_id", "assessment", "subject", "grade"]
CARRIED = ["school_year", "season", "test_date", "tested_n"]


def calendar_position(school_year: int, season: str) -> int:
    """Number the seasons of the calendar: autumn opens a school year, spring closes it."""
    return 2 * school_year + (season == "spring")


def build_changes(
    shares: pd.DataFrame, *, breaks: tuple[SeriesBreak, ...]
) -> tuple[pd.DataFrame, Accounting]:
    """Difference of the share of low results between neighbouring results of one series of one school.

    A series is school × assessment × subject × grade: other pupils of the same grade, year after year.

    Args:
        shares: Schools' mark shares (`build_mark_shares`).
        breaks: Breaks of the calendar.

    Returns:
        One row a pair: the series; the columns `before_*` and `after_*` of school_year, season, test_date and
        tested_n; `difference` after − before with `conf_low` and `conf_high` (Newcombe); `reason`, why there is
        none: `across_break` with the code and year of the first break in `break_code` and `break_year`, or
        `season_differs`; else empty. And the accounting.

    Limits:
        The intervals hold sampling of pupils only; a new cohort adds more. Papers of two years may differ in
        difficulty even without a named break.
    """
    position = shares["school_year"].astype(int) * 2 + (shares["season"] == "spring").astype(int)
    ordered = shares.assign(position=position).sort_values([*SERIES, "position"], ignore_index=True)
    earlier = ordered.groupby(SERIES)[["position", "low_n", *CARRIED]].shift(1)
    has_earlier = earlier["position"].notna()
    after, before = ordered[has_earlier], earlier[has_earlier]
    pairs = after[SERIES].copy()
    for name in CARRIED:
        pairs[f"before_{name}"] = before[name].astype(ordered[name].dtype)
        pairs[f"after_{name}"] = after[name]
    _name_breaks(pairs, before["position"], after["position"], breaks)
    differs = pairs["before_season"] != pairs["after_season"]
    reason = np.where(pairs["break_code"] != "", "across_break", np.where(differs, "season_differs", ""))
    pairs["reason"] = reason
    _fill_differences(pairs, after, before)
    return pairs.reset_index(drop=True), _account(pairs)


def _name_breaks(
    pairs: pd.DataFrame, before: pd.Series, after: pd.Series, breaks: tuple[SeriesBreak, ...]
) -> None:
    code = pd.Series("", index=pairs.index, dtype="str")
    year = pd.Series(0, index=pairs.index)
    for item in sorted(breaks, key=lambda one: one.school_year):
        first = calendar_position(item.school_year, item.season or "autumn")
        last = calendar_position(item.school_year, item.season or "spring")
        crossed = (before < first) & (after >= first)
        if item.side == "both":
            crossed |= before.between(first, last)
        crossed &= pairs["assessment"] == item.assessment
        if item.subjects:
            crossed &= pairs["subject"].isin(item.subjects)
        new = crossed & (code == "")
        code, year = code.mask(new, item.code), year.mask(new, item.school_year)
    pairs["break_code"], pairs["break_year"] = code, year


def _fill_differences(pairs: pd.DataFrame, after: pd.DataFrame, before: pd.DataFrame) -> None:
    known = ((pairs["reason"] == "") & after["low_n"].notna() & before["low_n"].notna()).to_numpy()
    columns = np.full((3, len(pairs)), np.nan)
    columns[:, known] = newcombe_difference(
        (after["low_n"].to_numpy(float)[known], after["tested_n"].to_numpy(float)[known]),
        (before["low_n"].to_numpy(float)[known], before["tested_n"].to_numpy(float)[known]),
    )
    pairs["difference"], pairs["conf_low"], pairs["conf_high"] = columns


def _account(pairs: pd.DataFrame) -> Accounting:
    found = pairs["reason"].value_counts()
    reasons = [Reason(code, int(found[code])) for code in ("across_break", "season_differs") if code in found]
    comparable = int((pairs["reason"] == "").sum())
    return Accounting().then("changes", "school_results", len(pairs), comparable, reasons)
