"""A school's circumstances beside those of the municipality's schools."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.schemas import LINEAGE_COLUMNS

FEWEST_SCHOOLS = 4


def build_context(factors: pd.DataFrame, schools: pd.DataFrame) -> tuple[pd.DataFrame, Accounting]:
    """Put each value of a factor beside the quartiles of the municipality's schools in that year.

    Args:
        factors: Table `factors`.
        schools: Table `schools`.

    Returns:
        `school_id`, `school_year`, `factor`, `value`, the municipality's `quartile_1`, `median`, `quartile_3`
        (linear interpolation, one school one value; empty below four schools), `schools_n`, lineage; and the
        accounting.
    """
    areas = schools[["school_id", "municipality_id"]]
    frame = factors.merge(areas, on="school_id", how="inner")
    grouped = frame.groupby(["municipality_id", "school_year", "factor"])["value"]
    frame["schools_n"] = grouped.transform("size").astype(int)
    enough = frame["schools_n"] >= FEWEST_SCHOOLS
    for name, quantile in (("quartile_1", 0.25), ("median", 0.5), ("quartile_3", 0.75)):
        level = grouped.quantile(quantile).rename(name).reset_index()
        frame = frame.merge(level, on=["municipality_id", "school_year", "factor"], how="left")
        frame[name] = frame[name].where(enough.to_numpy())
    few = int((~enough).sum())
    reasons = [Reason("too_few_schools", few)] if few else []
    columns = [
        "school_id",
        "school_year",
        "factor",
        "value",
        "quartile_1",
        "median",
        "quartile_3",
        "schools_n",
    ]
    table = frame[[*columns, *LINEAGE_COLUMNS]].sort_values(columns[:3], ignore_index=True)
    return table, Accounting().then("context", "factors", len(factors), len(table), reasons)
