"""What an invented town is made of: sizes, years, spreads, programmes and the seed."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

import numpy as np

TOWN_NAME = "Светлоярск"
REGION_NAME = "Заречная область (вымышленная)"
COUNTRY_NAME = "Вся выборка"
INVENTED_NOTE = "Все школы, ученики и числа этого файла вымышлены: город Светлоярск, Заречная область."
TOWN_REGION_CODE = 66


@dataclass(frozen=True, slots=True)
class ProgrammeCohort:
    """Schools that join the programme of help in one year, and what it truly does.

    The effect (in standard deviations of pupils) is added to every result from school year
    `cohort_year + delay_years` on.
    """

    cohort_year: int
    schools_n: int
    effect_sd: float
    delay_years: int = 1


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations of the parts of a pupil's result, in standard deviations of pupils.

    The part of circumstances comes on top, from the factors with a true coefficient. `year_correlation` is that of
    a school's deviation in neighbouring years; `municipality_sd` counts where there are several municipalities. `pupil_sd` is what stays within a class, of which the part
    `subject_part` (of the variance) belongs to one subject only.
    """

    school_sd: float = 0.22
    year_sd: float = 0.12
    year_correlation: float = 0.5
    procedure_sd: float = 0.08
    class_sd: float = 0.20
    pupil_sd: float = 0.88
    municipality_sd: float = 0.10
    subject_part: float = 0.3


@dataclass(frozen=True, slots=True)
class TownSpec:
    """An invented town (or region of several municipalities); equal specs give equal towns.

    `inflated_schools_n` schools raise their diagnostic tests; `inflated_treated_n` of them are schools of the
    programme that begin with it after joining. Pupil rows with items are kept for `pupil_grades` in `pupil_years`
    (spring), and for all state examinations; `school_level_only` leaves pupils out altogether.
    `listing_rule` is the version of the rule by which the lists of all years are drawn up.
    `cohorts` and `inflated_schools_n` are totals; they are shared out over municipalities by number of schools;
    no cohort takes more than a quarter of a municipality, nor are more than a sixth of its schools inflated.
    """

    schools_n: int = 41
    first_year: int = 2018
    last_year: int = 2024
    seed: int = 500
    cohorts: tuple[ProgrammeCohort, ...] = (
        ProgrammeCohort(2021, 4, 0.10),
        ProgrammeCohort(2022, 7, 0.20),
        ProgrammeCohort(2023, 10, 0.00),
    )
    inflated_schools_n: int = 6
    inflated_treated_n: int = 2
    municipalities_n: int = 1
    regions_n: int = 1
    link_share: float = 0.8
    pupil_years: tuple[int, ...] = (2021, 2023, 2024)
    pupil_grades: tuple[int, ...] = (5, 6)
    school_level_only: bool = False
    listing_rule: str = "rosobr_2023"
    spread: Spread = Spread()

    @property
    def years(self) -> tuple[int, ...]:
        """School years from the first to the last."""
        return tuple(range(self.first_year, self.last_year + 1))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over every field: stands in the lineage columns where a file hash would stand."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def stream(self, *names: object) -> np.random.Generator:
        """A stream of random numbers of its own for every name, so that one part does not disturb another."""
        return np.random.default_rng([self.seed, *(zlib.crc32(str(name).encode()) for name in names)])


def share_out(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Split a total over parts in proportion to their weights, by largest remainders."""
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [int(value) for value in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return tuple(parts)
