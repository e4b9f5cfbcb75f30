"""The legend of the picture of the years."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from shnor_analysis.exhibits.figures.drawing import BLUE, ORANGE
from shnor_analysis.exhibits.figures.trend_marks import Marks
from shnor_analysis.language import render


def draw_legend(figure: Figure, drawn: Marks, area_level: str, language: str) -> None:
    """Say above the blocks what each mark that is drawn means; `area_level` is the level for comparison."""
    autumn = _mark(
        "autumn", language, color=BLUE, marker="s", markersize=3.8, markerfacecolor="white", linewidth=0
    )
    level = _mark(
        area_level, language, color=ORANGE, marker="_", markersize=8, markeredgewidth=1.7, linewidth=0
    )
    band = Patch(
        facecolor="#f4f6f8",
        edgecolor="#b9c2cb",
        hatch="////",
        linewidth=0,
        label=render("legend.break", language),
    )
    handles = [
        _mark("share", language, color=BLUE, marker="o", markersize=3.8, linewidth=1.4),
        *([autumn] if drawn.autumns else []),
        _mark("interval", language, color=BLUE, marker="|", markersize=9, linewidth=0),
        *([level] if drawn.levels else []),
        *([band] if drawn.bands else []),
    ]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=5,
        columnspacing=1.2,
        handletextpad=0.5,
        borderaxespad=0.0,
    )


def _mark(code: str, language: str, **style: object) -> Line2D:
    return Line2D([], [], label=render(f"legend.{code}", language), **style)  # type: ignore[arg-type]
