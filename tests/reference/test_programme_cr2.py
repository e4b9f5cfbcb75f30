"""Regressions of a programme give the digits of clubSandwich, and permutations those of a loop over labels."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from programme_data import COHORTS, michigan_cohorts, michigan_panel, michigan_rows
from reference_data import data_of, numbers

from shnor_analysis.kernels.stacked_regression import fit_stacked
from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_permutation import permute
from shnor_analysis.models.programme_rows import NEVER, SchoolYears, Windows
from shnor_analysis.models.programme_stacks import stack_rows


def stacked(frame, columns, *, outcome, cluster, weights, working="weights"):
    """Rows as clusters × rows of a cluster, filled up with rows of weight 0."""
    codes = pd.factorize(frame[cluster])[0]
    place = frame.groupby(cluster).cumcount().to_numpy()
    shape = (1, codes.max() + 1, place.max() + 1)
    design = np.zeros((*shape, columns.shape[1]))
    y, w = np.zeros(shape), np.zeros(shape)
    design[0, codes, place] = columns
    y[0, codes, place] = outcome
    w[0, codes, place] = weights
    return fit_stacked(y, design, w, working=working)


def design_of(frame, names):
    """Intercepts of cohorts, columns, products with cohorts where asked for, and `treated` last."""
    cohorts = (frame["cohort"].to_numpy()[:, None] == np.unique(frame["cohort"])).astype(float)
    own = [cohorts * frame[[name.removesuffix("*")]].to_numpy() for name in names if name.endswith("*")]
    plain = frame[[name for name in names if not name.endswith("*")]].to_numpy()
    return np.hstack([cohorts, plain, *own, frame[["treated"]].to_numpy(dtype=float)])


BOTH = ("selection", "earlier")
# working model of the errors -> its name in the numbers of R
WORKING = {"weights": "by_weights", "equal": "one_variance"}


@pytest.mark.parametrize("working", WORKING)
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
def test_regressions_of_a_programme_have_the_errors_of_club_sandwich(
    model, cohorts, covariates, is_weighted, working
):
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
        working=working,
    )
    errors = known[WORKING[working]]
    found = (fit.estimate[0], fit.std_error[0], fit.df[0])
    assert found == pytest.approx((known["estimate"], errors["se"], errors["satterthwaite_df"]), rel=1e-8)


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


def school_years(panel, joined):
    """The panel as the designs take it."""
    wide = panel.pivot_table(index="schid", columns="year", values=["math4", "enrol"])
    result, pupils = wide["math4"].to_numpy(), wide["enrol"].fillna(0.0).to_numpy()
    return SchoolYears(
        school_ids=tuple(map(str, wide.index)),
        years=tuple(map(int, wide["math4"].columns)),
        cohort=np.array([joined.get(school, NEVER) for school in wide.index]),
        sd=result,
        pp=result.copy(),
        tested_n=pupils,
        low_n=np.zeros_like(pupils),
        context=np.zeros((*result.shape, 0)),
        context_names=(),
        icc=0.0,
    )


@pytest.mark.parametrize(
    ("design", "fitted", "cohorts"),
    [
        ("ancova_one_cohort", ancova, (1996,)),
        ("ancova_stacked", ancova, (1996, 1997, 1998)),
        ("did_one_cohort", did, (1996,)),
        ("did_stacked", did, (1996, 1997, 1998)),
    ],
)
def test_designs_stack_the_cohorts_of_a_panel_and_give_the_numbers_of_r(design, fitted, cohorts):
    joined = {school: cohort for school, cohort in michigan_cohorts().items() if cohort in cohorts}
    panel = michigan_panel()
    if len(cohorts) < len(
        COHORTS
    ):  # the rows of R end a later school's comparison where its programme begins
        first = panel["schid"].map(michigan_cohorts()).fillna(NEVER)
        panel = panel[(panel["year"] < first) | (first == cohorts[0])]
    told = fitted(stack_rows(school_years(panel, joined), Windows()))
    known = numbers("programme_cr2")[design]
    errors = known[WORKING["weights"]]
    assert (told.estimate, told.std_error, told.df, told.p_value) == pytest.approx(
        (known["estimate"], errors["se"], errors["satterthwaite_df"], errors["p"]), rel=1e-8
    )


def few_schools(joined):
    """Eight schools, some of which join."""
    panel = michigan_panel()
    return school_years(panel[panel["schid"].isin(sorted(set(panel["schid"]))[:8])], joined)


def p_of(years):
    return ancova(stack_rows(years, Windows())).p_value


def relabelled(years, cohorts):
    return SchoolYears(
        years.school_ids,
        years.years,
        np.array(cohorts),
        years.sd.copy(),
        years.pp.copy(),
        years.tested_n.copy(),
        years.low_n.copy(),
        years.context.copy(),
        (),
        0.0,
    )


@pytest.mark.parametrize("joining", [{1996: 3}, {1996: 2, 1997: 2}], ids=["one cohort", "two cohorts"])
def test_every_relabelling_gives_the_p_of_a_loop_over_them(joining):
    names = sorted(set(michigan_panel()["schid"]))[:8]
    lowest = few_schools({}).sd[:, 2].argsort()
    first, *later = joining.items()
    joined = {names[at]: first[0] for at in lowest[: first[1]]}
    joined |= {names[at]: cohort for cohort, size in later for at in lowest[first[1] : first[1] + size]}
    years = few_schools(joined)
    rows = stack_rows(years, Windows())
    own = ancova(rows)
    told = permute(own, years, Windows(), rows, asked=10_000, seed=1)
    p_values = []
    for one in combinations(range(8), first[1]):
        rest = [at for at in range(8) if at not in one]
        for other in combinations(rest, later[0][1] if later else 0):
            cohorts = np.full(8, NEVER)
            cohorts[list(one)] = first[0]
            cohorts[list(other)] = later[0][0] if later else NEVER
            p_values.append(p_of(relabelled(years, cohorts)))
    assert told.is_exact
    assert told.n == len(p_values)
    assert told.p == pytest.approx(np.mean(np.array(p_values) <= own.p_value * (1 + 1e-9)), abs=1e-12)


def test_errors_of_equal_weights_are_those_of_hc2():
    one = michigan_rows().query("cohort == 1996")
    columns = one[["treated", "selection", "earlier"]].assign(ones=1.0)
    oracle = sm.OLS(one["post"], columns).fit(cov_type="HC2")
    fit = stacked(one, design_of(one, BOTH), outcome=one["post"], cluster="school", weights=1.0)
    assert (fit.estimate[0], fit.std_error[0]) == pytest.approx(
        (oracle.params["treated"], oracle.bse["treated"]), rel=1e-9
    )
