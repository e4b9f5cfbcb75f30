"""Who stayed on a list, left it and entered it between two years."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.accounting import Accounting, Reason

LISTED_COLUMNS = ("school_id", "list_year", "is_listed")


def build_issued_lists(listings: pd.DataFrame, schools: pd.DataFrame) -> tuple[pd.DataFrame, Accounting]:
    """Status of every school of the register in every year for which an issued list of low results is known.

    Args:
        listings: Table `listings`; rows of other lists are left out.
        schools: Table `schools`.

    Returns:
        `school_id`, `list_year`, `is_listed`, a row a school and known list year; and the accounting.
    """
    low = listings[listings["list"] == "low_results"]
    listed = low[["school_id", "school_year"]].drop_duplicates().astype({"school_year": int})
    years = pd.DataFrame({"list_year": sorted(listed["school_year"].unique())})
    status = schools[["school_id"]].merge(years, how="cross")
    on_list = pd.MultiIndex.from_frame(listed)
    status["is_listed"] = pd.MultiIndex.from_frame(status[["school_id", "list_year"]]).isin(on_list)
    other = len(listings) - len(low)
    reasons = [Reason("other_list", other)] if other else []
    accounting = Accounting().then("issued_lists", "listings", len(listings), len(listed), reasons)
    return status[list(LISTED_COLUMNS)], accounting


def build_list_flow(status: pd.DataFrame, *, source: str) -> tuple[pd.DataFrame, Accounting]:
    """Count the flow between each list year and the one before it.

    Args:
        status: `school_id`, `list_year`, `is_listed`; a school without a row in a year is unknown in it.
        source: `issued` or `rule`, kept in the result.

    Returns:
        One row a list year whose previous year is known, too: `listed_n`, and of the schools on the previous list
        `stayed_n`, `left_n` and `without_result_n` (unknown now); `entered_n` are on the list now and were known
        not to be, or unknown, before. And the accounting.
    """
    rows = []
    years = sorted(int(year) for year in status["list_year"].unique())
    known = {year: status[status["list_year"] == year] for year in years}
    for year in years:
        if year - 1 not in known:
            continue
        now, before = known[year], known[year - 1]
        listed_now = set(now.loc[now["is_listed"], "school_id"])
        listed_before = set(before.loc[before["is_listed"], "school_id"])
        unknown = listed_before - set(now["school_id"])
        rows.append(
            {
                "list_year": year,
                "source": source,
                "listed_n": len(listed_now),
                "stayed_n": len(listed_now & listed_before),
                "left_n": len(listed_before - listed_now - unknown),
                "entered_n": len(listed_now - listed_before),
                "without_result_n": len(unknown),
            }
        )
    columns = ["list_year", "source", "listed_n", "stayed_n", "left_n", "entered_n", "without_result_n"]
    table = pd.DataFrame(rows, columns=columns)
    return table, Accounting().then("list_flow", source, len(status), len(table))
