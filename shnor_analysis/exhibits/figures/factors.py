"""Factors in pictures: what one step of each goes with, and how much of the differences between schools it carries."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import (
    INDEX,
    Step,
    factor_name,
    family_name,
    first_influence,
    is_told_apart,
    step_size,
    steps_of,
    term_name,
)
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    GRID,
    INK,
    MARKER_EDGE,
    MARKER_POINTS,
    PALE_BLUE,
    SOFT_INK,
    Drawing,
    house_style,
    new_figure,
)
from shnor_analysis.exhibits.figures.hundred import hundred_axis
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import VarianceShare

ROW_INCHES = 0.25
LETTER_SHARE = 0.0093
LONGEST_NAME = 52
BELOW_INCHES = 0.42
ABOVE_INCHES = 0.32
SHARES_SHOWN = (-0.6, 1.2)  # bounds beyond are cut off with an arrow: they only say that nothing is known


def draw_factors(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw what one step of each factor goes with; filled marks stay apart from chance among all that were asked."""
    found = first_influence(released.value.factors)
    steps = steps_of(found[1]) if found else ()
    if found is None or not steps:
        return Text("factors", ())
    title, influence = family_name(found[0], language), found[1]
    with house_style():
        figure, axes = rows_figure([_named_step(step, language) for step in steps], title)
        for place, step in enumerate(steps):
            _draw_step(axes, place, step, influence.level)
        axes.axvline(0, color=SOFT_INK, linewidth=0.9, zorder=1)
        axes.set_xlabel(render("axis.step", language), loc="right")
        hundred_axis(axes, language)
        figure.legend(
            handles=_legend(language),
            loc="upper right",
            bbox_to_anchor=(0.985, 1.0),
            ncols=2,
            columnspacing=1.4,
            handletextpad=0.4,
            borderaxespad=0.2,
        )
    rows = "; ".join(
        f"{term_name(step.association, language)}: {printing.ahead_interval(step.value, language)}"
        for step in steps
    )
    return Drawing(figure, render("alt.factors", language, title=title, rows=rows))


def _named_step(step: Step, language: str) -> str:
    """The row of a factor: its name and the size of the step that is drawn."""
    size = step_size(step, language)
    name = term_name(step.association, language)
    return f"{name}, +{size}" if size else name


def _draw_step(axes: Axes, place: int, step: Step, level: float) -> None:
    is_clear = is_told_apart(step.association, level)
    axes.plot([step.value.low, step.value.high], [place, place], color=BLUE, linewidth=1.6, zorder=2)
    axes.plot(
        [step.value.value],
        [place],
        "D" if step.association.factor == INDEX else "o",
        color=BLUE,
        markerfacecolor=BLUE if is_clear else "white",
        markersize=MARKER_POINTS,
        markeredgewidth=MARKER_EDGE,
        zorder=3,
    )


def _legend(language: str) -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            color=BLUE,
            marker="o",
            markerfacecolor=face,
            markersize=MARKER_POINTS,
            markeredgewidth=MARKER_EDGE,
            linewidth=1.6,
            label=render(f"legend.{code}", language),
        )
        for code, face in (("told_apart", BLUE), ("not_apart", "white"))
    ]


def draw_shares(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw the part of the differences between schools that each factor carries, with the bounds of the bootstrap."""
    found = first_influence(released.value.factors)
    if found is None or isinstance(found[1].shares, NotEstimable):
        return Text("shares", ())
    title, shares = family_name(found[0], language), found[1].shares
    names = [factor_name(one.factor, language) for one in shares]
    with house_style():
        figure, axes = rows_figure(names, title)
        _draw_bars(axes, shares)
        axes.axvline(0, color=SOFT_INK, linewidth=0.9, zorder=3)
        axes.set_xlabel(render("axis.variance_share", language), loc="right")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: printing.percent(x, language)))
    rows = "; ".join(
        f"{name}: {printing.percent(one.share, language)}" for name, one in zip(names, shares, strict=True)
    )
    return Drawing(figure, render("alt.shares", language, title=title, rows=rows))


def _draw_bars(axes: Axes, shares: Sequence[VarianceShare]) -> None:
    places = range(len(shares))
    axes.barh(
        list(places),
        [one.share for one in shares],
        height=0.58,
        color=["white" if one.share < 0 else PALE_BLUE for one in shares],
        edgecolor=BLUE,
        linewidth=0.8,
        hatch=["////" if one.share < 0 else "" for one in shares],
        zorder=2,
    )
    for place, one in zip(places, shares, strict=True):
        if one.low is not None and one.high is not None:
            _draw_bounds(axes, place, one.low, one.high)


def _draw_bounds(axes: Axes, place: int, low: float, high: float) -> None:
    least, most = SHARES_SHOWN
    ends = ((max(low, least), "<" if low < least else "|"), (min(high, most), ">" if high > most else "|"))
    axes.plot([x for x, _ in ends], [place, place], color=INK, linewidth=1.3, zorder=4)
    for x, marker in ends:
        axes.plot([x], [place], marker, color=INK, markersize=MARKER_POINTS, zorder=4)


def rows_figure(names: list[str], title: str) -> tuple[Figure, Axes]:
    """A figure of named rows, the first on top; the names stand whole on the left."""
    names = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names]
    height = ROW_INCHES * len(names) + ABOVE_INCHES + BELOW_INCHES
    figure = new_figure(height)
    left = min(0.52, 0.02 + LETTER_SHARE * max(len(name) for name in names))
    axes = figure.add_axes((left, BELOW_INCHES / height, 0.97 - left, ROW_INCHES * len(names) / height))
    axes.set_yticks(range(len(names)), [name.replace("$", r"\$") for name in names], color=INK, fontsize=7.4)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    axes.grid(visible=True, axis="x", color=GRID, linewidth=0.7)
    figure.text(0.012, 1 - 0.06 / height, title, va="top", fontsize=8.2, fontweight="bold", color=INK)
    return figure, axes
