"""Tables of a report as values: numbers aligned, reasons under the table, nothing ranked."""

from __future__ import annotations

from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.exhibits.gate import find_maker
from shnor_analysis.exhibits.tables import (
    course,
    factors,
    list_flow,
    municipality,
    programme,
    programme_trust,
    school,
    shared,
)
from shnor_analysis.exhibits.tables.shown import ShownTable
from shnor_analysis.exhibits.text import Text

MAKERS = {
    SchoolEvaluation: {**school.SECTIONS, **course.SECTIONS, **factors.SCHOOL_SECTIONS, **shared.SECTIONS},
    TownEvaluation: {
        **municipality.SECTIONS,
        **list_flow.SECTIONS,
        **programme.SECTIONS,
        **programme_trust.SECTIONS,
        **factors.TOWN_SECTIONS,
        **shared.SECTIONS,
    },
}


def make_table(released: object, section: str, language: str = "ru") -> ShownTable | Text:
    """Make the table of a section.

    Args:
        released: what `disclosure.release` returned for a school or a town.
        section: results, levels, context, expected, like, list_status, exits, list_history, course,
            agreement, accounting, provenance for a school; schools, flow, list_flow, listed_schools, calibration,
            next_list, coverage, levels, programme, groups, baseline, leave_one_out, evidence, programme_flow, plan,
            trend_items, factors, index, gaps, accounting, provenance for a town.
        language: "ru" or "en".

    Returns:
        A `ShownTable`, or an empty `Text` where there are no rows (`describe` of the section says why).

    Raises:
        UsageProblem: not released, or an unknown section or language.
    """
    make = find_maker(released, section, language, makers=MAKERS)
    return make(released, language)  # type: ignore[arg-type]
