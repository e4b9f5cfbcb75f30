"""Regressions of a programme give the digits of clubSandwich, and permutations those of a loop over labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from programme_data import michigan_rows
from reference_data import data_of, numbers

from shnor_analysis.kernels.stacked_regression import fit_stacked


def stacked(frame, columns, *, outcome, cluster, weights):
    """Rows as clusters × rows of a cluster, filled up with rows of weight 0."""
    codes = pd.factorize(frame[cluster])[0]
    place = frame.groupby(cluster).cumcount().to_numpy()
    shape = (1, codes.max() + 1, place.max() + 1)
    design = np.zeros((*shape, columns.shape[1]))
    y, w = np.zeros(shape), np.zeros(shape)
    design[0, codes, place] = columns
    y[0, codes, place] = outcome
    w[0, codes, place] = weights
    return fit_stacked(y, design, w)


def design_of(frame, names):
    """Intercepts of cohorts, columns, products with cohorts where asked for, and `treated` last."""
    cohorts = (frame["cohort"].to_numpy()[:, None] == np.unique(frame["cohort"])).astype(float)
    own = [cohorts * frame[[name.removesuffix("*")]].to_numpy() for name in names if name.endswith("*")]
    plain = frame[[name for name in names if not name.endswith("*")]].to_numpy()
    return np.hstack([cohorts, plain, *own, frame[["treated"]].to_numpy(dtype=float)])


BOTH = ("selection", "earlier")


@pytest.mark.parametrize(
    ("model", "cohorts", "covariates", "is_weighted"),
    [
        ("ancova_one_cohort", (1996,), BOTH, True),
        ("ancova_equal_weights", (1996,), BOTH, False),
        ("ancova_stacked", (1996, 1997, 1998), BOTH, True),
        ("ancova_own_slopes", (1996, 1997, 1998), ("selection*", "earlier*"), True),
        ("did_one_cohort", (1996,), (), True),
        ("did_stacked", (1996, 1997, 1998), (), True),
    ],
)
def test_regressions_of_a_programme_have_the_errors_of_club_sandwich(model, cohorts, covariates, is_weighted):
    known = numbers("programme_cr2")[model]
    rows = michigan_rows().query("cohort in @cohorts")
    assert len(rows) == known["n"]
    outcome = rows["post"] - rows["earlier"] if model.startswith("did") else rows["post"]
    fit = stacked(
        rows,
        design_of(rows, covariates),
        outcome=outcome,
        cluster="school",
        weights=rows["pupils"] if is_weighted else 1.0,
    )
    found = (fit.estimate[0], fit.std_error[0], fit.df[0])
    assert found == pytest.approx((known["estimate"], known["se"], known["satterthwaite_df"]), rel=1e-9)


TERMS = ("stratio", "english", "lunch", "calworks", "income")


@pytest.mark.parametrize("term", TERMS)
def test_districts_in_counties_have_the_errors_of_club_sandwich(term):
    known = numbers("caschools_cr2")
    frame = data_of("caschools_cr2").assign(
        score=lambda one: (one["read"] + one["math"]) / 2,
        stratio=lambda one: one["students"] / one["teachers"],
        ones=1.0,
    )
    names = ["ones", *(name for name in TERMS if name != term), term]
    fit = stacked(
        frame, frame[names].to_numpy(dtype=float), outcome=frame["score"], cluster="county", weights=1.0
    )
    found = (fit.estimate[0], fit.std_error[0], fit.df[0])
    robust = known["CR2"]
    assert found == pytest.approx(
        (known["coef"][term], robust["se"][term], robust["satterthwaite_df"][term]), rel=1e-8
    )
