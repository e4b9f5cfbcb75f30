"""Linear models give the digits of R: lm, clubSandwich and plm, through the public front."""

from __future__ import annotations

import pytest
from reference_data import data_of, numbers

import shnor_analysis as shnor


def california():
    frame = data_of("caschools_cr2")
    return frame.assign(
        score=(frame["read"] + frame["math"]) / 2, stratio=frame["students"] / frame["teachers"]
    )


def column(fit, name):
    return dict(zip(fit.tidy()["term"], fit.tidy()[name], strict=True))


def named(values):
    return {"Intercept" if name == "(Intercept)" else name: value for name, value in values.items()}


@pytest.mark.parametrize("errors", ["classical", "CR0", "CR1", "CR1S", "CR2"])
def test_districts_in_counties_have_the_errors_of_club_sandwich(errors):
    known = numbers("caschools_cr2")
    fit = shnor.fit_linear(known["formula"], california(), cluster="county", errors=errors)
    errors_known = known["se_classical"] if errors == "classical" else known[errors]["se"]
    assert column(fit, "estimate") == pytest.approx(named(known["coef"]), rel=1e-9)
    assert column(fit, "std_error") == pytest.approx(named(errors_known), rel=1e-6)
    if errors == "CR2":
        assert column(fit, "df") == pytest.approx(named(known["CR2"]["satterthwaite_df"]), rel=1e-6)
        assert column(fit, "p_value") == pytest.approx(named(known["CR2"]["p"]), rel=1e-6)


def test_without_clusters_errors_are_classical_and_with_them_cr2():
    formula = "score ~ stratio + income"
    assert shnor.fit_linear(formula, california()).errors == "classical"
    assert shnor.fit_linear(formula, california(), cluster="county").errors == "CR2"


@pytest.mark.parametrize(
    ("errors", "known"),
    [("CR0", "se_arellano_CR0"), ("CR1S", "se_dummies_CR1"), ("classical", "se_classical")],
)
def test_districts_and_years_absorbed_give_the_errors_of_two_way_panels(errors, known):
    reference = numbers("mathpnl_twfe")
    fit = shnor.fit_linear(
        "math4 ~ lrexpp + lenrol + lunch",
        data_of("mathpnl_twfe"),
        absorb=["distid", "year"],
        cluster="distid",
        errors=errors,
    )
    assert column(fit, "estimate") == pytest.approx(reference["coef"], rel=1e-8)
    assert column(fit, "std_error") == pytest.approx(reference[known], rel=1e-6)
    glance = fit.glance().iloc[0]
    # 550 districts + 7 years less the one that both contain; 3850 rows less 3 terms less 556
    assert (glance["df_absorbed"], glance["df_residual"]) == (556, 3291)


@pytest.mark.parametrize("errors", ["CR0", "CR1", "CR2"])
@pytest.mark.parametrize(("ways", "known"), [("distid", "one_way"), (["distid", "year"], "two_ways")])
def test_absorbed_effects_leave_cr2_and_its_degrees_of_freedom_as_they_are(errors, ways, known):
    reference = numbers("mathpnl_cr2")[known]
    fit = shnor.fit_linear(
        "math4 ~ lrexpp + lenrol + lunch",
        data_of("mathpnl_twfe"),
        absorb=ways,
        cluster="distid",
        errors=errors,
    )
    assert column(fit, "estimate") == pytest.approx(reference["coef"], rel=1e-8)
    assert column(fit, "std_error") == pytest.approx(reference[errors]["se"], rel=1e-6)
    assert column(fit, "df") == pytest.approx(reference[errors]["satterthwaite_df"], rel=1e-6)


@pytest.mark.parametrize("errors", ["classical", "CR0", "CR1", "CR2"])
@pytest.mark.parametrize("kind", ["plain", "weighted"])
def test_weights_likelihood_and_explained_share_are_those_of_lm(kind, errors):
    known = numbers("caschools_weights")[kind]
    weights = "students" if kind == "weighted" else None
    fit = shnor.fit_linear(
        numbers("caschools_weights")["formula"],
        california(),
        weights=weights,
        cluster="county",
        errors=errors,
    )
    assert column(fit, "estimate") == pytest.approx(named(known["coef"]), rel=1e-9)
    errors_known = known["se_classical"] if errors == "classical" else known[errors]["se"]
    # with weights clubSandwich takes another square root of the same correction: 2.5 % apart at weights of 1 to 300
    exactness = 0.03 if (kind, errors) == ("weighted", "CR2") else 1e-9
    assert column(fit, "std_error") == pytest.approx(named(errors_known), rel=exactness)
    glance = fit.glance().iloc[0]
    for name, value in (
        ("loglik", "loglik"),
        ("aic", "aic"),
        ("bic", "bic"),
        ("sigma", "sigma"),
        ("r2_marginal", "r2"),
    ):
        assert glance[name] == pytest.approx(known[value], rel=1e-11)
