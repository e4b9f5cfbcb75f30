"""The year's share of low results beside the levels above: one line a procedure, a mark of its own a level."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import ProcedureResult, SchoolEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    ORANGE,
    SOFT_INK,
    Drawing,
    house_style,
    new_figure,
    percent_axis,
    share_limit,
)
from shnor_analysis.exhibits.reading import level_of, of_year
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.results import Estimate

ROW_INCHES = 0.27
RIGHT_EDGE = 0.97
LETTER_SHARE = 0.0089  # of the page's width, for the names of works on the left
MARKS = {"municipality": ("D", ORANGE), "region": ("^", SOFT_INK), "russia": ("x", SOFT_INK)}


def draw_levels(released: Released[Any], language: str) -> Drawing | Text:
    """Draw each procedure of the year: the unit's share with its interval, and each level above as its own mark."""
    value = released.value
    is_school = isinstance(value, SchoolEvaluation)
    results = [
        result
        for result in of_year(value.results if is_school else value.levels, value.school_year)
        if isinstance(result.school.low, Estimate)
    ]
    if not results:
        return Text("levels", ())
    own = "school" if is_school else "municipality"
    with house_style():
        height = ROW_INCHES * len(results) + 0.55
        figure = new_figure(height)
        left = _left_edge(results, language)
        axes = figure.add_axes((left, 0.3 / height, RIGHT_EDGE - left, ROW_INCHES * len(results) / height))
        shown = _draw_rows(axes, results, own, language)
        figure.legend(
            handles=_legend(own, shown, language),
            loc="upper left",
            bbox_to_anchor=(left - 0.01, 1.0),
            ncols=4,
            columnspacing=1.4,
            handletextpad=0.4,
            borderaxespad=0.2,
        )
    return Drawing(figure, _alt(results, own, language))


def _left_edge(results: list[ProcedureResult], language: str) -> float:
    """Where the axes begin, so that the longest name of a work stands whole beside them; a share of the width."""
    longest = max(len(printing.work(result.procedure, language)) for result in results)
    return min(0.5, max(0.2, 0.015 + LETTER_SHARE * longest))


def _draw_rows(axes: Axes, results: list[ProcedureResult], own: str, language: str) -> list[str]:
    places = range(len(results))
    lows = [result.school.low for result in results if isinstance(result.school.low, Estimate)]
    ends = [low.high for low in lows]
    axes.hlines(places, [low.low for low in lows], ends, color=BLUE, linewidth=1.6, alpha=0.75)
    axes.plot([low.value for low in lows], places, "o", color=BLUE, markersize=5)
    shown = []
    for area, (marker, colour) in MARKS.items():
        if area == own:
            continue
        points = _points(results, area)
        if points:
            shown.append(area)
            ends += [share for share, _ in points]
            axes.plot(
                *zip(*points, strict=True),
                marker,
                color=colour,
                markersize=5,
                markerfacecolor="white",
                markeredgewidth=1.2,
            )
    axes.set_xlim(-0.006, share_limit(ends))
    axes.set_ylim(len(results) - 0.5, -0.5)
    axes.set_yticks(
        list(places), [printing.work(result.procedure, language) for result in results], color="#1f2933"
    )
    percent_axis(axes, language, axis="x")
    return shown


def _points(results: list[ProcedureResult], area: str) -> list[tuple[float, int]]:
    levels = [(place, level_of(result, area)) for place, result in enumerate(results)]
    return [
        (level.marks.low.value, place)
        for place, level in levels
        if level is not None and isinstance(level.marks.low, Estimate)
    ]


def _legend(own: str, shown: list[str], language: str) -> list[Line2D]:
    text = f"{label(f'area_level.{own}', language)}, {render('legend.interval', language)}"
    handles = [Line2D([], [], color=BLUE, marker="o", markersize=5, linewidth=1.6, label=text)]
    for area in shown:
        marker, colour = MARKS[area]
        handles.append(
            Line2D(
                [],
                [],
                color=colour,
                marker=marker,
                markersize=5,
                markerfacecolor="white",
                markeredgewidth=1.2,
                linewidth=0,
                label=label(f"area_level.{area}", language),
            )
        )
    return handles


def _alt(results: list[ProcedureResult], own: str, language: str) -> str:
    parts = []
    for result in results:
        said = [
            f"{printing.work(result.procedure, language)}: {printing.share_of(result.school.low, language)}"
        ]
        for area in MARKS:
            level = level_of(result, area)
            if level is not None and area != own:
                name = label(f"area_level.{area}", language)
                said.append(f"{name} {printing.share_of(level.marks.low, language)}")
        parts.append(", ".join(said))
    return render("alt.levels", language, rows="; ".join(parts))
