"""A header row, then a row a unit: registers, protocols, regional tables, anything that a mapping describes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shnor_analysis.schemas import PROCEDURE_KEY, TABLES
from shnor_analysis.sources.drafts import Draft, read_fields
from shnor_analysis.sources.finishers import FINISHERS, USUAL_FINISHERS, Finisher
from shnor_analysis.sources.left_out import data_rows
from shnor_analysis.sources.limits import check_limits
from shnor_analysis.sources.scale import settle_scale
from shnor_analysis.sources.surroundings import Surroundings

Made = tuple[Draft, dict[str, pd.DataFrame]]
TABLES_THAT_NAME_SCHOOLS = frozenset({"schools"})


def read_rows(around: Surroundings) -> Made:
    """Read a sheet of shape `rows`: typed fields, then the tables of its report."""
    recognised, findings = around.recognised, around.findings
    rows = data_rows(recognised, findings)
    draft = read_fields(settle_scale(recognised, rows, findings), rows, findings)
    for name in recognised.layout.tables:
        check_limits(draft, TABLES[name], findings)
    finish = FINISHERS.get(recognised.layout.code) or _usual_finisher(recognised.layout.tables)
    return draft, finish(draft, around)


def _usual_finisher(tables: tuple[str, ...]) -> Finisher:
    """What a form without a finisher of its own gets, such as one that a mapping describes."""
    return next((USUAL_FINISHERS[name] for name in reversed(tables) if name in USUAL_FINISHERS), make_plain)


def make_plain(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """Pass every field that is a column of the report's table on; procedure and school are filled in and checked."""
    table = TABLES[draft.layout.tables[0]]
    frame = draft.frame[["row", *(name for name in draft.frame if name in table.own_columns)]]
    procedure = None
    if all(name in table.own_columns for name in PROCEDURE_KEY):
        procedure = around.procedure(draft)
        frame = frame.assign(
            **{str(name): procedure[name] for name in procedure if name in table.own_columns}
        )
    elif "school_year" in table.own_columns and "school_year" not in frame:
        frame = frame.assign(school_year=_year(draft, around))
    if "school_id" in frame and table.name not in TABLES_THAT_NAME_SCHOOLS:
        frame = frame.assign(school_id=around.schools(draft, frame["school_id"], procedure))
    return {table.name: frame}


def _year(draft: Draft, around: Surroundings) -> Any:
    if "test_year" in draft.frame:
        return draft.frame["test_year"]
    year = around.value("school_year")
    if year is None:
        around.findings.problem("missing_school_year", draft.sheet.name)
    return year
