"""The same row on several sheets of a file: equal rows count once, a pupil of two sheets is one pupil."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.schemas import TABLES
from shnor_analysis.schemas.columns import LINEAGE_COLUMNS
from shnor_analysis.sources.findings import Findings

PUPILS = "pupils"


def join_sheets(name: str, parts: list[pd.DataFrame], findings: Findings) -> pd.DataFrame:
    """One table of the rows of several sheets.

    A row that stands on another sheet too, equal in every column, is taken once (`rows_repeated_in_file`). What two
    sheets say of one pupil is put together where it agrees (else `pupil_contradicts`). Rows of other tables that
    contradict each other stay, to be told as `key_repeated`; so do equal rows of one sheet, which are a mistake.
    """
    joined = pd.concat(parts, ignore_index=True)
    key = [column for column in TABLES[name].key if column in joined]
    if len(parts) == 1 or not joined.duplicated(key).any():
        return joined
    own = [str(column) for column in joined if column not in LINEAGE_COLUMNS]
    of_key = joined.groupby(key, dropna=False, sort=False)
    is_spread = of_key["source_sheet"].transform("nunique") == of_key["source_sheet"].transform("size")
    if name == PUPILS:
        filled = of_key[own].transform("first")
        agrees = (joined[own].isna() | (joined[own] == filled)).all(axis=1)
        may_join = is_spread & agrees.groupby([joined[column] for column in key], dropna=False).transform(
            "all"
        )
        joined[own] = joined[own].where(~may_join, filled)
        _tell(joined[is_spread & ~may_join], key, own, findings)
    repeated = is_spread & joined.duplicated(key if name == PUPILS else own)
    if name != PUPILS:
        findings.reason("rows_repeated_in_file", int(repeated.sum()), table=name)
    return joined[~repeated].reset_index(drop=True)


def _tell(pupils: pd.DataFrame, key: list[str], own: list[str], findings: Findings) -> None:
    """Tell each pupil of whom two sheets say different things, once, with the first column that differs."""
    for _, rows in pupils.groupby(key, sort=False):
        differ = [column for column in own if column not in key and len(rows[column].dropna().unique()) > 1]
        first, last = rows.iloc[0], rows.iloc[-1]
        findings.problem(
            "pupil_contradicts",
            str(last["source_sheet"]),
            str(last["source_cells"]),
            other_sheet=str(first["source_sheet"]),
            other_cells=str(first["source_cells"]),
            column=differ[0],
        )
