"""Protocols of ОГЭ and ЕГЭ: results of pupils; names never pass, and a row without a code gets one of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.individual import pupil_tables
from shnor_analysis.sources.spelling import plain
from shnor_analysis.sources.surroundings import Surroundings

BASIC = "ege_base"
SIGN_OF_BASIC = "баз"
MARKS = (2, 3, 4, 5)


def make_exam_results(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """`pupils` and `pupil_results` of an exam protocol.

    A row without a pupil code gets a code from file, sheet and row: such pupils cannot be recognised in another
    protocol, and the accounting says how many they are. Rows without any result (who did not come) give no row.
    """
    tables = pupil_tables(_with_codes(draft, around), around)
    if "pupil_results" not in tables:
        return tables
    results, pupils = tables["pupil_results"], tables["pupils"]
    given = [name for name in ("points", "test_points", "mark") if name in results]
    has_result = results[given].notna().any(axis=1)
    around.findings.reason("exam_rows_empty", int((~has_result).sum()), sheet=draft.sheet.name)
    kept = results[has_result]
    return {"pupils": pupils[pupils["pupil_id"].isin(kept["pupil_id"])], "pupil_results": kept}


def make_ege_results(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """As `make_exam_results`; rows of the basic paper in mathematics are `ege_base` and have a mark, not test points.

    A basic row without a mark whose test points are 2–5 has its mark in that column.
    """
    tables = make_exam_results(draft, around)
    results = tables.get("pupil_results")
    if results is None:
        return tables
    is_basic = _is_basic(draft, around).loc[results.index]
    if "test_points" not in results:
        results = results.assign(test_points=np.nan)
    mark = results["mark"] if "mark" in results else pd.Series(np.nan, index=results.index)
    printed_as_points = is_basic & mark.isna() & results["test_points"].isin(MARKS)
    results = results.assign(
        assessment=results["assessment"].where(~is_basic, BASIC),
        mark=mark.where(~printed_as_points, results["test_points"]),
        test_points=results["test_points"].where(~is_basic, np.nan),
    )
    return {**tables, "pupil_results": results}


def _is_basic(draft: Draft, around: Surroundings) -> pd.Series:
    if "subject" not in draft.header.places:
        fact = around.facts.get("subject")
        return pd.Series(fact is not None and SIGN_OF_BASIC in plain(fact.shown), index=draft.frame.index)
    column = draft.sheet.columns[draft.header.places["subject"]]
    basic = np.array([SIGN_OF_BASIC in plain(text) for text in column.texts] + [False])
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    return pd.Series(basic[column.codes[rows]], index=draft.frame.index)


def _with_codes(draft: Draft, around: Surroundings) -> Draft:
    frame = draft.frame
    codes = frame["pupil_code"] if "pupil_code" in frame else pd.Series(None, frame.index, dtype="object")
    missing = codes.isna()
    if not missing.any():
        return draft
    place = f"{around.findings.file}\n{draft.sheet.name}\n"
    made = place + (frame["row"] + 1).astype(str)
    around.findings.reason("pupil_codes_made", int(missing.sum()), sheet=draft.sheet.name)
    return replace(draft, frame=frame.assign(pupil_code=codes.where(~missing, made)))
