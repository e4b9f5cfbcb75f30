"""Every fact of a report, joined from tables and results, each with its origin."""

from __future__ import annotations

from shnor_analysis.evaluation.course import with_programme
from shnor_analysis.evaluation.factors import expectations_of, factors_of, school_names
from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.evaluation.programme import list_flow_of, programmes_of, unseen_programmes
from shnor_analysis.evaluation.school import assemble_school, evaluate_school
from shnor_analysis.evaluation.stored_town import town_from_frames, town_to_frames
from shnor_analysis.evaluation.town import assemble_town, evaluate_town
from shnor_analysis.evaluation.town_indicators import TownIndicators, prepare_town

__all__ = [
    "SchoolEvaluation",
    "TownEvaluation",
    "TownIndicators",
    "assemble_school",
    "assemble_town",
    "evaluate_school",
    "evaluate_town",
    "expectations_of",
    "factors_of",
    "list_flow_of",
    "prepare_town",
    "programmes_of",
    "school_names",
    "town_from_frames",
    "town_to_frames",
    "unseen_programmes",
    "with_programme",
]
