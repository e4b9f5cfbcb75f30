"""The pupils of an invented municipality: cohorts in classes in schools, with abilities that stay over the years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.simulation.abilities import Levels
from shnor_analysis.simulation.papers import Floats
from shnor_analysis.simulation.schools import LAST_MERGED_YEAR, MERGED_NUMBER, SUCCESSOR_NUMBER, Ints, Schools
from shnor_analysis.simulation.scores import GRADE_11_SHARE
from shnor_analysis.simulation.sittings import SUBJECTS
from shnor_analysis.simulation.spec import TownSpec

CLASS_SIZE = 27
LETTERS = "АБВГДЕЖЗ"
# What goes with a pupil's own circumstances within a school, in pupil SD (centred on the school's share).
WITHIN_SCHOOL = {"has_special_needs": -0.60, "home_language_other": -0.25}


@dataclass(frozen=True, slots=True)
class Pupils:
    """All pupils of a place, one value each; `ability` has shape (pupils, subjects) and leaves the school out."""

    school: Ints
    cohort: Ints
    number: Ints
    class_index: Ints
    is_girl: NDArray[np.bool_]
    has_special_needs: NDArray[np.bool_]
    home_language_other: NDArray[np.bool_]
    has_link: NDArray[np.bool_]
    stays_for_grade_11: NDArray[np.bool_]
    chooses_profile: Floats
    ability: Floats

    @property
    def n(self) -> int:
        """How many pupils."""
        return len(self.school)

    def of_cohort(self, cohort: int) -> Ints:
        """Rows of the pupils of a cohort."""
        return np.flatnonzero(self.cohort == cohort)


def draw_pupils(spec: TownSpec, schools: Schools, levels: Levels) -> Pupils:
    """Draw every pupil of every cohort once; the rows are sorted by cohort and school."""
    rng = spec.stream("pupils", schools.place.index)
    cohorts = sorted(levels.sizes)
    sizes = np.concatenate([levels.sizes[cohort] for cohort in cohorts])
    school = np.repeat(np.tile(np.arange(schools.n), len(cohorts)), sizes)
    group = np.repeat(np.arange(len(sizes)), sizes)
    number = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    classes = np.ceil(sizes / CLASS_SIZE).astype(np.int64)
    class_index = number % classes[group]
    has_special_needs, home_language_other, own = _circumstances(rng, levels, school)
    n = len(school)
    return Pupils(
        school=school,
        cohort=np.repeat(np.repeat(cohorts, schools.n), sizes),
        number=number,
        class_index=class_index,
        is_girl=rng.random(n) < 0.5,
        has_special_needs=has_special_needs,
        home_language_other=home_language_other,
        has_link=rng.random(n) < spec.link_share,
        stays_for_grade_11=schools.has_grade_11[school] & (rng.random(n) < GRADE_11_SHARE),
        chooses_profile=rng.random(n),
        ability=_abilities(rng, spec, group * len(LETTERS) + class_index) + own[:, None],
    )


def _circumstances(
    rng: np.random.Generator, levels: Levels, school: Ints
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Floats]:
    flags, total = [], np.zeros(len(school))
    for name, factor in (
        ("has_special_needs", "special_needs_share"),
        ("home_language_other", "home_language_other_share"),
    ):
        share = levels.factors[factor].mean(axis=1)[school]
        flag = rng.random(len(school)) < share
        total += WITHIN_SCHOOL[name] * (flag - share)
        flags.append(flag)
    return flags[0], flags[1], total


def _abilities(rng: np.random.Generator, spec: TownSpec, class_key: Ints) -> Floats:
    spread, n = spec.spread, len(class_key)
    classes, at = np.unique(class_key, return_inverse=True)
    of_class = rng.normal(0, spread.class_sd, len(classes))[at]
    general = rng.normal(0, spread.pupil_sd * np.sqrt(1 - spread.subject_part), n)
    special = rng.normal(0, spread.pupil_sd * np.sqrt(spread.subject_part), (n, len(SUBJECTS)))
    return np.asarray((of_class + general)[:, None] + special)


def school_in(schools: Schools, school: Ints, school_year: int) -> Ints:
    """Where pupils learn in a year: those of a merged school go on in its successor."""
    merged, successor = schools.position(MERGED_NUMBER), schools.position(SUCCESSOR_NUMBER)
    if merged is None or successor is None or school_year <= LAST_MERGED_YEAR:
        return school
    return np.where(school == merged, successor, school)
