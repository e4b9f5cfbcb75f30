"""Partial residuals: what each factor goes with, school by school, once all else in the model is taken away."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits.factor_reading import (
    factor_name,
    factor_value,
    family_name,
    first_influence,
    numeric_slope,
    outcome_scale,
)
from shnor_analysis.exhibits.figures.drawing import BLUE, INK, SOFT_INK, Drawing, house_style, new_figure
from shnor_analysis.exhibits.figures.hundred import hundred_axis
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results.factor_influence import FactorInfluence, PartialPoint

COLUMNS = 3
PANEL_INCHES = 1.62
LONGEST_TITLE = 34
MANY_POINTS = 120


def draw_partials(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw a small panel a numeric factor: a point a school, and the line of the association."""
    found = first_influence(released.value.factors)
    if found is None or not found[1].partials:
        return Text("partials", ())
    influence = found[1]
    factors = list(dict.fromkeys(point.factor for point in influence.partials))
    rows = -(-len(factors) // COLUMNS)
    height = PANEL_INCHES * rows + 0.1
    with house_style():
        figure = new_figure(height)
        for place, factor in enumerate(factors):
            row, column = divmod(place, COLUMNS)
            box = (
                0.07 + column * 0.322,
                1 - (0.1 + (row + 1) * PANEL_INCHES - 0.27) / height,
                0.262,
                1.1 / height,
            )
            axes = figure.add_axes(box)
            _draw_panel(axes, influence, factor, language)
        figure.text(
            0.012,
            0.5,
            render("axis.partial", language),
            rotation=90,
            va="center",
            ha="center",
            color=SOFT_INK,
        )
    names = ", ".join(factor_name(factor, language) for factor in factors)
    title = family_name(found[0], language)
    return Drawing(figure, render("alt.partials", language, title=title, names=names))


def _draw_panel(axes: Axes, influence: FactorInfluence, factor: str, language: str) -> None:
    points = [point for point in influence.partials if point.factor == factor]
    scale = outcome_scale(influence)
    values = [point.value for point in points]
    # the middle of all schools becomes 0: half of a hundred
    level = sum(point.residual for point in points) / len(points)
    axes.scatter(
        values,
        [(point.residual - level) * scale for point in points],
        s=_sizes(points),
        facecolors="none",
        edgecolors=BLUE,
        linewidths=0.8 if len(points) <= MANY_POINTS else 0.5,
        alpha=0.85 if len(points) <= MANY_POINTS else 0.6,
    )
    slope = numeric_slope(influence, factor)
    if slope is not None and len(set(values)) > 1:
        ends = (min(values), max(values))
        middle = sum(values) / len(values)
        heights = [slope * (x - middle) * scale for x in ends]
        if len(points) > MANY_POINTS:
            axes.plot(ends, heights, color="white", linewidth=3.4, alpha=0.8)
        axes.plot(ends, heights, color=INK, linewidth=1.3)
    axes.set_title(_short(factor_name(factor, language)), fontsize=6.5, color=INK, loc="left", pad=4)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: factor_value(factor, x, language)))
    hundred_axis(axes, language, axis="y")
    axes.tick_params(labelsize=6.4)


def _sizes(points: list[PartialPoint]) -> list[float]:
    """Areas that grow with the number of pupils, none too small to be seen; many points are small, not to be a blot."""
    largest = max(1, *(point.pupils_n for point in points))
    scale = min(1.0, max(0.12, MANY_POINTS / len(points)))
    return [scale * (6 + 26 * point.pupils_n / largest) for point in points]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_TITLE else f"{name[: LONGEST_TITLE - 1]}…"
