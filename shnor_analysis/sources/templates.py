"""Templates of `shnor template` that come back filled in: told by their own headers, in Russian or English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

import pandas as pd

from shnor_analysis.reference.layouts import Layout, LayoutColumn
from shnor_analysis.schemas.forms import template_layouts
from shnor_analysis.sources.cells import Sheet
from shnor_analysis.sources.drafts import Draft
from shnor_analysis.sources.header_lines import HeaderLine, header_key, header_lines
from shnor_analysis.sources.header_matching import Header
from shnor_analysis.sources.individual import PUPIL_FIELDS
from shnor_analysis.sources.percentages import rebuild
from shnor_analysis.sources.pseudonyms import pseudonyms
from shnor_analysis.sources.recognition import Recognised
from shnor_analysis.sources.school_results import with_marks
from shnor_analysis.sources.school_years import schools_in, years_of
from shnor_analysis.sources.surroundings import Surroundings

DIRECTIONS = ("lowered", "confirmed", "raised")
Tables = dict[str, pd.DataFrame]


def find_template(sheet: Sheet) -> Recognised | None:
    """Recognise a filled template: every header is one of the template's own and none of the required is missing.

    Optional columns may be deleted or moved; those left empty count as deleted.
    """
    for line in header_lines(sheet):
        if line.height > 1:
            continue
        seen = {
            key: place for place, (key, text) in enumerate(zip(line.keys, line.lower, strict=True)) if text
        }
        for layout, own in _own_columns():
            if seen.keys() <= own.keys() and (header := _header(sheet, line, layout, own=own, seen=seen)):
                return Recognised(sheet, layout, header)
    return None


@cache
def _own_columns() -> tuple[tuple[Layout, Mapping[str, LayoutColumn]], ...]:
    """The columns of every template by their headers, as headers are compared."""
    return tuple(
        (
            layout,
            {
                header_key(text): column
                for column in layout.columns
                for text in (column.header, *column.aliases)
            },
        )
        for layout in template_layouts().values()
    )


def _header(
    sheet: Sheet,
    line: HeaderLine,
    layout: Layout,
    *,
    own: Mapping[str, LayoutColumn],
    seen: Mapping[str, int],
) -> Header | None:
    places = {own[key].field: place for key, place in seen.items() if _is_kept(sheet, line, own[key], place)}
    missing = [column for column in layout.columns if column.is_required and column.field not in places]
    return None if missing else Header(line.row, line.row + 1, MappingProxyType(places))


def _is_kept(sheet: Sheet, line: HeaderLine, column: LayoutColumn, place: int) -> bool:
    if column.is_required or column.field == "tested_n":
        return True
    return bool(sheet.columns[place].is_filled()[line.row + 1 :].any())


def make_pupils(draft: Draft, around: Surroundings) -> Tables:
    """The table `pupils`; without a key nothing is read (`key_needed`)."""
    years = years_of(draft, around)
    schools = schools_in(draft, around, years)
    key = around.context.key
    if key is None:
        around.findings.problem("key_needed", draft.sheet.name)
        return {}
    frame = draft.frame
    given = {name: frame[name] for name in PUPIL_FIELDS if name in frame}
    if "link_code" in frame:
        given["link_id"] = pseudonyms(key, "link", frame["link_code"])
    pupil_id = pseudonyms(key, "pupil", schools, years, frame["pupil_code"])
    base = {"row": frame["row"], "pupil_id": pupil_id, "school_year": years, "school_id": schools}
    return {"pupils": pd.DataFrame({**base, **given})}


def make_item_results(draft: Draft, around: Surroundings) -> Tables:
    """The table `item_results`, a row a pupil and item; without a key nothing is read (`key_needed`)."""
    procedure = around.procedure(draft)
    schools = around.schools(draft, draft.frame["school_id"], procedure)
    key = around.context.key
    if key is None:
        around.findings.problem("key_needed", draft.sheet.name)
        return {}
    frame = draft.frame
    pupil_id = pseudonyms(key, "pupil", schools, procedure["school_year"], frame["pupil_code"])
    kept = frame[["row", *_kept(draft, "item", "points", "points_max", "skill_code")]]
    return {"item_results": kept.join(procedure).assign(pupil_id=pupil_id, school_id=schools)}


def make_items_of_pupils(draft: Draft, around: Surroundings) -> Tables:
    """The tables `pupils` and `item_results` of a form that a mapping describes: a result refers to its pupil."""
    tables = make_item_results(draft, around)
    if not tables:
        return {}
    base = tables["item_results"][["row", "pupil_id", "school_id", "school_year"]]
    given = {name: draft.frame[name] for name in PUPIL_FIELDS if name in draft.frame}
    return {"pupils": base.assign(**given).drop_duplicates(["pupil_id", "school_year"]), **tables}


def make_area_results(draft: Draft, around: Surroundings) -> Tables:
    """The table `area_results`: whatever a person writes down about an area counts as published."""
    procedure = around.procedure(draft)
    made = with_marks(draft, procedure, around, rows=draft.frame.index)
    areas = draft.frame[["area_level", "area_id", *_kept(draft, "schools_n")]]
    return {"area_results": made.join(areas).assign(result_source="published")}


def make_item_summaries(draft: Draft, around: Surroundings) -> Tables:
    """The table `item_summaries` of schools and areas."""
    procedure = around.procedure(draft)
    kept = draft.frame[["row", *_kept(draft, "item", "points_max", "solved_share", "tested_n")]]
    return {"item_summaries": kept.join(procedure).join(_areas(draft, around, procedure))}


def make_mark_comparisons(draft: Draft, around: Surroundings) -> Tables:
    """The table `mark_comparisons`: numbers are rebuilt where only percentages are given, shares follow from numbers."""
    procedure = around.procedure(draft)
    counts, shares = ([f"{name}_{part}" for name in DIRECTIONS] for part in ("n", "share"))
    frame = draft.frame
    made = frame[["row", "tested_n", *_kept(draft, *counts, *shares)]].join(procedure)
    if not all(name in frame for name in counts) and all(name in frame for name in shares):
        rebuilt = rebuild(draft, shares, counts, rows=frame.index, findings=around.findings)
        made = made.drop(columns=_kept(draft, *counts)).join(rebuilt)
    else:
        made = made.assign(counts_rebuilt=frame.reindex(columns=counts).notna().all(axis=1))
        whole = frame["tested_n"].where(frame["tested_n"] > 0)
        missing = [name for name in shares if name not in frame]
        made = made.assign(**{name: frame[name.replace("_share", "_n")] / whole for name in missing})
    return {"mark_comparisons": made.join(_areas(draft, around, procedure))}


def make_score_counts(draft: Draft, around: Surroundings) -> Tables:
    """The table `score_counts`, a row a school and number of points; numbers are never rebuilt from single rows."""
    procedure = around.procedure(draft)
    schools = around.schools(draft, draft.frame["school_id"], procedure)
    kept = draft.frame[["row", *_kept(draft, "points", "tested_n", "score_n", "score_share")]]
    known = draft.frame.reindex(columns=["score_n"])["score_n"].notna()
    if "score_share" not in kept:
        kept = kept.assign(score_share=kept["score_n"] / kept["tested_n"].where(kept["tested_n"] > 0))
    return {"score_counts": kept.join(procedure).assign(school_id=schools, counts_rebuilt=known)}


def _kept(draft: Draft, *names: str) -> list[str]:
    return [name for name in names if name in draft.frame]


def _areas(draft: Draft, around: Surroundings, procedure: pd.DataFrame) -> pd.DataFrame:
    """Level and id of the area of every row; schools are matched with the register, a form may hold nothing else."""
    frame = draft.frame
    if "school_id" in frame:
        schools = around.schools(draft, frame["school_id"], procedure)
        return pd.DataFrame({"area_level": "school", "area_id": schools}, index=frame.index)
    areas = frame["area_id"].astype("object")
    levels = frame.get("area_level", pd.Series(around.value("area_level"), index=frame.index))
    of_school = levels == "school"
    if of_school.any():
        areas[of_school] = around.schools(draft, areas[of_school], procedure[of_school])
    return pd.DataFrame({"area_level": levels, "area_id": areas})


TEMPLATE_FINISHERS: Mapping[str, Callable[[Draft, Surroundings], Tables]] = MappingProxyType(
    {
        "template_pupils": make_pupils,
        "template_item_results": make_item_results,
        "template_area_results": make_area_results,
        "template_item_summaries": make_item_summaries,
        "template_mark_comparisons": make_mark_comparisons,
        "template_score_counts": make_score_counts,
    }
)
