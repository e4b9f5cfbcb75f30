"""Each school's course beside its own prediction: what would be observed if it went on as its past and others say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.list_flow.covariance import Cells
from shnor_analysis.kernels.list_flow.draws import Ahead, draw_known_year
from shnor_analysis.kernels.list_flow.fit import Level, fit_level
from shnor_analysis.models.fit_options import DEFAULT_SEED, check_options
from shnor_analysis.models.list_flow_refusals import refuse_rows
from shnor_analysis.models.list_flow_rows import FlowRows, read_flow_rows
from shnor_analysis.models.list_rules import LowestShare
from shnor_analysis.models.school_panel import NEVER, read_panel
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.school_course import CourseVerdict, CourseYear, SchoolCourse

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

DRAWS = 2_000


def predict_school_courses(
    panel: pd.DataFrame,
    *,
    through: int | Mapping[str, int],
    level: float = 0.95,
    seed: int = DEFAULT_SEED,
) -> dict[str, SchoolCourse] | NotEstimable:
    """Predict the observed shares of low results of schools after a year from their own years up to it.

    The model of `predict_list_flow`, all procedures pooled. The mean of a later year is that of the other schools, so
    a course says how the school moved against them; each share is predicted for the number tested in that year.

    Args:
        panel: Results, `models.school_panel.read_panel`.
        through: The last year learnt from: one for all schools, or one for each school asked for; results of the
            schools that are not named are then learnt from in all years.
        level: Of the intervals.
        seed: Of the random numbers.

    Returns:
        The course of each school asked for that has a result up to its year; schools without one are left out.
        NotEstimable ``list_few_schools``, ``list_few_years``, ``list_one_value``.

    Raises:
        UsageProblem: What `read_panel` refuses; ``course_through_wrong``, ``fit_option_wrong``.

    Limits: intervals hold one by one: of forty schools, two leave theirs in a year by chance. A single school's
    course is no estimate of what a programme did.
    """
    check_options(level)
    last = _last_years(through)
    rows = read_flow_rows(read_panel(panel), rule=LowestShare(), exclude={})
    course = _Course(rows, _through_of(rows, last))
    refused = refuse_rows(course.learnt[:, :, None], rows.low, rows.years)
    if refused is not None:
        return refused
    return _courses(course, level=level, seed=seed)


@dataclass(frozen=True, slots=True)
class _Course:
    """Pooled results and the last year learnt from of each school, `NEVER` for schools that are not asked for."""

    rows: FlowRows
    through: NDArray[np.int64]

    @property
    def low(self) -> Array:
        return np.asarray(self.rows.low[:, :, 0])

    @property
    def tested(self) -> Array:
        return np.asarray(self.rows.tested[:, :, 0])

    @property
    def learnt(self) -> Array:
        """Tested where it is learnt from, else 0."""
        return np.where(np.array(self.rows.years)[None, :] <= self.through[:, None], self.tested, 0.0)

    @property
    def is_told(self) -> Flags:
        """Schools with a course: asked for, and with a year of their own to learn from."""
        return np.asarray((self.through < NEVER) & (self.learnt > 0).any(axis=1))


def _last_years(through: object) -> int | dict[str, int]:
    if _is_year(through):
        return int(str(through))
    if isinstance(through, Mapping) and all(_is_year(one) for one in through.values()):
        return {str(school): int(year) for school, year in through.items()}
    raise UsageProblem(Problem("course_through_wrong", found=str(through)))


def _is_year(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _through_of(rows: FlowRows, last: int | dict[str, int]) -> NDArray[np.int64]:
    named = [last if isinstance(last, int) else last.get(one, NEVER) for one in rows.school_ids]
    return np.array(named, dtype=np.int64)


def _fit(low: Array, tested: Array, years: tuple[int, ...]) -> Level:
    used = np.flatnonzero(tested.sum(axis=0))
    cells = Cells(np.array(years, dtype=np.int64)[used], np.zeros(used.size, dtype=np.int64))
    return fit_level(np.where(tested > 0, low, 0.0)[:, used], tested[:, used], cells)


def _courses(course: _Course, *, level: float, seed: int) -> dict[str, SchoolCourse]:
    rows, learnt = course.rows, course.learnt
    fitted = _fit(course.low, learnt, rows.years)
    means = _means(fitted)
    if any(year not in means for year in rows.years):
        # nobody may be learnt from in these years: their means are those of all schools
        means = _means(_fit(course.low, course.tested, rows.years)) | means
    years: dict[int, list[CourseYear]] = {int(at): [] for at in np.flatnonzero(course.is_told)}
    for place, year in enumerate(rows.years):
        has = course.is_told & (course.tested[:, place] > 0)
        later = has & (year > course.through)
        bounds = (
            _bounds(fitted, course, place, mean=means[year], level=level, seed=seed) if later.any() else None
        )
        for at in np.flatnonzero(has):
            told = None if bounds is None or not later[at] else bounds[:, at]
            years[int(at)].append(_year(course, int(at), place, told))
    return {
        rows.school_ids[at]: SchoolCourse(rows.school_ids[at], int(course.through[at]), level, tuple(told))
        for at, told in years.items()
    }


def _means(fitted: Level) -> dict[int, tuple[float, float]]:
    errors = np.sqrt(np.diag(fitted.mean_covariance))
    years = (int(year) for year in fitted.cells.year)
    return {
        year: (float(mean), float(error))
        for year, mean, error in zip(years, fitted.mean, errors, strict=True)
    }


def _bounds(
    fitted: Level, course: _Course, place: int, *, mean: tuple[float, float], level: float, seed: int
) -> Array:
    """Expected share and interval of every school in one year, shape (3, schools)."""
    year = course.rows.years[place]
    tested = np.maximum(course.tested[:, place], 1)
    ahead = Ahead(Cells(np.array([year]), np.array([0])), tested[:, None])
    generator = np.random.default_rng([seed, year])
    shares = draw_known_year(fitted, ahead, mean=mean, draws=DRAWS, generator=generator) / tested
    tail = (1 - level) / 2
    low, high = np.quantile(shares, (tail, 1 - tail), axis=0, method="inverted_cdf")
    return np.array([shares.mean(axis=0), low, high])


def _year(course: _Course, at: int, place: int, told: Array | None) -> CourseYear:
    tested = course.tested[at, place]
    observed = float(course.low[at, place] / tested)
    if told is None:
        return CourseYear(course.rows.years[place], int(tested), observed, None, None, None, None)
    expected, low, high = (float(one) for one in told)
    verdict: CourseVerdict = "better" if observed < low else "worse" if observed > high else "inside"
    return CourseYear(course.rows.years[place], int(tested), observed, expected, low, high, verdict)
