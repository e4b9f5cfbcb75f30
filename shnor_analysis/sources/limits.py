"""Numbers outside what a table allows, each at its own cell."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.schemas import Table
from shnor_analysis.schemas.validation import describe_limits
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.findings import Findings

SHARE_OR_MARK = ("percent", "share", "mark", "test_year", "school_year")


def check_limits(draft: Draft, table: Table, findings: Findings) -> None:
    """Find `value_outside` in every numeric field of a draft that is a column of the table.

    Percentages, marks and years are checked where they are read.
    """
    for name, place in draft.header.places.items():
        column = draft.layout.column(name)
        if name not in table.own_columns or name not in draft.frame or column.kind in SHARE_OR_MARK:
            continue
        facts = table.facts(name)
        if "low" not in facts:
            continue
        values = pd.to_numeric(draft.frame[name], errors="coerce")
        wrong = (values < facts["low"]) | (values > facts["high"])
        for row in draft.frame["row"].to_numpy()[wrong.to_numpy()].tolist():
            cell = (row, place)
            findings.problem(
                "value_outside",
                draft.sheet.name,
                cell,
                found=draft.sheet.text(*cell),
                allowed=describe_limits(table, name),
                column=column.header,
            )
