"""In 2,000 invented towns the effect planted in each cohort is held by its intervals at their rate."""

from __future__ import annotations

import dataclasses
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from programme_draws import DRAWS
from programme_studies import margin, within

from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_rows import ProgrammeRows, ScaleRows, Windows
from shnor_analysis.models.programme_stacks import stack_rows
from shnor_analysis.models.school_panel import read_panel
from shnor_analysis.reference.listing_rules import RuleProcedure, listing_rule
from shnor_analysis.simulation import TownSpec, simulate_town
from shnor_analysis.simulation.sittings import sittings

pytestmark = pytest.mark.slow

SPEC = TownSpec(school_level_only=True, inflated_schools_n=0, inflated_treated_n=0)
SEEDS = range(1, DRAWS + 1)  # never changed: the figures in docs/method/programme_effect.md come from them
TWIN_SEEDS = range(10_001, 10_101)
EFFECTS = {cohort.cohort_year: cohort.effect_sd for cohort in SPEC.cohorts}
# joined when the list of the year came out: the tests of that year were written before or just after
WINDOWS = Windows(delay=1)
OTHER_PUPILS = ("ege", 2020)
RULE = listing_rule(SPEC.listing_rule)


def of_the_rule(first_year, last_year):
    """Sittings that the rule looks at; streams of random numbers have names, so leaving the others out changes nothing."""
    return tuple(
        one
        for one in sittings(first_year, last_year)
        if RuleProcedure(one.assessment, one.subject, one.grade) in RULE.procedures
    )


def draw_town(spec):
    with mock.patch("shnor_analysis.simulation.history.sittings", of_the_rule):
        return simulate_town(spec, only=("schools",))


def panel_of(town):
    """A row a school, year of the programme tested and procedure, as the workspace collects it."""
    columns = []
    for sheet in town.draws[0].history.sheets:
        one = sheet.sitting
        if (one.assessment, one.school_year) == OTHER_PUPILS:
            continue
        marks = sheet.mark_counts().astype(float)
        low = marks[:, 0].copy()
        if one.assessment == "ege":
            marks[:] = np.nan  # points without marks
        key = [one.programme_year, one.assessment, one.subject, one.grade, one.season]
        keys = [np.full(len(low), value, dtype=object) for value in key]
        columns.append([sheet.positions, *keys, sheet.tested_n, low, *marks.T])
    names = ["school_id", "school_year", "assessment", "subject", "grade", "season", "tested_n", "low_n"]
    names += [f"mark_{mark}_n" for mark in (2, 3, 4, 5)]
    together = [np.concatenate(parts) for parts in zip(*columns, strict=True)]
    frame = pd.DataFrame(dict(zip(names, together, strict=True)))
    history, place = town.draws[0].history, frame["school_id"]
    # written after joining, but of the year before: neither before nor after, and no comparison for others
    is_between = (frame["season"] == "autumn") & (frame["school_year"] == history.joined[place])
    ids = np.array(town.draws[0].schools.school_ids, dtype=object)
    return frame.assign(school_id=ids[place])[~is_between]


def years_of(spec):
    """A town's results as the designs take them, and its truths."""
    town = draw_town(spec)
    treated = {one.school_id: one.cohort_year for one in town.truths.programmes}
    return school_years(read_panel(panel_of(town)), treated)


def of_cohort(rows, cohort):
    """The stack of one cohort."""
    own = rows.cohort == cohort
    scales = [ScaleRows(one.post[own], one.selection[own], one.earlier[own]) for one in (rows.sd, rows.pp)]
    return ProgrammeRows(
        rows.school_ids,
        rows.school[own],
        rows.cohort[own],
        rows.treated[own],
        *scales,
        rows.weight[own],
        rows.context[own],
        rows.context_names,
        rows.has_earlier,
    )


def measured_effects():
    """The planted effects as these papers and marks show them: the same towns with and without the programme.

    Pupils' points measure what was planted with error, so in standard deviations of results it is less.
    """
    nothing = tuple(dataclasses.replace(one, effect_sd=0.0) for one in SPEC.cohorts)
    changes = {cohort: [] for cohort in EFFECTS}
    for seed in TWIN_SEEDS:
        twins = [
            stack_rows(years_of(dataclasses.replace(SPEC, seed=seed, cohorts=cohorts)), WINDOWS)
            for cohorts in (SPEC.cohorts, nothing)
        ]
        for cohort, found in changes.items():
            own = (twins[0].cohort == cohort) & twins[0].treated
            assert (own == ((twins[1].cohort == cohort) & twins[1].treated)).all()
            found.append(np.average((twins[0].sd.post - twins[1].sd.post)[own], weights=twins[0].weight[own]))
    return {cohort: float(np.mean(found)) for cohort, found in changes.items()}


@pytest.fixture(scope="module")
def truths():
    return measured_effects()


@pytest.fixture(scope="module")
def found():
    """Cohort -> estimate, low, high of the ANCOVA and of the bracket, df, shape (draws, 7)."""
    told = {cohort: [] for cohort in EFFECTS}
    for seed in SEEDS:
        rows = stack_rows(years_of(dataclasses.replace(SPEC, seed=seed)), WINDOWS)
        for cohort, answers in told.items():
            own = of_cohort(rows, cohort)
            one, other = ancova(own), did(own)
            answers.append(
                (
                    *(one.estimate, one.conf_low, one.conf_high),
                    *(other.estimate, other.conf_low, other.conf_high),
                    one.df,
                )
            )
    return {cohort: np.array(answers) for cohort, answers in told.items()}


def test_papers_show_most_of_what_was_planted(truths, record_property):
    record_property("measured", truths)
    for cohort, planted in EFFECTS.items():
        assert 0.8 * planted <= truths[cohort] + 0.01 <= planted + 0.02


@pytest.mark.parametrize("cohort", EFFECTS)
def test_the_planted_effect_of_a_cohort_is_covered_at_the_nominal_rate(
    found, truths, cohort, record_property
):
    told, truth = found[cohort], truths[cohort]
    hull = np.column_stack([told[:, [1, 4]].min(axis=1), told[:, [2, 5]].max(axis=1)])
    rates = {
        "ancova": within(told[:, 1:3], truth),
        "did": within(told[:, 4:6], truth),
        "hull": within(hull, truth),
        "ancova, as planted": within(told[:, 1:3], EFFECTS[cohort]),
        "hull, as planted": within(hull, EFFECTS[cohort]),
    }
    record_property("coverage", rates)
    record_property("means", {"ancova": told[:, 0].mean(), "did": told[:, 3].mean(), "truth": truth})
    record_property("spread", {"ancova": told[:, 0].std(), "did": told[:, 3].std(), "df": told[:, 6].mean()})
    assert rates["ancova"] == pytest.approx(0.95, abs=margin(0.95))
    assert rates["hull"] >= 0.95 - margin(0.95)
