"""An axis of pupils out of a hundred: differences in standard deviations are drawn, everyday numbers are written."""

from __future__ import annotations

from statistics import NormalDist

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator

from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.figures.drawing import GRID

# the tails are wide: equal steps of pupils stand ever further apart on an axis of standard deviations
WRITTEN = (1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99)
FINER = tuple(range(5, 100, 5))
FINEST = tuple(range(2, 100, 2))
FEWEST_TICKS = 4


def hundred_axis(axes: Axes, language: str, *, axis: str = "x") -> None:
    """Write "ahead of so many of a hundred" on an axis of differences in standard deviations of pupils."""
    target = axes.xaxis if axis == "x" else axes.yaxis
    shown = ticks_between(*(axes.get_xlim() if axis == "x" else axes.get_ylim()))
    target.set_major_locator(FixedLocator([place_of(n) for n in shown]))
    target.set_major_formatter(FixedFormatter([printing.number(n, language) for n in shown]))
    axes.grid(visible=True, axis="x" if axis == "x" else "y", color=GRID, linewidth=0.7)


def ticks_between(low: float, high: float) -> list[int]:
    """Pupils out of a hundred to write between two differences: the coarsest steps that give enough of them."""
    for steps in (WRITTEN, FINER, FINEST):
        found = [n for n in steps if low <= place_of(n) <= high]
        if len(found) >= FEWEST_TICKS:
            return found
    return found


def place_of(n: int) -> float:
    """The difference in standard deviations that stands for being ahead of `n` of a hundred."""
    return NormalDist().inv_cdf(n / 100)
