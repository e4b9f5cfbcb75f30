"""A figure with its alternative text, and the one style of the house: calm ink, two accents, hatches for breaks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.lettering import StampingCanvas

DOTS_PER_INCH = 130
PAGE_INCHES = 7.0
INK = "#1f2933"
SOFT_INK = "#52606d"
PALE = "#d5dbe1"
BLUE = "#0b5394"
ORANGE = "#b8500c"
PALE_BLUE = "#b9d2ea"
GRID = "#e8ecef"
STRIPE = "#f7f8fa"
PNG_SIGNATURE, PACKING = b"\x89PNG\r\n\x1a\n", 3
MARKER_POINTS, MARKER_EDGE = 5.0, 1.3  # of the marks of factors and gaps

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 7.6,
    "axes.edgecolor": PALE,
    "axes.labelcolor": SOFT_INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "text.color": INK,
    "text.hinting": "none",  # letters keep their widths at any size, and drawing them takes two thirds of the time
    "xtick.color": SOFT_INK,
    "ytick.color": SOFT_INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "hatch.color": "#b9c2cb",
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.0,
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A matplotlib figure and the text that stands for it; shows itself in a notebook as a picture."""

    figure: Figure
    alt: str

    def png(self) -> bytes:
        """The picture as PNG bytes, the same for the same facts."""
        with house_style():
            canvas: Any = StampingCanvas(self.figure)
            canvas.draw()
        return png_of(np.asarray(canvas.buffer_rgba()))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, bytes | str], dict[str, Any]]:
        return {"image/png": self.png(), "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def png_of(dots: Any) -> bytes:
    """A picture as PNG; `dots` × dots × 4, opaque. Flat colours pack best, and soonest, with nothing done to the rows."""
    height, width, _ = dots.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    rows[:, 1:].reshape(height, width, 3)[...] = dots[..., :3]
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, red green blue
    pieces = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), PACKING)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in pieces
    )


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the style of the house and leave the style of the caller as it was."""
    with mpl.rc_context(STYLE):
        yield


def new_figure(height: float, *, width: float = PAGE_INCHES) -> Figure:
    """An empty figure of the page's width; inches."""
    return Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout=None)


def percent_axis(axes: Axes, language: str, *, axis: str) -> None:
    """Write percentages on an axis of shares (0–1), with quiet lines across."""
    target = axes.xaxis if axis == "x" else axes.yaxis
    target.set_major_formatter(FuncFormatter(lambda share, _: printing.percent(share, language)))
    axes.grid(visible=True, axis="x" if axis == "x" else "y", color=GRID, linewidth=0.7)


def share_limit(shares: list[float]) -> float:
    """The end of an axis of shares: the next fifth above the largest, at least 40 %, at most all."""
    largest = max(shares, default=0.0)
    return min(1.0, max(0.4, -(-largest // 0.2) * 0.2)) * 1.02
