"""What the data do not identify is refused with its reason, whatever hides it."""

from __future__ import annotations

import numpy as np
import pytest

from shnor_analysis.kernels.multilevel import (
    CannotFit,
    MultilevelSpec,
    RandomTerm,
    cluster_robust,
    fit_moments,
    moments_from_arrays,
)

COLUMNS = ("Intercept", "a", "b", "y")
SPEC = MultilevelSpec((0, 1, 2), 3, (RandomTerm(0, (0,)),))


def sums(a=None, b=None, y=None, school=None, shift=None):
    rng = np.random.default_rng(7)
    n = 60
    school = np.repeat(np.arange(6), 10) if school is None else school
    given = [rng.normal(size=n) if one is None else one for one in (a, b)]
    outcome = given[0] + rng.normal(size=n) + rng.normal(size=school.max() + 1)[school] if y is None else y
    values = np.column_stack([np.ones(n), *given, outcome])
    labels = np.arange(school.max() + 1).astype(object)
    return moments_from_arrays(
        COLUMNS, values, groups=[("school", school, labels)], random=(0, 1, 2, 3), shift=shift
    )


def refusal(moments, spec=SPEC):
    with pytest.raises(CannotFit) as caught:
        fit_moments(moments, spec)
    return caught.value.reason_code, dict(caught.value.fields)


def test_one_school_has_nothing_to_compare():
    assert refusal(sums(school=np.zeros(60, dtype=int))) == ("one_group", {"group": "school"})


def test_one_pupil_in_each_school_is_no_school():
    assert refusal(sums(school=np.arange(60))) == ("one_pupil_per_group", {"group": "school"})


def test_more_random_coefficients_than_rows():
    spec = MultilevelSpec((0, 1, 2), 3, (RandomTerm(0, (0, 1, 2)),))
    pairs = np.repeat(np.arange(30), 2)
    assert refusal(sums(school=pairs), spec) == ("too_few_rows", {"n_rows": 60, "n_needed": 91})


@pytest.mark.parametrize("value", [0.0, 5.0, 1e9, 1 / 3])
@pytest.mark.parametrize("shift", [None, np.array([0, 0.3, 0.1, 0.2])])
def test_a_constant_column_is_named_whatever_its_value_and_shift(value, shift):
    moments = sums(b=np.full(60, value), shift=shift)
    assert refusal(moments) == ("constant_column", {"columns": ("b",)})


@pytest.mark.parametrize("shift", [None, np.array([0, 3.0, -8.0, 100.0])])
def test_columns_that_follow_from_others_are_named(shift):
    for seed in range(20):  # what rounding leaves of the column is above 0 in some
        a = np.random.default_rng(seed).normal(5, 1, 60)
        assert refusal(sums(a=a, b=700 - 3 * a, shift=shift)) == ("collinear", {"columns": ("b",)})


def test_nearly_collinear_columns_are_fitted():
    rng = np.random.default_rng(1)
    a = rng.normal(5, 1, 60)
    beside, y = rng.normal(size=60), rng.normal(size=60)
    near = fit_moments(sums(a=a, b=a + 1e-4 * beside, y=y), SPEC)
    plain = fit_moments(sums(a=a, b=beside, y=y), SPEC)
    assert near.coefficients[2] == pytest.approx(1e4 * plain.coefficients[2], rel=1e-6)


@pytest.mark.parametrize("value", [0.0, 473.0])
def test_an_outcome_without_variance(value):
    assert refusal(sums(y=np.full(60, value)))[0] == "constant_outcome"


@pytest.mark.parametrize("spec", [SPEC, MultilevelSpec((0, 1, 2), 3)])
def test_an_outcome_that_the_columns_give_up_to_rounding(spec):
    rng = np.random.default_rng(1)
    a, noise = rng.normal(50, 10, 60), rng.normal(size=60)
    assert refusal(sums(a=a, y=1 + 2 * a), spec)[0] == "perfect_fit"
    assert refusal(sums(a=a, y=1 + 2 * a + 1e-6 * noise), spec)[0] == "perfect_fit"
    assert fit_moments(sums(a=a, y=1 + 2 * a + 1e-4 * noise), spec).sigma == pytest.approx(1e-4, rel=0.2)


def test_an_outcome_that_all_pupils_of_a_school_share():
    school = np.repeat(np.arange(6), 10)
    level = np.random.default_rng(2).normal(size=6)[school]
    assert refusal(sums(y=level, school=school))[0] == "perfect_fit"


def test_rows_that_all_miss_something():
    with pytest.raises(CannotFit, match="no_rows"):
        sums(a=np.full(60, np.nan))


def test_more_columns_than_rows():
    few = moments_from_arrays(
        COLUMNS, np.random.default_rng(0).normal(size=(3, 4)), groups=[], random=(), shift=np.zeros(4)
    )
    assert refusal(few, MultilevelSpec((0, 1, 2), 3)) == ("too_few_rows", {"n_rows": 3, "n_needed": 4})


def test_robust_errors_need_two_clusters():
    moments = sums(school=np.zeros(60, dtype=int))
    fit = fit_moments(moments, MultilevelSpec((0, 1, 2), 3))
    with pytest.raises(CannotFit, match="one_group"):
        cluster_robust(moments, fit)


def test_no_variance_between_schools_is_a_singular_fit_and_not_a_quiet_zero():
    rng = np.random.default_rng(3)
    school = np.repeat(np.arange(6), 10)
    noise = rng.normal(size=60)
    even = noise - np.array([noise[school == one].mean() for one in range(6)])[school]
    fit = fit_moments(sums(y=even, school=school), MultilevelSpec((0,), 3, (RandomTerm(0, (0,)),)))
    assert fit.is_singular
    assert fit.theta == pytest.approx([0.0])
    assert fit.is_converged


def test_a_group_in_two_groups_of_the_next_level_is_not_nested():
    codes = np.array([0, 0, 1, 1])
    labels = np.array(["x", "z"], dtype=object)
    with pytest.raises(ValueError, match="class lies in two groups"):
        moments_from_arrays(
            ("Intercept", "y"),
            np.ones((4, 2)),
            groups=[("class", codes, labels), ("school", codes[[0, 2, 1, 3]], labels)],
            random=(0,),
        )
