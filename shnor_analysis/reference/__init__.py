"""Published facts and the layouts of files, each with its source, validity and whether it was verified."""

from __future__ import annotations

from shnor_analysis.reference.calendar_breaks import SeriesBreak, breaks_between, calendar_breaks
from shnor_analysis.reference.evidence_scales import EvidenceScales, evidence_scales
from shnor_analysis.reference.exam_minima import ExamMinimum, exam_minima, exam_minimum
from shnor_analysis.reference.facts import Fact, facts, unverified
from shnor_analysis.reference.listing_rules import (
    DataYear,
    ListingPractice,
    ListingRule,
    RuleProcedure,
    listing_practices,
    listing_rule,
    listing_rules,
)
from shnor_analysis.reference.mark_scales import MarkScale, mark_scale, mark_scales
from shnor_analysis.reference.programme_history import ProgrammeHistory, programme_history
from shnor_analysis.reference.provenance import Provenance
from shnor_analysis.reference.risk_factors import RiskFactor, risk_factors

__all__ = [
    "DataYear",
    "EvidenceScales",
    "ExamMinimum",
    "Fact",
    "ListingPractice",
    "ListingRule",
    "MarkScale",
    "ProgrammeHistory",
    "Provenance",
    "RiskFactor",
    "RuleProcedure",
    "SeriesBreak",
    "breaks_between",
    "calendar_breaks",
    "evidence_scales",
    "exam_minima",
    "exam_minimum",
    "facts",
    "listing_practices",
    "listing_rule",
    "listing_rules",
    "mark_scale",
    "mark_scales",
    "programme_history",
    "risk_factors",
    "unverified",
]
