"""Gaps of schools cover what was planted in the invented town, at the rate that their intervals promise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from shnor_analysis.models.effect_rows import EffectOptions
from shnor_analysis.models.school_effects import fit_school_effects
from shnor_analysis.simulation import TownSpec, simulate_town
from shnor_analysis.simulation.abilities import procedure_noise
from shnor_analysis.simulation.papers import paper
from shnor_analysis.simulation.schools import KIND_LEVEL
from shnor_analysis.simulation.scores import expected_scores, within_sd
from shnor_analysis.simulation.sittings import sittings
from shnor_analysis.simulation.spec import Spread
from shnor_analysis.warehouse.analysis import create_context, create_pupil_rows, family_rows, find_families
from shnor_analysis.warehouse.analysis.schools import create_school_rows
from shnor_analysis.warehouse.engine import engine

pytestmark = pytest.mark.slow

YEAR = 2024
DRAWS = 500
SHOWN = ("schools", "pupils", "pupil_results", "factors", "school_results")
CONTEXT = ("parents_higher_education_share", "low_income_share", "vacancies_share")


def town_of(seed, **changes):
    """An invented town of one year without programme and inflated marks, spread over all schools alike."""
    spec = TownSpec(
        seed=seed, first_year=YEAR, last_year=YEAR, pupil_years=(YEAR,), cohorts=(), inflated_schools_n=0,
        inflated_treated_n=0,
    )  # fmt: skip
    return simulate_town(dataclasses.replace(spec, **changes), only=SHOWN)


def effects_of(town, *, context=CONTEXT):
    """The pooled effects of the town's tests of grades 5 and 6, by the way that `shnor fit` goes."""
    with engine() as connection:
        for name in SHOWN:
            connection.register(name, town.tables[name])
        factors = create_context(connection, school_year=YEAR, factors=context)
        create_pupil_rows(connection, school_year=YEAR, context=factors)
        create_school_rows(connection, school_year=YEAR, context=factors)
        family = next(one for one in find_families(connection) if one.name == "vpr-all")
        rows = connection.table(family_rows(connection, family, factors.names, view="family_rows"))
        return fit_school_effects(
            rows,
            outcome="outcome",
            context=factors.names,
            adjusters=("sex", "has_special_needs"),
            options=EffectOptions(classes="class_key", draws=200),
        )


def planted(town):
    """What was planted in each school, in standard deviations of points: the year's gap, its quality, its lasting part.

    The gap holds what is peculiar to the school in the year's tests; its quality leaves that out; the lasting part
    leaves the year's ups and downs out as well. The scale of points is bent and less than that of abilities, so each
    part is what the expected points of the school's pupils change by when it is taken away.
    """
    spec, draw = town.spec, town.draws[0]
    levels, schools = draw.levels, draw.schools
    own_random = spec.stream("levels", schools.place.index).normal(0, spec.spread.school_sd, schools.n)
    kinds = np.array([KIND_LEVEL[kind] for kind in schools.kinds])
    lasting = own_random + kinds - kinds.mean()
    yearly, full = levels.yearly[:, 0], levels.mean(0)
    found = {name: [] for name in ("gap", "quality", "lasting")}
    results = town.tables["pupil_results"]
    for sitting in sittings(YEAR, YEAR):
        if (
            sitting.assessment != "vpr"
            or sitting.grade not in spec.pupil_grades
            or sitting.season != "spring"
        ):
            continue
        noise = procedure_noise(spec, schools, sitting)
        is_sitting = (
            results[["assessment", "subject", "grade"]]
            == [sitting.assessment, sitting.subject, sitting.grade]
        ).all(axis=1)
        sd = results.loc[is_sitting, "points"].std()
        written = paper(sitting.assessment, sitting.subject, sitting.grade)

        def mean_points(means, written=written, spec=spec):
            chances = expected_scores(means, within_sd(spec.spread), written, 0.0).sum(axis=2)
            return chances @ np.arange(written.points_max + 1)

        reached = mean_points(full + noise)
        for name, part in (
            ("gap", lasting + yearly + noise),
            ("quality", lasting + yearly),
            ("lasting", lasting),
        ):
            found[name].append((reached - mean_points(full + noise - part)) / sd)
    return {name: np.mean(parts, axis=0) for name, parts in found.items()}


@dataclasses.dataclass(frozen=True)
class Told:
    """What was said of one school, and what was planted in it."""

    draw: int
    gap: float
    low: float
    high: float
    verdict: str
    kind: str
    truth: dict[str, float]

    def covers(self, name):
        """Whether the interval holds what was planted."""
        return self.low <= self.truth[name] <= self.high


def study(draws, **changes):
    """All schools of many towns, seeds 1 to `draws`."""
    told = []
    for seed in range(1, draws + 1):
        town = town_of(seed, **changes)
        truth, schools = planted(town), town.draws[0].schools
        place = {school_id: at for at, school_id in enumerate(schools.school_ids)}
        for one in effects_of(town).effects:
            at = place[one.school_id]
            parts = {name: float(values[at]) for name, values in truth.items()}
            told.append(Told(seed, one.gap, one.gap_low, one.gap_high, one.verdict, schools.kinds[at], parts))
    return told


def rate(told, happens):
    """A rate over all schools, and its Monte Carlo error: schools of one town share its estimates."""
    by_draw = {}
    for one in told:
        by_draw.setdefault(one.draw, []).append(happens(one))
    shares = np.array([np.mean(values) for values in by_draw.values()])
    return shares.mean(), shares.std(ddof=1) / np.sqrt(len(shares))


@pytest.fixture(scope="module")
def towns():
    return study(DRAWS)


def test_intervals_hold_the_gap_of_the_year_at_their_rate(towns):
    covered, error = rate(towns, lambda one: one.covers("gap"))
    assert covered == pytest.approx(0.95, abs=3 * error)


def test_a_year_says_less_of_what_lasts(towns):
    quality, _ = rate(towns, lambda one: one.covers("quality"))
    lasting, _ = rate(towns, lambda one: one.covers("lasting"))
    assert 0.92 < quality < 0.96
    assert 0.86 < lasting < 0.92


def test_a_verdict_seldom_points_the_wrong_way(towns):
    told = [one for one in towns if one.verdict in ("above", "below")]
    assert len(told) > 0.15 * len(towns)
    wrong, error = rate(told, lambda one: (one.verdict == "above") != (one.truth["gap"] > 0))
    assert wrong < 0.01 + 3 * error


def test_where_schools_do_not_differ_hardly_any_is_called_above_or_below():
    alike = study(100, spread=Spread(school_sd=0.0, year_sd=0.0, procedure_sd=0.0))
    plain = [one for one in alike if one.kind == "school"]
    alarms, error = rate(plain, lambda one: one.verdict in ("above", "below"))
    assert alarms < 0.05 + 3 * error
    assert rate(plain, lambda one: one.verdict == "as_expected")[0] > 0.95
