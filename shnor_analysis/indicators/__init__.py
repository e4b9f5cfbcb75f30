"""Tables of indicators from tables of results: pure, each step with its accounting."""

from __future__ import annotations

from shnor_analysis.indicators.agreement import build_agreement
from shnor_analysis.indicators.changes import build_changes
from shnor_analysis.indicators.context import build_context
from shnor_analysis.indicators.flow import build_issued_lists, build_list_flow
from shnor_analysis.indicators.levels import build_area_shares, build_complete_regions
from shnor_analysis.indicators.marks import build_mark_shares
from shnor_analysis.indicators.pooling import build_pooled_shares
from shnor_analysis.indicators.rules import apply_listing_rule
from shnor_analysis.indicators.special_needs import build_shares_without_special_needs

__all__ = [
    "apply_listing_rule",
    "build_agreement",
    "build_area_shares",
    "build_changes",
    "build_complete_regions",
    "build_context",
    "build_issued_lists",
    "build_list_flow",
    "build_mark_shares",
    "build_pooled_shares",
    "build_shares_without_special_needs",
]
