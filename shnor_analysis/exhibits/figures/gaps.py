"""Gaps in pictures: each school beside what was expected of it, and one school among those in like circumstances."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.factor_facts import SchoolGap
from shnor_analysis.evaluation.facts import SchoolEvaluation, TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import family_name, first_expected, first_gaps
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    INK,
    MARKER_POINTS,
    ORANGE,
    PALE,
    SOFT_INK,
    STRIPE,
    Drawing,
    house_style,
    new_figure,
)
from shnor_analysis.exhibits.figures.hundred import hundred_axis
from shnor_analysis.exhibits.figures.schools import short_name
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results import Estimate

ROW_INCHES = 0.195
MOST_ROWS = 80
MARKS = {
    "above": ("^", BLUE, BLUE),
    "as_expected": ("o", SOFT_INK, "white"),
    "below": ("v", ORANGE, ORANGE),
    "cannot_be_told": ("x", SOFT_INK, SOFT_INK),
}


def draw_gaps(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw each school's gap with its interval in the order of numbers; many schools become a cloud by expectation."""
    found = first_gaps(released.value.factors)
    known = [one for one in found[1] if isinstance(one.gap, Estimate)] if found else []
    if found is None or not known:
        return Text("gaps", ())
    with house_style():
        figure = _draw_cloud(known, language) if len(known) > MOST_ROWS else _draw_rows(known, language)
        used = [verdict for verdict in MARKS if any(one.verdict == verdict for one in known)]
        figure.legend(
            handles=_legend(used, language),
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=4,
            columnspacing=1.4,
            handletextpad=0.4,
            borderaxespad=0.2,
        )
    rows = "; ".join(
        f"{one.name}: {printing.ahead_interval(one.gap, language)}"
        for one in known[:MOST_ROWS]
        if isinstance(one.gap, Estimate)
    )
    title = family_name(found[0], language)
    return Drawing(figure, printing.counted("alt.gaps", len(known), language, title=title, rows=rows))


def _draw_rows(schools: Sequence[SchoolGap], language: str) -> Figure:
    height = ROW_INCHES * len(schools) + 0.8
    figure = new_figure(height)
    axes = figure.add_axes((0.36, 0.5 / height, 0.61, ROW_INCHES * len(schools) / height))
    for place in range(0, len(schools), 2):
        axes.axhspan(place - 0.5, place + 0.5, color=STRIPE, zorder=0, linewidth=0)
    axes.axvline(0, color=SOFT_INK, linewidth=0.9, zorder=1)
    for place, one in enumerate(schools):
        assert isinstance(one.gap, Estimate)
        marker, colour, face = MARKS[str(one.verdict)]
        axes.plot([one.gap.low, one.gap.high], [place, place], color=colour, linewidth=1.4, zorder=2)
        axes.plot(
            [one.gap.value], [place], marker, color=colour, markerfacecolor=face, markersize=4.6, zorder=3
        )
    axes.set_yticks(range(len(schools)), [short_name(one.name) for one in schools], color=INK, fontsize=7.2)
    axes.set_ylim(len(schools) - 0.4, -0.6)
    axes.set_xlabel(render("axis.gap", language), loc="right")
    hundred_axis(axes, language)
    return figure


def _draw_cloud(schools: Sequence[SchoolGap], language: str) -> Figure:
    figure = new_figure(3.6)
    axes = figure.add_axes((0.085, 0.13, 0.9, 0.77))
    for verdict, (marker, colour, face) in MARKS.items():
        chosen = [one for one in schools if one.verdict == verdict]
        axes.plot(
            [one.expected for one in chosen if isinstance(one.expected, float)],
            [one.gap.value for one in chosen if isinstance(one.gap, Estimate)],
            marker,
            color=colour,
            markerfacecolor="none" if face == "white" else face,
            markersize=3,
            markeredgewidth=0.7,
            alpha=0.7,
        )
    axes.axhline(0, color=SOFT_INK, linewidth=0.9)
    axes.set_ylabel(render("axis.gap.short", language))
    axes.set_xlabel(render("axis.expected", language))
    for axis in ("x", "y"):
        hundred_axis(axes, language, axis=axis)
    return figure


def draw_like(released: Released[SchoolEvaluation], language: str) -> Drawing | Text:
    """Draw the school's result among the schools in like circumstances, and what was expected of it."""
    one = first_expected(released.value.expectations)
    others = sorted(like.observed for like in one.like if isinstance(like.observed, float)) if one else []
    if one is None or not others or not isinstance(one.observed, float):
        return Text("like", ())
    with house_style():
        figure = new_figure(1.35)
        axes = figure.add_axes((0.03, 0.33, 0.94, 0.46))
        _draw_line(axes, one.observed, one.expected, others)
        axes.set_xlabel(render("axis.mean_result", language))
        hundred_axis(axes, language)
        figure.legend(
            handles=_like_legend(language),
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=3,
            columnspacing=1.6,
            handletextpad=0.5,
            borderaxespad=0.2,
        )
    alt = printing.counted(
        "alt.like",
        len(others),
        language,
        title=family_name(one, language),
        own=printing.ahead(one.observed, language),
        low=printing.ahead(others[0], language),
        high=printing.ahead(others[-1], language),
    )
    return Drawing(figure, alt)


def _draw_line(axes: Axes, own: float, expected: object, others: Sequence[float]) -> None:
    axes.axhline(0, color=PALE, linewidth=0.9, zorder=1)
    if isinstance(expected, float):
        axes.plot([expected], [0.0], "|", color=INK, markersize=30, markeredgewidth=1.8, zorder=2)
    axes.plot([own], [0.0], "D", color=BLUE, markersize=8, zorder=3)
    # on top and hollow: a school with the same result as this one is still seen
    axes.plot(
        others,
        [0.0] * len(others),
        "o",
        color=SOFT_INK,
        markerfacecolor="none",
        markersize=7,
        markeredgewidth=1.2,
        zorder=4,
    )
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _legend(verdicts: Sequence[str], language: str) -> list[Line2D]:
    return [
        _handle(render(f"effect_verdict.{verdict}", language), *MARKS[verdict], line=1.4)
        for verdict in verdicts
    ]


def _like_legend(language: str) -> list[Line2D]:
    return [
        _handle(render("legend.this_school", language), "D", BLUE, BLUE),
        _handle(render("legend.expected", language), "|", INK, INK),
        _handle(render("legend.like", language), "o", SOFT_INK, "white"),
    ]


def _handle(text: str, marker: str, colour: str, face: str, *, line: float = 0.0) -> Line2D:
    return Line2D(
        [],
        [],
        color=colour,
        marker=marker,
        markerfacecolor=face,
        markersize=MARKER_POINTS,
        linewidth=line,
        label=text,
    )
