"""The papers that invented pupils write: items that add up to the real maximum, marks by the real cut-offs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.reference.exam_minima import exam_minimum
from shnor_analysis.reference.mark_scales import mark_scale

Floats = NDArray[np.float64]

GRID = np.linspace(-8.0, 8.0, 161)
GRID.setflags(write=False)
SLOPE = 1.35
HARDEST = 1.6

# Items are invented; what is real is that they add up to the maximum and how they are numbered. Label:points.
_ITEMS = {
    ("vpr", "mathematics", 4): "1 2 3:2 4 5.1 5.2 6.1 6.2 7 8:2 9.1 9.2 10:2 11:2 12:2",
    ("vpr", "mathematics", 5): "1 2 3 4 5 6:2 7 8 9:2 10:2 11.1 11.2 12.1 12.2 13 14:2",
    ("vpr", "mathematics", 6): "1 2 3 4 5 6 7 8 9:2 10 11:2 12 13:2",
    ("vpr", "mathematics", 7): "1 2 3 4 5 6 7 8 9 10 11 12 13 14:2 15:2 16:2",
    ("vpr", "mathematics", 8): "1 2 3 4 5 6:2 7 8:2 9 10 11 12 13 14 15:2 16.1 16.2 17 18:2 19:2",
    (
        "vpr",
        "russian",
        4,
    ): "1К1:4 1К2:3 2:3 3.1 3.2:3 4:2 5 6:2 7:3 8:2 9 10 11:2 12.1 12.2:2 13.1 13.2:2 14 15.1:2 15.2",
    (
        "vpr",
        "russian",
        5,
    ): "1К1:4 1К2:3 1К3:2 2К1:3 2К2:3 2К3:3 2К4:3 3:2 4.1 4.2:2 5.1:2 5.2 6.1:2 6.2 7.1:2 7.2 8:2"
    " 9:2 10 11 12:2 13 14",
    (
        "vpr",
        "russian",
        6,
    ): "1К1:4 1К2:3 1К3:2 2К1:3 2К2:3 2К3:3 2К4:3 3.1 3.2 4:2 5:2 6:2 7.1 7.2 8.1:2 8.2 9:2 10:3"
    " 11:2 12.1:2 12.2:2 13.1 13.2 14.1:2 14.2:2",
    (
        "vpr",
        "russian",
        7,
    ): "1К1:4 1К2:3 1К3:2 2К1:3 2К2:3 2К3:3 2К4:3 3.1 3.2 4.1 4.2 5 6:2 7.1 7.2 8.1:2 8.2 9:2 10"
    " 11.1:2 11.2:2 12 13.1 13.2 14:2 15:2",
    (
        "vpr",
        "russian",
        8,
    ): "1К1:4 1К2:3 1К3:2 2К1:3 2К2:3 2К3:3 3.1 3.2 4.1 4.2 5:2 6:2 7:3 8 9:2 10:2 11.1 11.2 12 13"
    " 14 15.1 15.2 16.1 16.2 17.1 17.2 18:3 19:3",
}
# The share of low results in the town that the difficulty of each paper is set to (invented).
_LOW_TARGETS = {
    ("vpr", "mathematics", 4): 0.06,
    ("vpr", "mathematics", 5): 0.15,
    ("vpr", "mathematics", 6): 0.16,
    ("vpr", "mathematics", 7): 0.14,
    ("vpr", "mathematics", 8): 0.13,
    ("vpr", "russian", 4): 0.07,
    ("vpr", "russian", 5): 0.15,
    ("vpr", "russian", 6): 0.16,
    ("vpr", "russian", 7): 0.16,
    ("vpr", "russian", 8): 0.15,
    ("oge", "mathematics", 9): 0.10,
    ("oge", "russian", 9): 0.05,
    ("ege_base", "mathematics", 11): 0.05,
    ("ege", "mathematics", 11): 0.09,
    ("ege", "russian", 11): 0.02,
    ("internal", "reading", 4): 0.15,
}
# One scale for all years, so that levels of years can be compared; the real scales of this year are used.
SCALE_YEAR = 2023
# Without marks (ЕГЭ, the town's own test): primary points of the minimum and the maximum; the way to test points between is invented.
_PRIMARY_POINTS = {"mathematics": (5, 32), "russian": (10, 58), "reading": (6, 18)}


@dataclass(frozen=True, slots=True)
class Paper:
    """A test paper: numbered items from easy to hard, maximum, first points of marks 3, 4, 5 (or of the minimum)."""

    assessment: str
    subject: str
    grade: int
    items: tuple[str, ...]
    item_points: tuple[int, ...]
    cuts: tuple[int, ...]
    points_max: int
    low_target: float

    @property
    def has_marks(self) -> bool:
        """Whether points become marks 2 to 5; without marks there is only a minimum."""
        return len(self.cuts) == 3

    def marks(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """Marks 2–5 of primary points; without marks 2 stands for below the minimum and 3 for the rest."""
        return 2 + np.searchsorted(np.asarray(self.cuts), points, side="right")

    def test_points(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """Points on the scale of 100 by a broken line through 0, the minimum and 100 (invented)."""
        minimum = exam_minimum(self.subject, SCALE_YEAR)
        low = minimum.minimum if minimum else 0
        return np.rint(np.interp(points, [0, self.cuts[0], self.points_max], [0, low, 100])).astype(np.int64)

    @property
    def difficulties(self) -> Floats:
        """Place of every item on the scale of pupils before the paper's own shift."""
        return np.linspace(-HARDEST, HARDEST, len(self.items))


@cache
def paper(assessment: str, subject: str, grade: int) -> Paper:
    """The paper of a procedure; KeyError when the town does not write it."""
    low_target = _LOW_TARGETS[assessment, subject, grade]
    cuts, points_max = _scale(assessment, subject, grade)
    listed = _ITEMS.get((assessment, subject, grade)) or _even_items(points_max)
    pairs = [part.partition(":") for part in listed.split()]
    return Paper(
        assessment=assessment,
        subject=subject,
        grade=grade,
        items=tuple(label for label, _, _ in pairs),
        item_points=tuple(int(points or 1) for _, _, points in pairs),
        cuts=cuts,
        points_max=points_max,
        low_target=low_target,
    )


def _scale(assessment: str, subject: str, grade: int) -> tuple[tuple[int, ...], int]:
    """First points of marks 3, 4, 5 (or of the minimum alone) and the maximum."""
    scale = mark_scale(assessment, subject, grade, SCALE_YEAR)
    if scale is not None:
        return scale.cuts, scale.points_max
    lowest, points_max = _PRIMARY_POINTS[subject]
    return (lowest,), points_max


def _even_items(points_max: int) -> str:
    pairs = points_max // 3
    return " ".join([str(n + 1) for n in range(points_max - 2 * pairs)] + [f"d{n}:2" for n in range(pairs)])


def solve_chance(ability: Floats, difficulty: Floats | float) -> Floats:
    """Chance of every single point of an item, logistic in ability minus difficulty."""
    return np.asarray(1.0 / (1.0 + np.exp(-SLOPE * (ability - difficulty))), dtype=np.float64)


@cache
def score_chances(written: Paper) -> Floats:
    """Chance of every number of points on the grid of ability, shape (len(GRID), points_max + 1), without shift."""
    total = np.ones((len(GRID), 1))
    for difficulty, points in zip(written.difficulties, written.item_points, strict=True):
        chance = solve_chance(GRID, difficulty)
        for _ in range(points):
            longer = np.zeros((len(GRID), total.shape[1] + 1))
            longer[:, :-1] += total * (1 - chance)[:, None]
            longer[:, 1:] += total * chance[:, None]
            total = longer
    total.setflags(write=False)
    return total


@cache
def shift(written: Paper) -> float:
    """How much harder the paper is than its items say, so that the low share is the target for pupils N(0, 1)."""
    low = score_chances(written)[:, : written.cuts[0]].sum(axis=1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    weights = weights / weights.sum()
    below, above = -4.0, 4.0
    for _ in range(50):
        middle = (below + above) / 2
        if weights @ np.interp(nodes - middle, GRID, low) < written.low_target:
            below = middle
        else:
            above = middle
    return (below + above) / 2


def score_chances_at(written: Paper, ability: Floats) -> Floats:
    """Chance of every number of points for pupils of given ability, shape (*ability.shape, points_max + 1)."""
    table = score_chances(written)
    place = np.clip((ability - shift(written) - GRID[0]) / (GRID[1] - GRID[0]), 0, len(GRID) - 1.001)
    low = place.astype(np.int64)
    part = (place - low)[..., None]
    return np.asarray(table[low] * (1 - part) + table[low + 1] * part)
