"""Where one of the two designs cannot be estimated the other stands alone, and the true reason is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from invented_programme import a_region

from shnor_analysis.models.programme_effect import estimate_programme_effect
from shnor_analysis.models.programme_study import ProgrammeOptions
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.programme_effect import ProgrammeEffect

QUICK = ProgrammeOptions(permutations=19, robustness=False)
TREATED = {f"s{at:02}": 2022 for at in range(6)}


def results(low) -> pd.DataFrame:
    """Thirty schools of fifty pupils over five years; `low` gives the low results of a year from its usual number."""
    rng = np.random.default_rng(1)
    rows = [
        (f"s{at:02}", year, 50, low(year, rng.binomial(50, 0.2)))
        for at in range(30)
        for year in range(2019, 2024)
    ]
    return pd.DataFrame(rows, columns=["school_id", "school_year", "tested_n", "low_n"])


def ask(panel, **asked) -> ProgrammeEffect:
    return estimate_programme_effect(panel, treated=TREATED, **{"options": QUICK, **asked})


def usual(_, low):
    return low


def test_a_context_that_repeats_participation_leaves_the_difference_in_differences():
    panel = results(usual)
    ids = sorted(panel["school_id"].unique())
    context = pd.DataFrame({"school_id": ids, "is_chosen": [float(one in TREATED) for one in ids]})
    found = ask(panel, context=context, options=ProgrammeOptions(permutations=19))
    assert not found.is_descriptive
    assert found.absent == (("ancova", NotEstimable("programme_collinear")),)
    assert found.design("did") == ask(panel).design("did")
    assert (found.hull_low, found.mdes, found.permutation_p) == (None, None, None)
    assert found.placebos == NotEstimable("no_primary_estimate")
    assert found.event_study
    said = found.in_words("ru")
    assert "повторяют друг друга или само участие в программе" in said
    one = f"{found.design('did').estimate:.2f}".replace(".", ",").replace("-", "\u2212")
    assert f"Разность разностей, без второго способа рядом: {one} (от " in said
    assert "Difference in differences, without the other design beside it: " in found.in_words("en")
    assert found.grade.padlocks == 0


@pytest.mark.parametrize(
    ("low", "ancova", "did"),
    [
        (lambda _year, _low: 10, "programme_same_after", "programme_same_change"),
        (lambda _year, _low: 0, "programme_same_after", "programme_same_change"),
        (lambda year, low: 10 if year >= 2022 else low, "programme_same_after", None),
        (lambda year, low: 10 if year < 2022 else low, "programme_same_before", None),
        (lambda year, low: 0 if year == 2021 else low, "programme_same_before", None),
        (lambda year, low: 10 if year < 2021 else low, "programme_same_before", None),
    ],
)
def test_results_that_do_not_differ_are_not_said_to_repeat_each_other(low, ancova, did):
    found = ask(results(low))
    assert found.is_descriptive == (did is not None)
    if did is None:
        assert dict(found.absent) == {"ancova": NotEstimable(ancova)}
        assert found.design("did").std_error > 0.01
    else:
        assert found.reason == NotEstimable(ancova)
    assert "одинаковы" in found.in_words("ru")
    assert "повторяют" not in found.in_words("ru")


def test_results_that_follow_from_earlier_ones_have_no_error():
    """The same low results in every year: nothing is left over, and an error of rounding is none."""
    rng = np.random.default_rng(2)
    lows = {f"s{at:02}": int(one) for at, one in enumerate(rng.binomial(50, 0.2, 30))}
    rows = [(name, year, 50, low) for name, low in lows.items() for year in (2021, 2022)]
    found = ask(pd.DataFrame(rows, columns=["school_id", "school_year", "tested_n", "low_n"]))
    assert found.reason == NotEstimable("programme_no_error")
    assert "прежние результаты объясняют новые без остатка" in found.in_words("ru")


def test_the_p_of_the_bare_statistic_stands_beside_that_of_its_own_degrees_of_freedom():
    panel, treated = a_region(effect=0.1)
    found = estimate_programme_effect(
        panel, treated=treated, options=ProgrammeOptions(permutations=199, robustness=False)
    )
    assert found.permutation_p_of_bare_t is not None
    assert found.permutation_p_of_bare_t != found.permutation_p
    assert abs(found.permutation_p_of_bare_t - found.permutation_p) < 0.05
    ends = f"({found.permutation_p:.3f}, over 199 relabellings)"
    assert ends in found.in_words("en")
    assert f"by the size of t alone it would be {found.permutation_p_of_bare_t:.3f}." in found.in_words("en")
    assert "by the size of t alone" not in found._repr_html_()
