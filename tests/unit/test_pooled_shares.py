"""One share a school over several works: its interval knows that one pupil wrote several."""

import numpy as np
import pytest
import small_town as town
import statsmodels.api as sm

from shnor_analysis import indicators
from shnor_analysis.kernels.wilson import wilson_interval

PUPILS = 40


def both_subjects(*, same_codes=True):
    """Forty pupils of a grade, half of whom fail both tests or one: a row of marks a subject, and the pupils' rows."""
    ability = np.random.default_rng(7).normal(size=PUPILS)
    marks = {
        name: np.where(ability + np.random.default_rng(seed).normal(size=PUPILS) < shift, 2, 4)
        for seed, (name, shift) in enumerate((("mathematics", -0.3), ("russian", -0.9)))
    }
    lines = [f"sch1 2024 vpr {name} 5 spring {' '.join(map(str, found))}" for name, found in marks.items()]
    _, results = town.pupils_of("\n".join(lines))
    if same_codes:
        results["pupil_id"] = [f"{place:032x}" for _ in marks for place in range(PUPILS)]
    counts = "\n".join(
        f"sch1 2024 vpr {name} 5 spring {(found == 2).sum()} 0 {(found == 4).sum()} 0"
        for name, found in marks.items()
    )
    return counts, results, {name: (found == 2).astype(float) for name, found in marks.items()}


def pooled(counts, results):
    shares, _ = indicators.build_mark_shares(town.school_results(counts))
    return indicators.build_pooled_shares(shares, results, school_year=2024)[0].iloc[0]


def test_the_interval_is_that_of_a_regression_clustered_by_pupil():
    counts, results, low = both_subjects()
    row = pooled(counts, results)
    joined = np.concatenate(list(low.values()))
    subjects = np.kron(np.eye(2), np.ones((PUPILS, 1)))
    fitted = sm.OLS(joined, subjects).fit(
        cov_type="cluster", cov_kwds={"groups": np.tile(np.arange(PUPILS), 2), "use_correction": False}
    )
    half = np.array([0.5, 0.5])
    clustered = float(half @ fitted.cov_params() @ half)
    alone = sum(one.mean() * (1 - one.mean()) for one in low.values()) / (4 * PUPILS)
    assert row.design_effect == pytest.approx(clustered / alone)
    assert row.design_effect > 1.1
    works = 2 * PUPILS / (clustered / alone)
    expected = wilson_interval(row.low_share * works, works)
    assert (row.low_conf_low, row.low_conf_high) == pytest.approx([float(end) for end in expected])
    assert row.known_n == 2 * PUPILS


def test_codes_that_differ_by_subject_do_not_pass_for_known_pupils():
    counts, results, _ = both_subjects(same_codes=False)
    row = pooled(counts, results)
    assert (row.known_n, row.design_effect) == (0, 1.0)


def test_works_of_unknown_pupils_stay_independent_beside_known_ones():
    counts, results, _ = both_subjects()
    row = pooled(f"{counts}\nsch1 2024 vpr biology 6 spring 10 10 10 10", results)
    assert (row.known_n, row.tested_n) == (2 * PUPILS, 3 * PUPILS)
    assert 1 < row.design_effect < pooled(counts, results).design_effect


def test_where_nobody_failed_the_interval_counts_pupils_not_works():
    lines = [f"sch1 2024 vpr {name} 5 spring {' '.join(['4'] * 20)}" for name in ("mathematics", "russian")]
    _, results = town.pupils_of("\n".join(lines))
    results["pupil_id"] = [f"{place:032x}" for _ in range(2) for place in range(20)]
    counts = "\n".join(f"sch1 2024 vpr {name} 5 spring 0 0 20 0" for name in ("mathematics", "russian"))
    row = pooled(counts, results)
    assert row.design_effect == 2
    assert row.low_conf_high == pytest.approx(float(wilson_interval(0, 20)[1]))
