"""The marks of the picture of the years, gathered over all blocks and drawn kind by kind, which is what makes it fast."""

from __future__ import annotations

from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from shnor_analysis.exhibits.figures.drawing import BLUE, INK, ORANGE, SOFT_INK
from shnor_analysis.exhibits.figures.hatching import Band, Hatching
from shnor_analysis.exhibits.figures.lettering import Point, Style, Words

TITLES = Style(7.0, INK, along="bottom")
YEARS = Style(6.8, SOFT_INK, across="center", along="top")
SHARES = Style(7.6, SOFT_INK, across="right", along="center")


@dataclass(slots=True)
class Marks:
    """Points, lines, bands and words in the coordinates of the picture."""

    springs: list[Point] = field(default_factory=list)
    autumns: list[Point] = field(default_factory=list)
    levels: list[Point] = field(default_factory=list)
    intervals: list[list[Point]] = field(default_factory=list)
    joined: list[list[Point]] = field(default_factory=list)
    scales: list[list[Point]] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    titles: list[tuple[Point, str]] = field(default_factory=list)
    years: list[tuple[Point, str]] = field(default_factory=list)
    shares: list[tuple[Point, str]] = field(default_factory=list)

    def draw(self, axes: Axes) -> None:
        """Put everything on the axes, bands and scales behind, points before."""
        for lines, colour, width, depth in (
            (self.intervals, BLUE, 1.0, 2.0),
            (self.joined, BLUE, 1.4, 2.0),
            (self.scales, "#e8ecef", 0.7, 0.5),
        ):
            axes.add_collection(
                LineCollection(lines, colors=colour, linewidths=width, zorder=depth), autolim=False
            )
        axes.add_artist(Hatching(self.bands, "#c9d1d8", depth=0.4))
        self._draw_points(axes)
        self._draw_words(axes)

    def _draw_points(self, axes: Axes) -> None:
        if self.springs:
            axes.plot(*zip(*self.springs, strict=True), "o", color=BLUE, markersize=3.8)
        if self.autumns:
            axes.plot(
                *zip(*self.autumns, strict=True), "s", color=BLUE, markersize=3.8, markerfacecolor="white"
            )
        if self.levels:
            axes.plot(*zip(*self.levels, strict=True), "_", color=ORANGE, markersize=6, markeredgewidth=1.7)

    def _draw_words(self, axes: Axes) -> None:
        for words, style in ((self.titles, TITLES), (self.years, YEARS), (self.shares, SHARES)):
            axes.add_artist(Words(words, style))
