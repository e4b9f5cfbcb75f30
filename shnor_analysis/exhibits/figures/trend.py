"""The share of low results over the years, a block a series; a break is a hatched band and cuts the line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import CalendarBreak, Change, ProcedureResult, SchoolEvaluation
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
from shnor_analysis.exhibits.reading import is_joined, level_of, series_key
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import Estimate

BLOCKS_IN_ROW = 5
ROW_INCHES = 1.62
GAP_YEARS = 1.2


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
    """Group results that have a share into series, in the order of first appearance."""
    groups: dict[tuple[str, str, int], list[ProcedureResult]] = {}
    for result in results:
        if isinstance(result.school.low, Estimate):
            groups.setdefault(series_key(result.procedure), []).append(result)
    ordered = sorted(
        groups, key=lambda key: (list(dict.fromkeys(k[0] for k in groups)).index(key[0]), *key[1:])
    )
    return tuple(
        Series(key, tuple(sorted(groups[key], key=lambda one: one.procedure.school_year))) for key in ordered
    )


def rows_of(series: Sequence[Series]) -> list[list[Series]]:
    """Lay series out in rows: an assessment starts a new row, a subject too where it would not fit."""
    rows: list[list[Series]] = []
    subjects: dict[tuple[str, str], list[Series]] = {}
    for one in series:
        subjects.setdefault(one.key[:2], []).append(one)
    for (assessment, _), group in subjects.items():
        is_same = bool(rows) and rows[-1][0].key[0] == assessment
        if is_same and len(rows[-1]) + len(group) <= BLOCKS_IN_ROW:
            rows[-1].extend(group)
        else:
            rows.extend(group[start : start + BLOCKS_IN_ROW] for start in range(0, len(group), BLOCKS_IN_ROW))
    return rows


def _draw_rows(rows: list[list[Series]], frame: Frame) -> Any:
    head = 0.34
    height = ROW_INCHES * len(rows) + head
    figure = new_figure(height)
    widest = max(len(row) for row in rows)
    for number, row in enumerate(rows):
        bottom = (ROW_INCHES * (len(rows) - number - 1) + 0.28) / height
        axes = figure.add_axes((0.085, bottom, 0.905, (ROW_INCHES - 0.66) / height))
        _draw_row(axes, row, frame)
        axes.set_xlim(-0.9, max(widest, 2) * frame.width - GAP_YEARS - 0.1)
    figure.legend(
        handles=_legend(frame),
        loc="upper left",
        bbox_to_anchor=(0.075, 1.0),
        ncols=5,
        columnspacing=1.3,
        handletextpad=0.5,
        borderaxespad=0.2,
    )
    return figure


def _draw_row(axes: Axes, row: list[Series], frame: Frame) -> None:
    axes.set_ylim(0, frame.limit)
    percent_axis(axes, frame.language, axis="y")
    ticks: list[float] = []
    for place, one in enumerate(row):
        start = place * frame.width
        _draw_block(axes, one, start, frame)
        ticks += (
            [start, start + frame.last_year - frame.first_year]
            if frame.last_year > frame.first_year
            else [start]
        )
    ends = (frame.first_year, frame.last_year) if frame.last_year > frame.first_year else (frame.first_year,)
    axes.set_xticks(
        ticks, [printing.school_year(year, frame.language) for year in ends] * len(row), fontsize=6.8
    )


def _draw_block(axes: Axes, one: Series, start: float, frame: Frame) -> None:
    at = start - frame.first_year
    for known in frame.breaks:
        if known.assessment == one.key[0] and frame.first_year <= known.school_year <= frame.last_year:
            x = at + known.school_year
            axes.axvspan(
                x - 0.42,
                x + 0.42,
                facecolor="#f4f6f8",
                edgecolor="#c9d1d8",
                hatch="////",
                linewidth=0,
                zorder=0,
            )
    years = np.array([at + result.procedure.school_year for result in one.results])
    estimates = [_estimate(result) for result in one.results]
    lows = np.array([estimate.value for estimate in estimates])
    axes.vlines(
        years, [e.low for e in estimates], [e.high for e in estimates], color=BLUE, linewidth=1.1, alpha=0.75
    )
    for before, after in pairwise(range(len(one.results))):
        if may_join(one.results[before], one.results[after], frame.breaks, frame.changes):
            axes.plot(years[[before, after]], lows[[before, after]], color=BLUE, linewidth=1.3)
    autumn = np.array([result.procedure.season == "autumn" for result in one.results])
    axes.plot(years[~autumn], lows[~autumn], "o", color=BLUE, markersize=4.2)
    axes.plot(years[autumn], lows[autumn], "s", color=BLUE, markersize=4.4, markerfacecolor="white")
    _draw_level(axes, one, at, frame)
    axes.text(
        start - 0.55,
        frame.limit * 1.03,
        _title(one, frame.language),
        fontsize=7.2,
        va="bottom",
        linespacing=1.15,
    )


def _draw_level(axes: Axes, one: Series, at: float, frame: Frame) -> None:
    levels = [(result, level_of(result, frame.area_level)) for result in one.results]
    points = [
        (at + result.procedure.school_year, level.marks.low.value)
        for result, level in levels
        if level is not None and isinstance(level.marks.low, Estimate)
    ]
    if points:
        axes.plot(*zip(*points, strict=True), "_", color=ORANGE, markersize=7, markeredgewidth=1.8)


def may_join(
    before: ProcedureResult,
    after: ProcedureResult,
    breaks: tuple[CalendarBreak, ...],
    changes: tuple[Change, ...],
) -> bool:
    """Whether a line may be drawn: the facts have this change as a number, or know nothing of it and no break lies between."""
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
    return f"{subject}\n{kind}, {grade}"


def _estimate(result: ProcedureResult) -> Estimate:
    assert isinstance(result.school.low, Estimate)
    return result.school.low


def _legend(frame: Frame) -> list[Any]:
    def text(code: str) -> str:
        return render(f"legend.{code}", frame.language)

    return [
        Line2D([], [], color=BLUE, marker="o", markersize=4.2, linewidth=1.3, label=text("share")),
        Line2D(
            [],
            [],
            color=BLUE,
            marker="s",
            markersize=4.4,
            markerfacecolor="white",
            linewidth=0,
            label=text("autumn"),
        ),
        Line2D([], [], color=BLUE, marker="|", markersize=9, linewidth=0, label=text("interval")),
        Line2D(
            [],
            [],
            color=ORANGE,
            marker="_",
            markersize=9,
            markeredgewidth=1.8,
            linewidth=0,
            label=text(frame.area_level),
        ),
        Patch(facecolor="#f4f6f8", edgecolor="#b9c2cb", hatch="////", linewidth=0, label=text("break")),
    ]


def _alt(series: Sequence[Series], frame: Frame) -> str:
    language = frame.language
    parts = []
    for one in series:
        points = ", ".join(
            f"{printing.school_year(result.procedure.school_year, language)}: "
            f"{printing.percent(_estimate(result).value, language)}"
            for result in one.results
        )
        parts.append(f"{_title(one, language).replace(chr(10), ', ')}: {points}")
    return render("alt.trend", language, series="; ".join(parts))
