"""The same shares one level up, summed over schools pupil by pupil."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.indicators.marks import AREA_UNIT, MARK_COUNTS, attach_shares
from shnor_analysis.schemas import PROCEDURE_KEY

KEY = list(PROCEDURE_KEY)


def build_area_shares(
    shares: pd.DataFrame, schools: pd.DataFrame, *, level: str
) -> tuple[pd.DataFrame, Accounting]:
    """Sum the schools of each municipality or region: every pupil weighs the same, large schools weigh more.

    Args:
        shares: Schools' mark shares (`build_mark_shares`).
        schools: Table `schools`.
        level: `municipality` or `region`.

    Returns:
        One row an area and procedure in the columns of `build_mark_shares`, with `schools_n` and `result_source`
        `computed`. Counts of marks are empty where a school gave only shares, `quality_*` where a school gave none.
        And the accounting.
    """
    areas = schools[["school_id", f"{level}_id"]].rename(columns={f"{level}_id": "area_id"})
    frame = shares.merge(areas, on="school_id", how="inner")
    grouped = frame.groupby(["area_id", *KEY], as_index=False)
    table = grouped.agg(
        schools_n=("school_id", "nunique"),
        tested_n=("tested_n", "sum"),
        tested_n_is_estimated=("tested_n_is_estimated", "any"),
    )
    sums = grouped[[*MARK_COUNTS, "low_n", "quality_n"]].sum(skipna=False)
    table[[*MARK_COUNTS, "low_n", "quality_n"]] = sums[[*MARK_COUNTS, "low_n", "quality_n"]]
    table.insert(0, "area_level", level)
    table["result_source"] = "computed"
    table["test_date"] = pd.Series(pd.NaT, index=table.index, dtype="datetime64[us]")
    reasons = [Reason("school_without_area", len(shares) - len(frame))] if len(frame) < len(shares) else []
    accounting = Accounting().then(f"{level}_shares", "school_results", len(shares), len(table), reasons)
    return attach_shares(table.sort_values([*AREA_UNIT, *KEY], ignore_index=True)), accounting


def build_complete_regions(shares: pd.DataFrame, schools: pd.DataFrame) -> tuple[pd.DataFrame, Accounting]:
    """Sum the schools of a region only where all of them are there.

    A region is complete in a procedure when the register holds at least two of its municipalities and every school
    of the register that wrote anything of the same assessment and grade in that year also wrote this procedure.

    Returns:
        As `build_area_shares` with level `region`, complete procedures only.

    Limits:
        A municipality that is missing from the register as a whole cannot be noticed.
    """
    table, accounting = build_area_shares(shares, schools, level="region")
    towns = schools.groupby("region_id")["municipality_id"].nunique()
    wide = table["area_id"].map(towns).fillna(0) >= 2
    expected = _schools_expected(shares, schools)
    merged = table.merge(expected, on=["area_id", "school_year", "assessment", "grade"], how="left")
    complete = wide & (merged["schools_n"] == merged["expected_n"])
    dropped = int((~complete).sum())
    reasons = [Reason("region_schools_missing", dropped)] if dropped else []
    return table[complete].reset_index(drop=True), accounting.then(
        "complete_regions", "school_results", len(table), int(complete.sum()), reasons
    )


def _schools_expected(shares: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    areas = schools[["school_id", "region_id"]].rename(columns={"region_id": "area_id"})
    frame = shares.merge(areas, on="school_id", how="inner")
    grouped = frame.groupby(["area_id", "school_year", "assessment", "grade"], as_index=False)
    return grouped.agg(expected_n=("school_id", "nunique"))
