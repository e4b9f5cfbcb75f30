"""Factors in pictures: what one step of each goes with, and how much of the differences between schools it carries."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.factor_reading import (
    Step,
    factor_name,
    family_name,
    first_influence,
    is_told_apart,
    step_of_index,
    steps_of,
    term_name,
)
from shnor_analysis.exhibits.figures.drawing import BLUE, INK, SOFT_INK, Drawing, house_style, new_figure
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import VarianceShare

ROW_INCHES = 0.25
LETTER_SHARE = 0.0094
BELOW_INCHES = 0.5
ABOVE_INCHES = 0.3


def draw_factors(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw what one step of each factor goes with; filled marks stay apart from nothing among all that were asked."""
    found = first_influence(released.value.factors)
    if found is None:
        return Text("factors", ())
    title, influence = family_name(found[0], language), found[1]
    index = step_of_index(influence)
    steps = [*steps_of(influence), *([index] if index else [])]
    if not steps:
        return Text("factors", ())
    names = [term_name(step.association, language) for step in steps]
    with house_style():
        figure, axes = rows_figure(names, title)
        for place, step in enumerate(steps):
            _draw_step(axes, place, step, influence.level)
        axes.axvline(0, color=SOFT_INK, linewidth=0.9, zorder=1)
        axes.set_xlabel(render("axis.pupil_sd_step", language))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: printing.number(x, language, 2)))
    rows = "; ".join(
        f"{name}: {printing.spread_interval(step.value, language)}"
        for name, step in zip(names, steps, strict=True)
    )
    return Drawing(figure, render("alt.factors", language, title=title, rows=rows))


def _draw_step(axes: Axes, place: int, step: Step, level: float) -> None:
    is_clear = is_told_apart(step.association, level)
    axes.plot([step.value.low, step.value.high], [place, place], color=BLUE, linewidth=1.6, zorder=2)
    axes.plot(
        [step.value.value],
        [place],
        "o" if step.size is not None else "D",
        color=BLUE,
        markerfacecolor=BLUE if is_clear else "white",
        markersize=5,
        markeredgewidth=1.3,
        zorder=3,
    )


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
        axes.set_xlabel(render("axis.variance_share", language))
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
        height=0.56,
        color="#cfe0f0",
        edgecolor=BLUE,
        linewidth=0.8,
        hatch=["//" if one.share < 0 else "" for one in shares],
        zorder=2,
    )
    for place, one in zip(places, shares, strict=True):
        if one.low is not None and one.high is not None:
            axes.plot([one.low, one.high], [place, place], color=INK, linewidth=1.3, zorder=4)
            axes.plot([one.low, one.high], [place, place], "|", color=INK, markersize=6, zorder=4)


def rows_figure(names: list[str], title: str) -> tuple[Figure, Axes]:
    """A figure of named rows, the first on top; the names stand whole on the left."""
    height = ROW_INCHES * len(names) + ABOVE_INCHES + BELOW_INCHES
    figure = new_figure(height)
    left = min(0.5, 0.02 + LETTER_SHARE * max(len(name) for name in names))
    axes = figure.add_axes((left, BELOW_INCHES / height, 0.97 - left, ROW_INCHES * len(names) / height))
    axes.set_yticks(range(len(names)), [name.replace("$", r"\$") for name in names], color=INK, fontsize=7.4)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.grid(visible=True, axis="x", color="#e8ecef", linewidth=0.7)
    figure.text(left, 1 - 0.06 / height, title, va="top", fontsize=8.2, fontweight="bold", color=INK)
    return figure, axes
