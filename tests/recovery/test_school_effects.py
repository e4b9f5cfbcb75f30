"""Gaps of schools cover what was planted in the invented town, at the rate that their intervals promise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from shnor_analysis.models.school_effects import EffectOptions, fit_school_effects
from shnor_analysis.simulation import TownSpec, simulate_town
from shnor_analysis.simulation.abilities import procedure_noise
from shnor_analysis.simulation.papers import paper
from shnor_analysis.simulation.schools import KIND_LEVEL
from shnor_analysis.simulation.scores import expected_scores, within_sd
from shnor_analysis.simulation.sittings import sittings
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


def study(draws, **changes):
    """Rates over towns: coverage of each planted value, and verdicts of schools without any planted gap."""
    covered = {"gap": [], "quality": [], "lasting": []}
    verdicts, errors = [], []
    for seed in range(1, draws + 1):
        town = town_of(seed, **changes)
        effects = effects_of(town)
        truth = planted(town)
        ids = list(town.draws[0].schools.school_ids)
        told = [(ids.index(one.school_id), one) for one in effects.effects if one.gap is not None]
        for name, values in truth.items():
            covered[name].append(np.mean([one.gap_low <= values[at] <= one.gap_high for at, one in told]))
        verdicts.append([one.verdict for _, one in told])
        errors.append(
            [(one.gap - truth["gap"][at], one.gap_high - one.gap, truth["gap"][at]) for at, one in told]
        )
    return covered, verdicts, errors
