"""A school's own years beside what was predicted for them, like schools behind them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedFormatter, FixedLocator

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import SchoolEvaluation
from shnor_analysis.evaluation.school_programme_facts import CourseFacts, CoursePoint, SimilarYear
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import (
    BLUE,
    INK,
    ORANGE,
    PALE_BLUE,
    SOFT_INK,
    Drawing,
    house_style,
    new_figure,
    percent_axis,
    share_limit,
)
from shnor_analysis.exhibits.figures.hatching import Band, Hatching
from shnor_analysis.exhibits.text import Text
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable

HEIGHT = 2.6
BAR_HALF = 0.2
MARKS = {"better": ("v", BLUE), "inside": ("o", BLUE), "worse": ("^", ORANGE), None: ("o", BLUE)}


def draw_course(released: Released[SchoolEvaluation], language: str) -> Drawing | Text:
    """Draw the share of low results by year, the predicted bounds, like schools; a flagged year is hatched."""
    facts = released.value.course
    points = [] if isinstance(facts, NotEstimable) else _known(facts)
    if isinstance(facts, NotEstimable) or not any(isinstance(one.expected, Estimate) for one in points):
        return Text(
            "course", ()
        )  # years alone stand in the table; what they are to be set beside is not there
    with house_style():
        figure = new_figure(HEIGHT)
        axes = figure.add_axes((0.07, 0.28 / HEIGHT, 0.92, (HEIGHT - 0.78) / HEIGHT))
        flagged = _draw_flagged(axes, facts, points)
        like = _draw_like(axes, facts.similar_years)
        for one in points:
            _draw_point(axes, one)
        _join(axes, points)
        if facts.cohort_year is not None:
            axes.axvline(facts.cohort_year - 0.5, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
        _scale(axes, points, facts, language)
        figure.legend(
            handles=_legend(facts, points, flagged=flagged, like=like, language=language),
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=4,
            columnspacing=1.2,
            handletextpad=0.4,
            borderaxespad=0.2,
        )
    rows = "; ".join(_in_words(one, language) for one in points)
    return Drawing(figure, render("alt.course", language, rows=rows))


def _known(facts: CourseFacts) -> list[CoursePoint]:
    return [one for one in facts.years if isinstance(one.observed, Estimate)]


def _observed(one: CoursePoint) -> Estimate:
    assert isinstance(one.observed, Estimate)
    return one.observed


def _draw_flagged(axes: Axes, facts: CourseFacts, points: Sequence[CoursePoint]) -> bool:
    """Hatch the years whose results are marked as biased; tell whether there are any on the picture."""
    if isinstance(facts.signs, NotEstimable):
        return False
    shown = {one.school_year for one in points}
    years = [year for year in facts.signs.flagged_years if year in shown]
    bands = Hatching([Band((year - 0.5, 0.0), (year + 0.5, 1.0)) for year in years], "#b9c2cb", depth=0)
    bands.set_transform(axes.get_xaxis_transform())
    axes.add_artist(bands)
    return bool(years)


def _draw_like(axes: Axes, similar: Sequence[SimilarYear]) -> bool:
    """Draw from the lowest to the highest of like schools, and the middle; tell whether there are any."""
    known = [one for one in similar if isinstance(one.middle, float)]
    for one in known:
        if isinstance(one.lowest, float) and isinstance(one.highest, float):
            x = one.school_year + 0.3
            axes.plot([x, x], [one.lowest, one.highest], color="#9aa5b1", linewidth=1.0, zorder=1.5)
    axes.plot(
        [one.school_year + 0.3 for one in known],
        [one.middle for one in known if isinstance(one.middle, float)],
        "_",
        color=SOFT_INK,
        markersize=7,
        markeredgewidth=1.5,
        zorder=1.6,
    )
    return bool(known)


def _draw_point(axes: Axes, one: CoursePoint) -> None:
    year, own = one.school_year, _observed(one)
    if isinstance(one.expected, Estimate):
        axes.bar(
            [year],
            [one.expected.high - one.expected.low],
            bottom=one.expected.low,
            width=2 * BAR_HALF,
            color=PALE_BLUE,
            edgecolor=BLUE,
            linewidth=0.6,
            zorder=2,
        )
        axes.plot(
            [year - BAR_HALF, year + BAR_HALF], [one.expected.value] * 2, color=INK, linewidth=1.3, zorder=3
        )
    axes.plot([year, year], [own.low, own.high], color=BLUE, linewidth=1.1, zorder=3)
    verdict = one.verdict if isinstance(one.verdict, str) else None
    marker, colour = MARKS[verdict]
    axes.plot(
        [year],
        [own.value],
        marker,
        color=colour,
        markerfacecolor=colour if one.is_comparable else "white",
        markersize=5.4,
        markeredgewidth=1.2,
        zorder=4,
    )


def _join(axes: Axes, points: Sequence[CoursePoint]) -> None:
    """A line between neighbouring years that may be compared."""
    for before, after in pairwise(points):
        if after.school_year - before.school_year == 1 and before.is_comparable and after.is_comparable:
            places = [before.school_year, after.school_year]
            axes.plot(
                places,
                [_observed(before).value, _observed(after).value],
                color=BLUE,
                linewidth=1.1,
                zorder=2.5,
            )


def _scale(axes: Axes, points: Sequence[CoursePoint], facts: CourseFacts, language: str) -> None:
    ends = [_observed(one).high for one in points]
    ends += [one.expected.high for one in points if isinstance(one.expected, Estimate)]
    ends += [one.highest for one in facts.similar_years if isinstance(one.highest, float)]
    axes.set_ylim(0, share_limit(ends))
    years = list(range(points[0].school_year, points[-1].school_year + 1))
    axes.set_xlim(years[0] - 0.55, years[-1] + 0.55)
    axes.xaxis.set_major_locator(FixedLocator(years))
    axes.xaxis.set_major_formatter(FixedFormatter([printing.school_year(year, language) for year in years]))
    percent_axis(axes, language, axis="y")


def _legend(
    facts: CourseFacts, points: Sequence[CoursePoint], *, flagged: bool, like: bool, language: str
) -> list[Line2D | Patch]:
    verdicts = {one.verdict for one in points if isinstance(one.verdict, str)}
    handles: list[Line2D | Patch] = [_mark("legend.course.own", "o", BLUE, language, line=1.1)]
    handles += [
        _mark(f"legend.course.{verdict}", *MARKS[verdict], language)
        for verdict in ("better", "worse")
        if verdict in verdicts
    ]
    if any(not one.is_comparable for one in points):
        handles.append(_mark("legend.course.apart", "o", BLUE, language, face="white"))
    label = render("legend.course.predicted", language)
    handles.append(Patch(facecolor=PALE_BLUE, edgecolor=BLUE, linewidth=0.6, label=label))
    if like:
        handles.append(_mark("legend.course.like", "_", SOFT_INK, language, line=1.0))
    if facts.cohort_year is not None:
        label = render("legend.course.start", language, programme=facts.programme)
        handles.append(Line2D([], [], color=INK, linewidth=1.1, linestyle=(0, (4, 3)), label=label))
    if flagged:
        label = render("legend.course.flagged", language)
        handles.append(
            Patch(facecolor="#f4f6f8", edgecolor="#b9c2cb", hatch="////", linewidth=0, label=label)
        )
    return handles


def _mark(code: str, marker: str, colour: str, language: str, *, line: float = 0.0, face: str = "") -> Line2D:
    return Line2D(
        [],
        [],
        color=colour,
        marker=marker,
        markerfacecolor=face or colour,
        markersize=4.8,
        linewidth=line,
        label=render(code, language),
    )


def _in_words(one: CoursePoint, language: str) -> str:
    year, own = printing.school_year(one.school_year, language), _observed(one)
    share = printing.percent(own.value, language)
    if not isinstance(one.expected, Estimate):
        return f"{year}: {share}"
    return render(
        "course.year", language, year=year, share=share, range=printing.interval(one.expected, language)
    )
