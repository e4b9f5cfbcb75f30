"""What a design could detect: closed forms, published tables, the engine of cluster-robust errors, simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import chi2, nct, t

from shnor_analysis.kernels.power import (
    compare_groups,
    contrast_variance,
    detectable,
    multiplier,
    power_of,
    series_covariance,
)
from shnor_analysis.models.linear import fit_linear
from shnor_analysis.models.planning import plan_power


@pytest.mark.parametrize(("effect", "df"), [(0.0, 3.0), (1.5, 8.7), (2.8, 38.0), (-3.5, 12.0)])
def test_power_is_that_of_the_noncentral_t(effect, df):
    critical = t.ppf(0.975, df)
    expected = nct.sf(critical, df, effect) + nct.cdf(-critical, df, effect)
    assert power_of(effect, 1.0, df) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("effect", "df"), [(40.0, 2.0), (40.0, 30.0), (10.0, 500.0), (33.094, 1076.6)])
def test_power_far_beyond_the_tables_is_a_number(effect, df):
    """Outside: the mean over the chi-square of the error, P(T > c) = E Φ(effect − c √(χ²/df))."""
    critical = t.ppf(0.975, df)
    ends = chi2.ppf([1e-12, 1 - 1e-12], df)
    expected, _ = quad(lambda v: ndtr(effect - critical * np.sqrt(v / df)) * chi2.pdf(v, df), *ends)
    assert power_of(effect, 1.0, df) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("d", "n"), [(0.2, 394), (0.5, 64), (0.8, 26)])
def test_two_groups_need_the_published_sizes(d, n):
    """Cohen (1988), table 2.4.1 with the exact sizes of later programmes: 80 % power, two-sided 5 %."""
    assert power_of(d, np.sqrt(2 / n), 2 * n - 2) >= 0.8 > power_of(d, np.sqrt(2 / (n - 1)), 2 * n - 4)


def test_the_multiplier_is_2_8_for_many_schools_and_grows_with_few():
    assert multiplier(np.inf) == pytest.approx(1.959964 + 0.841621, abs=1e-6)
    assert multiplier(1e6) == pytest.approx(multiplier(np.inf), abs=1e-5)
    assert multiplier(8.74) == pytest.approx(3.16167, abs=1e-5)
    assert power_of(detectable(0.1, 8.74), 0.1, 8.74) == pytest.approx(0.8, abs=1e-5)


def test_seven_of_forty_schools_with_gains_of_one_year_detect_a_quarter_of_a_standard_deviation():
    """The simulated figure 0.255 rests on normal quantiles; with the df of CR2 the same design detects 0.287."""
    covariance = series_covariance(
        [-1, 0], permanent=0.25**2, yearly=0.12**2, autocorrelation=0.5, noise=1 / 60
    )
    gain = float(np.sqrt(contrast_variance(covariance, np.array([-1.0, 1.0]))))
    groups = compare_groups(7, 33)
    assert gain == pytest.approx(0.218, abs=5e-4)
    assert groups.df == pytest.approx(8.7, abs=0.05)
    assert detectable(gain * groups.error, np.inf) == pytest.approx(0.255, abs=5e-4)
    assert detectable(gain * groups.error, groups.df) == pytest.approx(0.287, abs=5e-4)


@pytest.mark.parametrize("treated_n", [3, 7, 20])
def test_error_and_df_are_those_of_the_cluster_robust_engine(treated_n):
    n = 40
    place = np.arange(n)
    rows = pd.DataFrame(
        {
            "y": np.sin(place * 7.0),
            "group": (place < treated_n).astype(float),
            "score": ndtri((place + 0.5) / n),
            "school": place,
        }
    )
    fit = fit_linear("y ~ group + score", rows, cluster="school", errors="CR2")
    found = compare_groups(treated_n, n - treated_n, covariates_n=1, is_lowest=True)
    assert found.df == pytest.approx(fit.tidy().set_index("term")["df"]["group"], rel=1e-8)
    plain = fit_linear("y ~ group + score", rows, errors="classical")
    per_sigma = plain.tidy().set_index("term")["std_error"]["group"] / plain.glance()["sigma"][0]
    assert found.error == pytest.approx(per_sigma, rel=1e-8)


def rejections(plan, *, draws: int, seed: int) -> float:
    """Share of simulated evaluations that find an effect as large as the plan's smallest detectable one."""
    rng = np.random.default_rng(seed)
    before, years = plan.years_before, plan.years_before + plan.years_after
    yearly = np.empty((draws, plan.schools, years))
    yearly[..., 0] = 0.12 * rng.normal(size=yearly.shape[:2])
    for year in range(1, years):
        fresh = 0.12 * np.sqrt(0.75) * rng.normal(size=yearly.shape[:2])
        yearly[..., year] = 0.5 * yearly[..., year - 1] + fresh
    level = 0.25 * rng.normal(size=(draws, plan.schools, 1))
    y = level + yearly + rng.normal(size=yearly.shape) / np.sqrt(plan.pupils)
    listed = np.argsort(y[..., before - 1], axis=1)[:, : plan.treated]
    group = np.zeros(y.shape[:2])
    np.put_along_axis(group, listed, 1.0, axis=1)
    post = y[..., before:].mean(axis=2) + plan.mdes * group
    x = np.stack([np.ones_like(group), group, y[..., before - 1], y[..., : before - 1].mean(axis=2)], axis=2)
    bread = np.linalg.inv(np.einsum("dmi,dmj->dij", x, x))
    slopes = np.einsum("dij,dmj,dm->di", bread, x, post)
    leverage = np.einsum("dmi,dij,dmj->dm", x, bread, x)
    loading = np.einsum("dmi,di->dm", x, bread[:, 1]) ** 2 / (1 - leverage)
    error = np.sqrt((loading * (post - np.einsum("dmi,di->dm", x, slopes)) ** 2).sum(axis=1))
    middle = bread @ np.einsum("dm,dmi,dmj->dij", loading, x, x)
    square = (loading**2 * (1 - 2 * leverage)).sum(axis=1) + np.einsum("dij,dji->d", middle, middle)
    df = (loading * (1 - leverage)).sum(axis=1) ** 2 / square
    return float((np.abs(slopes[:, 1]) / error > t.ppf(0.975, df)).mean())


def test_the_planned_power_is_reached_in_simulation_of_a_list():
    plan = plan_power(schools=40, treated=7, pupils=60, years_before=3, years_after=2)
    assert rejections(plan, draws=1500, seed=500) == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / 1500))
