"""Tables about schools: the register, other names of a school, its circumstances, lists and programmes."""

from __future__ import annotations

from shnor_analysis.schemas.columns import (
    ALIAS_KINDS,
    LISTS,
    SCHOOL_KINDS,
    count,
    date,
    flag,
    identifier,
    number,
    one_of,
    school_year,
    text,
    whole,
)
from shnor_analysis.schemas.table import Reference, define_table

OF_A_SCHOOL = (Reference(("school_id",), "schools"),)

SCHOOLS = define_table(
    "schools",
    key=("school_id",),
    scope=("school_id",),
    columns={
        "school_id": identifier(),
        "name": text(),
        "kind": one_of(SCHOOL_KINDS),
        "municipality_id": identifier(),
        "region_id": identifier(),
        "is_rural": flag(required=False),
    },
)

SCHOOL_ALIASES = define_table(
    "school_aliases",
    key=("school_id", "alias", "alias_kind"),
    scope=("school_id",),
    columns={
        "school_id": identifier(),
        "alias": text(),
        "alias_kind": one_of(ALIAS_KINDS),
        "valid_from": date(required=False),
        "valid_to": date(required=False),
        "successor_id": identifier(required=False),
    },
    references=OF_A_SCHOOL,
)

FACTORS = define_table(
    "factors",
    key=("school_id", "school_year", "factor"),
    scope=("school_id", "school_year"),
    columns={
        "school_id": identifier(),
        "school_year": school_year(),
        "factor": text(pattern=r"^[a-z][a-z0-9_]{1,59}$"),
        "value": number(-1e12, 1e12),
    },
    references=OF_A_SCHOOL,
)

LISTINGS = define_table(
    "listings",
    key=("school_id", "school_year", "list", "issuer", "subject", "grade"),
    scope=("school_year", "list", "issuer"),
    columns={
        "school_id": identifier(),
        "school_year": school_year(),
        "list": one_of(LISTS),
        "issuer": text(),
        "document": text(required=False),
        "subject": text(required=False, pattern=r"^[a-z][a-z0-9_]{1,39}$"),
        "grade": whole(1, 12, required=False),
        "markers_n": count(required=False),
    },
    references=OF_A_SCHOOL,
)

PARTICIPATION = define_table(
    "participation",
    key=("school_id", "programme", "cohort_year"),
    scope=("programme", "cohort_year"),
    columns={
        "school_id": identifier(),
        "programme": text(),
        "cohort_year": school_year(),
        "date_from": date(required=False),
        "date_to": date(required=False),
    },
    references=OF_A_SCHOOL,
)
