"""Checks of a programme's estimate: each against what it must be by hand, by symmetry or by what was planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from invented_programme import a_region
from scipy import stats

from shnor_analysis.models.list_flow_rows import read_flow_rows
from shnor_analysis.models.list_rules import LowestShare, ShareOfLow
from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_discontinuity import discontinuity, distance_to_threshold
from shnor_analysis.models.programme_event_study import event_study
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_placebos import rank_among_placebos
from shnor_analysis.models.programme_pre_trend import pre_trend
from shnor_analysis.models.programme_rows import NEVER, SchoolYears, Windows
from shnor_analysis.models.programme_specifications import leave_one_out, specification_curve
from shnor_analysis.models.programme_staggered import staggered_effect
from shnor_analysis.models.programme_study import ProgrammeOptions, ProgrammeStudy
from shnor_analysis.models.school_panel import read_panel
from shnor_analysis.results.programme_parts import PLACEBOS_FOR_A_TEST
from shnor_analysis.results.values import NotEstimable


def study_of(panel, treated, **options):
    read, asked = read_panel(panel), ProgrammeOptions(**options)
    return ProgrammeStudy(read, school_years(read, treated), asked.windows, 0.95, asked)


def laid_out(sd, cohort, first_year=2017, pupils=50.0):
    """A study of given results, all schools alike in size."""
    cells = np.full(sd.shape, pupils)
    names, years = tuple(f"s{at:03d}" for at in range(len(sd))), range(first_year, first_year + sd.shape[1])
    told = SchoolYears(
        names,
        tuple(years),
        np.array(cohort),
        sd.copy(),
        -30 * sd,
        cells,
        cells / 5,
        np.zeros((*sd.shape, 0)),
        (),
        0.1,
    )
    panel = read_panel(
        pd.DataFrame({"school_id": names, "school_year": first_year, "tested_n": int(pupils), "low_n": 1})
    )
    return ProgrammeStudy(panel, told, Windows(), 0.95, ProgrammeOptions())


def some_results(schools=40, years=7, seed=5):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.25, (schools, 1)) + rng.normal(0, 0.15, (schools, years))


def test_the_event_study_is_the_difference_of_means_beside_the_base_and_shows_the_dip():
    sd = some_results()
    chosen = np.argsort(sd[:, 4])[:7]
    cohort = [2022 if at in chosen else NEVER for at in range(40)]
    found = event_study(laid_out(sd, cohort))
    change = sd - sd[:, :4].mean(axis=1, keepdims=True)
    is_chosen = np.isin(np.arange(40), chosen)
    by_hand = change[is_chosen].mean(axis=0) - change[~is_chosen].mean(axis=0)
    assert [one.years_since for one in found] == list(range(-5, 2))
    assert [one.estimate for one in found] == pytest.approx(by_hand)
    assert [one.years_since for one in found if one.is_selection] == [-1]
    assert [one.years_since for one in found if one.is_base] == [-5, -4, -3, -2]
    assert sum(one.estimate for one in found if one.is_base) == pytest.approx(0, abs=1e-12)
    dip = next(one for one in found if one.is_selection)
    assert dip.conf_high < 0


def test_the_course_before_selection_is_the_difference_of_mean_slopes_and_where_it_would_lead():
    sd = some_results()
    sd[:7, :4] -= 0.2 * np.arange(4)
    found = pre_trend(laid_out(sd, [2022] * 7 + [NEVER] * 33))
    own, others = np.split(np.polyfit(np.arange(4), sd[:, :4].T, 1)[0], [7])
    assert found.slope == pytest.approx(own.mean() - others.mean())
    # CR2 of two means is the unequal-variances error of Welch
    error = np.sqrt(own.var(ddof=1) / 7 + others.var(ddof=1) / 33)
    half = (found.conf_high - found.conf_low) / 2
    assert half == pytest.approx(stats.t.ppf(0.975, found.df) * error)
    # from the middle of 2017–2020 to that of 2022–2023
    assert (found.drift, found.drift_low) == pytest.approx((4 * found.slope, 4 * found.conf_low))
    assert (found.years_n, found.n_treated, found.is_clear) == (4, 7, True)
    assert found.p_value < 0.05


def test_a_dip_of_the_selection_year_is_no_course_before_it():
    sd = some_results()
    level = pre_trend(laid_out(sd, [2022] * 7 + [NEVER] * 33))
    sd[:7, 4] -= 1.0
    sd[:7, 5:] += 1.0
    assert pre_trend(laid_out(sd, [2022] * 7 + [NEVER] * 33)) == level
    assert not level.is_clear


def test_one_year_before_selection_tells_no_course():
    sd = some_results(years=4)
    found = pre_trend(laid_out(sd, [2019] * 7 + [NEVER] * 33))
    assert found == NotEstimable("pre_trend_few_years")
    few = some_results()
    few[3:7, :3] = np.nan
    assert pre_trend(laid_out(few, [2022] * 7 + [NEVER] * 33)) == NotEstimable("pre_trend_few_years")


def test_a_year_with_three_treated_schools_is_not_shown():
    sd = some_results()
    sd[:4, 6] = np.nan
    found = event_study(laid_out(sd, [2022] * 7 + [NEVER] * 33))
    assert [one.years_since for one in found] == list(range(-5, 1))


def test_cohorts_that_began_in_other_years_get_their_own_effects_whatever_the_years_brought():
    planted = {2021: 0.3, 2022: 0.1}
    cohort = np.array([2021] * 6 + [2022] * 6 + [NEVER] * 20)
    sd = (
        some_results(32) * 1e-6
        + np.array([0, 0.4, -0.2, 0.1, 0.5, -0.3, 0.2])
        + np.linspace(-1, 1, 32)[:, None]
    )
    for year, effect in planted.items():
        sd[np.ix_(cohort == year, np.arange(2017, 2024) >= year)] += effect
    # the selection years' dip is neither base nor effect
    sd[cohort == 2021, 3] -= 0.5
    sd[cohort == 2022, 4] -= 0.5
    found = staggered_effect(laid_out(sd, cohort))
    assert {one.cohort: one.estimate for one in found.cohorts} == pytest.approx(planted, abs=1e-5)
    # three years of the first cohort, two of the second
    assert found.overall[0].estimate == pytest.approx((3 * 0.3 + 2 * 0.1) / 5, abs=1e-5)
    assert found.overall[1].estimate == pytest.approx(-30 * found.overall[0].estimate)
    assert found.overall[0].df == 12 - 2


def test_a_cohort_of_three_schools_has_no_estimate_of_its_own():
    found = staggered_effect(laid_out(some_results(), [2021] * 3 + [2022] * 5 + [NEVER] * 32))
    assert [one.cohort for one in found.cohorts] == [2022]
    assert found.overall[0].n_treated == 8


def test_one_cohort_needs_no_design_for_several():
    found = staggered_effect(laid_out(some_results(), [2022] * 7 + [NEVER] * 33))
    assert found == NotEstimable("cohorts_do_not_differ")
    assert (
        found.in_words("en")
        == "all schools joined the programme in one year: there are no years of joining to tell apart."
    )


def test_placebos_know_nothing_of_the_programmes_years():
    study = study_of(*places(2))
    years = study.years
    touched = np.array(years.years) >= years.cohort[:, None]
    better = replace(study, years=replace(years, sd=years.sd + 5 * touched, pp=years.pp - 50 * touched))
    found = rank_among_placebos(study, ancova(study.rows()))
    again = rank_among_placebos(better, ancova(better.rows()))
    assert again.placebos == found.placebos
    assert again.rank == 1
    own, other = (
        [one.first_year for one in found.placebos if one.kind == kind] for kind in ("year", "place")
    )
    # a year before the selection year is needed, and the first year has none; the programme began in 2022
    assert (own, other) == ([2019, 2020, 2021], [2019, 2020, 2021, 2022, 2023])
    assert (found.k, found.smallest_p, found.p, found.is_overlapping) == (8, 1 / 9, None, True)


def test_a_placebo_of_a_year_is_the_headline_of_a_programme_that_began_then():
    panel, treated = a_region(seed=12)
    study = study_of(panel, treated)
    found = next(
        one for one in rank_among_placebos(study, ancova(study.rows())).placebos if one.first_year == 2020
    )
    before = panel[panel["school_year"] == 2019]
    share = before.groupby("school_id")[["mark_2_n", "tested_n"]].sum()
    lowest = (share["mark_2_n"] / share["tested_n"]).sort_values(ascending=False).index[: len(treated)]
    past = panel[panel["school_year"] < 2022]
    would_be = study_of(past, dict.fromkeys(lowest, 2020))
    # centred on other schools, which the intercept takes up but for unequal sizes of procedures: there are none
    assert found.estimate == pytest.approx(ancova(would_be.rows()).estimate, abs=1e-9)


def places(municipalities, schools=24):
    """A programme in one municipality, none in the others; nothing helped anybody."""
    parts = [a_region(schools=schools, treated=5, seed=40 + at) for at in range(municipalities)]
    frames = [
        panel.assign(municipality_id=f"m{at:02d}", school_id=panel["school_id"] + f"_{at:02d}")
        for at, (panel, _) in enumerate(parts)
    ]
    return pd.concat(frames), {f"{name}_00": year for name, year in parts[0][1].items()}


def test_from_nineteen_placebos_on_there_is_a_p_and_it_is_the_rank():
    panel, treated = places(4)
    study = study_of(panel, treated)
    primary = ancova(study.rows())
    found = rank_among_placebos(study, primary)
    assert {one.label for one in found.placebos if one.kind == "place"} == {"m01", "m02", "m03"}
    assert found.k == len(found.placebos) == 3 + 3 * 5
    assert found.k < PLACEBOS_FOR_A_TEST
    assert found.p is None
    panel, treated = places(5)
    study = study_of(panel, treated)
    primary = ancova(study.rows())
    found = rank_among_placebos(study, primary)
    above = sum(one.statistic >= primary.statistic for one in found.placebos)
    assert found.rank == 1 + above
    assert found.p == (1 + above) / (found.k + 1)
    assert found.smallest_p == 1 / (found.k + 1)


def test_without_a_year_or_place_left_there_is_no_placebo():
    panel, treated = a_region(years=(2020, 2023))
    study = study_of(panel, treated)
    assert rank_among_placebos(study, ancova(study.rows())) == NotEstimable("no_placebos")


def test_leaving_one_school_out_is_the_estimate_without_it():
    study = study_of(*a_region(seed=13))
    found = {one.school_id: one for one in leave_one_out(study)}
    assert found.keys() == set(study.years.school_ids)
    for name in (study.years.school_ids[3], study.years.school_ids[30]):
        without = replace(study, years=study.years.where(np.array(study.years.school_ids) != name))
        again = ancova(without.rows())
        assert (found[name].estimate, found[name].conf_low) == pytest.approx((again.estimate, again.conf_low))


@pytest.fixture(scope="module")
def curve():
    panel, treated = a_region(schools=45, seed=14)
    names = sorted(set(panel["school_id"]))
    flagged = {sorted(treated)[0], *[one for one in names if one not in treated][:3]}
    panel["is_flagged"] = panel["school_id"].isin(flagged) & (panel["school_year"] == 2021)
    return study_of(panel, treated, rule=LowestShare(0.5, 1)), flagged


def pick(specifications, **asked):
    plain = {
        "design": "ancova", "years": "all", "subjects": "all", "comparison": "not_yet", "with_flagged": True,
        "scale": "sd", "selection_years": 1, "weights": "pupils",
    } | asked  # fmt: skip
    return [
        one for one in specifications if all(getattr(one, name) == value for name, value in plain.items())
    ]


def test_the_headline_is_one_of_the_ways_of_asking(curve):
    study, _ = curve
    specifications = specification_curve(study)
    [own] = [one for one in specifications if one.is_headline]
    primary = ancova(study.rows())
    assert (own.estimate, own.conf_low, own.conf_high) == (
        primary.estimate,
        primary.conf_low,
        primary.conf_high,
    )
    assert pick(specifications) == [own]
    assert pick(specifications, design="did", scale="pp")[0].estimate == did(study.rows(), "pp").estimate
    # nothing is asked twice
    asked = [
        (
            one.design,
            one.years,
            one.subjects,
            one.comparison,
            one.with_flagged,
            one.scale,
            one.selection_years,
            one.weights,
        )
        for one in specifications
    ]
    assert len(asked) == len(set(asked))


def test_other_ways_of_asking_are_what_they_say(curve):
    study, flagged = curve
    specifications = specification_curve(study)
    kept = study.years.where(~np.isin(study.years.school_ids, sorted(flagged)))
    [without] = pick(specifications, with_flagged=False)
    assert without.estimate == ancova(replace(study, years=kept).rows()).estimate
    first = study.years.between(2017, 2022)
    assert (
        pick(specifications, years="first")[0].estimate == ancova(replace(study, years=first).rows()).estimate
    )
    later = replace(study, windows=Windows(delay=1))
    assert pick(specifications, years="later")[0].estimate == ancova(later.rows()).estimate
    two = replace(study, windows=Windows(selection_years=2))
    assert pick(specifications, selection_years=2, design="did")[0].estimate == did(two.rows()).estimate
    panel = study.panel
    is_russian = np.array([one.subject == "russian" for one in panel.procedures])[panel.procedure]
    treated = {
        name: 2022
        for name, one in zip(study.years.school_ids, study.years.cohort, strict=True)
        if one == 2022
    }
    alone = replace(study, years=school_years(panel.where(is_russian), treated))
    assert pick(specifications, subjects="russian")[0].estimate == ancova(alone.rows()).estimate
    assert pick(specifications, weights="equal")[0].estimate != pick(specifications)[0].estimate
    assert len(pick(specifications, design="ancova_one_lag")) == 1


def test_schools_near_in_the_selection_year_are_never_compared_by_change(curve):
    study, _ = curve
    specifications = specification_curve(study)
    assert pick(specifications, comparison="nearest")
    assert not pick(specifications, comparison="nearest", design="did")
    rows = study.rows()
    treated = np.average(rows.sd.selection[rows.treated], weights=rows.weight[rows.treated])
    distance = np.where(rows.treated, np.inf, np.abs(rows.sd.selection - treated))
    near = set(np.array(rows.school_ids)[rows.school[np.argsort(distance)[:14]]])
    kept = [
        one in near or cohort == 2022
        for one, cohort in zip(study.years.school_ids, study.years.cohort, strict=True)
    ]
    alone = replace(study, years=study.years.where(np.array(kept)))
    assert pick(specifications, comparison="nearest")[0].estimate == pytest.approx(
        ancova(alone.rows()).estimate
    )


def test_the_rest_of_the_list_stands_for_comparison_only_where_it_is_long_enough(curve):
    study, _ = curve
    listed = read_flow_rows(study.panel, rule=study.options.rule, exclude={}).listed(2021)
    kept = listed | (study.years.cohort == 2022)
    alone = replace(study, years=study.years.where(kept))
    assert pick(specification_curve(study), comparison="listed")[0].estimate == pytest.approx(
        ancova(alone.rows()).estimate
    )
    short = replace(study, options=ProgrammeOptions(rule=LowestShare(0.3, 1)))
    assert not pick(specification_curve(short), comparison="listed")


@pytest.mark.parametrize("rule", [LowestShare(0.3, 1), LowestShare(0.4, 2), ShareOfLow(0.15, 2)])
def test_a_school_is_listed_exactly_from_the_threshold_on(rule):
    panel, _ = a_region()
    flow = read_flow_rows(read_panel(panel), rule=rule, exclude={})
    listed = flow.listed(2021)
    assert 0 < listed.sum() < len(listed)
    assert ((distance_to_threshold(flow, 2021) >= 0) == listed).all()


def at_the_threshold(jump, seed=1, schools=400):
    """Schools helped exactly when the rule lists them, with a jump of so many pupil SD."""
    panel, _ = a_region(schools=schools, seed=seed, years=(2020, 2022), pupils=(150, 151))
    flow = read_flow_rows(read_panel(panel), rule=ShareOfLow(0.15, 2), exclude={})
    treated = {name: 2022 for name, is_on in zip(flow.school_ids, flow.listed(2021), strict=True) if is_on}
    study = study_of(panel, treated, rule=ShareOfLow(0.15, 2))
    sd = study.years.sd.copy()
    sd[study.years.cohort == 2022, 2] += jump
    return replace(study, years=replace(study.years, sd=sd))


def test_a_planted_jump_is_found_at_the_threshold():
    found = discontinuity(at_the_threshold(0.3))
    nothing = discontinuity(at_the_threshold(0.0))
    assert found.conf_low < 0.3 < found.conf_high
    assert nothing.conf_low < 0 < nothing.conf_high
    # a constant added to all listed schools is the jump, whatever the bandwidth
    assert found.estimate - nothing.estimate == pytest.approx(0.3, abs=0.05)
    assert found.n_below + found.n_above >= 40


def test_with_few_schools_near_the_threshold_there_is_no_jump_but_their_number():
    found = discontinuity(study_of(*a_region(), rule=LowestShare(0.3, 1)))
    assert found.reason == "discontinuity_few_near"
    assert found.fields["n"] < 40
    assert found.in_words("ru").startswith("рядом с порогом перечня школ ")
    assert discontinuity(study_of(*a_region())) == NotEstimable("discontinuity_no_rule")


def test_help_that_did_not_go_by_the_threshold_gives_no_jump():
    study = at_the_threshold(0.3)
    others = np.where(study.years.cohort == 2022, NEVER, 2022)
    mixed = np.where(np.arange(400) % 3 == 0, others, study.years.cohort)
    found = discontinuity(replace(study, years=study.years.with_cohorts(mixed)))
    assert found.reason == "discontinuity_not_followed"
    assert "of 100 schools" in found.in_words("en")


def test_one_year_after_the_start_is_not_told_as_three():
    specifications = specification_curve(study_of(*a_region(years=(2017, 2022))))
    assert {one.years for one in specifications} == {"all"}
