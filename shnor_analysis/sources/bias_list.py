"""The regional table of schools with signs of biased results: a column a grade and subject becomes a row a marker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from shnor_analysis.reference.layouts import LayoutColumn
from shnor_analysis.sources.cell_runs import CellRun, read_cells
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.regional import own_rows
from shnor_analysis.sources.run_words import marker_of
from shnor_analysis.sources.surroundings import Surroundings

LIST = "biased_results"


def make_bias_listings(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """The table `listings`: a row for each marker that a school has in a grade and subject.

    Problems: `markers_do_not_add` where `Количество маркеров` is not the number of marked columns. Schools without
    a marker are counted in the accounting and give no row.
    """
    draft = own_rows(draft, around)
    marked = _marked(draft, around)
    _check_sum(draft, around, marked)
    parts = []
    for header in marked:
        found = marker_of(header)
        if found:
            rows = draft.frame[marked[header].to_numpy()]
            parts.append(rows.assign(grade=float(found[0]), subject=found[1]))
    around.findings.reason(
        "schools_without_markers", int((~marked.any(axis=1)).sum()), sheet=draft.sheet.name
    )
    if not parts:
        return {}
    long = pd.concat(parts, ignore_index=True)
    melted = replace(draft, frame=long, decimals=pd.DataFrame(index=long.index))
    procedure = around.procedure(melted)
    made = long[["row", "markers_n"]].assign(
        school_id=around.schools(melted, long["school_id"], procedure),
        school_year=procedure["school_year"],
        subject=procedure["subject"],
        grade=procedure["grade"],
        list=LIST,
        issuer=around.value("issuer"),
    )
    return {"listings": made}


def _marked(draft: Draft, around: Surroundings) -> pd.DataFrame:
    """Which schools have which marker; an empty cell is none."""
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    columns = {}
    for header, place in draft.header.run:
        column = LayoutColumn(header, "is_marked", "flag", is_required=False)
        parsed = read_cells(CellRun(draft.sheet, place, rows, column), around.findings)
        columns[header] = parsed.cells.fillna(False).astype(bool).to_numpy()
    return pd.DataFrame(columns, index=draft.frame.index, dtype=bool)


def _check_sum(draft: Draft, around: Surroundings, marked: pd.DataFrame) -> None:
    total = marked.sum(axis=1)
    printed = draft.frame["markers_n"]
    for label in draft.frame.index[(printed.notna() & (printed != total)).to_numpy()]:
        around.findings.problem(
            "markers_do_not_add",
            draft.sheet.name,
            draft.cell(label, "markers_n"),
            found=f"{printed[label]:g}",
            allowed=str(total[label]),
        )
