"""Figures of a report: one style, readable in black and white, with words for those who cannot see them."""

from __future__ import annotations

from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.exhibits.figures import (
    calibration,
    course,
    event_study,
    factors,
    gaps,
    levels,
    partials,
    placebos,
    schools,
    specifications,
    trend,
)
from shnor_analysis.exhibits.figures.drawing import Drawing
from shnor_analysis.exhibits.gate import find_maker
from shnor_analysis.exhibits.text import Text

MAKERS = {
    SchoolEvaluation: {
        "trend": trend.draw_trend,
        "levels": levels.draw_levels,
        "like": gaps.draw_like,
        "course": course.draw_course,
    },
    TownEvaluation: {
        "schools": schools.draw_schools,
        "trend": trend.draw_trend,
        "levels": levels.draw_levels,
        "factors": factors.draw_factors,
        "shares": factors.draw_shares,
        "partials": partials.draw_partials,
        "gaps": gaps.draw_gaps,
        "calibration": calibration.draw_calibration,
        "event_study": event_study.draw_event_study,
        "placebos": placebos.draw_placebos,
        "specifications": specifications.draw_specifications,
    },
}


def draw(released: object, section: str, language: str = "ru") -> Drawing | Text:
    """Draw the figure of a section.

    Args:
        released: what `disclosure.release` returned for a school or a town.
        section: trend, levels; for a school also like, course; for a town also schools, calibration, event_study,
            placebos, specifications, factors, shares, partials, gaps.
        language: "ru" or "en".

    Returns:
        A `Drawing` (matplotlib figure and alternative text), or an empty `Text` where there is nothing to draw.

    Raises:
        UsageProblem: not released, or an unknown section or language.
    """
    make = find_maker(released, section, language, makers=MAKERS)
    return make(released, language)  # type: ignore[arg-type]
