"""Words on pictures: each is drawn letter by letter once and stamped from then on, as pages repeat most of them.

Letters begin on whole dots, so a stamped word is the same wherever it stands. Upright text without formulas only;
all other goes the way of matplotlib.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties

Point = tuple[float, float]
KNOWN_WORDS = 8192  # a page has some hundreds, of which most are on every page of a batch
MARGIN = 4  # dots around a word: letters may hang over its edges


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a word, and how far it hangs below its line; dots."""

    width: float
    height: float
    descent: float


@dataclass(frozen=True, slots=True)
class Stamp:
    """A drawn word as a picture of dots × dots × 4, and where it lies right of and above the start of its line; dots."""

    picture: Any
    right: int
    above: int


@lru_cache(maxsize=KNOWN_WORDS)
def size_of(said: str, font: FontProperties, dpi: float) -> Size:
    """Measure a word."""
    return Size(*RendererAgg(1, 1, dpi).get_text_width_height_descent(said, font, ismath=False))


@lru_cache(maxsize=KNOWN_WORDS)
def stamp_of(said: str, font: FontProperties, look: tuple[float, tuple[float, float, float]]) -> Stamp | None:
    """Draw a word; None for one without ink. `look`: dots an inch, colour."""
    dpi, colour = look
    size = size_of(said, font, dpi)
    rows = math.ceil(size.height) + 2 * MARGIN
    paper = RendererAgg(math.ceil(size.width) + 2 * MARGIN, rows, dpi)
    line = math.ceil(size.descent) + MARGIN  # the line of the letters, from below
    pen = paper.new_gc()
    pen.set_foreground((0.0, 0.0, 0.0, 1.0), isRGBA=True)
    paper.draw_text(pen, MARGIN, rows - line, said, font, 0.0)
    ink = np.asarray(paper.buffer_rgba())[..., 3]
    down, across = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not down.size:
        return None
    dark = ink[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    picture = np.empty((*dark.shape, 4), dtype=np.uint8)
    picture[..., :3] = np.round(np.array(colour) * 255)
    picture[..., 3] = dark
    # matplotlib counts rows of pictures from below
    return Stamp(
        np.ascontiguousarray(picture[::-1]), int(across[0]) - MARGIN, rows - 1 - int(down[-1]) - line
    )


@lru_cache(maxsize=256)
def lines_of(font: FontProperties, dpi: float) -> tuple[float, float, float]:
    """Height over the line, depth under it, and the gap between lines of a font; dots."""
    face: Any = font_manager.get_font(font_manager.findfont(font))
    known = face.get_sfnt_table("OS/2")
    scale = font.get_size_in_points() * dpi / 72 / face.get_sfnt_table("head")["unitsPerEm"]
    return known["sTypoAscender"] * scale, -known["sTypoDescender"] * scale, known["sTypoLineGap"] * scale


class StampingRenderer(RendererAgg):
    """Draws as matplotlib does, but words from those drawn before."""

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        """Stamp a word with its first letter at `x` and its line at `y`, counted from above."""
        if ismath or angle:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        found = stamp_of(s, prop, (self.dpi, gc.get_rgb()[:3]))
        if found is not None:
            self.draw_image(gc, round(x) + found.right, round(self.height - y) + found.above, found.picture)

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        """Size of a word; dots."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        size = size_of(s, prop, self.dpi)
        return size.width, size.height, size.descent

    def _get_font_height_metrics(self, prop: Any) -> tuple[float, float, float]:
        return lines_of(prop, self.dpi)


class StampingCanvas(FigureCanvasAgg):
    """A canvas for one picture with such a renderer."""

    def get_renderer(self) -> StampingRenderer:
        """The renderer of the picture's size."""
        if not hasattr(self, "renderer"):
            width, height = self.get_width_height(physical=True)
            self.renderer = StampingRenderer(width, height, self.figure.dpi)
        return self.renderer


@dataclass(frozen=True, slots=True)
class Style:
    """How words stand at their places: size in points, colour, what of theirs is at the place."""

    size: float
    colour: str
    across: Literal["left", "center", "right"] = "left"
    along: Literal["bottom", "center", "top"] = "bottom"


class Words(Artist):
    """Many words of one style at places in the coordinates of the axes; a matplotlib text for each takes ten times as long."""

    def __init__(self, words: list[tuple[Point, str]], style: Style, *, line_height: float = 1.15) -> None:
        """Words that have several lines stand with their last line at the place."""
        super().__init__()
        self.words, self.style = words, style
        self._font = FontProperties(size=style.size)
        self._line_height = line_height
        self.set_zorder(3.0)

    def draw(self, renderer: Any) -> None:
        """Put the words on the picture."""
        if not self.words:
            return
        gc = renderer.new_gc()
        gc.set_foreground(to_rgb(self.style.colour))
        figure: Any = self.get_figure(root=True)
        high, deep, _ = lines_of(self._font, figure.dpi)
        step = self._line_height * (high + deep)
        axes: Any = self.axes
        places = axes.transData.transform([place for place, _ in self.words])
        for (x, y), (_, said) in zip(places.tolist(), self.words, strict=True):
            for number, line in enumerate(reversed(said.split("\n"))):
                self._draw_line(renderer, gc, (x, y + number * step), line, deep)
        gc.restore()

    def _draw_line(self, renderer: Any, gc: Any, place: Point, line: str, deep: float) -> None:
        width, height, descent = renderer.get_text_width_height_descent(line, self._font, False)
        x = place[0] - {"left": 0.0, "center": width / 2, "right": width}[self.style.across]
        # words side by side stand on one line, whether or not a letter of theirs hangs below it
        up = {"bottom": deep, "center": (descent - height) / 2, "top": descent - height}[self.style.along]
        renderer.draw_text(gc, x, renderer.height - place[1] - up, line, self._font, 0.0)
