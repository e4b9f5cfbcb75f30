"""What a mapping may say: the tables it may fill, their fields, and how the cells of a field may be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from shnor_analysis import glossary
from shnor_analysis.reference.layouts import layouts
from shnor_analysis.schemas import MARKS, TABLES
from shnor_analysis.sources.run_words import PEOPLE, SHARES_OF_PUPILS

MAPPABLE = (
    "schools",
    "school_aliases",
    "factors",
    "school_results",
    "pupil_results",
    "area_results",
    "listings",
    "participation",
    "mark_comparisons",
    "score_counts",
    "item_summaries",
    "item_results",
)
FACTOR = "factor."
MADE_BY_READERS = frozenset({"counts_rebuilt", "pupil_id", "link_id", "factor", "value", "result_source"})
OF_THE_PROCEDURE = frozenset({"school_year", "assessment", "subject", "grade", "season", "test_date"})
CODES_OF_PUPILS = {"pupil_results": ("pupil_code", "link_code"), "item_results": ("pupil_code",)}
# a row of these is a school or an area: a form of schools alone names the school and no level
OF_SCHOOLS_OR_AREAS = frozenset({"mark_comparisons", "item_summaries"})
SCHOOL_OR_AREA = (("school_id",), ("area_level", "area_id"))
KINDS_BY_NAME = {
    "subject": ("subject",),
    "kind": ("kind",),
    "season": ("season",),
    "sex": ("sex",),
    "list": ("list",),
    "alias_kind": ("alias_kind",),
    "assessment": ("assessment",),
    "area_level": ("area_level",),
    "grade": ("grade",),
    "mark": ("mark",),
    "journal_mark": ("mark",),
    "school_year": ("school_year",),
    "cohort_year": ("school_year",),
    "test_year": ("test_year",),
    "pupil_code": ("identifier",),
    "link_code": ("identifier",),
}
CONSTANTS = (
    "assessment",
    "subject",
    "grade",
    "season",
    "list",
    "issuer",
    "programme",
    "kind",
    "alias_kind",
    "area_level",
)
PLACES = ("municipality_id", "region_id")
MARKS_OR_LOW: tuple[tuple[str, ...], ...] = (
    tuple(f"mark_{mark}_share" for mark in MARKS),
    tuple(f"mark_{mark}_n" for mark in MARKS),
    ("low_n",),
    ("low_share",),
)
COMPARED: tuple[tuple[str, ...], ...] = (
    ("lowered_n", "confirmed_n", "raised_n"),
    ("lowered_share", "confirmed_share", "raised_share"),
)
# of each choice one has to be there
ONE_OF: dict[str, tuple[tuple[tuple[str, ...], ...], ...]] = {
    "school_results": (MARKS_OR_LOW,),
    "area_results": (MARKS_OR_LOW,),
    "pupil_results": ((("points",), ("mark",), ("test_points",)),),
    "mark_comparisons": (SCHOOL_OR_AREA, COMPARED),
    "item_summaries": (SCHOOL_OR_AREA,),
    "score_counts": ((("score_n",), ("score_share",)),),
}
_OWN_FACTOR = re.compile(r"factor\.[a-z][a-z0-9_]{1,59}")
_OWN_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a column may fill: the kinds in which its cells may be read, the usual one first."""

    name: str
    kinds: tuple[str, ...]
    is_required: bool = False


@lru_cache(maxsize=16)
def fields_of(table: str) -> dict[str, Field]:
    """Every field of a table by name; pupils' codes stand for their pseudonyms, `factor.<code>` for indicators."""
    names = [name for member in tables_of(table) for name in TABLES[member].own_columns]
    names = [name for name in dict.fromkeys(names) if name not in MADE_BY_READERS]
    names += CODES_OF_PUPILS.get(table, ())
    if table in OF_SCHOOLS_OR_AREAS:
        names.insert(0, "school_id")
    if "season" in names:
        names.append("test_year")
    if table == "factors":
        names += [item.key for item in glossary.group("factor")]
    return {name: Field(name, _kinds(table, name), _is_required(table, name)) for name in names}


def field_of(table: str, name: str) -> Field | None:
    """A field of a table, or an indicator of the user's own (`factor.<code>`); None when there is none."""
    known = fields_of(table).get(name)
    if known is None and table == "factors" and _OWN_FACTOR.fullmatch(name):
        return Field(name, _kinds(table, name))
    return known


def tables_of(table: str) -> tuple[str, ...]:
    """The tables that a file of one table fills: results of pupils bring the pupils along."""
    return ("pupils", table) if table in CODES_OF_PUPILS else (table,)


def order_of(table: str) -> int:
    """Place in an import, as of the form that fills the same table."""
    return min(layout.order for layout in layouts().values() if table in layout.tables)


def lacking(table: str, given: frozenset[str]) -> tuple[str, ...]:
    """Required fields that are neither columns nor constants; `a | b` where one of several would do."""
    found = [
        field.name for field in fields_of(table).values() if field.is_required and field.name not in given
    ]
    for choices in ONE_OF.get(table, ()):
        if not any(given.issuperset(choice) for choice in choices):
            found.append(" | ".join(", ".join(choice) for choice in choices))
    if table == "factors" and not any(name.startswith(FACTOR) for name in given):
        found.append("factor.*")
    return tuple(found)


def allowed_constant(table: str, name: str, value: object) -> bool:
    """Tell whether every row of a form may have this value; facts of one file (its year, its date) may not."""
    if name not in (*CONSTANTS, *PLACES) or name not in fields_of(table):
        return False
    if name == "grade":
        return isinstance(value, int) and 1 <= value <= 12
    if name in {"assessment", "subject"}:
        return bool(_OWN_CODE.fullmatch(str(value)))
    if name in {"season", "list", "kind", "alias_kind", "area_level"}:
        return value in {item.key.rpartition(".")[2] for item in glossary.group(name)}
    return isinstance(value, str) and bool(value.strip())


def _kinds(table: str, name: str) -> tuple[str, ...]:
    if name in KINDS_BY_NAME:
        return KINDS_BY_NAME[name]
    if name.removeprefix(FACTOR) in SHARES_OF_PUPILS:
        return ("percent", "share", PEOPLE)
    if name.startswith(FACTOR):
        return ("percent", "share") if name.endswith("_share") else ("number",)
    if name == "school_id":
        return ("identifier",)
    member = next(member for member in tables_of(table) if name in TABLES[member].own_columns)
    if name.endswith("_share"):
        return ("percent", "share")
    return (TABLES[member].kind(name),)


def _is_required(table: str, name: str) -> bool:
    if name in {"pupil_code", "tested_n"}:
        return True
    if table in OF_SCHOOLS_OR_AREAS and name in {"school_id", "area_level", "area_id"}:
        return False
    if name in OF_THE_PROCEDURE or name in {"test_year", "cohort_year"}:
        # the year comes from the title, the card or an option as well: it is asked for when the file is read
        return False
    if name in {"tested_n_is_estimated", "score_share"}:
        # a form that does not speak of the first gives counted numbers; the second follows from them
        return False
    return any(
        name in TABLES[member].own_columns and TABLES[member].is_required(name) for member in tables_of(table)
    )
