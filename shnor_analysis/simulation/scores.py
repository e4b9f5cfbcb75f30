"""How many pupils of every school get how many points: drawn from chances, without single pupils."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from shnor_analysis.simulation.papers import Floats, Paper, paper, score_chances_at
from shnor_analysis.simulation.schools import LAST_MERGED_YEAR, MERGED_NUMBER, SUCCESSOR_NUMBER, Ints, Schools
from shnor_analysis.simulation.sittings import ALL, LATER, Sitting
from shnor_analysis.simulation.spec import Spread

ATTENDANCE = 0.92
GRADE_11_SHARE = 0.45
# Who chooses the advanced and who the basic paper in grade 11: share of the grade and how they differ.
CHOICE = {("ege", "mathematics"): (0.55, 0.35), ("ege_base", "mathematics"): (0.45, -0.43)}
# Journal marks: kinder than the test, with a noise of their own (standard deviations of pupils).
JOURNAL_KINDNESS, JOURNAL_NOISE = 0.25, 0.55
JOURNAL_CUTS = (-1.75, -0.10, 1.05)
# Inflated marks: who stands this far (share of the maximum) below a mark is lifted to it with this chance.
LIFTED_TO = ((0.16, 0.80), (0.10, 0.55), (0.07, 0.45))
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
LOWERED, CONFIRMED, RAISED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """Results of one sitting: positions of the schools that wrote, pupils tested, and pupils by points.

    `counts` has shape (schools, points_max + 1); `relations` (schools, 3) counts works below, at and above the
    journal mark and is None for state examinations.
    """

    sitting: Sitting
    positions: Ints
    tested_n: Ints
    counts: Ints
    relations: Ints | None

    @property
    def paper(self) -> Paper:
        """The paper that was written."""
        return paper(self.sitting.assessment, self.sitting.subject, self.sitting.grade)

    def mark_counts(self) -> Ints:
        """Pupils by mark 2–5, shape (schools, 4); without marks the first column is below the minimum."""
        marks = self.paper.marks(np.arange(self.paper.points_max + 1))
        return np.column_stack([self.counts[:, marks == mark].sum(axis=1) for mark in (2, 3, 4, 5)])

    def low_share(self) -> Floats:
        """Share of low results in every school."""
        return np.asarray(self.mark_counts()[:, 0] / self.tested_n)


def grade_sizes(schools: Schools, sizes: dict[int, Ints], sitting: Sitting) -> Ints:
    """Pupils of the grade in every school in that year; those of a closed school are in its successor."""
    size = sizes[sitting.cohort].copy()
    merged, successor = schools.position(MERGED_NUMBER), schools.position(SUCCESSOR_NUMBER)
    if merged is not None and successor is not None and sitting.school_year > LAST_MERGED_YEAR:
        size[successor] += size[merged]
        size[merged] = 0
    if sitting.grade == 11:
        size = np.rint(size * schools.has_grade_11 * GRADE_11_SHARE).astype(np.int64)
    return size


def writes(
    schools: Schools, sitting: Sitting, wrote_in_march: dict[str, NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Which schools write this sitting."""
    is_open = schools.last_year >= sitting.school_year
    if sitting.grade == 11:
        is_open &= schools.has_grade_11
    if sitting.writers == ALL:
        return is_open
    march = wrote_in_march[sitting.subject]
    return is_open & (~march if sitting.writers == LATER else march)


def within_sd(spread: Spread) -> float:
    """Spread of pupils within a school."""
    return float(np.hypot(spread.pupil_sd, spread.class_sd))


def journal_chances(ability: Floats) -> Floats:
    """Chance of the journal marks 2–5, shape (*ability.shape, 4)."""
    below = [ndtr((cut - ability - JOURNAL_KINDNESS) / JOURNAL_NOISE) for cut in JOURNAL_CUTS]
    steps = np.stack([np.zeros_like(ability), *below, np.ones_like(ability)], axis=-1)
    return np.diff(steps, axis=-1)


@cache
def lifted(written: Paper) -> tuple[Ints, Floats]:
    """For every number of points: the points it is lifted to in an inflated school, and the chance of that."""
    target = np.arange(written.points_max + 1)
    chance = np.zeros(written.points_max + 1)
    for cut, (reach, often) in reversed(list(zip(written.cuts, LIFTED_TO, strict=False))):
        first = max(cut - int(np.ceil(reach * written.points_max)), 1)
        target[first:cut] = cut
        chance[first:cut] = often
    target.setflags(write=False)
    chance.setflags(write=False)
    return target, chance


def inflate(chances: Floats, written: Paper) -> Floats:
    """Move the chances of points (second axis) to where an inflated school puts them."""
    target, chance = lifted(written)
    weight = chance.reshape(1, -1, *(1,) * (chances.ndim - 2))
    kept = chances * (1 - weight)
    moved = chances * weight
    for points in np.flatnonzero(chance):
        kept[:, target[points]] += moved[:, points]
    return kept


def expected_scores(means: Floats, spread_sd: float, written: Paper, shift: float) -> Floats:
    """Chance of points and journal mark in schools with given means, shape (schools, points_max + 1, 4)."""
    ability = means[:, None] + spread_sd * NODES[None, :]
    points = score_chances_at(written, ability + shift)
    journal = journal_chances(ability) * WEIGHTS[None, :, None]
    return np.asarray(points.transpose(0, 2, 1) @ journal)


def draw_sheet(
    rng: np.random.Generator,
    sitting: Sitting,
    *,
    positions: Ints,
    pupils_n: Ints,
    means: Floats,
    spread_sd: float,
    shift: float,
    is_inflated: NDArray[np.bool_],
) -> ScoreSheet:
    """Draw a sitting of schools from chances; pupils are drawn anew in every sitting.

    `positions` are the schools that write; the other arrays have one value for each of them.
    """
    written = paper(sitting.assessment, sitting.subject, sitting.grade)
    share, choice = CHOICE.get((sitting.assessment, sitting.subject), (1.0, 0.0))
    tested = np.maximum(rng.binomial(pupils_n, ATTENDANCE * share), 1)
    chances = expected_scores(means + choice, spread_sd, written, shift)
    has_journal = sitting.assessment == "vpr"
    if has_journal and is_inflated.any():
        chances[is_inflated] = inflate(chances[is_inflated], written)
    if not has_journal:
        counts = _counts(rng, chances.sum(axis=2), tested)
        return ScoreSheet(sitting, positions, tested, counts, None)
    joint = _counts(rng, chances.reshape(len(tested), -1), tested).reshape(chances.shape)
    return ScoreSheet(sitting, positions, tested, joint.sum(axis=2), _relations(joint, written))


def _counts(rng: np.random.Generator, chances: Floats, tested: Ints) -> Ints:
    """Put every pupil into a cell of its school's row by one random number.

    The numbers used do not depend on the chances: a change in one school leaves the others as they were, so that a
    town with and without a programme can be compared.
    """
    rows, cells = chances.shape
    drawn = rng.random((rows, int(tested.max())))
    is_pupil = np.arange(drawn.shape[1])[None, :] < tested[:, None]
    row = np.nonzero(is_pupil)[0]
    below = np.cumsum(np.clip(chances, 0, None), axis=1)
    below = below / below[:, -1:] + np.arange(rows)[:, None]
    found = np.searchsorted(below.ravel(), drawn[is_pupil] + row, side="right")
    found = np.clip(found, row * cells, row * cells + cells - 1)
    return np.bincount(found, minlength=rows * cells).reshape(rows, cells)


def _relations(joint: Ints, written: Paper) -> Ints:
    marks = written.marks(np.arange(written.points_max + 1))
    sign = np.sign(marks[:, None] - np.array([2, 3, 4, 5])[None, :])
    return np.column_stack([joint[:, sign == value].sum(axis=1) for value in (-1, 0, 1)])
