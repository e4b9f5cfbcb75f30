"""One share of low results a school over all works of a year, with an interval that knows who wrote several."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shnor_analysis.accounting import Accounting, Reason
from shnor_analysis.indicators.marks import attach_shares
from shnor_analysis.kernels.wilson import wilson_interval
from shnor_analysis.schemas import PROCEDURE_KEY

GROUP = ["school_id", *PROCEDURE_KEY]


def build_pooled_shares(
    shares: pd.DataFrame, pupil_results: pd.DataFrame, *, school_year: int
) -> tuple[pd.DataFrame, Accounting]:
    """Pool the works of one school year over all procedures that give the share of low results.

    Args:
        shares: Schools' mark shares (`build_mark_shares`).
        pupil_results: Table `pupil_results`; says which works one pupil wrote.
        school_year: The year.

    Returns:
        One row a school: `tested_n` (works), `low_n`, `quality_n`, `procedures_n`, `known_n` (works whose pupils are
        known), `design_effect`, and the columns `*_share`, `*_conf_low`, `*_conf_high` of `attach_shares`. The
        intervals are Wilson's with `tested_n / design_effect` works; and the accounting.

        The design effect is the sum over pupils of the squared sum of a pupil's residuals (result − share of its
        procedure), over the same sum as if every work had a pupil of its own; never below 1. Pupils of a procedure
        count as known when their marks give exactly its numbers, and when codes go through: somebody wrote two works
        of one grade. All other works are taken as independent.

    Limits:
        Where pupils are unknown the interval is too narrow: most pupils write several works.

    Source: Kish (1965), Survey Sampling, 8.2; Dean & Pagano (2015), JSSAM 3(4) for Wilson's interval with it.
    """
    year = shares[shares["school_year"] == school_year]
    counted = year[year["low_n"].notna()]
    pooled = counted.groupby("school_id", as_index=False).agg(
        tested_n=("tested_n", "sum"),
        low_n=("low_n", "sum"),
        quality_n=("quality_n", lambda column: column.sum(skipna=False)),
        procedures_n=("low_n", "size"),
    )
    effects = _design_effects(counted, pupil_results[pupil_results["school_year"] == school_year])
    pooled = attach_shares(pooled.merge(effects, on="school_id", how="left"))
    works = pooled["tested_n"].to_numpy(float) / pooled["design_effect"].to_numpy(float)
    for name in ("low", "success"):
        share = pooled[f"{name}_share"].to_numpy(float)
        pooled[f"{name}_conf_low"], pooled[f"{name}_conf_high"] = wilson_interval(share * works, works)
    dropped = len(year) - len(counted)
    reasons = [Reason("marks_not_given", dropped)] if dropped else []
    steps = Accounting().then("year_results", "school_results", len(year), len(counted), reasons)
    return pooled, steps.then("pooled_shares", "school_results", len(counted), len(pooled))


def _design_effects(counted: pd.DataFrame, pupil_results: pd.DataFrame) -> pd.DataFrame:
    works = _known_works(counted, pupil_results)
    share = (counted["low_n"] / counted["tested_n"].astype(float)).clip(0, 1)
    procedures = counted[GROUP].assign(
        works_n=counted["tested_n"].astype(float),
        alone=counted["tested_n"].astype(float) * share * (1 - share),
        is_known=pd.MultiIndex.from_frame(counted[GROUP]).isin(pd.MultiIndex.from_frame(works[GROUP])),
    )
    of_pupils = works.groupby(["school_id", "pupil_id"], as_index=False).agg(
        works_n=("residual", "size"), residual=("residual", "sum")
    )
    squares = of_pupils[["school_id"]].assign(
        together=of_pupils["residual"] ** 2, most=of_pupils["works_n"].astype(float) ** 2
    )
    known = squares.groupby("school_id")[["together", "most"]].sum()
    table = procedures.groupby("school_id")[["works_n", "alone"]].sum()
    rest = procedures[~procedures["is_known"]].groupby("school_id")[["works_n", "alone"]].sum()
    rest = rest.reindex(table.index, fill_value=0.0)
    known = known.reindex(table.index, fill_value=0.0)
    spread = (known["together"] + rest["alone"]) / table["alone"].where(table["alone"] > 0)
    # where all works of each procedure ended alike nothing is spread: the most that pupils can share
    most = (known["most"] + rest["works_n"]) / table["works_n"]
    effect = spread.fillna(most).clip(lower=1.0)
    known_n = (table["works_n"] - rest["works_n"]).astype(int)
    return pd.DataFrame({"known_n": known_n, "design_effect": effect}).reset_index()


def _known_works(counted: pd.DataFrame, pupil_results: pd.DataFrame) -> pd.DataFrame:
    """Works with a mark of procedures whose pupils are all known, with the residual of each."""
    marked = pupil_results[pupil_results["mark"].notna()]
    works = marked[["pupil_id", *GROUP]].assign(is_low=(marked["mark"] == 2).astype(float))
    sums = works.groupby(GROUP, as_index=False).agg(rows_n=("is_low", "size"), rows_low_n=("is_low", "sum"))
    sums = counted[[*GROUP, "tested_n", "low_n"]].merge(sums, on=GROUP)
    same = (sums["rows_n"] == sums["tested_n"].astype(float)) & np.isclose(sums["rows_low_n"], sums["low_n"])
    sums["share"] = sums["rows_low_n"] / sums["rows_n"]
    works = works.merge(sums.loc[same, [*GROUP, "share"]], on=GROUP)
    works["residual"] = works["is_low"] - works["share"]
    return works[_codes_go_through(works)]


def _codes_go_through(works: pd.DataFrame) -> pd.Series:
    """Whether a code means the same pupil in several works of a school's grade; a code a work tells nothing."""
    grade = ["school_id", "assessment", "grade", "season"]
    of_grade = works.groupby(grade)
    procedures = of_grade["subject"].transform("nunique")
    return (procedures == 1) | (
        of_grade["pupil_id"].transform("nunique") < of_grade["pupil_id"].transform("size")
    )
