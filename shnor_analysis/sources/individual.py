"""Tables about pupils from sheets with a row a pupil: codes become pseudonyms before anything is stored."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from shnor_analysis.reference.layouts import LayoutColumn
from shnor_analysis.schemas import TABLES
from shnor_analysis.schemas.validation import describe_limits
from shnor_analysis.sources.cell_runs import CellRun, read_cells
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.pseudonyms import pseudonyms
from shnor_analysis.sources.surroundings import Surroundings

PUPIL_FIELDS = ("class_id", "sex", "has_special_needs", "home_language_other")
ABSENT = frozenset({"н", "Н", "x", "X", "х", "Х", "-", "–", "—"})
# Stored as they stand, so they must not hold anything else: "5А", "10-Б класс", "В2".
SHORT_FIELDS = {
    "class_id": re.compile(
        r"\d{1,2}(?!\d)(?:[\s«\"'_./-]{0,2}[А-ЯЁA-Zа-яёa-z\d]{1,3}\b[»\"']?)?(?:[ -]*(?:кл\.?|класс\w*))?"
    ),
    "variant": re.compile(
        r"(?i:вариант|вар\.?|в\.?|variant)? ?№? ?[А-ЯЁA-Zа-яёa-z]?[ -]?\d{1,5}|[А-ЯЁA-Zа-яёa-z]{1,2}"
    ),
}
RESULT_FIELDS = ("class_id", "points", "points_max", "test_points", "mark", "journal_mark", "variant")


def pupil_tables(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """`pupils` and `pupil_results` of a draft with a row a pupil.

    The school is the row's own, else the sheet's (title, name of the sheet, card, `--school`). The pseudonym of a
    pupil comes from school, year and code; the link from the department's own code alone. Without a key nothing
    is read (`key_needed`).
    """
    procedure = around.procedure(draft)
    schools = _schools(draft, around, procedure)
    frame = draft.frame
    key = around.context.key
    if key is None:
        around.findings.problem("key_needed", draft.sheet.name)
        return {}
    pupil_id = pseudonyms(key, "pupil", schools, procedure["school_year"], frame["pupil_code"])
    _check_short(draft, around)
    base = pd.DataFrame({"row": frame["row"], "pupil_id": pupil_id, "school_id": schools})
    pupils = base.assign(
        school_year=procedure["school_year"], **{name: frame[name] for name in PUPIL_FIELDS if name in frame}
    )
    if "link_code" in frame:
        pupils = pupils.assign(link_id=pseudonyms(key, "link", frame["link_code"]))
    results = pd.concat([base, procedure], axis=1).assign(
        **{name: frame[name] for name in RESULT_FIELDS if name in frame}
    )
    points_max = around.value("points_max")
    if points_max is not None and "points_max" not in results:
        results = results.assign(points_max=points_max)
        _check_points(draft, around, points_max)
    return {"pupils": pupils.drop_duplicates(["pupil_id", "school_year"]), "pupil_results": results}


def make_individual_results(draft: Draft, around: Surroundings) -> dict[str, pd.DataFrame]:
    """`pupils`, `pupil_results` and `item_results` of «Индивидуальные результаты»."""
    tables = pupil_tables(draft, around)
    if not tables:
        return {}
    return {**tables, "item_results": _item_results(draft, around, tables["pupil_results"])}


def _schools(draft: Draft, around: Surroundings, procedure: pd.DataFrame) -> pd.Series:
    frame = draft.frame
    if "school_id" in frame:
        return around.schools(draft, frame["school_id"], procedure)
    spelling = around.value("school_id")
    if spelling is None:
        around.findings.problem("missing_school_id", draft.sheet.name)
        return pd.Series(None, index=frame.index, dtype="str")
    first = around.schools(
        draft,
        pd.Series([spelling] * min(1, len(frame)), index=frame.index[:1], dtype="object"),
        procedure.iloc[:1],
    )
    return pd.Series([first.iloc[0] if len(first) else None] * len(frame), index=frame.index, dtype="str")


def _item_results(draft: Draft, around: Surroundings, results: pd.DataFrame) -> pd.DataFrame:
    """A row a pupil and item; an empty cell is no row, a letter such as «Н» (absent) neither, and is counted."""
    rows = draft.frame["row"].to_numpy(dtype=np.intp)
    base = results.drop(columns=[name for name in RESULT_FIELDS if name in results])
    points = []
    absent = 0
    for item, place in draft.header.run:
        run = CellRun(
            draft.sheet, place, rows, LayoutColumn(item, "points", "number", is_required=False), ABSENT
        )
        parsed = read_cells(run, around.findings)
        absent += int(run.holds(ABSENT).sum())
        _check_item(draft, around, parsed.cells, place=place, item=item)
        points.append(parsed.cells.to_numpy(dtype=np.float64))
    around.findings.reason("item_cells_absent", absent, sheet=draft.sheet.name)
    items = np.array([item for item, _ in draft.header.run], dtype=object)
    found = np.array(points)
    item_of, row_of = np.nonzero(~np.isnan(found))
    return base.iloc[row_of].reset_index(drop=True).assign(item=items[item_of], points=found[item_of, row_of])


def _check_item(draft: Draft, around: Surroundings, points: pd.Series, *, place: int, item: str) -> None:
    """Tell points of an item that no item has, each in its own cell."""
    limits = TABLES["item_results"].facts("points")
    wrong = (points < float(str(limits["low"]))) | (points > float(str(limits["high"])))
    for row in draft.frame["row"][wrong.to_numpy(dtype=bool)].tolist():
        around.findings.problem(
            "value_outside",
            draft.sheet.name,
            (row, place),
            found=draft.sheet.text(row, place),
            allowed=describe_limits(TABLES["item_results"], "points"),
            column=item,
        )


def _check_short(draft: Draft, around: Surroundings) -> None:
    """Classes and variants are the only texts of a pupil that are stored: a name there is refused."""
    for field, form in SHORT_FIELDS.items():
        if field not in draft.frame:
            continue
        cells = draft.frame[field].dropna()
        wrong = {text for text in cells.unique() if not form.fullmatch(str(text).strip())}
        for label in cells.index[cells.isin(wrong)]:
            around.findings.problem(
                f"not_{field}",
                draft.sheet.name,
                draft.cell(label, field),
                found=cells[label],
                column=draft.layout.column(field).header,
            )


def _check_points(draft: Draft, around: Surroundings, points_max: float) -> None:
    points = draft.frame["points"]
    for label in draft.frame.index[points > points_max]:
        around.findings.problem(
            "value_outside",
            draft.sheet.name,
            draft.cell(label, "points"),
            found=f"{points[label]:g}",
            allowed=f"0–{points_max:g}",
            column=draft.layout.column("points").header,
        )
