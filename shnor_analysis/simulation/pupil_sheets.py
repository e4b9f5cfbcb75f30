"""What single pupils wrote: points item by item or as a total, marks, journal marks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.simulation.abilities import sitting_shift
from shnor_analysis.simulation.history import SheetMaker
from shnor_analysis.simulation.papers import Floats, Paper, paper, score_chances_at, shift, solve_chance
from shnor_analysis.simulation.pupils import Pupils, school_in
from shnor_analysis.simulation.schools import Ints, Schools
from shnor_analysis.simulation.scores import (
    ATTENDANCE,
    CHOICE,
    JOURNAL_CUTS,
    JOURNAL_KINDNESS,
    JOURNAL_NOISE,
    ScoreSheet,
    lifted,
)
from shnor_analysis.simulation.sittings import SUBJECTS, Sitting
from shnor_analysis.simulation.spec import TownSpec

STATE_EXAMS = ("oge", "ege", "ege_base")
# Reading draws on the same ability as the language.
ABILITY_OF = {
    **{subject: place for place, subject in enumerate(SUBJECTS)},
    "reading": SUBJECTS.index("russian"),
}


@dataclass(frozen=True, slots=True)
class PupilSheet:
    """One sitting, one value a pupil who wrote; `items` has shape (pupils, items) or is None."""

    sitting: Sitting
    rows: Ints
    school: Ints
    points: Ints
    journal: Ints | None
    items: Ints | None
    variant: Ints

    @property
    def paper(self) -> Paper:
        """The paper that was written."""
        return paper(self.sitting.assessment, self.sitting.subject, self.sitting.grade)


def keeps_pupils(spec: TownSpec, sitting: Sitting) -> bool:
    """Whether rows of pupils are published for a sitting: state examinations, and chosen years and grades."""
    if sitting.assessment in STATE_EXAMS:
        return True
    is_kept = sitting.school_year in spec.pupil_years and sitting.grade in spec.pupil_grades
    return is_kept and sitting.assessment == "vpr" and sitting.season == "spring"


def pupil_maker(spec: TownSpec, schools: Schools, *, pupils: Pupils, kept: list[PupilSheet]) -> SheetMaker:
    """Return a maker of score sheets that lets every pupil write; sheets to be published go into `kept`."""

    def make(sitting: Sitting, positions: Ints, means: Floats, is_inflated: NDArray[np.bool_]) -> ScoreSheet:
        by_school, inflated = np.full(schools.n, np.nan), np.zeros(schools.n, dtype=bool)
        by_school[positions], inflated[positions] = means, is_inflated
        sheet = _let_write(spec, schools, pupils, sitting=sitting, means=by_school, is_inflated=inflated)
        if keeps_pupils(spec, sitting):
            kept.append(sheet)
        return _counted(sheet, schools.n)

    return make


def _let_write(
    spec: TownSpec,
    schools: Schools,
    pupils: Pupils,
    *,
    sitting: Sitting,
    means: Floats,
    is_inflated: NDArray[np.bool_],
) -> PupilSheet:
    rng = spec.stream("works", schools.place.index, sitting.label)
    written = paper(sitting.assessment, sitting.subject, sitting.grade)
    rows = pupils.of_cohort(sitting.cohort)
    school = school_in(schools, pupils.school[rows], sitting.school_year)
    is_here = ~np.isnan(means[school]) & _takes(pupils, rows, sitting) & (rng.random(len(rows)) < ATTENDANCE)
    rows, school = rows[is_here], school[is_here]
    ability = means[school] + pupils.ability[rows, ABILITY_OF[sitting.subject]]
    ability += CHOICE.get((sitting.assessment, sitting.subject), (1.0, 0.0))[1]
    easier = sitting_shift(spec, sitting)
    wants_items = sitting.assessment == "vpr" and keeps_pupils(spec, sitting)
    items = _item_points(rng, written, ability + easier) if wants_items else None
    points = items.sum(axis=1) if items is not None else _total_points(rng, written, ability + easier)
    if sitting.assessment == "vpr":
        points = _lift(rng, written, points, is_inflated=is_inflated[school], items=items)
    return PupilSheet(
        sitting=sitting,
        rows=rows,
        school=school,
        points=points,
        journal=_journal(rng, ability) if sitting.assessment == "vpr" else None,
        items=items,
        variant=rng.integers(1, 3, len(rows)),
    )


def _takes(pupils: Pupils, rows: Ints, sitting: Sitting) -> NDArray[np.bool_]:
    if sitting.grade != 11:
        return np.ones(len(rows), dtype=bool)
    stays, draw = pupils.stays_for_grade_11[rows], pupils.chooses_profile[rows]
    if sitting.subject != "mathematics":
        return stays
    profile = draw < CHOICE["ege", "mathematics"][0]
    return stays & (profile if sitting.assessment == "ege" else ~profile)


def _item_points(rng: np.random.Generator, written: Paper, ability: Floats) -> Ints:
    """One random number a pupil and point, whatever the chances, so that pupils do not disturb each other."""
    chance = solve_chance(ability[:, None] - shift(written), written.difficulties[None, :])
    drawn = rng.random((len(ability), written.points_max))
    first = (np.cumsum(written.item_points) - written.item_points).astype(np.intp)
    return np.add.reduceat(
        drawn < np.repeat(chance, written.item_points, axis=1), first, axis=1, dtype=np.int64
    )


def _total_points(rng: np.random.Generator, written: Paper, ability: Floats) -> Ints:
    below = np.cumsum(score_chances_at(written, ability), axis=1)
    drawn = (below < rng.random(len(ability))[:, None]).sum(axis=1)
    return np.asarray(np.minimum(drawn, written.points_max))


def _journal(rng: np.random.Generator, ability: Floats) -> Ints:
    seen = ability + JOURNAL_KINDNESS + rng.normal(0, JOURNAL_NOISE, len(ability))
    return 2 + np.searchsorted(np.array(JOURNAL_CUTS), seen, side="right")


def _lift(
    rng: np.random.Generator,
    written: Paper,
    points: Ints,
    *,
    is_inflated: NDArray[np.bool_],
    items: Ints | None,
) -> Ints:
    """Lift works below a mark to the mark; the missing points come from the hardest items, as help does."""
    target, chance = lifted(written)
    is_lifted = is_inflated & (rng.random(len(points)) < chance[points])
    better = np.where(is_lifted, target[points], points)
    if items is not None:
        missing = better - points
        for item in reversed(range(len(written.items))):
            given = np.minimum(missing, written.item_points[item] - items[:, item])
            items[:, item] += given
            missing -= given
    return better


def _counted(sheet: PupilSheet, schools_n: int) -> ScoreSheet:
    written = sheet.paper
    counts = np.zeros((schools_n, written.points_max + 1), dtype=np.int64)
    np.add.at(counts, (sheet.school, sheet.points), 1)
    relations = None
    if sheet.journal is not None:
        relations = np.zeros((schools_n, 3), dtype=np.int64)
        np.add.at(relations, (sheet.school, 1 + np.sign(written.marks(sheet.points) - sheet.journal)), 1)
    tested = counts.sum(axis=1)
    wrote = np.flatnonzero(tested)
    return ScoreSheet(
        sheet.sitting,
        wrote,
        tested[wrote],
        counts[wrote],
        relations[wrote] if relations is not None else None,
    )
