"""Shares of low results, success and quality with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.kernels.wilson import wilson_interval
from shnor_analysis.schemas import LINEAGE_COLUMNS, MARKS, PROCEDURE_KEY

MARK_COUNTS = tuple(f"mark_{mark}_n" for mark in MARKS)
MEASURES = ("low", "success", "quality")
SHARE_COLUMNS = tuple(f"{name}_{part}" for name in MEASURES for part in ("share", "conf_low", "conf_high"))
SCHOOL_UNIT = ("school_id",)
AREA_UNIT = ("area_level", "area_id")


def build_mark_shares(
    results: pd.DataFrame, *, unit: tuple[str, ...] = SCHOOL_UNIT
) -> tuple[pd.DataFrame, Accounting]:
    """Turn results into shares with Wilson intervals, one row a unit and procedure.

    Args:
        results: Table `school_results` or `area_results`.
        unit: Columns that name the school or area.

    Returns:
        The rows with somebody tested, sorted by unit and procedure: `tested_n`, the four `mark_*_n` (empty where
        only shares are known), `low_n` and `quality_n` as floats (share × tested where counts are unknown), and for
        low, success (3–5) and quality (4–5) the columns `*_share`, `*_conf_low`, `*_conf_high` (0–1; empty where
        the source does not give them); and the accounting.
    """
    tested = results[results["tested_n"].fillna(0) > 0]
    table = tested[[*unit, *PROCEDURE_KEY, "test_date"]].copy()
    for name in ("schools_n", "result_source"):
        if name in tested.columns:
            table[name] = tested[name]
    table["tested_n"] = tested["tested_n"]
    estimated = tested.get("tested_n_is_estimated", pd.Series(data=False, index=tested.index))
    table["tested_n_is_estimated"] = estimated.astype(bool)
    counted = tested[list(MARK_COUNTS)].notna().all(axis=1)
    for name in MARK_COUNTS:
        table[name] = tested[name].where(counted)
    table["low_n"] = _low_numbers(tested, counted)
    table["quality_n"] = _quality_numbers(tested, counted)
    table[list(LINEAGE_COLUMNS)] = tested[list(LINEAGE_COLUMNS)]
    shares = attach_shares(table.sort_values([*unit, *PROCEDURE_KEY], ignore_index=True))
    return shares, _account(results, shares, unit, only_shares_n=_only_shares_n(tested, counted))


def attach_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Add share and Wilson interval of low, success and quality to a table with tested_n, low_n and quality_n."""
    tested = table["tested_n"].astype(float).to_numpy()
    low = table["low_n"].astype(float).to_numpy()
    numbers = {"low": low, "success": tested - low, "quality": table["quality_n"].astype(float).to_numpy()}
    columns: dict[str, Any] = {}
    for name, successes in numbers.items():
        known = np.isfinite(successes)
        conf_low, conf_high = wilson_interval(np.where(known, successes, 0), tested)
        with np.errstate(divide="ignore", invalid="ignore"):
            columns[f"{name}_share"] = np.where(known & (tested > 0), successes / tested, np.nan)
        columns[f"{name}_conf_low"] = np.where(known, conf_low, np.nan)
        columns[f"{name}_conf_high"] = np.where(known, conf_high, np.nan)
    return table.assign(**columns)


def _low_numbers(tested: pd.DataFrame, counted: pd.Series) -> pd.Series:
    n = tested["tested_n"].astype(float)
    choices = (
        tested["mark_2_n"].where(counted).astype(float),
        tested["low_n"].astype(float),
        tested["low_share"].astype(float) * n,
        tested["mark_2_share"].astype(float) * n,
    )
    return _first_known(choices).clip(upper=n)


def _quality_numbers(tested: pd.DataFrame, counted: pd.Series) -> pd.Series:
    n = tested["tested_n"].astype(float)
    choices = (
        (tested["mark_4_n"] + tested["mark_5_n"]).where(counted).astype(float),
        (tested["mark_4_share"] + tested["mark_5_share"]).astype(float) * n,
    )
    return _first_known(choices).clip(upper=n)


def _first_known(choices: tuple[pd.Series, ...]) -> pd.Series:
    known = choices[0]
    for choice in choices[1:]:
        known = known.fillna(choice)
    return known


def _only_shares_n(tested: pd.DataFrame, counted: pd.Series) -> int:
    """Rows with a share of low results and no number behind it: neither marks nor pupils below the minimum."""
    has_share = tested["low_share"].notna() | tested["mark_2_share"].notna()
    return int((has_share & ~counted & tested["low_n"].isna()).sum())


def _account(
    results: pd.DataFrame, shares: pd.DataFrame, unit: tuple[str, ...], *, only_shares_n: int
) -> Accounting:
    reasons = (
        Reason("nobody_tested", len(results) - len(shares)),
        Reason("only_shares_known", only_shares_n),
        Reason("tested_estimated", int(shares["tested_n_is_estimated"].sum())),
        Reason("quality_not_given", int(shares["quality_share"].isna().sum())),
    )
    subject = "school_results" if unit == SCHOOL_UNIT else "area_results"
    return Accounting().then(
        "mark_shares", subject, len(results), len(shares), (reason for reason in reasons if reason.n)
    )
