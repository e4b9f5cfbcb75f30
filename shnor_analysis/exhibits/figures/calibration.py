"""Leaving the list in a picture: what was predicted without help beside what happened, past lists and the programme's."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import TownEvaluation
from shnor_analysis.evaluation.programme_facts import CalibrationRow, CohortFlow, ListFlowFacts
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    INK,
    ORANGE,
    PALE,
    PALE_BLUE,
    Drawing,
    house_style,
)
from shnor_analysis.exhibits.figures.factors import rows_figure
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results import NotEstimable

BAR = 0.52
MARK_POINTS = 6.0


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its name, the predicted number with bounds, the observed number, whether it is the programme's."""

    name: str
    expected: float
    low: int
    high: int
    observed: int
    is_programme: bool


def draw_calibration(released: Released[TownEvaluation], language: str) -> Drawing | Text:
    """Draw predicted bounds and observed leavers of every past list; the programme's lists stand below, marked apart."""
    facts = released.value.list_flow
    lines = [] if isinstance(facts, NotEstimable) else _lines(facts, language)
    if not lines:
        return Text("calibration", ())
    with house_style():
        figure, axes = rows_figure([line.name for line in lines], render("figure.calibration", language))
        for place, line in enumerate(lines):
            _draw_line(axes, place, line)
        _part_from_programme(axes, lines)
        axes.set_xlim(left=-0.25)
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: printing.number(n, language)))
        axes.set_xlabel(render("axis.leavers", language), loc="right")
        figure.legend(
            handles=_legend(lines, language),
            loc="upper right",
            bbox_to_anchor=(0.985, 1.0),
            ncols=4,
            columnspacing=1.2,
            handletextpad=0.4,
            borderaxespad=0.2,
        )
    rows = "; ".join(
        render(
            "alt.calibration.row",
            language,
            name=line.name,
            observed=line.observed,
            expected=printing.number(line.expected, language, 1),
            range=printing.count_range(line.low, line.high, language),
        )
        for line in lines
    )
    return Drawing(figure, render("alt.calibration", language, rows=rows))


def _lines(facts: ListFlowFacts, language: str) -> list[Line]:
    past = [_past(one, language) for one in facts.calibration]
    own = [_own(one, language) for one in facts.cohorts]
    return [line for line in (*past, *own) if line is not None]


def _past(one: CalibrationRow, language: str) -> Line | None:
    name = render("row.list", language, year=printing.school_year(one.list_school_year, language))
    return _line(name, one, one.observed_leavers, is_programme=False)


def _own(one: CohortFlow, language: str) -> Line | None:
    year = printing.school_year(one.cohort_year, language)
    name = render("row.cohort", language, programme=one.programme, year=year)
    return _line(name, one, one.left_n, is_programme=True) if one.listed_n else None


def _line(
    name: str, one: CalibrationRow | CohortFlow, observed: object, *, is_programme: bool
) -> Line | None:
    """A row of which every number is open."""
    expected, low, high = one.expected_leavers, one.leavers_low, one.leavers_high
    if not isinstance(expected, float) or not isinstance(low, int) or not isinstance(high, int):
        return None
    return Line(name, expected, low, high, observed, is_programme) if isinstance(observed, int) else None


def _draw_line(axes: Axes, place: int, line: Line) -> None:
    # whole numbers: a bound of 3 to 3 is still seen as a bar
    axes.barh(
        [place],
        [line.high - line.low + 0.3],
        left=line.low - 0.15,
        height=BAR,
        color=PALE_BLUE,
        edgecolor=BLUE,
        linewidth=0.6,
        zorder=2,
    )
    axes.plot([line.expected], [place], "|", color=INK, markersize=10, markeredgewidth=1.6, zorder=3)
    marker, colour = ("D", ORANGE) if line.is_programme else ("o", BLUE)
    axes.plot([line.observed], [place], marker, color=colour, markersize=MARK_POINTS, zorder=4)


def _part_from_programme(axes: Axes, lines: list[Line]) -> None:
    """A quiet line between the lists that check the method and those of the programme."""
    first = next((place for place, line in enumerate(lines) if line.is_programme), 0)
    if first:
        axes.axhline(first - 0.5, color=PALE, linewidth=0.9, zorder=1)


def _legend(lines: list[Line], language: str) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Patch(facecolor=PALE_BLUE, edgecolor=BLUE, linewidth=0.6, label=render("legend.predicted", language)),
        _mark("legend.middle", "|", INK, language, size=9.0),
        _mark("legend.left", "o", BLUE, language),
    ]
    if any(line.is_programme for line in lines):
        handles.append(_mark("legend.left.programme", "D", ORANGE, language))
    return handles


def _mark(code: str, marker: str, colour: str, language: str, *, size: float = MARK_POINTS - 1) -> Line2D:
    return Line2D(
        [],
        [],
        color=colour,
        marker=marker,
        markersize=size,
        markeredgewidth=1.3,
        linewidth=0,
        label=render(code, language),
    )
