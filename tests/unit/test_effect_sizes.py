"""Sizes of effects, likeness before, months and padlocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import effectsize_smd

from shnor_analysis.kernels.hedges import cluster_sums, small_sample_factor
from shnor_analysis.language import LANGUAGES, has_text
from shnor_analysis.models.baseline_equivalence import (
    BaselineMeasure,
    baseline_rows,
    verdict_of,
)
from shnor_analysis.models.effect_sizes import GroupSizes, Points, difference_size, effect_size, months_of
from shnor_analysis.models.evidence_grade import EvidenceFacts, Interval, grade_evidence
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.evidence import (
    BaselineRow,
    EffectSize,
    HedgesG,
    PreTrend,
    may_speak_of_cause,
    worst,
)
from shnor_analysis.results.programme_parts import DesignEstimate

SIZES = GroupSizes((60.0,) * 7, (60.0,) * 33)
SOUND = EvidenceFacts(
    is_descriptive=False,
    n_treated=30,
    n_comparison=100,
    years_before=3,
    years_after=2,
    mdes=0.15,
    baseline=(BaselineRow("selection_year", 0.03, "satisfied", 0.0, -0.03),),
    placebo_rank=1,
    placebos_n=40,
    primary=Interval(0.2, 0.05, 0.35),
    bracket=Interval(0.25, 0.1, 0.4),
)


def estimate(value: float, error: float = 0.1) -> DesignEstimate:
    return DesignEstimate("ancova", "sd", value, error, 9.0, value / error, 0.5, -1.0, 1.0, None, 7, 33)


def test_g_of_single_pupils_is_that_of_statsmodels():
    found = difference_size(0.5, 1.0, sizes=GroupSizes((1.0,) * 20, (1.0,) * 30), icc=0.0)
    assert found.g == pytest.approx(effectsize_smd(0.5, 1, 20, 0, 1, 30)[0], abs=1e-4)
    assert found.df == 48


def test_schools_of_one_size_give_the_published_closed_form():
    """Hedges (2007): factor² = 1 − 2(n−1)ρ/(N−2), variance of the difference (1/N₁ + 1/N₂)(1 + (n−1)ρ), df h."""
    n, schools, icc = 20, (5, 6), 0.2
    one, two = n * schools[0], n * schools[1]
    total = one + two
    found = cluster_sums((n,) * schools[0], (n,) * schools[1], icc=icc)
    kept = (total - 2) - 2 * (n - 1) * icc
    spread = (
        (total - 2) * (1 - icc) ** 2 + n * (total - 2 * n) * icc**2 + 2 * (total - 2 * n) * icc * (1 - icc)
    )
    assert found.factor**2 == pytest.approx(kept / (total - 2), rel=1e-12)
    assert found.mean_variance == pytest.approx((1 / one + 1 / two) * (1 + (n - 1) * icc), rel=1e-12)
    assert found.sd_df == pytest.approx(kept**2 / spread, rel=1e-12)


def test_g_of_schools_of_unequal_sizes_is_right_on_average_and_its_error_too():
    treated, comparison, icc, draws = (5, 40, 10, 60), (30, 8, 50, 12, 25), 0.3, 3000
    rng = np.random.default_rng(500)
    sizes = np.array([*treated, *comparison])
    first = np.arange(len(sizes)) < len(treated)
    pupils = np.repeat(np.arange(len(sizes)), sizes)
    found = []
    for _ in range(draws):
        schools = np.sqrt(icc) * rng.normal(size=len(sizes)) + 0.5 * first
        y = schools[pupils] + np.sqrt(1 - icc) * rng.normal(size=sizes.sum())
        arms = [y[first[pupils]], y[~first[pupils]]]
        pooled = np.sqrt(sum(((arm - arm.mean()) ** 2).sum() for arm in arms) / (sizes.sum() - 2))
        found.append(
            difference_size(
                arms[0].mean() - arms[1].mean(), pooled, sizes=GroupSizes(treated, comparison), icc=icc
            )
        )
    g = np.array([one.g for one in found])
    assert g.mean() == pytest.approx(0.5, abs=3 * g.std() / np.sqrt(draws))
    assert np.mean([one.std_error**2 for one in found]) == pytest.approx(g.var(), rel=0.1)
    covered = np.mean([one.conf_low < 0.5 < one.conf_high for one in found])
    assert covered == pytest.approx(0.95, abs=0.02)


def test_small_samples_are_corrected_exactly():
    assert small_sample_factor(10) == pytest.approx(0.9227, abs=5e-5)  # Hedges (1981), table of c(m)
    assert small_sample_factor(1000) == pytest.approx(1 - 3 / 3999, abs=1e-7)


def test_an_estimate_has_a_size_within_schools_and_points():
    size = effect_size(estimate(0.2), sizes=SIZES, icc=0.19, points=Points(-6.0, -10.0, -2.0))
    assert isinstance(size.within, HedgesG)
    assert size.within.g / size.total.g == pytest.approx(1 / 0.9, rel=1e-3)
    assert (size.total.g - size.total.conf_low) / size.total.std_error == pytest.approx(2.2622, abs=1e-4)
    assert (size.points, size.points_low, size.points_high) == (-6.0, -10.0, -2.0)
    whole = effect_size(estimate(0.2), sizes=SIZES, icc=1.0)
    assert whole.within == NotEstimable("no_spread_within", {"icc": 1.0})


@pytest.mark.parametrize(
    ("g", "months"),
    [
        (0.0, 0),
        (0.014, 0),
        (0.015, 1),
        (0.09, 1),
        (0.1, 2),
        (0.265, 4),
        (0.95, 11),
        (1.0, 12),
        (-0.2, -3),
        (1.4, 12),
    ],
)
def test_months_follow_the_published_table(g, months):
    size = EffectSize("ancova", HedgesG("total", g, 0.1, 9, 1, g - 0.01, g + 0.01), NotEstimable("x"), 0.1)
    assert months_of(size).months == months


def test_months_never_come_without_their_warnings():
    low = HedgesG("total", 0.1, 0.1, 9, 1, -0.1, 1.2)
    size = EffectSize("ancova", low, NotEstimable("x"), 0.1)
    assert months_of(size, grades=(4, 9)).warnings == (
        "conversion",
        "interval_holds_zero",
        "secondary",
        "beyond_table",
    )
    sure = replace(size, total=replace(low, conf_low=0.05, conf_high=0.15))
    assert months_of(sure, grades=(4, 5)).warnings == ("conversion",)
    assert months_of(sure).warnings == ("conversion", "grades_unknown")


@pytest.mark.parametrize(
    ("g", "verdict"),
    [
        (0.05, "satisfied"),
        (-0.051, "adjust"),
        (0.25, "adjust"),
        (-0.251, "not_equivalent"),
        (None, "not_equivalent"),
    ],
)
def test_likeness_before_has_the_published_bounds(g, verdict):
    assert verdict_of(g) == verdict


def test_likeness_before_is_a_weighted_difference_of_schools_with_a_result():
    measure = BaselineMeasure(
        "selection_year",
        values=np.array([-0.4, -0.1, 0.2, 0.0, np.nan]),
        pupils=np.array([50.0, 100.0, 100.0, 100.0, 100.0]),
        is_treated=np.array([True, True, False, False, False]),
        school_year=2021,
    )
    row, empty = baseline_rows([measure, replace(measure, is_treated=np.zeros(5, bool))], icc=0.1)
    assert (row.treated_mean, row.comparison_mean) == (pytest.approx(-0.2), pytest.approx(0.1))
    assert row.g == pytest.approx(-0.3, rel=0.01)
    assert (row.verdict, row.treated_n, row.comparison_n) == ("not_equivalent", 2, 2)
    assert (empty.g, empty.verdict) == (None, "not_equivalent")
    assert worst((row, empty)) is empty
    assert not may_speak_of_cause((row,))
    assert not may_speak_of_cause(())


def course(slope: float, half: float) -> PreTrend:
    return PreTrend(slope, slope - half, slope + half, 8.0, 0.04, 4 * slope, -1.0, 1.0, 4, 7)


def changes(facts: EvidenceFacts) -> dict[str, int]:
    """Steps that took padlocks away."""
    return {step.code: step.change for step in grade_evidence(facts).steps if step.change}


@pytest.mark.parametrize(
    ("given", "padlocks", "taken"),
    [
        ({}, 3, {}),
        ({"years_before": 1}, 2, {}),
        ({"years_before": 0}, 1, {}),
        ({"is_descriptive": True}, 0, {}),
        ({"mdes": 0.45}, 2, {"power": -1}),
        ({"mdes": 0.6}, 0, {"power": -3}),
        ({"mdes": None}, 0, {"power_unknown": -3}),
        ({"lost_share": 0.41}, 1, {"loss": -2}),
        ({"mdes": 0.45, "lost_share": 0.41}, 1, {"power": -1, "loss": -1}),
        ({"flagged_treated_n": 2}, 2, {"biased_results": -1}),
        ({"placebo_rank": 12}, 2, {"placebos_as_far": -1}),
        ({"placebo_rank": 12, "primary": Interval(0.1, -0.1, 0.3)}, 3, {}),
        ({"placebo_rank": 3, "placebos_n": 10}, 3, {}),
        ({"bracket": Interval(-0.2, -0.3, -0.1)}, 2, {"designs_disagree": -1}),
        ({"bracket": Interval(-0.01, -0.1, 0.1)}, 2, {"designs_disagree": -1}),
        ({"bracket": None}, 3, {}),
        ({"pre_trend": course(-0.06, 0.05)}, 2, {"pre_trend_clear": -1}),
        ({"pre_trend": course(0.06, 0.05)}, 2, {"pre_trend_clear": -1}),
        ({"pre_trend": course(-0.06, 0.07)}, 3, {}),
        ({"baseline": ()}, 2, {"baseline_unknown": -1}),
        (
            {"has_break": True, "flagged_treated_n": 1, "placebo_rank": 20},
            1,
            {"biased_results": -1, "series_break": -1},
        ),
        ({"years_before": 0, "has_break": True, "flagged_treated_n": 1}, 0, {"biased_results": -1}),
    ],
)
def test_padlocks_start_by_design_and_only_fall(given, padlocks, taken):
    facts = replace(SOUND, **given)
    assert grade_evidence(facts).padlocks == padlocks
    assert changes(facts) == taken


def test_a_threat_that_takes_nothing_more_says_so():
    facts = replace(SOUND, has_break=True, flagged_treated_n=1, pre_trend=course(-0.06, 0.05))
    assert [one.code for one in grade_evidence(facts).steps if one.is_spared] == ["series_break"]
    assert not any(one.is_spared for one in grade_evidence(SOUND).steps)


def test_a_study_of_one_town_with_a_year_before_and_after_has_two_padlocks_at_most():
    facts = replace(SOUND, n_treated=7, n_comparison=33, years_before=1, years_after=1, mdes=0.35)
    assert grade_evidence(facts).padlocks == 2
    assert grade_evidence(replace(facts, mdes=0.45)).padlocks == 2


def test_every_step_of_a_grade_has_its_words_and_the_steps_lead_to_the_grade():
    far = BaselineRow("year", -0.4, "not_equivalent", -0.4, 0.0, 2021)
    for given in (
        {},
        {"baseline": (far,), "placebo_rank": None, "bracket": None},
        {"is_descriptive": True},
        {"pre_trend": course(-0.06, 0.05)},
        {"pre_trend": course(0.0, 0.05)},
    ):
        grade = grade_evidence(replace(SOUND, **given))
        assert grade.start + sum(step.change for step in grade.steps) == grade.padlocks
        assert [has_text(f"grade_step.{s.code}", one) for s in grade.steps for one in LANGUAGES].count(
            False
        ) == 0
    assert list(grade_evidence(SOUND).tidy()["padlocks"])[-1] == 3
