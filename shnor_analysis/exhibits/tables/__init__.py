"""Tables of a report as values: numbers aligned, reasons under the table, nothing ranked."""

from __future__ import annotations

from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.exhibits.gate import find_maker
from shnor_analysis.exhibits.tables import factors, municipality, school, shared
from shnor_analysis.exhibits.tables.shown import ShownTable
from shnor_analysis.exhibits.text import Text

MAKERS = {
    SchoolEvaluation: {**school.SECTIONS, **factors.SCHOOL_SECTIONS, **shared.SECTIONS},
    TownEvaluation: {**municipality.SECTIONS, **factors.TOWN_SECTIONS, **shared.SECTIONS},
}


def make_table(released: object, section: str, language: str = "ru") -> ShownTable | Text:
    """Make the table of a section.

    Args:
        released: what `disclosure.release` returned for a school or a town.
        section: results, levels, context, expected, like, list_status, list_history, agreement, accounting,
            provenance for a school; schools, flow, coverage, levels, factors, index, gaps, accounting, provenance for
            a town.
        language: "ru" or "en".

    Returns:
        A `ShownTable`, or an empty `Text` where there are no rows (`describe` of the section says why).

    Raises:
        UsageProblem: not released, or an unknown section or language.
    """
    make = find_maker(released, section, language, makers=MAKERS)
    return make(released, language)  # type: ignore[arg-type]
