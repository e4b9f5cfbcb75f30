"""The share of low results over the years, a block a series; a break is a hatched band and cuts the line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import (
    CalendarBreak,
    Change,
    Procedure,
    ProcedureResult,
    SchoolEvaluation,
)
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    ORANGE,
    Drawing,
    house_style,
    new_figure,
    percent_axis,
    share_limit,
)
from shnor_analysis.exhibits.figures.trend_legend import draw_legend
from shnor_analysis.exhibits.reading import assessment_place, is_joined, level_of, series_key
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.reference.calendar_breaks import calendar_breaks
from shnor_analysis.results import Estimate

BLOCKS_IN_ROW = 5
ROW_INCHES = 1.45
HEAD_INCHES = 0.12
GAP_YEARS = 1.3
AUTUMN_BEFORE = 0.36
BAND_HALF = 0.46
AUTUMN_END = -0.18


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its results with a share, oldest first."""

    key: tuple[str, str, int]
    results: tuple[ProcedureResult, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What all blocks share: first and last school year, end of the axis, breaks, changes, level, language."""

    first_year: int
    last_year: int
    limit: float
    breaks: tuple[CalendarBreak, ...]
    changes: tuple[Change, ...]
    area_level: str
    language: str

    @property
    def width(self) -> float:
        """Years from one block's start to the next one's."""
        return self.last_year - self.first_year + 1 + GAP_YEARS


def draw_trend(released: Released[Any], language: str) -> Drawing | Text:
    """Draw every series of low results that has a share; lines only where the facts allow a comparison."""
    value = released.value
    is_school = isinstance(value, SchoolEvaluation)
    series = series_of(value.results if is_school else value.levels)
    if not series:
        return Text("trend", ())
    years = [result.procedure.school_year for one in series for result in one.results]
    frame = Frame(
        first_year=min(years),
        last_year=max(years),
        limit=share_limit([_estimate(result).high for one in series for result in one.results]),
        breaks=value.breaks,
        changes=value.changes if is_school else (),
        area_level="municipality" if is_school else "region",
        language=language,
    )
    with house_style():
        figure = _draw_rows(rows_of(series), frame)
    return Drawing(figure, _alt(series, frame))


def series_of(results: Iterable[ProcedureResult]) -> tuple[Series, ...]:
    """Group results that have a share into series: by assessment, subject, grade; oldest result first.

    A work written once is no series and stays out, unless there is nothing else.
    """
    groups: dict[tuple[str, str, int], list[ProcedureResult]] = {}
    for result in results:
        if isinstance(result.school.low, Estimate):
            groups.setdefault(series_key(result.procedure), []).append(result)
    repeated = [key for key, found in groups.items() if len(found) > 1]
    ordered = sorted(repeated or groups, key=lambda key: (assessment_place(key[0]), *key))
    return tuple(
        Series(key, tuple(sorted(groups[key], key=lambda one: _when(one.procedure)))) for key in ordered
    )


def rows_of(series: Sequence[Series]) -> list[list[Series]]:
    """Lay series out in rows of at most five blocks; the grades of one subject stay together where they fit."""
    rows: list[list[Series]] = []
    subjects: dict[tuple[str, str], list[Series]] = {}
    for one in series:
        subjects.setdefault(one.key[:2], []).append(one)
    for group in subjects.values():
        if rows and len(rows[-1]) + len(group) <= BLOCKS_IN_ROW:
            rows[-1].extend(group)
        else:
            rows.extend(group[start : start + BLOCKS_IN_ROW] for start in range(0, len(group), BLOCKS_IN_ROW))
    return rows


def _draw_rows(rows: list[list[Series]], frame: Frame) -> Figure:
    height = ROW_INCHES * len(rows) + HEAD_INCHES
    figure = new_figure(height)
    widest = max(len(row) for row in rows)
    for number, row in enumerate(rows):
        bottom = (ROW_INCHES * (len(rows) - number - 1) + 0.22) / height
        axes = figure.add_axes((0.07, bottom, 0.92, (ROW_INCHES - 0.58) / height))
        _draw_row(axes, row, frame)
        axes.set_xlim(-0.9, max(widest, 2) * frame.width - GAP_YEARS - 0.1)
    draw_legend(figure, frame.area_level, frame.language)
    return figure


def _draw_row(axes: Axes, row: list[Series], frame: Frame) -> None:
    axes.set_ylim(0, frame.limit)
    percent_axis(axes, frame.language, axis="y")
    ends = sorted({frame.first_year, frame.last_year})
    starts = [place * frame.width for place in range(len(row))]
    for one, start in zip(row, starts, strict=True):
        _draw_block(axes, one, start, frame)
    ticks = [start + year - frame.first_year for start in starts for year in ends]
    axes.set_xticks(ticks, [_short_year(year) for year in ends] * len(row), fontsize=6.8)


def _short_year(year: int) -> str:
    return f"{(year - 1) % 100:02d}/{year % 100:02d}"


def _when(procedure: Procedure) -> float:
    """The place of a procedure on the axis of school years: autumn before spring."""
    return procedure.school_year - AUTUMN_BEFORE * (procedure.season == "autumn")


def _draw_block(axes: Axes, one: Series, start: float, frame: Frame) -> None:
    at = start - frame.first_year
    _draw_breaks(axes, one, at, frame)
    years = np.array([at + _when(result.procedure) for result in one.results])
    estimates = [_estimate(result) for result in one.results]
    lows = np.array([estimate.value for estimate in estimates])
    intervals = [[(x, e.low), (x, e.high)] for x, e in zip(years, estimates, strict=True)]
    joined = [
        [(years[i], lows[i]), (years[i + 1], lows[i + 1])]
        for i, (before, after) in enumerate(pairwise(one.results))
        if may_join(before, after, frame.breaks, frame.changes)
    ]
    for lines, width in ((intervals, 1.0), (joined, 1.4)):
        axes.add_collection(LineCollection(lines, colors=BLUE, linewidths=width), autolim=False)
    autumn = np.array([result.procedure.season == "autumn" for result in one.results])
    axes.plot(years[~autumn], lows[~autumn], "o", color=BLUE, markersize=3.8, clip_on=False)
    axes.plot(
        years[autumn], lows[autumn], "s", color=BLUE, markersize=3.8, markerfacecolor="white", clip_on=False
    )
    _draw_level(axes, one, at, frame)
    axes.text(start - 0.6, frame.limit * 1.04, _title(one, frame.language), fontsize=7, linespacing=1.15)


def _draw_breaks(axes: Axes, one: Series, at: float, frame: Frame) -> None:
    """Hatch the years that break the series; where only the autumn works do, the spring stays clear."""
    seasons = {known.code: known.season for known in calendar_breaks()}
    spans = []
    for known in frame.breaks:
        if known.assessment == one.key[0] and frame.first_year <= known.school_year <= frame.last_year:
            end = AUTUMN_END if seasons.get(known.reason) == "autumn" else BAND_HALF
            spans.append((at + known.school_year - BAND_HALF, BAND_HALF + end))
    if spans:
        axes.broken_barh(
            spans,
            (0, frame.limit),
            facecolor="#f4f6f8",
            edgecolor="#c9d1d8",
            hatch="////",
            linewidth=0,
            zorder=0,
        )


def _draw_level(axes: Axes, one: Series, at: float, frame: Frame) -> None:
    levels = [(result, level_of(result, frame.area_level)) for result in one.results]
    points = [
        (at + _when(result.procedure), level.marks.low.value)
        for result, level in levels
        if level is not None and isinstance(level.marks.low, Estimate)
    ]
    if points:
        axes.plot(
            *zip(*points, strict=True), "_", color=ORANGE, markersize=6, markeredgewidth=1.7, clip_on=False
        )


def may_join(
    before: ProcedureResult,
    after: ProcedureResult,
    breaks: tuple[CalendarBreak, ...],
    changes: tuple[Change, ...],
) -> bool:
    """Whether a line may join two results: the facts give this change, or are silent and no break lies between."""
    for change in changes:
        if change.before == before.procedure and change.after == after.procedure:
            return (
                isinstance(change.difference, Estimate) and before.procedure.season == after.procedure.season
            )
    return is_joined(before.procedure, after.procedure, breaks)


def _title(one: Series, language: str) -> str:
    procedure = one.results[-1].procedure
    kind = label(f"assessment.{procedure.assessment}", language)
    subject = label(f"subject.{procedure.subject}", language)
    grade = render("grade.spring", language, grade=procedure.grade)
    return f"{subject}\n{kind}, {grade}".replace("$", r"\$")


def _estimate(result: ProcedureResult) -> Estimate:
    assert isinstance(result.school.low, Estimate)
    return result.school.low


def _alt(series: Sequence[Series], frame: Frame) -> str:
    language = frame.language
    parts = []
    for one in series:
        points = ", ".join(
            f"{printing.season(result.procedure, language)}: "
            f"{printing.percent(_estimate(result).value, language)}"
            for result in one.results
        )
        parts.append(f"{_title(one, language).replace(chr(10), ', ')}: {points}")
    return render("alt.trend", language, series="; ".join(parts))
