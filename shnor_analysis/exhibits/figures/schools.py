"""The town's schools in the order of their numbers, each with its interval; many schools become a cloud by size."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import SchoolLine, TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    ORANGE,
    STRIPE,
    Drawing,
    house_style,
    new_figure,
    percent_axis,
    share_limit,
)
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results import Estimate

ROW_INCHES = 0.195
MOST_ROWS = 80
LONGEST_NAME = 34


def draw_schools(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw the pooled share of low results of each school; listed schools have a mark of their own, none is ranked."""
    lines = [line for line in released.value.schools if isinstance(line.low, Estimate)]
    if not lines:
        return Text("schools", ())
    with house_style():
        figure = _draw_cloud(lines, language) if len(lines) > MOST_ROWS else _draw_rows(lines, language)
        figure.legend(
            handles=_legend(language),
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=3,
            columnspacing=1.6,
            handletextpad=0.5,
            borderaxespad=0.2,
        )
    parts = "; ".join(f"{line.name}: {printing.share_of(line.low, language)}" for line in lines[:MOST_ROWS])
    return Drawing(figure, printing.counted("alt.schools", len(lines), language, rows=parts))


def _draw_rows(lines: list[SchoolLine], language: str) -> Figure:
    height = ROW_INCHES * len(lines) + 0.55
    figure = new_figure(height)
    axes = figure.add_axes((0.36, 0.3 / height, 0.61, ROW_INCHES * len(lines) / height))
    lows = [line.low for line in lines if isinstance(line.low, Estimate)]
    for is_listed in (False, True):
        places = [place for place, line in enumerate(lines) if (line.is_listed is True) == is_listed]
        colour, marker, face = (ORANGE, "s", ORANGE) if is_listed else (BLUE, "o", "white")
        axes.hlines(
            places, [lows[p].low for p in places], [lows[p].high for p in places], color=colour, linewidth=1.4
        )
        axes.plot(
            [lows[p].value for p in places],
            places,
            marker,
            color=colour,
            markerfacecolor=face,
            markersize=4.4,
            markeredgewidth=1.2,
        )
    axes.set_xlim(-0.006, share_limit([low.high for low in lows]))
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_yticks(
        range(len(lines)), [short_name(line.name) for line in lines], color="#1f2933", fontsize=7.2
    )
    for place in range(0, len(lines), 2):
        axes.axhspan(place - 0.5, place + 0.5, color=STRIPE, zorder=0, linewidth=0)
    percent_axis(axes, language, axis="x")
    return figure


def short_name(name: str) -> str:
    """A name that fits beside its row; a dollar sign would start a formula."""
    shown = name.replace("$", r"\$")
    return shown if len(name) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"


def _draw_cloud(lines: list[SchoolLine], language: str) -> Figure:
    figure = new_figure(3.6)
    axes = figure.add_axes((0.085, 0.13, 0.9, 0.77))
    for is_listed in (False, True):
        chosen = [
            line for line in lines if (line.is_listed is True) == is_listed and isinstance(line.tested_n, int)
        ]
        colour, marker, face = (ORANGE, "s", ORANGE) if is_listed else (BLUE, "o", "none")
        axes.plot(
            [line.tested_n for line in chosen if isinstance(line.tested_n, int)],
            [line.low.value for line in chosen if isinstance(line.low, Estimate)],
            marker,
            color=colour,
            markerfacecolor=face,
            markersize=3,
            markeredgewidth=0.7,
            alpha=0.7,
        )
    _size_axis(axes, language)
    axes.set_ylim(0, share_limit([line.low.value for line in lines if isinstance(line.low, Estimate)]))
    percent_axis(axes, language, axis="y")
    return figure


def _size_axis(axes: Axes, language: str) -> None:
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: printing.number(n, language)))
    axes.set_xlabel(render("axis.tested", language))


def _legend(language: str) -> list[Line2D]:
    def handle(code: str, marker: str, colour: str, face: str) -> Line2D:
        return Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markerfacecolor=face,
            markersize=4.4,
            linewidth=1.4,
            label=render(f"legend.{code}", language),
        )

    return [handle("not_listed", "o", BLUE, "white"), handle("listed", "s", ORANGE, ORANGE)]
