"""What the package of the staggered design warns of is heard, unless it says it of every such panel."""

from __future__ import annotations

import warnings

import diff_diff
import pytest
from invented_programme import a_region
from test_programme_robustness import NEVER, laid_out, some_results

from shnor_analysis.models.programme_effect import estimate_programme_effect
from shnor_analysis.models.programme_staggered import staggered_effect
from shnor_analysis.models.programme_study import ProgrammeOptions
from shnor_analysis.results.programme_effect import ProgrammeEffect

COHORTS = [2021] * 5 + [2022] * 5 + [NEVER] * 30
ODD = "Rank-deficient   matrix encountered 3 time(s)"


@pytest.fixture
def worried(monkeypatch):
    """The package warning of something, beside what it always says."""
    fit = diff_diff.CallawaySantAnna.fit

    def warning_fit(self, *given, **named):
        warnings.warn(ODD, UserWarning, stacklevel=2)
        warnings.warn("Unbalanced panel detected (some units are unobserved)", UserWarning, stacklevel=2)
        return fit(self, *given, **named)

    monkeypatch.setattr(diff_diff.CallawaySantAnna, "fit", warning_fit)


def test_a_panel_with_holes_is_worth_no_warning():
    results = some_results()
    results[3, 1] = results[20, 4] = float("nan")
    assert staggered_effect(laid_out(results, COHORTS)).warned == ()


@pytest.mark.usefixtures("worried")
def test_an_unknown_warning_is_kept_once_in_its_own_words(tmp_path):
    assert staggered_effect(laid_out(some_results(), COHORTS)).warned == (
        "Rank-deficient matrix encountered 3 time(s)",
    )
    panel, treated = a_region(treated=10)
    later = {name: 2022 - at % 2 for at, name in enumerate(treated)}
    found = estimate_programme_effect(panel, treated=later, options=ProgrammeOptions(permutations=0))
    assert [dict(one.fields) for one in found.notes if one.reason == "staggered_warned"] == [
        {"said": "Rank-deficient matrix encountered 3 time(s)"}
    ]
    assert "предупредила (её словами): «Rank-deficient matrix" in found.in_words("ru")
    found.store(tmp_path)
    assert ProgrammeEffect.load(tmp_path) == found
