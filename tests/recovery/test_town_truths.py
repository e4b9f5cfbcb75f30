"""Plain methods find in the invented town what was planted in it, at the size at which it was planted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from shnor_analysis.simulation import ProgrammeCohort, TownSpec, region_spec, simulate_town

pytestmark = pytest.mark.slow

# Points measure ability with error: a standard deviation of points is more than one of ability, so what is planted
# in standard deviations of pupils comes out smaller by the root of the reliability, 0.85 to 0.95 for these papers.
LEAST_RELIABILITY, FULL_RELIABILITY = 0.80, 1.02


def standardised(results: pd.DataFrame) -> pd.DataFrame:
    """Mean of every school in a procedure, in standard deviations of pupils."""
    key = ["assessment", "subject", "grade", "school_year", "season"]
    within = np.sqrt(
        (results["sd_points"] ** 2 * results["tested_n"])
        .groupby([results[one] for one in key])
        .transform("sum")
        / results["tested_n"].groupby([results[one] for one in key]).transform("sum")
    )
    mean = results.groupby(key)["mean_points"].transform("mean")
    return results.assign(z=(results["mean_points"] - mean) / within * 0.9)


def test_the_variance_of_pupils_splits_as_planted() -> None:
    town = simulate_town(
        TownSpec(
            schools_n=200,
            first_year=2023,
            last_year=2023,
            cohorts=(),
            inflated_schools_n=0,
            inflated_treated_n=0,
            pupil_years=(2023,),
            pupil_grades=(5,),
        )
    )
    pupils = town.tables["pupil_results"].query("assessment == 'vpr' and subject == 'mathematics'")
    groups = pupils.groupby("school_id")["points"]
    size = groups.size()
    within = ((groups.var() * (size - 1)).sum()) / (len(pupils) - len(size))
    between = groups.mean().var() - within * (1 / size).mean()
    assert 0.11 < between / (between + within) < 0.24


def test_factors_come_out_with_their_coefficients_and_the_others_with_none() -> None:
    town = simulate_town(
        dataclasses.replace(
            region_spec(1_000),
            first_year=2023,
            last_year=2023,
            cohorts=(),
            inflated_schools_n=0,
            inflated_treated_n=0,
        ),
        only=("school_results", "factors"),
    )
    results = standardised(town.tables["school_results"].query("assessment == 'vpr' and season == 'spring'"))
    outcome = results.groupby("school_id")["z"].mean()
    factors = (
        town.tables["factors"]
        .pivot_table(index="school_id", columns="factor", values="value")
        .loc[outcome.index]
    )
    fit = sm.OLS(outcome, sm.add_constant(factors.drop(columns="pupils_n"))).fit(cov_type="HC1")
    for name, truth in town.truths.factor_coefficients.items():
        if name == "pupils_n":
            continue
        margin = 4 * fit.bse[name] + 0.2 * abs(truth)
        assert fit.params[name] == pytest.approx(truth, abs=margin), name
    assert abs(fit.tvalues[town.truths.non_effect_factor]) < 4


def test_the_effect_of_a_programme_comes_out_against_the_same_town_without_it() -> None:
    spec = TownSpec(cohorts=(ProgrammeCohort(2022, 10, 0.3),), inflated_treated_n=0, school_level_only=True)
    ratios = []
    for seed in range(20):
        helped = simulate_town(dataclasses.replace(spec, seed=seed), only=("school_results",))
        without = simulate_town(
            dataclasses.replace(spec, seed=seed, cohorts=(ProgrammeCohort(2022, 10, 0.0),)),
            only=("school_results",),
        )
        joined = [one.school_id for one in helped.truths.programmes]
        key = ["school_id", "school_year", "assessment", "subject", "grade", "season"]
        both = helped.tables["school_results"].merge(
            without.tables["school_results"], on=key, suffixes=("", "_0")
        )
        both = both[both["school_id"].isin(joined) & (both["school_year"] >= 2023) & (both["tested_n"] > 10)]
        ratios.append(((both["mean_points"] - both["mean_points_0"]) / both["sd_points_0"]).mean() / 0.3)
    assert LEAST_RELIABILITY < np.mean(ratios) < FULL_RELIABILITY + 0.1


def test_a_part_of_the_list_leaves_it_with_nobody_helping() -> None:
    left = total = 0
    for seed in range(30):
        spec = TownSpec(seed=seed, last_year=2020, cohorts=(), school_level_only=True)
        listed = simulate_town(spec, only=("listings",)).tables["listings"].query("list == 'low_results'")
        first, second = (set(listed.loc[listed["school_year"] == year, "school_id"]) for year in (2019, 2020))
        left, total = left + len(first - second), total + len(first)
    assert 0.10 < left / total < 0.60
