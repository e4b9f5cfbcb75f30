"""A row a group of participants, from the whole sample down to the school: marks, and points from 0 to the highest."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from shnor_analysis.reference.layouts import LayoutColumn
from shnor_analysis.schemas import PROCEDURE_KEY, TABLES
from shnor_analysis.sources.cell_runs import CellRun, read_cells
from shnor_analysis.sources.drafts import Draft, read_fields
from shnor_analysis.sources.group_labels import place_groups
from shnor_analysis.sources.left_out import data_rows
from shnor_analysis.sources.limits import check_limits
from shnor_analysis.sources.percentages import rebuild
from shnor_analysis.sources.scale import settle_scale
from shnor_analysis.sources.school_results import with_marks
from shnor_analysis.sources.surroundings import Surroundings
from shnor_analysis.sources.values import MOST_DECIMALS

Made = tuple[Draft, dict[str, pd.DataFrame]]


def read_groups_sheet(around: Surroundings) -> Made:
    """Read a sheet of shape `groups`: `school_results` and `area_results`, or `score_counts`."""
    recognised, findings = around.recognised, around.findings
    rows = data_rows(recognised, findings)
    draft = read_fields(settle_scale(recognised, rows, findings), rows, findings)
    for name in recognised.layout.tables:
        check_limits(draft, TABLES[name], findings)
    procedure = around.procedure(draft)
    groups = place_groups(draft, around, procedure)
    if recognised.header.run:
        return draft, _score_counts(draft, around, procedure=procedure, groups=groups)
    return draft, _mark_tables(draft, around, procedure=procedure, groups=groups)


def _mark_tables(
    draft: Draft, around: Surroundings, *, procedure: pd.DataFrame, groups: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    made = with_marks(draft, procedure, around, rows=draft.frame.index)
    is_school = groups["level"] == "school"
    schools = made[is_school].assign(school_id=groups.loc[is_school, "area_id"], tested_n_is_estimated=False)
    is_area = groups["level"].isin(["russia", "region", "municipality"])
    areas = made[is_area].assign(
        area_level=groups.loc[is_area, "level"],
        area_id=groups.loc[is_area, "area_id"],
        result_source="published",
    )
    if "schools_n" in draft.frame:
        areas = areas.assign(schools_n=draft.frame.loc[is_area, "schools_n"])
    area_columns = [name for name in areas if name == "row" or name in TABLES["area_results"].own_columns]
    return {"school_results": schools, "area_results": areas[area_columns]}


def _score_counts(
    draft: Draft, around: Surroundings, *, procedure: pd.DataFrame, groups: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    is_school = (groups["level"] == "school").to_numpy()
    levels = Counter(groups.loc[~is_school, "level"])
    around.findings.reason("area_rows_not_kept", sum(levels.values()), sheet=draft.sheet.name)
    if not is_school.any() and len(draft.frame):
        around.findings.problem("no_school_rows", draft.sheet.name)
    with_shares = read_points(draft, around)
    return {
        "score_counts": score_rows(
            with_shares, around, procedure=procedure, schools=groups["area_id"].where(is_school)
        )
    }


def read_points(draft: Draft, around: Surroundings) -> Draft:
    """Add the shares of a run of points to a draft, a column `points_<n>` each.

    An empty cell is a share of 0: pivot tables leave them out, and the sum of the row is checked all the same.
    """
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    frame, decimals = {}, {}
    for points, place in draft.header.run:
        column = LayoutColumn(points, f"points_{points}", draft.layout.run_kind, is_required=False)
        parsed = read_cells(CellRun(draft.sheet, place, rows, column), around.findings)
        cells = parsed.cells.fillna(0.0).to_numpy(dtype=np.float64)
        is_number = column.kind == "whole"
        frame[column.field] = (
            cells / np.maximum(draft.frame["tested_n"].to_numpy(float), 1) if is_number else cells
        )
        decimals[column.field] = np.full(len(rows), MOST_DECIMALS) if is_number else parsed.decimals
    wide = pd.concat([draft.frame, pd.DataFrame(frame, index=draft.frame.index)], axis=1)
    printed = pd.concat([draft.decimals, pd.DataFrame(decimals, index=draft.frame.index)], axis=1)
    places = {**draft.header.places, **{f"points_{points}": place for points, place in draft.header.run}}
    return draft.with_columns(wide, printed, places)


def score_rows(
    draft: Draft, around: Surroundings, *, procedure: pd.DataFrame, schools: pd.Series
) -> pd.DataFrame:
    """`score_counts` of the rows that have a school: a row a score, with the number of pupils where it follows.

    `draft` comes from `read_points`; rows without a school are left out.
    """
    labels = draft.frame.index[schools.notna().to_numpy()]
    points = [points for points, _ in draft.header.run]
    shares, counts = [f"points_{point}" for point in points], [f"count_{point}" for point in points]
    rebuilt = rebuild(draft, shares, counts, rows=labels, findings=around.findings)
    base = pd.concat([draft.frame.loc[labels, ["row", "tested_n"]], procedure.loc[labels]], axis=1)
    base = base.assign(school_id=schools[labels], counts_rebuilt=rebuilt["counts_rebuilt"])
    every_row = np.tile(np.arange(len(base)), len(points))
    made = (
        base.iloc[every_row]
        .reset_index(drop=True)
        .assign(
            points=np.repeat(np.array(points, dtype=np.float64), len(base)),
            score_share=draft.frame.loc[labels, shares].to_numpy(dtype=np.float64).ravel(order="F"),
            score_n=rebuilt[counts].to_numpy(dtype=np.float64).ravel(order="F"),
        )
    )
    highest = _highest_points(draft, procedure)[labels].to_numpy()
    return made[made["points"].to_numpy() <= np.tile(highest, len(points))].reset_index(drop=True)


def _highest_points(draft: Draft, procedure: pd.DataFrame) -> pd.Series:
    """The highest points for which a column is filled in any row of the procedure of each row."""
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    highest = np.zeros(len(rows))
    for points, place in draft.header.run:
        highest[draft.sheet.columns[place].is_filled()[rows]] = float(points)
    keys = [procedure[name] for name in PROCEDURE_KEY]
    found: pd.Series = pd.Series(highest, index=procedure.index).groupby(keys, dropna=False).transform("max")
    return found
