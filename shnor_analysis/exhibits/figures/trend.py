"""The share of low results over the years, a block a series; a break is a hatched band and cuts the line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.figure import Figure

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import (
    Change,
    Procedure,
    ProcedureResult,
    SchoolEvaluation,
)
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import Drawing, house_style, new_figure, share_limit
from shnor_analysis.exhibits.figures.hatching import Band
from shnor_analysis.exhibits.figures.trend_legend import draw_legend
from shnor_analysis.exhibits.figures.trend_marks import Marks
from shnor_analysis.exhibits.reading import assessment_place, is_joined, level_of, series_key
from shnor_analysis.exhibits.text import Text
from shnor_analysis.glossary import label
from shnor_analysis.language import render
from shnor_analysis.reference.calendar_breaks import SeriesBreak
from shnor_analysis.results import Estimate

BLOCKS_IN_ROW = 5
ROW_INCHES = 1.45
HEAD_INCHES = 0.2
ROW_HEIGHT = 1.62  # in heights of a block: block, title above, years below
TICKS_HEIGHT = 0.22
LEFT_SHARE = 0.068  # room for a percentage, in widths of the picture
LINE_START = -0.9
LABEL_GAP = 0.2
GAP_YEARS = 1.3
AUTUMN_BEFORE = 0.36
BAND_HALF = 0.46
AUTUMN_END = -0.18


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its results with a share, oldest first."""

    key: tuple[str, str, int]
    results: tuple[ProcedureResult, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What all blocks share: first and last school year, end of the axis, breaks, changes, level, language."""

    first_year: int
    last_year: int
    limit: float
    breaks: tuple[SeriesBreak, ...]
    changes: tuple[Change, ...]
    area_level: str
    language: str

    @property
    def width(self) -> float:
        """Years from one block's start to the next one's."""
        return self.last_year - self.first_year + 1 + GAP_YEARS


def draw_trend(released: Released[Any], language: str) -> Drawing | Text:
    """Draw every series of low results that has a share; lines only where the facts allow a comparison."""
    value = released.value
    is_school = isinstance(value, SchoolEvaluation)
    series = series_of(value.results if is_school else value.levels)
    if not series:
        return Text("trend", ())
    years = [result.procedure.school_year for one in series for result in one.results]
    frame = Frame(
        first_year=min(years),
        last_year=max(years),
        limit=share_limit([_estimate(result).high for one in series for result in one.results]),
        breaks=value.breaks,
        changes=value.changes if is_school else (),
        area_level="municipality" if is_school else "region",
        language=language,
    )
    with house_style():
        figure = _draw_rows(rows_of(series), frame)
    return Drawing(figure, _alt(series, frame))


def series_of(results: Iterable[ProcedureResult]) -> tuple[Series, ...]:
    """Group results that have a share into series: by assessment, subject, grade; oldest result first.

    A work written once is no series and stays out, unless there is nothing else.
    """
    groups: dict[tuple[str, str, int], list[ProcedureResult]] = {}
    for result in results:
        if isinstance(result.school.low, Estimate):
            groups.setdefault(series_key(result.procedure), []).append(result)
    repeated = [key for key, found in groups.items() if len(found) > 1]
    ordered = sorted(repeated or groups, key=lambda key: (assessment_place(key[0]), *key))
    return tuple(
        Series(key, tuple(sorted(groups[key], key=lambda one: _when(one.procedure)))) for key in ordered
    )


def rows_of(series: Sequence[Series]) -> list[list[Series]]:
    """Lay series out in rows of at most five blocks; the grades of one subject stay together where they fit."""
    rows: list[list[Series]] = []
    subjects: dict[tuple[str, str], list[Series]] = {}
    for one in series:
        subjects.setdefault(one.key[:2], []).append(one)
    for group in subjects.values():
        if rows and len(rows[-1]) + len(group) <= BLOCKS_IN_ROW:
            rows[-1].extend(group)
        else:
            rows.extend(group[start : start + BLOCKS_IN_ROW] for start in range(0, len(group), BLOCKS_IN_ROW))
    return rows


def _draw_rows(rows: list[list[Series]], frame: Frame) -> Figure:
    """Draw all blocks into one pair of axes: a pair for each row takes twice as long."""
    height = ROW_INCHES * len(rows) + HEAD_INCHES
    figure = new_figure(height)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0 - HEAD_INCHES / height))
    axes.set_axis_off()
    widest = max(2, *(len(row) for row in rows)) * frame.width - GAP_YEARS
    marks = Marks()
    for number, row in enumerate(rows):
        floor = -ROW_HEIGHT * (number + 1) + TICKS_HEIGHT
        _collect_scale(marks, floor, len(row) * frame.width - GAP_YEARS, frame)
        for place, one in enumerate(row):
            _collect_block(marks, one, (place * frame.width, floor), frame)
    marks.draw(axes)
    axes.set_xlim(LINE_START - LABEL_GAP - LEFT_SHARE * widest, widest)
    axes.set_ylim(-ROW_HEIGHT * len(rows), 0.0)
    draw_legend(figure, marks, frame.area_level, frame.language)
    return figure


def _collect_scale(marks: Marks, floor: float, end: float, frame: Frame) -> None:
    """Percentages on the left of a row and quiet lines across it."""
    step = 0.25 if frame.limit > 0.6 else 0.2 if frame.limit > 0.4 else 0.1
    for number in range(int(frame.limit / step) + 1):
        y = floor + number * step / frame.limit
        marks.scales.append([(LINE_START, y), (end, y)])
        marks.shares.append(((LINE_START - LABEL_GAP, y), printing.percent(number * step, frame.language)))


def _short_year(year: int) -> str:
    return f"{(year - 1) % 100:02d}/{year % 100:02d}"


def _when(procedure: Procedure) -> float:
    """The place of a procedure on the axis of school years: autumn before spring."""
    return procedure.school_year - AUTUMN_BEFORE * (procedure.season == "autumn")


def _collect_block(marks: Marks, one: Series, corner: tuple[float, float], frame: Frame) -> None:
    start, floor = corner
    at = start - frame.first_year
    _collect_breaks(marks, one, (at, floor), frame)
    points: dict[int, tuple[float, float]] = {}
    for place, result in enumerate(one.results):
        x, low = at + _when(result.procedure), _estimate(result)
        points[place] = (x, floor + low.value / frame.limit)
        marks.intervals.append([(x, floor + low.low / frame.limit), (x, floor + low.high / frame.limit)])
        (marks.autumns if result.procedure.season == "autumn" else marks.springs).append(points[place])
        level = level_of(result, frame.area_level)
        if level is not None and isinstance(level.marks.low, Estimate):
            marks.levels.append((x, floor + level.marks.low.value / frame.limit))
    for before, after in _neighbours(one):
        if may_join(one.results[before], one.results[after], frame.breaks, frame.changes):
            marks.joined.append([points[before], points[after]])
    marks.titles.append(((start - 0.6, floor + 1.04), _title(one, frame.language)))
    for year in sorted({frame.first_year, frame.last_year}):
        marks.years.append(((at + year, floor - 0.05), _short_year(year)))


def _neighbours(one: Series) -> Iterator[tuple[int, int]]:
    """Places of results that follow one another in their season: an autumn between two springs parts nothing."""
    seasons: dict[str, list[int]] = {}
    for place, result in enumerate(one.results):
        seasons.setdefault(result.procedure.season, []).append(place)
    for places in seasons.values():
        yield from pairwise(places)


def _collect_breaks(marks: Marks, one: Series, origin: tuple[float, float], frame: Frame) -> None:
    """Hatch the years that break the series; where only the autumn works do, the spring stays clear."""
    assessment, subject, _ = one.key
    seasons = {result.procedure.season for result in one.results}
    at, floor = origin
    for known in frame.breaks:
        concerned = any(known.concerns(assessment, subject, season) for season in seasons)
        if concerned and frame.first_year <= known.school_year <= frame.last_year:
            end = AUTUMN_END if known.season == "autumn" else BAND_HALF
            left, right = at + known.school_year - BAND_HALF, at + known.school_year + end
            marks.bands.append(Band((left, floor), (right, floor + 1)))


def may_join(
    before: ProcedureResult,
    after: ProcedureResult,
    breaks: tuple[SeriesBreak, ...],
    changes: tuple[Change, ...],
) -> bool:
    """Whether a line may join two results: the facts give this change, or are silent and no break lies between."""
    for change in changes:
        if change.before == before.procedure and change.after == after.procedure:
            return (
                isinstance(change.difference, Estimate) and before.procedure.season == after.procedure.season
            )
    return is_joined(before.procedure, after.procedure, breaks)


def _title(one: Series, language: str) -> str:
    procedure = one.results[-1].procedure
    kind = label(f"assessment.{procedure.assessment}", language)
    subject = label(f"subject.{procedure.subject}", language)
    grade = render("grade.spring", language, grade=procedure.grade)
    return f"{subject}\n{kind}, {grade}".replace("$", r"\$")


def _estimate(result: ProcedureResult) -> Estimate:
    assert isinstance(result.school.low, Estimate)
    return result.school.low


def _alt(series: Sequence[Series], frame: Frame) -> str:
    language = frame.language
    parts = []
    for one in series:
        points = ", ".join(
            f"{printing.season(result.procedure, language)}: "
            f"{printing.percent(_estimate(result).value, language)}"
            for result in one.results
        )
        parts.append(f"{_title(one, language).replace(chr(10), ', ')}: {points}")
    return render("alt.trend", language, series="; ".join(parts))
