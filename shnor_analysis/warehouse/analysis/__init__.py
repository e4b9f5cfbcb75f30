"""The analysis relation: what models of results read, made of the warehouse's views for one school year."""

from shnor_analysis.warehouse.analysis.context import ContextFactors, create_context
from shnor_analysis.warehouse.analysis.families import Family, family_rows, find_families
from shnor_analysis.warehouse.analysis.pupils import create_pupil_rows
from shnor_analysis.warehouse.analysis.schools import create_school_rows

__all__ = [
    "ContextFactors",
    "Family",
    "create_context",
    "create_pupil_rows",
    "create_school_rows",
    "family_rows",
    "find_families",
]
