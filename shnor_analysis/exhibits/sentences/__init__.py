"""Sections in words: every text of a report is written once, in `locale/`, and filled from released facts here."""

from __future__ import annotations

from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.exhibits.gate import find_maker
from shnor_analysis.exhibits.sentences import (
    course,
    expectations,
    factors,
    gaps,
    list_flow,
    municipality,
    programme,
    programme_checks,
    programme_trust,
    school,
    school_lists,
    shared,
)
from shnor_analysis.exhibits.text import Text

MAKERS = {
    SchoolEvaluation: {
        **school.SECTIONS,
        **school_lists.SECTIONS,
        **expectations.SECTIONS,
        **course.SECTIONS,
        **shared.SECTIONS,
    },
    TownEvaluation: {
        **municipality.SECTIONS,
        **list_flow.SECTIONS,
        **programme.SECTIONS,
        **programme_trust.SECTIONS,
        **programme_checks.SECTIONS,
        **factors.SECTIONS,
        **gaps.SECTIONS,
        **shared.SECTIONS,
    },
}


def describe(released: object, section: str, language: str = "ru") -> Text:
    """Say one section of a report in words, with its heading.

    Args:
        released: what `disclosure.release` returned for a school or a town.
        section: cover, summary, context, expected, like, results, trend, levels, list_status, exits,
            list_history, course, agreement, participation, accounting, limits, provenance for a school; cover, summary, schools, flow,
            list_flow, calibration, next_list, coverage, levels, programme, naive, evidence, baseline, event_study,
            placebos, specifications, programme_flow, plan, trend_items, factors, shares, index, partials, gaps,
            factor_limits, accounting, limits, provenance for a town.
        language: "ru" or "en".

    Returns:
        A `Text`: it shows itself in a notebook, `str()` gives it plain.

    Raises:
        UsageProblem: not released, or an unknown section or language.
    """
    make = find_maker(released, section, language, makers=MAKERS)
    return make(released, language)  # type: ignore[arg-type]
