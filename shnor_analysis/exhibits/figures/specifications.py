"""Every defensible way of asking beside every other: estimates in order on top, the choices behind each below."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    INK,
    ORANGE,
    PALE,
    SOFT_INK,
    STRIPE,
    Drawing,
    house_style,
    new_figure,
)
from shnor_analysis.exhibits.figures.hundred import hundred_axis
from shnor_analysis.exhibits.programme_reading import choice_name, estimated
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results.programme_parts import Specification

AXES = ("design", "years", "subjects", "comparison", "with_flagged")
ROW_INCHES = 0.165
TOP_INCHES = 1.35
ABOVE_INCHES = 0.28
BETWEEN_INCHES = 0.12
BELOW_INCHES = 0.08
LETTER_SHARE = 0.0089
Choice = tuple[str, str]  # axis and code


def draw_specifications(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw the specification curve in pupil standard deviations; choices that never vary have no row."""
    facts = estimated(released.value)
    ways = [one for one in facts.effect.specifications if one.scale == "sd"] if facts else []
    if not ways:
        return Text("specifications", ())
    ways.sort(key=lambda one: one.estimate)
    choices = _choices(ways)
    names = [choice_name(axis, code, language) for axis, code in choices]
    below = ROW_INCHES * max(1, len(choices))
    height = ABOVE_INCHES + TOP_INCHES + BETWEEN_INCHES + below + BELOW_INCHES
    left = min(0.45, 0.03 + LETTER_SHARE * max((len(name) for name in names), default=8))
    with house_style():
        figure = new_figure(height)
        top = figure.add_axes(
            (left, (BETWEEN_INCHES + below + BELOW_INCHES) / height, 0.985 - left, TOP_INCHES / height)
        )
        _draw_curve(top, ways, language)
        if choices:
            rows = figure.add_axes((left, BELOW_INCHES / height, 0.985 - left, below / height))
            _draw_choices(rows, ways, choices, names)
        figure.legend(
            handles=_legend(ways, language),
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=3,
            columnspacing=1.6,
            handletextpad=0.4,
            borderaxespad=0.2,
        )
    alt = printing.counted(
        "alt.specifications",
        len(ways),
        language,
        low=printing.ahead(ways[0].estimate, language),
        high=printing.ahead(ways[-1].estimate, language),
        positive=sum(one.estimate > 0 for one in ways),
    )
    return Drawing(figure, alt)


def _choices(ways: Sequence[Specification]) -> list[Choice]:
    """The choices on each axis that has more than one, in the order in which they come."""
    found: list[Choice] = []
    for axis in AXES:
        codes = sorted({_code(one, axis) for one in ways})
        found += [(axis, code) for code in codes] if len(codes) > 1 else []
    return found


def _code(one: Specification, axis: str) -> str:
    value = getattr(one, axis)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _draw_curve(axes: Axes, ways: Sequence[Specification], language: str) -> None:
    axes.axhline(0, color=SOFT_INK, linewidth=0.9, zorder=1)
    ends = [[(n, one.conf_low), (n, one.conf_high)] for n, one in enumerate(ways)]
    colours = [ORANGE if one.is_headline else PALE for one in ways]
    axes.add_collection(LineCollection(ends, colors=colours, linewidths=1.3, zorder=2))
    for is_headline, marker, colour, size in ((False, "o", BLUE, 3.2), (True, "D", ORANGE, 6.0)):
        chosen = [(n, one.estimate) for n, one in enumerate(ways) if one.is_headline == is_headline]
        axes.plot(
            [n for n, _ in chosen], [y for _, y in chosen], marker, color=colour, markersize=size, zorder=3
        )
    low, high = min(one.conf_low for one in ways), max(one.conf_high for one in ways)
    room = (high - low) * 0.05
    axes.set_ylim(low - room, high + room)
    axes.set_xlim(-0.8, len(ways) - 0.2)
    axes.set_xticks([])
    axes.set_ylabel(render("axis.event", language))
    hundred_axis(axes, language, axis="y")


def _draw_choices(
    axes: Axes, ways: Sequence[Specification], choices: Sequence[Choice], names: Sequence[str]
) -> None:
    for row, (axis, code) in enumerate(choices):
        if AXES.index(axis) % 2 == 0:
            axes.axhspan(row - 0.5, row + 0.5, color=STRIPE, zorder=0, linewidth=0)
        chosen = [n for n, one in enumerate(ways) if _code(one, axis) == code]
        axes.plot(chosen, [row] * len(chosen), "|", color=INK, markersize=5, markeredgewidth=1.4, zorder=2)
    headline = [n for n, one in enumerate(ways) if one.is_headline]
    if headline:
        axes.axvline(headline[0], color=ORANGE, linewidth=0.9, zorder=1)
    axes.set_yticks(range(len(names)), [name.replace("$", r"\$") for name in names], color=INK, fontsize=7.2)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(-0.8, len(ways) - 0.2)
    axes.set_xticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _legend(ways: Sequence[Specification], language: str) -> list[Line2D]:
    handles = [_mark("legend.way", "o", BLUE, PALE, language)]
    if any(one.is_headline for one in ways):
        handles.append(_mark("legend.way.headline", "D", ORANGE, ORANGE, language))
    return handles


def _mark(code: str, marker: str, colour: str, line: str, language: str) -> Line2D:
    return Line2D(
        [],
        [],
        color=line,
        marker=marker,
        markerfacecolor=colour,
        markeredgecolor=colour,
        markersize=4.6,
        linewidth=1.5,
        label=render(code, language),
    )
