"""Tables about single pupils: pseudonymous, closed, never shown."""

from __future__ import annotations

from shnor_analysis.schemas.columns import (
    PROCEDURE_KEY,
    SEXES,
    flag,
    identifier,
    number,
    one_of,
    procedure,
    school_year,
    text,
    whole,
)
from shnor_analysis.schemas.table import Reference, define_table

PUPIL_ID = r"^[0-9a-f]{32}$"
OF_A_SCHOOL = Reference(("school_id",), "schools")
OF_A_PUPIL = Reference(("pupil_id", "school_year"), "pupils")

PUPILS = define_table(
    "pupils",
    key=("pupil_id", "school_year"),
    scope=("school_id", "school_year"),
    columns={
        "pupil_id": text(pattern=PUPIL_ID),
        "school_year": school_year(),
        "school_id": identifier(),
        "class_id": text(required=False),
        "link_id": text(required=False, pattern=PUPIL_ID),
        "sex": one_of(SEXES, required=False),
        "has_special_needs": flag(required=False),
        "home_language_other": flag(required=False),
    },
    references=(OF_A_SCHOOL,),
)

PUPIL_RESULTS = define_table(
    "pupil_results",
    key=("pupil_id", *PROCEDURE_KEY),
    scope=("school_id", *PROCEDURE_KEY),
    columns={
        "pupil_id": text(pattern=PUPIL_ID),
        **procedure(),
        "school_id": identifier(),
        "class_id": text(required=False),
        "points": number(0, 400, required=False),
        "points_max": number(1, 400, required=False),
        "test_points": number(0, 100, required=False),
        "mark": whole(2, 5, required=False),
        "journal_mark": whole(2, 5, required=False),
        "variant": text(required=False),
    },
    references=(OF_A_SCHOOL, OF_A_PUPIL),
)

ITEM_RESULTS = define_table(
    "item_results",
    key=("pupil_id", *PROCEDURE_KEY, "item"),
    scope=("school_id", *PROCEDURE_KEY),
    columns={
        "pupil_id": text(pattern=PUPIL_ID),
        **procedure(),
        "school_id": identifier(),
        "item": text(),
        "points": number(0, 100),
        "points_max": number(1, 100, required=False),
        "skill_code": text(required=False),
    },
    references=(OF_A_SCHOOL, OF_A_PUPIL),
)
