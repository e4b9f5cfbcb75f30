"""The levels above a school: municipality summed up, region and country as published."""

from __future__ import annotations

import pandas as pd

from shnor_analysis import indicators
from shnor_analysis.accounting import Accounting
from shnor_analysis.schemas import PROCEDURE_KEY


def build_levels(
    shares: pd.DataFrame, schools: pd.DataFrame, area_results: pd.DataFrame
) -> tuple[pd.DataFrame, Accounting]:
    """Put together one table of the levels above a school.

    Args:
        shares: Schools' mark shares.
        schools: Table `schools`.
        area_results: Table `area_results`, published.

    Returns:
        Municipalities summed over their schools; regions as published, else summed where complete; the country as
        published. Columns as `build_mark_shares`. And the accounting.
    """
    published, accounting = indicators.build_mark_shares(area_results, unit=("area_level", "area_id"))
    published = published[published["area_level"].isin(["region", "russia"])]
    towns, step = indicators.build_area_shares(shares, schools, level="municipality")
    accounting += step
    regions, step = indicators.build_complete_regions(shares, schools)
    keys = list(PROCEDURE_KEY)
    known = pd.MultiIndex.from_frame(_comparable(published[published["area_level"] == "region"][keys]))
    regions = regions[~pd.MultiIndex.from_frame(_comparable(regions[keys])).isin(known)]
    parts = [part for part in (towns, regions, published) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else towns
    return table, accounting + step


def _comparable(keys: pd.DataFrame) -> pd.DataFrame:
    return keys.astype({"school_year": int, "grade": int})
