"""Would-be lists where no programme was, put through the same regression: how far chance and selection alone go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from shnor_analysis.models.list_rules import LowestShare
from shnor_analysis.models.programme_designs import ancova
from shnor_analysis.models.programme_rows import NEVER, Flags, SchoolYears, Windows
from shnor_analysis.models.programme_stacks import stack_rows, window_means
from shnor_analysis.models.programme_study import FEWEST_COMPARISON, ProgrammeStudy
from shnor_analysis.results.programme_parts import (
    PLACEBOS_FOR_A_TEST,
    DesignEstimate,
    Placebo,
    PlaceboRank,
)
from shnor_analysis.results.values import NotEstimable


@dataclass(frozen=True, slots=True)
class _Place:
    """Schools from which a would-be list is drawn, shape (S,); `name` is empty for the programme's own place."""

    name: str
    schools: Flags


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A placebo with the years that its choice and its outcome rest on."""

    placebo: Placebo
    place: str
    first: int
    last: int


def rank_among_placebos(study: ProgrammeStudy, primary: DesignEstimate) -> PlaceboRank | NotEstimable:
    """Rank the real estimate's t among those of would-be lists that nobody helped.

    A would-be list of a year: as many schools as the largest cohort has, those with the highest share of low results in
    the selection years (in as many years as the rule looks at, where it is a `LowestShare`). In the programme's own
    place years before the first cohort, over all schools; in municipalities without a programme every year. Then the
    headline's ANCOVA with all other schools that are untouched throughout as comparison, over as many years after as
    the programme has, as far as they end before the next cohort starts.

    Args:
        study: Schools by year with their cohorts, windows and rule.
        primary: The headline's ANCOVA, pupil SD.

    Returns:
        Placebos in the order of place and year, the rank of the real t (1: the greatest), the smallest p that so many
        placebos can give, and p from 19 placebos on (one-sided). NotEstimable ``no_placebos`` where there is no year
        or place left.

    Limits: placebos of one place share years and schools, so they tell less than their number (`is_overlapping`).
        Would-be lists are the lowest of all schools, while a real list leaves schools out for reasons of its own.
    Source: Abadie, Diamond, Hainmueller (2010), JASA 105(490), section 2.4; docs/method/programme_robustness.md.
    """
    drawn = tuple(_drawn(study))
    if not drawn:
        return NotEstimable("no_placebos")
    k = len(drawn)
    rank = 1 + sum(one.placebo.statistic >= primary.statistic for one in drawn)
    return PlaceboRank(
        placebos=tuple(one.placebo for one in drawn),
        rank=rank,
        k=k,
        smallest_p=1 / (k + 1),
        p=rank / (k + 1) if k >= PLACEBOS_FOR_A_TEST else None,
        is_overlapping=any(_overlap(one, other) for one, other in combinations(drawn, 2)),
    )


def _overlap(one: _Drawn, other: _Drawn) -> bool:
    return one.place == other.place and one.first <= other.last and other.first <= one.last


def _drawn(study: ProgrammeStudy) -> Iterator[_Drawn]:
    years, windows = study.years, study.windows
    has_earlier = study.rows().has_earlier
    if not years.cohort_years:
        return
    size = max(int((years.cohort == one).sum()) for one in years.cohort_years)
    length = _years_after(years, windows)
    rule = study.options.rule
    looked_at = max(windows.selection_years, rule.years if isinstance(rule, LowestShare) else 1)
    for place in _places(study):
        for first in years.years:
            if not place.name and first >= years.cohort_years[0]:
                break
            window = _window(years, windows, first=first, length=length)
            listed = _would_be_list(years, place, first=first, looked_at=looked_at, size=size)
            if window is None or listed is None:
                continue
            found = _estimated(years, window, listed, first=first, has_earlier=has_earlier, level=study.level)
            if found is not None:
                placebo = _placebo(place, first, found)
                yield _Drawn(placebo, place.name, first - looked_at, window.last_year or first)


def _placebo(place: _Place, first: int, found: DesignEstimate) -> Placebo:
    return Placebo(
        kind="place" if place.name else "year",
        label=place.name or str(first),
        first_year=first,
        estimate=found.estimate,
        statistic=found.statistic,
    )


def _places(study: ProgrammeStudy) -> Iterator[_Place]:
    """The programme's own place, then each municipality without a treated school."""
    known = dict(zip(study.panel.school_ids, study.panel.municipalities, strict=True))
    place = np.array([known.get(one) or "" for one in study.years.school_ids], dtype=object)
    own = {str(one) for one in place[study.years.cohort != NEVER]}
    yield _Place("", np.isin(place.astype(str), sorted(own)))
    for name in sorted({str(one) for one in place} - own - {""}):
        yield _Place(name, np.asarray(place == name))


def _years_after(years: SchoolYears, windows: Windows) -> int:
    """Years of results after the start, the mean over the programme's cohorts, at least 1."""
    last = windows.last_year if windows.last_year is not None else years.years[-1]
    return max(1, round(float(np.mean([last - one - windows.delay + 1 for one in years.cohort_years]))))


def _window(years: SchoolYears, windows: Windows, *, first: int, length: int) -> Windows | None:
    """Years after a would-be start that end before the next cohort; None where there is none."""
    until = min((one for one in years.cohort_years if one > first), default=years.years[-1] + 1)
    last = min(first + windows.delay + length, until, years.years[-1] + 1) - 1
    return replace(windows, last_year=last) if last >= first + windows.delay else None


def _would_be_list(
    years: SchoolYears, place: _Place, *, first: int, looked_at: int, size: int
) -> Flags | None:
    """The schools of a place with the highest share of low results before a year, shape (S,)."""
    time = np.array(years.years)
    share = window_means(years, (time < first) & (time >= first - looked_at))[0][1]
    can_be_listed = place.schools & np.isfinite(share) & (years.cohort > first)
    # the lowest of hardly more schools than the list has are not low
    if can_be_listed.sum() < 2 * size:
        return None
    order = np.argsort(np.where(can_be_listed, -share, np.inf), kind="stable")
    listed = np.zeros(len(share), dtype=bool)
    listed[order[:size]] = True
    return listed


def _estimated(
    years: SchoolYears, windows: Windows, listed: Flags, *, first: int, has_earlier: bool, level: float
) -> DesignEstimate | None:
    """The headline's ANCOVA on a would-be list, schools that are helped by the end of the window left out."""
    untouched = years.cohort > (windows.last_year or years.years[-1])
    if (listed & ~untouched).any():
        return None
    relabelled = years.with_cohorts(np.where(listed, first, NEVER)).where(untouched)
    rows = stack_rows(relabelled, windows)
    if (
        rows.has_earlier != has_earlier
        or rows.n_comparison < FEWEST_COMPARISON
        or rows.n_treated < listed.sum() / 2
    ):
        return None
    found = ancova(rows, "sd", level=level)
    return found if isinstance(found, DesignEstimate) else None
