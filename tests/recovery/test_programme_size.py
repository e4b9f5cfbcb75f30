"""In 2,000 towns the headline finds effects where there are none as seldom, and holds true ones as often, as it says."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from programme_draws import DRAWS, SCHOOL_SD, YEAR_SD, Design, draw_mark_towns
from programme_studies import COHORT, FIRST_YEAR, answer, answers, excludes_zero, margin, within

from shnor_analysis.models.programme_effect import estimate_programme_effect
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_study import ProgrammeOptions
from shnor_analysis.models.school_panel import read_panel

pytestmark = pytest.mark.slow

SETS = ((7, 40), (7, 20), (15, 60))
# chosen by results that the ANCOVA sees: there the headline test promises its level
BY_RESULTS = [
    Design(treated, schools, by, has_random_sizes=True)
    for treated, schools in SETS
    for by in ("last_year", "three_years")
]
BY_LEVEL = [Design(treated, schools, "level", has_random_sizes=True) for treated, schools in SETS]
PERMUTATIONS = 199  # (199 + 1) · 0.05 is whole, so the test has its level exactly; the workbench takes 999
EFFECT, EFFECT_SD = 0.20, 0.10


def named(designs):
    return pytest.mark.parametrize(
        "design", designs, ids=lambda one: f"{one.treated_n} of {one.schools_n}, {one.chosen_by}"
    )


@named(BY_RESULTS)
def test_without_an_effect_the_headline_test_finds_one_in_about_five_of_a_hundred_towns(
    design, record_property
):
    found = answers(design, permutations=PERMUTATIONS)
    rates = {
        "CR2": float((found.ancova[:, 1] < 0.05).mean()),
        "permutation": float((found.permutation_p <= 0.05).mean()),
    }
    record_property("size", rates)
    assert list(rates.values()) == pytest.approx([0.05, 0.05], abs=margin(0.05))


@named(BY_RESULTS)
def test_without_an_effect_the_hull_leaves_zero_out_no_more_often_than_promised(design, record_property):
    rate = excludes_zero(answers(design, permutations=PERMUTATIONS).hull)
    record_property("hull without 0", rate)
    assert rate <= 0.05 + margin(0.05)


@named(BY_RESULTS)
def test_intervals_hold_a_planted_effect_at_their_rate(design, record_property):
    found = answers(dataclasses.replace(design, effect=EFFECT), permutations=0)
    covered = {"ancova": within(found.ancova[:, 2:4], EFFECT), "hull": within(found.hull, EFFECT)}
    record_property("coverage", covered)
    assert covered["ancova"] == pytest.approx(0.95, abs=margin(0.95))
    assert covered["hull"] >= 0.95 - margin(0.95)


@named(BY_RESULTS)
def test_intervals_hold_the_mean_of_effects_that_differ_between_schools(design, record_property):
    found = answers(dataclasses.replace(design, effect=EFFECT, effect_sd=EFFECT_SD), permutations=0)
    covered = {"ancova": within(found.ancova[:, 2:4], EFFECT), "hull": within(found.hull, EFFECT)}
    record_property("coverage, effects differ", covered)
    assert min(covered.values()) >= 0.95 - margin(0.95)


@named(BY_LEVEL)
def test_where_schools_were_chosen_by_their_level_the_hull_still_holds_the_effect(design, record_property):
    helped = dataclasses.replace(design, effect=EFFECT, effect_sd=EFFECT_SD)
    found = answers(helped, permutations=0)
    covered = {
        "ancova": within(found.ancova[:, 2:4], EFFECT),
        "did": within(found.did[:, 2:4], EFFECT),
        "hull": within(found.hull, EFFECT),
    }
    record_property("coverage", covered)
    assert covered["hull"] >= 0.95 - margin(0.95)
    assert covered["ancova"] < 0.95 - margin(0.95)  # this is why there is a bracket


def panel_of(marks):
    """Marks of one town as a table of school results."""
    schools, years = np.indices(marks.shape[:2]).reshape(2, -1)
    counts = marks.reshape(-1, 4)
    columns = {f"mark_{mark}_n": counts[:, mark - 2] for mark in (2, 3, 4, 5)}
    return pd.DataFrame(
        {
            "school_id": [f"sch{at:03d}" for at in schools],
            "school_year": FIRST_YEAR + years,
            "tested_n": counts.sum(axis=1),
            **columns,
        }
    )


def test_the_public_function_says_what_the_studies_look_at():
    design = Design(7, 40, "last_year", has_random_sizes=True, effect=EFFECT)
    towns = draw_mark_towns(design, draws=3)
    for marks, is_treated in zip(towns.marks, towns.is_treated, strict=True):
        table = panel_of(marks)
        treated = dict.fromkeys([f"sch{place:03d}" for place in np.flatnonzero(is_treated)], COHORT)
        options = ProgrammeOptions(permutations=PERMUTATIONS, seed=7, robustness=False)
        told = estimate_programme_effect(table, treated=treated, options=options)
        primary, bracket, p = answer(
            school_years(read_panel(table), treated), permutations=PERMUTATIONS, seed=7
        )
        rows = told.tidy().set_index("design")
        names = ["estimate", "p_value", "conf_low", "conf_high", "df"]
        assert rows.loc["ancova", names].tolist() == pytest.approx(primary, rel=1e-12)
        assert rows.loc["did", names].tolist() == pytest.approx(bracket, rel=1e-12)
        assert told.permutation_p == p
        hull = (min(primary[2], bracket[2]), max(primary[3], bracket[3]))
        assert (told.hull_low, told.hull_high) == pytest.approx(hull, rel=1e-12)


def test_from_marks_the_interval_holds_the_effect_and_zero_where_nothing_was_done(record_property):
    """Pupils within a school have a spread of 1; the outcome is in the spread of all pupils."""
    truth = EFFECT / math.hypot(1, SCHOOL_SD, YEAR_SD)
    design = Design(7, 40, "last_year", has_random_sizes=True, effect=EFFECT)
    towns = draw_mark_towns(design)
    found = []
    for at in range(DRAWS):
        names = [f"sch{place:03d}" for place in np.flatnonzero(towns.is_treated[at])]
        panel = read_panel(panel_of(towns.marks[at]))
        found.append(answer(school_years(panel, dict.fromkeys(names, COHORT)), permutations=0, seed=at))
    primary = np.array([one[0] for one in found])
    covered = within(primary[:, 2:4], truth)
    bias = float(primary[:, 0].mean() - truth)
    record_property("marks", {"coverage": covered, "bias": bias})
    assert covered == pytest.approx(0.95, abs=margin(0.95))
    assert abs(bias) < 0.02 * truth + 3 * primary[:, 0].std() / math.sqrt(DRAWS)
