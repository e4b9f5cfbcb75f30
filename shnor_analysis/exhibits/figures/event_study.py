"""The programme's schools beside the others, year by year before and after; the dip of the selection year is marked."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedFormatter, FixedLocator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    INK,
    MARKER_EDGE,
    MARKER_POINTS,
    ORANGE,
    SOFT_INK,
    Drawing,
    house_style,
    new_figure,
)
from shnor_analysis.exhibits.figures.hundred import hundred_axis
from shnor_analysis.exhibits.programme_reading import estimated
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import MINUS, render
from shnor_analysis.results import Estimate
from shnor_analysis.results.programme_parts import EventYear

HEIGHT = 2.5


def draw_event_study(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw the difference in each year with its interval; selection years stand in a hatched band."""
    facts = estimated(released.value)
    years = sorted(facts.effect.event_study, key=lambda one: one.years_since) if facts else []
    if facts is None or not years:
        return Text("event_study", ())
    with house_style():
        figure = new_figure(HEIGHT)
        axes = figure.add_axes((0.075, 0.45 / HEIGHT, 0.91, (HEIGHT - 0.75) / HEIGHT))
        _draw_band(axes, years)
        for one in years:
            _draw_year(axes, one)
        axes.axhline(0, color=SOFT_INK, linewidth=0.9, zorder=1)
        axes.axvline(-0.5, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
        _label_years(axes, years, language)
        hundred_axis(axes, language, axis="y")
        axes.set_ylabel(render("axis.event", language))
        figure.legend(
            handles=_legend(years, language),
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=4,
            columnspacing=1.2,
            handletextpad=0.4,
            borderaxespad=0.2,
        )
    rows = "; ".join(
        f"{_name(one, language)}: {printing.ahead_interval(_estimate(one), language)}" for one in years
    )
    return Drawing(figure, render("alt.event", language, rows=rows))


def _estimate(one: EventYear) -> Estimate:
    return Estimate(one.estimate, one.conf_low, one.conf_high)


def _draw_band(axes: Axes, years: Sequence[EventYear]) -> None:
    for one in years:
        if one.is_selection:
            axes.axvspan(
                one.years_since - 0.5,
                one.years_since + 0.5,
                facecolor="#f4f6f8",
                edgecolor="#b9c2cb",
                hatch="////",
                linewidth=0,
                zorder=0,
            )


def _draw_year(axes: Axes, one: EventYear) -> None:
    colour = ORANGE if one.is_selection else BLUE
    marker = "v" if one.is_selection else "o"
    if one.conf_low < one.conf_high:
        axes.plot([one.years_since] * 2, [one.conf_low, one.conf_high], color=colour, linewidth=1.5, zorder=2)
    axes.plot(
        [one.years_since],
        [one.estimate],
        marker,
        color=colour,
        markerfacecolor="white" if one.is_base else colour,
        markersize=MARKER_POINTS + 0.6,
        markeredgewidth=MARKER_EDGE,
        zorder=3,
    )


def _label_years(axes: Axes, years: Sequence[EventYear], language: str) -> None:
    places = [one.years_since for one in years]
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_major_formatter(FixedFormatter([_signed(place) for place in places]))
    axes.set_xlim(min(places) - 0.6, max(places) + 0.6)
    axes.set_xlabel(render("axis.years_since", language))


def _signed(year: int) -> str:
    return f"+{year}" if year > 0 else f"{MINUS}{-year}" if year < 0 else "0"


def _name(one: EventYear, language: str) -> str:
    code = "event.selection" if one.is_selection else "event.base" if one.is_base else "event.year"
    return render(code, language, year=_signed(one.years_since))


def _legend(years: Sequence[EventYear], language: str) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [_mark("legend.event", "o", BLUE, language, line=1.5)]
    if any(one.is_base for one in years):
        handles.append(_mark("legend.base", "o", BLUE, language, face="white"))
    if any(one.is_selection for one in years):
        handles.append(_mark("legend.selection", "v", ORANGE, language, line=1.5))
    start = Line2D(
        [], [], color=INK, linewidth=1.1, linestyle=(0, (4, 3)), label=render("legend.start", language)
    )
    return [*handles, start]


def _mark(code: str, marker: str, colour: str, language: str, *, face: str = "", line: float = 0.0) -> Line2D:
    return Line2D(
        [],
        [],
        color=colour,
        marker=marker,
        markerfacecolor=face or colour,
        markersize=MARKER_POINTS,
        markeredgewidth=MARKER_EDGE,
        linewidth=line,
        label=render(code, language),
    )
