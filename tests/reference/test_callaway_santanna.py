"""Several cohorts by Callaway and Sant'Anna: published figures, another implementation, and closed forms of both."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from reference_data import NUMBERS, published

from shnor_analysis.models.programme_rows import NEVER, SchoolYears, Windows
from shnor_analysis.models.programme_staggered import staggered_effect

CSDID = json.loads((NUMBERS / "castle_csdid.json").read_text(encoding="utf-8"))["fits"]
CONTROLS = {"nevertreated": "never", "notyettreated": "not_yet"}

# Minimum wages and teen employment: group-time effects and their means as printed in the README of csdid 0.4.3; the vignette
# of the R package did has the same. Sizes of the groups: 500 counties, 309 never treated.
MPDTA_SIZES = {2004: 20, 2006: 40, 2007: 131}
MPDTA_CHANGES = {
    2004: {2004: -0.0105, 2005: -0.0704, 2006: -0.1373, 2007: -0.1008},
    2006: {2004: 0.0065, 2005: -0.0028, 2006: -0.0046, 2007: -0.0412},
    2007: {2004: 0.0305, 2005: -0.0027, 2006: -0.0311, 2007: -0.0261},
}
MPDTA_GROUPS = {2004: -0.0797, 2006: -0.0229, 2007: -0.0261}
MPDTA_OVERALL = -0.0310


def study(outcome, cohort, years, **windows):
    """What the estimator takes of a whole evaluation."""
    names, cells = tuple(str(one) for one in range(len(cohort))), np.ones(outcome.shape)
    laid_out = SchoolYears(
        names,
        tuple(years),
        cohort,
        outcome.copy(),
        -outcome,
        cells,
        cells.copy(),
        np.zeros((*outcome.shape, 0)),
        (),
        0.1,
    )
    return SimpleNamespace(years=laid_out, windows=Windows(**windows), level=0.95)


def castle(**windows):
    frame = published("causaldata", "castle")
    wide = frame.pivot_table(index="sid", columns="year", values="l_homicide")
    first = frame[frame["lag0"] > 0].groupby("sid")["year"].min().reindex(wide.index)
    cohort = np.array([NEVER if np.isnan(one) else int(one) for one in first], dtype=np.int64)
    return study(wide.to_numpy(), cohort, [int(one) for one in wide.columns], **windows)


def test_means_of_published_group_time_effects_are_those_published():
    """A panel with the published changes as its means: base years, weights and the comparison are as in `did`."""
    years, rows, cohort = range(2003, 2008), [], []
    for group, size in {**MPDTA_SIZES, NEVER: 309}.items():
        level = np.zeros(5)
        for year, change in MPDTA_CHANGES.get(group, {}).items():
            before = group - 1 if year >= group else year - 1
            level[year - 2003] = level[before - 2003] + change
        noise = np.linspace(-1, 1, size)[:, None] * np.cos(np.arange(5) + 1)
        rows.append(level + noise)
        cohort += [group] * size
    found = staggered_effect(
        study(np.vstack(rows), np.array(cohort, dtype=np.int64), years, selection_years=0, comparison="never")
    )
    told = {one.cohort: one.estimate for one in found.cohorts}
    # printed with four decimals
    assert told == pytest.approx(MPDTA_GROUPS, abs=1e-4)
    pooled = sum(told[group] * size for group, size in MPDTA_SIZES.items()) / sum(MPDTA_SIZES.values())
    assert pooled == pytest.approx(MPDTA_OVERALL, abs=1e-4)


@pytest.mark.parametrize("name", CSDID)
def test_agrees_with_another_implementation_on_real_cohorts(name):
    control, _, anticipation = name.partition("-")
    found = staggered_effect(castle(selection_years=int(anticipation), comparison=CONTROLS[control]))
    overall = found.overall[0]
    assert overall.estimate == pytest.approx(CSDID[name]["estimate"], abs=1e-12)
    # csdid lets the sizes of cohorts vary by chance from year to year of help too, and has no factor of few clusters
    assert overall.std_error / np.sqrt(50 / 49) == pytest.approx(CSDID[name]["std_error"], rel=0.015)
    for one in found.cohorts:
        assert one.estimate == pytest.approx(CSDID[name]["cohorts"][str(one.cohort)], abs=1e-12)


@pytest.mark.parametrize("comparison", ["never", "not_yet"])
@pytest.mark.parametrize("selection_years", [0, 1, 2])
@pytest.mark.parametrize("delay", [0, 1])
def test_agrees_with_the_closed_form(comparison, selection_years, delay):
    asked = castle(comparison=comparison, selection_years=selection_years, delay=delay)
    overall = staggered_effect(asked).overall[0]
    estimate, std_error = closed_form(asked.years, asked.windows)
    assert overall.estimate == pytest.approx(estimate, abs=1e-12)
    assert overall.std_error == pytest.approx(std_error, rel=1e-9)


def closed_form(years, windows):
    """Differences of means by hand, and the error from every unit's part in them (clustered, with the chance of sizes)."""
    cohort, outcome, first_year = years.cohort, years.sd, years.years[0]
    cells = {}
    for group in years.cohort_years:
        base = group - windows.selection_years - 1
        for year in range(group + windows.delay, years.years[-1] + 1):
            is_own, is_free = cohort == group, cohort == NEVER
            if windows.comparison == "not_yet":
                is_free = is_free | ((cohort != NEVER) & (cohort - windows.selection_years > max(year, base)))
            change = outcome[:, year - first_year] - outcome[:, base - first_year]
            effect = change[is_own].mean() - change[is_free].mean()
            part = is_own * (change - change[is_own].mean()) / is_own.sum()
            part = part - is_free * (change - change[is_free].mean()) / is_free.sum()
            cells.setdefault(year - group, []).append((is_own, effect, part))
    units, total = len(cohort), sum(one[0].sum() for many in cells.values() for one in many)
    estimate = sum(one[0].sum() * one[1] for many in cells.values() for one in many) / total
    parts = np.zeros(units)
    for many in cells.values():
        owned = np.array([one[0] for one in many], dtype=float)
        share = owned.mean(axis=1)
        by_chance = (owned - share[:, None]) / share.sum()
        by_chance -= (owned - share[:, None]).sum(axis=0) * share[:, None] / share.sum() ** 2
        effects = np.array([one[1] for one in many])
        mean = sum(s / share.sum() * one[2] for s, one in zip(share, many, strict=True))
        parts += (mean + effects @ by_chance / units) * owned.sum() / total
    return estimate, np.sqrt(units / (units - 1) * (parts**2).sum())
