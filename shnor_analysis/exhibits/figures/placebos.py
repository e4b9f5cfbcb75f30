"""The programme's estimate among would-be programmes in years and places where none was."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import BLUE, ORANGE, SOFT_INK, Drawing, house_style, new_figure
from shnor_analysis.exhibits.figures.hundred import hundred_axis
from shnor_analysis.exhibits.programme_reading import estimated
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results.programme_parts import DesignEstimate, Placebo, PlaceboRank

COLUMNS = 60  # places across the picture: points nearer than one stand on top of one another
DOT_INCHES = 0.105
FEWEST_ROWS = 4
AROUND_INCHES = 0.78
POINTS = 5.0


def draw_placebos(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw a point a would-be programme, stacked where they are alike, and the real one apart from them."""
    facts = estimated(released.value)
    ranked = facts.effect.placebos if facts else None
    own = facts.effect.design("ancova") if facts else None
    if not isinstance(ranked, PlaceboRank) or not ranked.placebos or not isinstance(own, DesignEstimate):
        return Text("placebos", ())
    places = stacked([one.estimate for one in ranked.placebos], own.estimate)
    rows = max(FEWEST_ROWS, *(height + 1 for _, height in places))
    height = rows * DOT_INCHES + AROUND_INCHES
    with house_style():
        figure = new_figure(height)
        axes = figure.add_axes((0.03, 0.42 / height, 0.94, rows * DOT_INCHES / height))
        _draw_points(axes, ranked.placebos, places)
        axes.axvline(0, color=SOFT_INK, linewidth=0.9, zorder=1)
        axes.axvline(own.estimate, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
        axes.plot([own.estimate], [rows - 1], "D", color=ORANGE, markersize=7, zorder=4)
        axes.set_ylim(-0.8, rows - 0.2)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(render("axis.placebo", language))
        hundred_axis(axes, language)
        figure.legend(
            handles=_legend(ranked.placebos, language),
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=3,
            columnspacing=1.6,
            handletextpad=0.4,
            borderaxespad=0.2,
        )
    alt = printing.counted(
        "alt.placebos",
        ranked.k,
        language,
        own=printing.ahead(own.estimate, language),
        low=printing.ahead(min(one.estimate for one in ranked.placebos), language),
        high=printing.ahead(max(one.estimate for one in ranked.placebos), language),
        rank=ranked.rank,
    )
    return Drawing(figure, alt)


def stacked(values: Sequence[float], own: float) -> list[tuple[float, int]]:
    """The place of each value and its height: the first in a column stands on the ground, the next on top of it."""
    width = (max(*values, own) - min(*values, own)) / COLUMNS or 1.0
    heights: dict[int, int] = {}
    found = []
    for value in values:
        column = round(value / width)
        found.append((column * width, heights.get(column, 0)))
        heights[column] = heights.get(column, 0) + 1
    return found


def _draw_points(axes: Axes, placebos: Sequence[Placebo], places: Sequence[tuple[float, int]]) -> None:
    for kind, marker in (("year", "o"), ("place", "s")):
        chosen = [place for one, place in zip(placebos, places, strict=True) if one.kind == kind]
        axes.plot(
            [x for x, _ in chosen],
            [y for _, y in chosen],
            marker,
            color=BLUE,
            markerfacecolor="white",
            markersize=POINTS,
            linewidth=0,
            zorder=3,
        )


def _legend(placebos: Sequence[Placebo], language: str) -> list[Line2D]:
    kinds = {one.kind for one in placebos}
    marks = [("real", "D", ORANGE, ORANGE)]
    marks += [
        (kind, marker, BLUE, "white") for kind, marker in (("year", "o"), ("place", "s")) if kind in kinds
    ]
    return [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markerfacecolor=face,
            markersize=POINTS,
            linewidth=0,
            label=render(f"legend.placebo.{code}", language),
        )
        for code, marker, colour, face in marks
    ]
