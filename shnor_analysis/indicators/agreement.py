"""How the marks of a work agree with the marks in the journal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.kernels.wilson import wilson_interval
from shnor_analysis.schemas import LINEAGE_COLUMNS, PROCEDURE_KEY

KEY = ["school_id", *PROCEDURE_KEY]
DIRECTIONS = ("lowered", "confirmed", "raised")


def build_agreement(
    comparisons: pd.DataFrame, pupil_results: pd.DataFrame
) -> tuple[pd.DataFrame, Accounting]:
    """Shares of pupils whose mark is below, equal to or above the journal mark, a row a school and procedure.

    Args:
        comparisons: Table `mark_comparisons`; its rows of areas are left out here.
        pupil_results: Table `pupil_results`; used for a school's procedure that has no row in `comparisons`.

    Returns:
        Keys, `test_date`, `tested_n` (pupils with both marks), and for lowered, confirmed and raised `*_n` (a float:
        share × tested where counts are unknown), `*_share`, `*_conf_low`, `*_conf_high` (Wilson); lineage, empty
        where computed from pupils. And the accounting.
    """
    of_schools = comparisons["area_level"] == "school"
    tested = (comparisons["tested_n"] > 0).fillna(False).astype(bool)
    given = comparisons[of_schools & tested]
    given = given.rename(columns={"area_id": "school_id"}).drop(columns="area_level")
    for name in DIRECTIONS:
        from_share = given[f"{name}_share"].astype(float) * given["tested_n"].astype(float)
        given[f"{name}_n"] = given[f"{name}_n"].astype(float).fillna(from_share)
    computed = _from_pupils(pupil_results)
    taken = pd.MultiIndex.from_frame(given[KEY].astype({"school_year": int, "grade": int}))
    fresh = ~pd.MultiIndex.from_frame(computed[KEY].astype({"school_year": int, "grade": int})).isin(taken)
    columns = [*KEY, "test_date", "tested_n", *(f"{name}_n" for name in DIRECTIONS), *LINEAGE_COLUMNS]
    parts = [part for part in (given, computed[fresh]) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else given
    table = table.reindex(columns=columns).sort_values(KEY, ignore_index=True)
    rows_in = len(comparisons) + len(computed)
    reasons = (
        Reason("comparison_of_area", int((~of_schools).sum())),
        Reason("comparison_nobody_tested", int((of_schools & ~tested).sum())),
        Reason("comparison_given_already", int((~fresh).sum())),
    )
    accounting = Accounting().then(
        "agreement", "mark_comparisons", rows_in, len(table), (reason for reason in reasons if reason.n)
    )
    return _with_intervals(table), accounting


def _from_pupils(pupil_results: pd.DataFrame) -> pd.DataFrame:
    both = pupil_results[pupil_results["mark"].notna() & pupil_results["journal_mark"].notna()]
    gap = both["mark"].astype(int) - both["journal_mark"].astype(int)
    counted = both[[*KEY, "test_date"]].assign(
        tested_n=1,
        lowered_n=(gap < 0).astype(float),
        confirmed_n=(gap == 0).astype(float),
        raised_n=(gap > 0).astype(float),
    )
    numbers = {name: (name, "sum") for name in ("tested_n", "lowered_n", "confirmed_n", "raised_n")}
    grouped: pd.DataFrame = counted.groupby(KEY, as_index=False).agg(
        test_date=("test_date", "min"), **numbers
    )
    return grouped.astype({"tested_n": "Int64"})


def _with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    tested = table["tested_n"].astype(float).to_numpy()
    columns: dict[str, Any] = {}
    for name in DIRECTIONS:
        numbers = np.minimum(table[f"{name}_n"].astype(float).to_numpy(), tested)
        columns[f"{name}_share"] = numbers / tested
        columns[f"{name}_conf_low"], columns[f"{name}_conf_high"] = wilson_interval(numbers, tested)
    return table.assign(**columns)
