"""The rows of a programme's evaluation: a school beside a cohort, its results before and after, on both scales."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.read_only import make_read_only
from shnor_analysis.models.school_panel import NEVER as NEVER

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SchoolYears:
    """Results of S schools in T school years.

    Attributes:
        school_ids: In ascending order, length S.
        years: Every year from the first to the last, length T.
        cohort: First programme year of each school, `NEVER` without one, shape (S,).
        sd: Pupil SD beside the untreated schools of the same procedures, higher is better; NaN without a result,
            shape (S, T).
        pp: Percentage points of low results beside the same, lower is better, shape (S, T).
        tested_n: Results behind a cell, over all procedures; 0 without one, shape (S, T).
        low_n: Low results behind a cell, shape (S, T).
        context: Covariates as last known in or before a year, NaN where never, shape (S, T, k).
        context_names: Their names, length k.
        icc: Part of the variance of pupils between schools, mean over procedures.
    """

    school_ids: tuple[str, ...]
    years: tuple[int, ...]
    cohort: npt.NDArray[np.int64]
    sd: Floats
    pp: Floats
    tested_n: Floats
    low_n: Floats
    context: Floats
    context_names: tuple[str, ...]
    icc: float

    def __post_init__(self) -> None:
        make_read_only(self.cohort, self.sd, self.pp, self.tested_n, self.low_n, self.context)

    @property
    def cohort_years(self) -> tuple[int, ...]:
        """First programme years, ascending."""
        return tuple(int(year) for year in np.unique(self.cohort[self.cohort != NEVER]))

    def where(self, schools: Flags) -> SchoolYears:
        """The same years with some of the schools; `schools` is a flag a school, shape (S,)."""
        names = tuple(name for name, is_kept in zip(self.school_ids, schools, strict=True) if is_kept)
        arrays = ("cohort", "sd", "pp", "tested_n", "low_n", "context")
        return replace(self, school_ids=names, **{one: getattr(self, one)[schools] for one in arrays})

    def between(self, first: int, last: int) -> SchoolYears:
        """The same schools in the years from `first` to `last`."""
        kept = np.array([first <= year <= last for year in self.years], dtype=bool)
        arrays = ("sd", "pp", "tested_n", "low_n", "context")
        years = tuple(year for year in self.years if first <= year <= last)
        return replace(self, years=years, **{one: getattr(self, one)[:, kept] for one in arrays})

    def with_cohorts(self, cohort: npt.NDArray[np.int64]) -> SchoolYears:
        """The same results with other first programme years, shape (S,); outcomes are not centred anew."""
        return replace(self, cohort=np.array(cohort, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Windows:
    """Which years count as before and after.

    Attributes:
        delay: Programme years before an effect is looked for; they count neither as before nor as after.
        selection_years: Years right before the programme from whose results the schools were chosen.
        last_year: Last year of "after"; None for all there are.
        comparison: "not_yet" takes schools of later cohorts as long as they are untreated, "never" does not.
        years_after: How many years of each cohort count as "after"; None for all there are.
    """

    delay: int = 0
    selection_years: int = 1
    last_year: int | None = None
    comparison: str = "not_yet"
    years_after: int | None = None


@dataclass(frozen=True, slots=True)
class ScaleRows:
    """Results of R rows on one scale, each a mean over its years weighted by pupils; shape (R,)."""

    post: Floats
    selection: Floats
    earlier: Floats

    def __post_init__(self) -> None:
        make_read_only(self.post, self.selection, self.earlier)


@dataclass(frozen=True, slots=True)
class ProgrammeRows:
    """Cohort × school, stacked: every treated school once, a comparison school once a cohort.

    Attributes:
        school_ids: Names of the schools that `school` points to.
        school: Position of each row's school, shape (R,).
        cohort: First programme year of the stack, shape (R,).
        treated: Whether the row's school is of this cohort, shape (R,).
        sd: Outcomes in pupil SD.
        pp: Outcomes in percentage points of low results.
        weight: Results behind `post`, shape (R,).
        context: Covariates, shape (R, k).
        context_names: Their names, length k.
        has_earlier: Whether there are years before the selection years; without them `earlier` is NaN throughout.
    """

    school_ids: tuple[str, ...]
    school: Indices
    cohort: npt.NDArray[np.int64]
    treated: Flags
    sd: ScaleRows
    pp: ScaleRows
    weight: Floats
    context: Floats
    context_names: tuple[str, ...]
    has_earlier: bool

    def __post_init__(self) -> None:
        make_read_only(self.school, self.cohort, self.treated, self.weight, self.context)

    def scale(self, name: str) -> ScaleRows:
        """Outcomes on the scale "sd" or "pp"."""
        return self.sd if name == "sd" else self.pp

    @property
    def n_treated(self) -> int:
        """Schools of the programme."""
        return int(np.unique(self.school[self.treated]).size)

    @property
    def n_comparison(self) -> int:
        """Schools that stand for comparison and are in no cohort of the rows."""
        return int(np.setdiff1d(self.school[~self.treated], self.school[self.treated]).size)
