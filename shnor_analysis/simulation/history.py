"""Year after year: tests are written, the list is drawn up by the rule, listed schools join the programme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.reference.listing_rules import listing_rule
from shnor_analysis.simulation.abilities import Levels, procedure_noise, sitting_shift
from shnor_analysis.simulation.papers import Floats
from shnor_analysis.simulation.schools import Ints, Schools
from shnor_analysis.simulation.scores import ScoreSheet, draw_sheet, grade_sizes, within_sd, writes
from shnor_analysis.simulation.sittings import Sitting, sittings
from shnor_analysis.simulation.spec import TownSpec

NEVER = 9999
# A share of exactly 30 % counts as 30 % whatever the rounding of a quotient.
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class History:
    """What happened in a place; arrays have one value a school, `sheets` one a sitting.

    `listed` maps a list year to the positions on the list; `joined` is the cohort year (0: never);
    `effect` what the programme truly adds from `effect_from` on; `inflated_from` the first inflated school year.
    """

    sheets: tuple[ScoreSheet, ...]
    listed: dict[int, Ints]
    joined: Ints
    effect: Floats
    effect_from: Ints
    inflated_from: Ints


@dataclass(slots=True)
class _State:
    joined: Ints
    effect: Floats
    effect_from: Ints
    inflated_from: Ints
    low_n: dict[int, Ints]
    low_sum: dict[int, Floats]
    treated_to_inflate: int


SheetMaker = Callable[[Sitting, Ints, Floats, NDArray[np.bool_]], ScoreSheet]


def live_through(
    spec: TownSpec, schools: Schools, levels: Levels, make_sheet: SheetMaker | None = None
) -> History:
    """Live through all school years; `make_sheet` replaces the drawing from chances where pupils are kept."""
    state = _begin(spec, schools)
    maker = make_sheet or _from_chances(spec, schools, levels)
    sheets, listed = [], {}
    for year in spec.years:
        for sitting in (one for one in _calendar(spec) if one.school_year == year):
            sheet = _write(spec, schools, levels, state=state, sitting=sitting, maker=maker)
            if sheet is not None:
                sheets.append(sheet)
        if year in state.low_n:
            fires = state.low_n[year] >= listing_rule(spec.listing_rule).procedures_needed_n
            listed[year] = np.flatnonzero(fires & (schools.last_year >= year))
        _join(spec, schools, state, year)
    return History(tuple(sheets), listed, state.joined, state.effect, state.effect_from, state.inflated_from)


def _calendar(spec: TownSpec) -> tuple[Sitting, ...]:
    return sittings(spec.first_year, spec.last_year)


def _begin(spec: TownSpec, schools: Schools) -> _State:
    n, place = schools.n, schools.place
    rng = spec.stream("inflated", place.index)
    from_year = np.full(n, NEVER)
    ordinary = np.flatnonzero(_is_ordinary(schools))
    always = min(place.inflated_n - place.inflated_treated_n, len(ordinary))
    from_year[rng.choice(ordinary, size=always, replace=False)] = spec.first_year
    return _State(
        joined=np.zeros(n, dtype=np.int64),
        effect=np.zeros(n),
        effect_from=np.full(n, NEVER),
        inflated_from=from_year,
        low_n={},
        low_sum={},
        treated_to_inflate=place.inflated_treated_n,
    )


def _is_ordinary(schools: Schools) -> NDArray[np.bool_]:
    """Schools without selection that stay open."""
    is_plain = np.array([kind == "school" for kind in schools.kinds])
    return np.asarray(is_plain & (schools.last_year == NEVER))


def _from_chances(spec: TownSpec, schools: Schools, levels: Levels) -> SheetMaker:
    def make(sitting: Sitting, positions: Ints, means: Floats, is_inflated: NDArray[np.bool_]) -> ScoreSheet:
        return draw_sheet(
            spec.stream("scores", schools.place.index, sitting.label),
            sitting,
            positions=positions,
            pupils_n=grade_sizes(schools, levels.sizes, sitting)[positions],
            means=means,
            spread_sd=within_sd(spec.spread),
            shift=sitting_shift(spec, sitting),
            is_inflated=is_inflated,
        )

    return make


def _write(
    spec: TownSpec, schools: Schools, levels: Levels, *, state: _State, sitting: Sitting, maker: SheetMaker
) -> ScoreSheet | None:
    positions = np.flatnonzero(writes(schools, sitting, levels.wrote_in_march))
    if not len(positions):
        return None
    year = sitting.school_year
    means = levels.mean(year - spec.first_year) + procedure_noise(spec, schools, sitting)
    means += np.where(year >= state.effect_from, state.effect, 0.0)
    sheet = maker(sitting, positions, means[positions], (year >= state.inflated_from)[positions])
    share, wrote = sheet.low_share(), sheet.positions
    is_low = share >= listing_rule(spec.listing_rule).threshold - SLACK
    for list_year in _list_years(spec, sitting):
        state.low_n.setdefault(list_year, np.zeros(schools.n, dtype=np.int64))[wrote] += is_low
        state.low_sum.setdefault(list_year, np.zeros(schools.n))[wrote] += share
    return sheet


def _list_years(spec: TownSpec, sitting: Sitting) -> list[int]:
    """The list years for which the rule looks at a sitting."""
    rule = listing_rule(spec.listing_rule)
    return [
        year
        for year in spec.years
        if rule.admits(
            year,
            school_year=sitting.school_year,
            season=sitting.season,
            assessment=sitting.assessment,
            subject=sitting.subject,
            grade=sitting.grade,
        )
    ]


def _join(spec: TownSpec, schools: Schools, state: _State, year: int) -> None:
    """Let the listed schools with the most low procedures join; where they are too few, the next by low shares."""
    for index, cohort in enumerate(spec.cohorts):
        if cohort.cohort_year != year or year not in state.low_n:
            continue
        may_join = (state.joined == 0) & _is_ordinary(schools) & (state.inflated_from == NEVER)
        order = np.lexsort((-state.low_sum[year], -state.low_n[year], ~may_join))
        chosen = order[: min(schools.place.cohort_sizes[index], int(may_join.sum()))]
        state.joined[chosen] = year
        state.effect[chosen] = cohort.effect_sd
        state.effect_from[chosen] = year + cohort.delay_years
        if state.treated_to_inflate and len(chosen):
            state.treated_to_inflate -= 1
            state.inflated_from[chosen[-1]] = year + 1
