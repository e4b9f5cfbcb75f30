"""Other published data than the reference: every shape of model that lme4 knows, through the public front."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from reference_data import NUMBERS, published

import shnor_analysis as shnor

MODELS = json.loads((NUMBERS / "published_models.json").read_text(encoding="utf-8"))["models"]
CROSSED = {"crossed", "crossed_ratings"}
# groups are labels, not factors of the fixed part
GROUPS = {"cask", "batch", "Worker", "sample", "plate", "Subject"}


def rows_of(name):
    package, item = MODELS[name]["source"].split("::")
    frame = published(package, item)
    if name == "weights":
        frame = frame.assign(w=0.5 + frame["Days"] % 4)
    if name == "crossed_ratings":
        frame = frame[frame["s"].astype(int) <= 400]
    for factor, order in MODELS[name]["levels"].items():
        if factor in frame and factor not in GROUPS:
            frame = frame.assign(**{factor: pd.Categorical(frame[factor].astype(str).to_numpy(), order)})
    return frame


@pytest.fixture(scope="module")
def fits():
    made = {}

    def fit(name):
        if name not in made:
            known = MODELS[name]
            if name in CROSSED:
                pytest.importorskip("mixedlm")
            formula = known["formula"].replace("^", "**")
            made[name] = shnor.fit_multilevel(
                formula, rows_of(name), method=known["method"], weights=known["weights"]
            )
        return made[name]

    return fit


def plain(term):
    """A term without the brackets of formulaic, as R writes it."""
    bare = re.sub(r"\[(T\.)?([^]]*)\]", r"\2", term).replace("**", "^").replace(" ", "")
    return "(Intercept)" if bare == "Intercept" else bare


def spread(terms):
    """The parts of interactions in one order."""
    return [":".join(sorted(term.replace(" ", "").split(":"))) for term in terms]


@pytest.mark.parametrize("name", MODELS)
def test_coefficients_and_likelihood_are_those_of_lme4(fits, name):
    known, fit = MODELS[name], fits(name)
    table = fit.tidy().assign(term=spread(plain(term) for term in fit.tidy()["term"])).set_index("term")
    table = table.loc[spread(known["terms"])]
    assert table["estimate"].to_numpy() == pytest.approx(known["estimate"], rel=5e-6, abs=1e-8)
    assert table["std_error"].to_numpy() == pytest.approx(known["se"], rel=5e-6)
    if known["df"]:
        assert table["df"].to_numpy() == pytest.approx(known["df"], rel=1e-4)
    glance = fit.glance().iloc[0]
    assert glance["loglik"] == pytest.approx(known["loglik"], abs=1e-7)
    assert glance["n_obs"] == known["n"]
    assert glance["is_singular"] == known["singular"]
    assert fit.variance_components()["variance"].to_numpy() == pytest.approx(
        known["variance"], rel=1e-4, abs=1e-7
    )


@pytest.mark.parametrize("name", MODELS)
def test_modes_and_predictions_are_those_of_lme4(fits, name):
    known, fit = MODELS[name], fits(name)
    table = fit.random_effects()
    keys = zip(table["group"], table["level"].astype(str), map(plain, table["term"]), strict=True)
    places = {key: at for at, key in enumerate(keys)}
    # lme4 numbers a group that stands in several bars
    groups = [re.sub(r"\.\d+$", "", group) for group in known["modes"]["group"]]
    at = [places[key] for key in zip(groups, known["modes"]["level"], known["modes"]["term"], strict=True)]
    scale = np.abs(known["modes"]["se"]).max()
    assert table["estimate"].iloc[at].to_numpy() == pytest.approx(
        known["modes"]["estimate"], abs=1e-5 * scale
    )
    assert table["std_error"].iloc[at].to_numpy() == pytest.approx(known["modes"]["se"], abs=1e-5 * scale)
    predicted = [fit.predict(level=level)["predicted"].to_numpy()[:5] for level in ("group", "population")]
    assert predicted[0] == pytest.approx(known["fitted"], rel=1e-5, abs=1e-6)
    assert predicted[1] == pytest.approx(known["population"], rel=1e-5, abs=1e-6)
