"""Which breaks of the calendar a report has to speak of."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.evaluation.facts import Procedure
from shnor_analysis.reference.calendar_breaks import SeriesBreak


def breaks_of(breaks: Iterable[SeriesBreak], procedures: Iterable[Procedure]) -> tuple[SeriesBreak, ...]:
    """The breaks that concern at least one series of the procedures, in their own order.

    A series is assessment × subject × grade × season; a break counts when its year lies within the years of a series
    that it concerns. What is about other subjects or seasons, or lies outside the years, is left out.
    """
    years: dict[tuple[str, str, int, str], list[int]] = {}
    for one in procedures:
        years.setdefault((one.assessment, one.subject, one.grade, one.season), []).append(one.school_year)
    spans = {(key[0], key[1], key[3], min(found), max(found)) for key, found in years.items()}
    return tuple(
        item
        for item in breaks
        if any(
            item.concerns(assessment, subject, season) and first <= item.school_year <= last
            for assessment, subject, season, first, last in spans
        )
    )
