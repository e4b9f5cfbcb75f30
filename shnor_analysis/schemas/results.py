"""Tables of results for schools and areas: marks, points, items, agreement with the journal."""

from __future__ import annotations

from shnor_analysis.schemas.columns import (
    AREA_LEVELS,
    MARKS,
    PROCEDURE_KEY,
    UNIT_LEVELS,
    Column,
    count,
    flag,
    identifier,
    number,
    one_of,
    procedure,
    share,
    text,
)
from shnor_analysis.schemas.table import Reference, define_table

OF_A_SCHOOL = (Reference(("school_id",), "schools"),)
RESULT_SOURCES = ("published", "computed")


def mark_columns() -> dict[str, Column]:
    """Numbers and shares of the four marks; numbers are empty where only shares are known."""
    return {
        **{f"mark_{mark}_n": count(required=False) for mark in MARKS},
        **{f"mark_{mark}_share": share(required=False) for mark in MARKS},
        "low_n": count(required=False),
        "low_share": share(required=False),
        "counts_rebuilt": flag(),
    }


SCHOOL_RESULTS = define_table(
    "school_results",
    key=("school_id", *PROCEDURE_KEY),
    scope=("school_id", *PROCEDURE_KEY),
    columns={
        "school_id": identifier(),
        **procedure(),
        "tested_n": count(),
        "tested_n_is_estimated": flag(),
        **mark_columns(),
        "mean_points": number(0, 400, required=False),
        "sd_points": number(0, 400, required=False),
        "points_max": number(1, 400, required=False),
    },
    references=OF_A_SCHOOL,
)

AREA_RESULTS = define_table(
    "area_results",
    key=("area_level", "area_id", *PROCEDURE_KEY),
    scope=("area_level", "area_id", *PROCEDURE_KEY),
    columns={
        "area_level": one_of(AREA_LEVELS),
        "area_id": identifier(),
        **procedure(),
        "schools_n": count(required=False),
        "tested_n": count(required=False),
        **mark_columns(),
        "result_source": one_of(RESULT_SOURCES),
    },
)

ITEM_SUMMARIES = define_table(
    "item_summaries",
    key=("area_level", "area_id", *PROCEDURE_KEY, "item"),
    scope=("area_level", "area_id", *PROCEDURE_KEY),
    columns={
        "area_level": one_of(UNIT_LEVELS),
        "area_id": identifier(),
        **procedure(),
        "item": text(),
        "points_max": number(1, 100, required=False),
        "solved_share": share(),
        "tested_n": count(required=False),
    },
)

MARK_COMPARISONS = define_table(
    "mark_comparisons",
    key=("area_level", "area_id", *PROCEDURE_KEY),
    scope=("area_level", "area_id", *PROCEDURE_KEY),
    columns={
        "area_level": one_of(UNIT_LEVELS),
        "area_id": identifier(),
        **procedure(),
        "tested_n": count(),
        "lowered_n": count(required=False),
        "confirmed_n": count(required=False),
        "raised_n": count(required=False),
        "lowered_share": share(),
        "confirmed_share": share(),
        "raised_share": share(),
        "counts_rebuilt": flag(),
    },
)

SCORE_COUNTS = define_table(
    "score_counts",
    key=("school_id", *PROCEDURE_KEY, "points"),
    scope=("school_id", *PROCEDURE_KEY),
    columns={
        "school_id": identifier(),
        **procedure(),
        "points": number(0, 400),
        "tested_n": count(),
        "score_n": count(required=False),
        "score_share": share(),
        "counts_rebuilt": flag(),
    },
    references=OF_A_SCHOOL,
)
