"""The analysis relation: what models of results read, made of the warehouse's views for one school year."""

from shnor_analysis.warehouse.analysis.context import INDEX, ContextFactors, create_context
from shnor_analysis.warehouse.analysis.families import (
    ALL_SUBJECTS,
    Family,
    count_rows,
    family_rows,
    find_families,
    pupil_adjusters,
)
from shnor_analysis.warehouse.analysis.panel import ResultsPanel, collect_panel
from shnor_analysis.warehouse.analysis.participants import Participants, read_participants
from shnor_analysis.warehouse.analysis.pupils import create_pupil_rows
from shnor_analysis.warehouse.analysis.schools import create_school_rows

__all__ = [
    "ALL_SUBJECTS",
    "INDEX",
    "ContextFactors",
    "Family",
    "Participants",
    "ResultsPanel",
    "collect_panel",
    "count_rows",
    "create_context",
    "create_pupil_rows",
    "create_school_rows",
    "family_rows",
    "find_families",
    "pupil_adjusters",
    "read_participants",
]
