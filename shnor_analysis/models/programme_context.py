"""Covariates of a programme's evaluation: which are taken, and what is known of each school in which year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from shnor_analysis.models.programme_asked import CONTEXT_KEYS
from shnor_analysis.models.programme_rows import Floats
from shnor_analysis.models.school_panel import SchoolPanel, label_of
from shnor_analysis.results.programme_parts import Note

# schools for each column of the ANCOVA beside treatment and intercepts; two of these are the results before
SCHOOLS_PER_COLUMN = 10
RESULTS_BEFORE = 2


@dataclass(frozen=True, slots=True)
class ContextTaken:
    """Names and table (S, T, k) of the covariates that are taken, and a note for each kind that is not."""

    names: tuple[str, ...]
    table: Floats
    notes: tuple[Note, ...]


def context_taken(panel: SchoolPanel, context: pd.DataFrame | None) -> ContextTaken:
    """Lay covariates out as schools × years × columns.

    A value holds from its year until the next one of the school; without a column `school_year` it holds always. No
    more columns are taken than leave ten schools for each of them and for the two results before (40 schools: 2
    columns), the first in the table's order; columns with one value everywhere, or with none for any school of the panel, are of no use.
    """
    years = range(int(panel.year.min()), int(panel.year.max()) + 1)
    shape = (len(panel.school_ids), len(years))
    if context is None:
        return ContextTaken((), np.zeros((*shape, 0)), ())
    columns = [name for name in context.columns if name not in CONTEXT_KEYS]
    rows = context.assign(school_id=[label_of(one) for one in context["school_id"]])
    rows = rows[rows["school_id"].isin(panel.school_ids)]
    unknown = [name for name in columns if rows[name].notna().sum() == 0]
    constant = [name for name in columns if name not in unknown and rows[name].nunique() < 2]
    usable = [name for name in columns if name not in (*unknown, *constant)]
    room = max(shape[0] // SCHOOLS_PER_COLUMN - RESULTS_BEFORE, 0)
    taken, left = usable[:room], usable[room:]
    notes = []
    if unknown:
        notes.append(Note("context_unknown", {"columns": ", ".join(map(str, unknown))}))
    if constant:
        notes.append(Note("context_constant", {"columns": ", ".join(map(str, constant))}))
    if left:
        told = {"columns": ", ".join(map(str, left)), "schools": shape[0], "room": room}
        notes.append(Note("context_left_out", told))
    values = np.full((*shape, len(taken)), np.nan)
    for at, name in enumerate(taken):
        values[:, :, at] = _by_year(rows, name, panel.school_ids, years)
    return ContextTaken(tuple(map(str, taken)), values, tuple(notes))


def _by_year(rows: pd.DataFrame, name: str, school_ids: tuple[str, ...], years: range) -> Floats:
    """The last value known in or before each year, shape (S, T)."""
    if "school_year" not in rows:
        one = (
            rows.set_index("school_id")[name].reindex(list(school_ids)).to_numpy(dtype=float, na_value=np.nan)
        )
        return np.repeat(one[:, None], len(years), axis=1)
    wide = rows.set_index(["school_id", "school_year"])[name].astype(float).unstack().sort_index(axis=1)  # noqa: PD010
    every = sorted({*wide.columns, *years})
    filled = wide.reindex(index=list(school_ids), columns=every).ffill(axis=1)
    return filled[list(years)].to_numpy(dtype=float)
