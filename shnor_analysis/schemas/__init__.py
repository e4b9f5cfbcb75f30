"""The tables of the workbench by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shnor_analysis.schemas.columns import LINEAGE_COLUMNS, MARKS, PROCEDURE_KEY
from shnor_analysis.schemas.pupils import ITEM_RESULTS, PUPIL_RESULTS, PUPILS
from shnor_analysis.schemas.results import (
    AREA_RESULTS,
    ITEM_SUMMARIES,
    MARK_COMPARISONS,
    SCHOOL_RESULTS,
    SCORE_COUNTS,
)
from shnor_analysis.schemas.schools import (
    FACTORS,
    LISTINGS,
    PARTICIPATION,
    SCHOOL_ALIASES,
    SCHOOLS,
)
from shnor_analysis.schemas.table import Reference, Table
from shnor_analysis.schemas.validation import conform, validate

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            SCHOOLS,
            SCHOOL_ALIASES,
            FACTORS,
            PUPILS,
            PUPIL_RESULTS,
            ITEM_RESULTS,
            SCHOOL_RESULTS,
            AREA_RESULTS,
            ITEM_SUMMARIES,
            MARK_COMPARISONS,
            SCORE_COUNTS,
            LISTINGS,
            PARTICIPATION,
        )
    }
)

__all__ = [
    "LINEAGE_COLUMNS",
    "MARKS",
    "PROCEDURE_KEY",
    "TABLES",
    "Reference",
    "Table",
    "conform",
    "validate",
]
