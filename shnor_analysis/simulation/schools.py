"""The register of an invented municipality: numbered schools, their kinds and sizes, a merged and a renamed one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.simulation.papers import Floats
from shnor_analysis.simulation.spec import REGION_NAME, TOWN_NAME, TOWN_REGION_CODE, TownSpec, share_out

Ints = NDArray[np.int64]

LARGEST_COHORT_PART, LARGEST_INFLATED_PART = 4, 6
SMALLEST_PARALLEL, LARGEST_PARALLEL = 15, 120
KINDS_BY_NUMBER = {
    2: "gymnasium",
    9: "gymnasium",
    10: "lyceum",
    5: "advanced_study",
    25: "advanced_study",
    33: "advanced_study",
}
# What the kind adds: social standing and level, in standard deviations.
KIND_STANDING = {"gymnasium": 1.3, "lyceum": 1.2, "advanced_study": 0.7, "school": 0.0}
KIND_LEVEL = {"gymnasium": 0.25, "lyceum": 0.30, "advanced_study": 0.10, "school": 0.0}
SHORT_KINDS = {"gymnasium": "Гимназия", "lyceum": "Лицей", "advanced_study": "Школа", "school": "Школа"}
MERGED_NUMBER, SUCCESSOR_NUMBER, RENAMED_NUMBER = 17, 18, 29
LAST_DAY_BEFORE_MERGER = date(2021, 8, 31)
LAST_DAY_OF_OLD_NAME = date(2022, 8, 31)
LAST_MERGED_YEAR = 2021


@dataclass(frozen=True, slots=True)
class Place:
    """One municipality: region, name and the numbers of its schools within the region."""

    index: int
    region_code: int
    region_id: str
    municipality_id: str
    schools_n: int
    first_number: int
    cohort_sizes: tuple[int, ...]
    inflated_n: int
    inflated_treated_n: int

    @property
    def writes_areas(self) -> dict[str, bool]:
        """Whether the rows of country and region are this municipality's to give."""
        return {"russia": self.index == 0, "region": self.first_number == 1}


@dataclass(frozen=True, slots=True)
class Schools:
    """The schools of a place; every array has one value a school."""

    place: Place
    numbers: Ints
    school_ids: tuple[str, ...]
    kinds: tuple[str, ...]
    is_rural: NDArray[np.bool_]
    has_grade_11: NDArray[np.bool_]
    parallel: Floats
    last_year: Ints

    @property
    def n(self) -> int:
        """How many schools."""
        return len(self.school_ids)

    def position(self, number: int) -> int | None:
        """Where the school with a number stands; None when the place has no such school."""
        found = np.flatnonzero(self.numbers == number)
        return int(found[0]) if len(found) else None


def places(spec: TownSpec) -> tuple[Place, ...]:
    """Split the spec into municipalities; one is the town, more are numbered districts of numbered regions."""
    sizes = share_out(spec.schools_n, (1,) * spec.municipalities_n)
    per_region = share_out(spec.municipalities_n, (1,) * spec.regions_n)
    region_of = np.repeat(np.arange(spec.regions_n), per_region)
    shared = [share_out(cohort.schools_n, sizes) for cohort in spec.cohorts]
    inflated = share_out(spec.inflated_schools_n, sizes)
    treated = share_out(spec.inflated_treated_n, sizes)
    found, number = [], 0
    for index, size in enumerate(sizes):
        region = int(region_of[index])
        if index and region != region_of[index - 1]:
            number = 0
        found.append(
            Place(
                index=index,
                region_code=TOWN_REGION_CODE if spec.regions_n == 1 else region + 1,
                region_id=REGION_NAME if spec.regions_n == 1 else f"Область {region + 1:02d} (вымышленная)",
                municipality_id=TOWN_NAME if not index else f"Район {index + 1:03d} (вымышленный)",
                schools_n=size,
                first_number=number + 1,
                cohort_sizes=tuple(min(part[index], size // LARGEST_COHORT_PART) for part in shared),
                inflated_n=min(inflated[index], size // LARGEST_INFLATED_PART),
                inflated_treated_n=min(treated[index], size // LARGEST_INFLATED_PART),
            )
        )
        number += size
    return tuple(found)


def draw_schools(spec: TownSpec, place: Place) -> Schools:
    """Draw kinds, sizes and places of the schools; № 17 closes in 2021 where the place is large enough."""
    rng = spec.stream("schools", place.index)
    n = place.schools_n
    numbers = np.arange(1, n + 1)
    kinds = tuple(KINDS_BY_NUMBER.get(int(number), "school") for number in numbers)
    is_special = np.array([kind != "school" for kind in kinds])
    parallel = np.exp(rng.normal(np.log(50), 0.5, n)) * np.where(is_special, 1.5, 1.0)
    parallel = np.clip(np.rint(parallel), SMALLEST_PARALLEL, LARGEST_PARALLEL)
    is_small = parallel <= np.quantile(parallel, 0.15)
    last_year = np.full(n, 9999)
    if n >= SUCCESSOR_NUMBER:
        last_year[MERGED_NUMBER - 1] = LAST_MERGED_YEAR
    return Schools(
        place=place,
        numbers=numbers,
        school_ids=tuple(
            f"sch{place.region_code:02d}{place.first_number + offset:04d}" for offset in range(n)
        ),
        kinds=kinds,
        is_rural=is_small & ~is_special & (rng.random(n) < 0.5),
        has_grade_11=~is_small | is_special,
        parallel=parallel,
        last_year=last_year,
    )


def school_name(number: int, kind: str, *, is_old: bool = False) -> str:
    """The short name as reports print it; № 29 has another one since autumn 2022."""
    if kind == "gymnasium":
        return f"МАОУ Гимназия № {number}"
    if kind == "lyceum":
        return f"МАОУ Лицей № {number}"
    if kind == "advanced_study":
        return f"МАОУ СОШ № {number} с УИОП"
    if number == RENAMED_NUMBER and not is_old:
        return f"МБОУ Школа № {number} «Горизонт»"
    return f"МБОУ СОШ № {number}"


def short_name(name: str, kind: str) -> str:
    """How people write it: «Школа 5», «Гимназия 2»."""
    number = name.partition("№ ")[2].split()[0]
    return f"{SHORT_KINDS[kind]} {number}"


def cohort_sizes(spec: TownSpec, schools: Schools) -> dict[int, Ints]:
    """Pupils of every cohort (school year minus grade) in every school."""
    rng = spec.stream("cohorts", schools.place.index)
    return {
        cohort: np.maximum(rng.poisson(schools.parallel), 8)
        for cohort in range(spec.first_year - 12, spec.last_year)
    }
