"""The mathematics behind a programme's evaluation, against other ways to the same numbers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from invented_programme import a_region
from scipy.linalg import sqrtm
from scipy.special import ndtri
from statsmodels.miscmodels.ordinal_model import OrderedModel

from shnor_analysis.kernels.ordinal_shift import ordinal_shifts, shifts_at_cuts
from shnor_analysis.kernels.permutation import permutation_p, relabellings
from shnor_analysis.kernels.procedure_levels import procedure_levels
from shnor_analysis.kernels.stacked_regression import fit_stacked
from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_permutation import fit_labelled, permute
from shnor_analysis.models.programme_rows import NEVER, Windows
from shnor_analysis.models.programme_stacks import labels_of, stack_rows, stack_tables
from shnor_analysis.models.school_panel import read_panel


def dense_cr2(y, x, w, school, variance):
    """CR2 and Bell–McCaffrey degrees of freedom of the last column with matrices of rows × rows."""
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    left = np.eye(len(y)) - x @ bread @ (x * w[:, None]).T
    residual = left @ y
    whole = left @ np.diag(variance) @ left.T
    score, parts = 0.0, []
    for one in np.unique(school):
        at = school == one
        root = np.diag(np.sqrt(variance[at]))
        middle = np.linalg.inv(np.real(sqrtm(root @ whole[np.ix_(at, at)] @ root)))
        given = root @ middle @ root @ (w[at, None] * x[at]) @ bread[:, -1]
        score += float(given @ residual[at]) ** 2
        parts.append(left[at].T @ given)
    gram = np.array(parts) @ np.diag(variance) @ np.array(parts).T
    return (bread @ x.T @ (w * y))[-1], np.sqrt(score), np.trace(gram) ** 2 / (gram**2).sum()


@pytest.mark.parametrize("working", ["weights", "equal"])
@pytest.mark.parametrize("stacks", [1, 3])
def test_stacked_regressions_are_those_of_whole_matrices(stacks, working):
    rng = np.random.default_rng(stacks)
    shape = (4, 25, stacks)
    y, w = rng.normal(size=shape), rng.integers(5, 200, size=shape).astype(float)
    x = np.concatenate(
        [
            np.broadcast_to(np.eye(stacks), (*shape, stacks)),
            rng.normal(size=(*shape, 2)),
            rng.random((*shape, 1)) < 0.3,
        ],
        axis=3,
    )
    w[rng.random(shape) < (0.2 if stacks > 1 else 0)] = 0
    fit = fit_stacked(y, x, w, working=working)
    for at in range(4):
        here = w[at] > 0
        school = np.nonzero(here)[0]
        weight = w[at][here]
        variance = 1 / weight if working == "weights" else np.ones_like(weight)
        other = dense_cr2(y[at][here], x[at][here], weight, school, variance)
        assert (fit.estimate[at], fit.std_error[at], fit.df[at]) == pytest.approx(other, rel=1e-9)


def test_a_column_that_follows_from_others_gives_no_estimate():
    x = np.ones((1, 10, 1, 2))
    assert np.isnan(fit_stacked(np.zeros((1, 10, 1)), x, np.ones((1, 10, 1))).estimate).all()


def test_shifts_are_those_of_an_ordered_probit():
    rng = np.random.default_rng(0)
    marks = (rng.normal(np.repeat(rng.normal(0, 0.3, 8), 60), 1)[:, None] > [-1, 0, 1]).sum(axis=1)
    school = np.repeat(np.arange(8), 60)
    dummies = pd.get_dummies(pd.Series(school), drop_first=True).astype(float)
    other = OrderedModel(marks, dummies, distr="probit").fit(method="newton", disp=0, tol=1e-12)
    cuts = other.model.transform_threshold_params(other.params.to_numpy())[1:-1]
    counts = np.array([np.bincount(marks[school == at], minlength=4) for at in range(8)], dtype=float)
    found, _ = shifts_at_cuts(counts, np.tile(cuts, (8, 1)), is_adjusted=False)
    assert found == pytest.approx([0.0, *other.params.iloc[:7]], abs=1e-6)


def test_two_marks_give_the_normal_quantile_of_the_share():
    counts = np.array([[20.0, 80.0], [3.0, 7.0]])
    found, information = shifts_at_cuts(counts, np.zeros((2, 1)), is_adjusted=False)
    assert found == pytest.approx(-ndtri([0.2, 0.3]), abs=1e-9)
    density = np.exp(-(found[0] ** 2) / 2) / np.sqrt(2 * np.pi)
    assert information[0] == pytest.approx(100 * density**2 / (0.2 * 0.8))


def test_few_pupils_do_not_bias_the_shifts():
    """Unadjusted shifts are a seventh too large here; where nobody is low they have no end."""
    rng = np.random.default_rng(4)
    true = rng.normal(0, 0.3, 20_000)
    low = (rng.normal(true[:, None], 1, (20_000, 60)) < -1.3).sum(axis=1)
    counts = np.column_stack([low, 60 - low]).astype(float)
    found = ordinal_shifts(counts, np.zeros(20_000, dtype=int))
    total = np.sqrt(1.09)
    assert np.polyfit(true / total, found.shift, 1)[0] == pytest.approx(1, abs=0.02)
    assert np.isfinite(found.shift[low == 0]).all()
    assert found.icc[0] == pytest.approx(0.09 / 1.09, abs=0.01)


def test_shifts_are_in_standard_deviations_of_all_pupils():
    rng = np.random.default_rng(5)
    true = rng.normal(0, 0.5, 400)
    marks = (rng.normal(true[:, None], 1, (400, 100))[..., None] > [-1.2, 0.1, 1.0]).sum(axis=2)
    counts = np.stack([(marks == one).sum(axis=1) for one in range(4)], axis=1).astype(float)
    found = ordinal_shifts(counts, np.zeros(400, dtype=int))
    assert found.icc[0] == pytest.approx(0.2, abs=0.03)
    assert found.shift == pytest.approx(true / np.sqrt(1.25), abs=0.5)
    assert np.std(found.shift) ** 2 - found.variance.mean() == pytest.approx(0.2, abs=0.03)


def test_levels_of_procedures_are_those_of_least_squares():
    rng = np.random.default_rng(2)
    school, procedure = (one.ravel() for one in np.meshgrid(range(12), range(5), indexing="ij"))
    here = rng.random(60) < 0.6
    school, procedure, weights = school[here], procedure[here], rng.integers(5, 50, 60)[here].astype(float)
    values = rng.normal(size=here.sum())
    dummies = np.column_stack([np.eye(5)[procedure], np.eye(12)[school]])
    root = np.sqrt(weights)
    other = np.linalg.lstsq(root[:, None] * dummies, root * values, rcond=None)[0][:5]
    found = procedure_levels(values, school, procedure, weights)
    assert found - found[0] == pytest.approx(other - other[0], abs=1e-5)


def test_every_labelling_is_dealt_when_there_are_few():
    labels = np.array([0, 1, 2, 2, 2])
    dealt = relabellings(labels, asked=20, seed=1)
    assert dealt.is_exact
    assert {tuple(one) for one in dealt.labels} == set(permutations(labels.tolist()))
    assert len(dealt.labels) == 20
    sample = relabellings(labels, asked=19, seed=1)
    assert not sample.is_exact
    assert (np.sort(sample.labels, axis=1) == np.sort(labels)).all()


def test_the_true_labels_count_once():
    assert permutation_p(0.01, np.array([0.01, 0.5, 0.009, np.nan]), is_exact=True) == pytest.approx(2 / 3)
    assert permutation_p(0.01, np.array([0.02, 0.5, 0.009]), is_exact=False) == pytest.approx(2 / 4)
    assert permutation_p(0.01, np.array([np.nan]), is_exact=False) is None


@pytest.mark.parametrize("design", [ancova, did])
def test_relabelled_regressions_are_those_of_the_rows_made_anew(design):
    panel, treated = a_region(schools=24, treated=8)
    later = dict(list(treated.items())[:3])
    years = school_years(read_panel(panel), {**treated, **dict.fromkeys(later, 2023)})
    for windows in (Windows(), Windows(selection_years=2)):
        found = design(stack_rows(years, windows), "pp")
        labels = relabellings(labels_of(years), asked=5, seed=2).labels
        fit = fit_labelled(
            found,
            stack_tables(years, windows),
            labels,
            used=np.arange(24),
            stacks=np.arange(2),
            with_earlier=True,
        )
        for at in range(5):
            cohort = np.array([*years.cohort_years, NEVER])[labels[at]]
            other = design(stack_rows(years.with_cohorts(cohort), windows), "pp")
            assert fit.estimate[at] == pytest.approx(other.estimate)
            assert fit.statistic[at] == pytest.approx(other.statistic)
            assert fit.df[at] == pytest.approx(other.df)


def test_a_permutation_p_is_the_share_of_all_labellings():
    panel, treated = a_region(schools=8, treated=2)
    years = school_years(read_panel(panel), treated)
    rows = stack_rows(years, Windows())
    found = did(rows)
    answer = permute(found, years, Windows(), rows, asked=28, seed=1)
    assert (answer.is_exact, answer.n) == (True, 28)
    p_values = []
    for one in range(8):
        for other in range(one):
            cohort = np.full(8, NEVER)
            cohort[[one, other]] = 2022
            p_values.append(did(stack_rows(years.with_cohorts(cohort), Windows())).p_value)
    assert answer.p == pytest.approx(np.mean(np.array(p_values) <= found.p_value * (1 + 1e-6)))
