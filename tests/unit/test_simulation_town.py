"""The invented town: repeatable, valid, true to its calendar, its scales, its rule and its planted truths."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from shnor_analysis.reference.listing_rules import listing_rule
from shnor_analysis.reference.mark_scales import mark_scale
from shnor_analysis.schemas import TABLES, validate
from shnor_analysis.simulation import ProgrammeCohort, Town, TownSpec, region_spec, simulate_town
from shnor_analysis.simulation.papers import SCALE_YEAR, paper, score_chances, shift
from shnor_analysis.simulation.sittings import sittings
from shnor_analysis.simulation.spec import share_out

SMALL = TownSpec(schools_n=30, first_year=2020, last_year=2023, pupil_years=(2021,), pupil_grades=(5, 6))
FLAT = TownSpec(
    schools_n=400,
    first_year=2021,
    last_year=2022,
    cohorts=(),
    inflated_schools_n=0,
    inflated_treated_n=0,
    school_level_only=True,
)


@pytest.fixture(scope="module")
def town() -> Town:
    return simulate_town(SMALL)


def test_the_same_seed_gives_the_same_tables_and_another_seed_others(town: Town) -> None:
    again = simulate_town(SMALL)
    other = simulate_town(dataclasses.replace(SMALL, seed=SMALL.seed + 1))
    for name in TABLES:
        pd.testing.assert_frame_equal(town.tables[name], again.tables[name])
    assert town.truths == again.truths
    for name in ("factors", "school_results", "pupil_results", "item_results", "score_counts"):
        assert not town.tables[name].equals(other.tables[name])


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_is_filled_and_valid(town: Town, name: str) -> None:
    frame = town.tables[name]
    assert len(frame) > 0
    pd.testing.assert_frame_equal(validate(TABLES[name], frame), frame)


def test_several_municipalities_are_valid_and_publish_the_region_once() -> None:
    region = simulate_town(dataclasses.replace(region_spec(90), first_year=2021, last_year=2021))
    assert region.tables["schools"]["municipality_id"].nunique() == 2
    for name in TABLES:
        validate(TABLES[name], region.tables[name])
    level = region.tables["area_results"].groupby("area_level")["area_id"].nunique()
    assert level.to_dict() == {"municipality": 2, "region": 1, "russia": 1}


def test_every_table_refers_to_rows_that_exist(town: Town) -> None:
    for name, table in TABLES.items():
        for reference in table.references:
            own = pd.MultiIndex.from_frame(town.tables[name][list(reference.columns)])
            known = pd.MultiIndex.from_frame(town.tables[reference.table][list(reference.columns)])
            assert own.isin(known).all(), name


def test_the_calendar_has_its_breaks() -> None:
    wrote = {(one.assessment, one.test_date.year, one.season) for one in sittings(2018, 2024)}
    assert {year for kind, year, season in wrote if (kind, season) == ("vpr", "spring")} == {
        2018,
        2019,
        2021,
        2022,
        2023,
        2024,
    }
    assert {year for kind, year, season in wrote if (kind, season) == ("vpr", "autumn")} == {2020, 2022}
    assert {year for kind, year, _ in wrote if kind == "oge"} == {2018, 2019, 2021, 2022, 2023, 2024}
    assert 2021 not in {year for kind, year, _ in wrote if kind == "ege_base"}
    autumn = [one for one in sittings(2018, 2024) if one.season == "autumn" and one.test_date.year == 2020]
    assert {one.school_year for one in autumn} == {2021}


def test_a_school_that_wrote_in_march_2022_does_not_write_the_subject_again(town: Town) -> None:
    results = town.tables["school_results"]
    vpr = results[(results["assessment"] == "vpr") & (results["test_date"].dt.year == 2022)]
    seasons = vpr.groupby(["school_id", "subject"])["season"].nunique()
    assert (seasons == 1).all()
    assert set(vpr["season"]) == {"spring", "autumn"}


def test_the_merged_school_ends_and_its_pupils_go_on_in_the_successor(town: Town) -> None:
    results = town.tables["school_results"]
    assert results.loc[results["school_id"] == "sch660017", "school_year"].max() == 2021
    aliases = town.tables["school_aliases"]
    assert set(aliases["successor_id"].dropna()) == {"sch660018"}
    pupils = town.tables["pupils"].dropna(subset="link_id")
    before = pupils[(pupils["school_id"] == "sch660017") & (pupils["school_year"] == 2021)]
    after = pupils[pupils["link_id"].isin(before["link_id"]) & (pupils["school_year"] > 2021)]
    assert len(after) == 0 or set(after["school_id"]) == {"sch660018"}


def test_items_add_up_to_the_points_and_papers_to_the_real_maximum(town: Town) -> None:
    items, results = town.tables["item_results"], town.tables["pupil_results"]
    key = ["pupil_id", "school_year", "assessment", "subject", "grade", "season"]
    summed = items.groupby(key, as_index=False)[["points", "points_max"]].sum()
    both = summed.merge(results, on=key, suffixes=("_items", ""))
    assert len(both) == len(summed) > 1000
    assert (both["points_items"] == both["points"]).all()
    assert (both["points_max_items"] == both["points_max"]).all()


def test_marks_follow_from_points_by_the_real_cut_offs(town: Town) -> None:
    results = town.tables["pupil_results"].dropna(subset="mark")
    kinds = results[["assessment", "subject", "grade"]].drop_duplicates()
    for row in kinds.itertuples():
        scale = mark_scale(row.assessment, row.subject, int(row.grade), SCALE_YEAR)
        assert scale is not None
        own = results[
            (results["assessment"] == row.assessment)
            & (results["subject"] == row.subject)
            & (results["grade"] == row.grade)
        ]
        assert [scale.mark(points) for points in own["points"]] == own["mark"].tolist()


def test_the_chances_of_points_are_those_of_the_items() -> None:
    written = paper("vpr", "mathematics", 5)
    chances = score_chances(written)
    assert np.allclose(chances.sum(axis=1), 1)
    ability = 0.0 + shift(written) - shift(written)
    solved = 1 / (1 + np.exp(-1.35 * (ability - np.linspace(-1.6, 1.6, len(written.items)))))
    mean = chances[80] @ np.arange(written.points_max + 1)
    assert mean == pytest.approx(solved @ np.array(written.item_points), abs=1e-9)


def test_school_results_are_the_sums_of_the_pupils(town: Town) -> None:
    pupils, schools = town.tables["pupil_results"], town.tables["school_results"]
    key = ["school_id", "school_year", "assessment", "subject", "grade", "season"]
    counted = pupils.groupby(key, as_index=False).agg(
        n=("points", "size"), mean=("points", "mean"), twos=("mark", lambda mark: (mark == 2).sum())
    )
    both = counted.merge(schools, on=key)
    assert len(both) == len(counted)
    assert (both["n"] == both["tested_n"]).all()
    assert np.allclose(both["mean"], both["mean_points"])
    marked = both[both["mark_2_n"].notna()]
    assert (marked["twos"] == marked["mark_2_n"]).all()


def test_the_issued_list_equals_the_rule_recomputed_on_the_published_shares() -> None:
    town = simulate_town(TownSpec(school_level_only=True))
    rule, results = listing_rule(town.spec.listing_rule), town.tables["school_results"]
    share = results["mark_2_share"].fillna(results["low_share"])
    low = results[(share >= 0.3 - 1e-9)]
    issued = town.tables["listings"].query("list == 'low_results'")
    assert len(issued) > 20
    for year in range(2019, 2025):
        counted = [
            row.school_id
            for row in low.itertuples()
            if (row.assessment, row.subject, row.grade)
            in {(one.assessment, one.subject, one.grade) for one in rule.procedures}
            and (
                (row.school_year == year - 1 and row.season == "spring")
                or (row.school_year == year and row.season == "autumn" and row.assessment == "vpr")
            )
        ]
        found = {school for school in counted if counted.count(school) >= 2}
        found -= {"sch660017"} if year > 2021 else set()
        assert found == set(issued.loc[issued["school_year"] == year, "school_id"]), year


def test_the_programme_adds_its_effect_to_its_schools_from_its_year_on_and_to_nobody_else() -> None:
    spec = TownSpec(cohorts=(ProgrammeCohort(2022, 8, 0.5),), school_level_only=True, inflated_treated_n=0)
    helped = simulate_town(spec)
    without = simulate_town(dataclasses.replace(spec, cohorts=(ProgrammeCohort(2022, 8, 0.0),)))
    key = ["school_id", "school_year", "assessment", "subject", "grade", "season"]
    both = helped.tables["school_results"].merge(
        without.tables["school_results"], on=key, suffixes=("", "_without")
    )
    gain = (both["mean_points"] - both["mean_points_without"]) / both["sd_points_without"]
    treated = both["school_id"].isin([one.school_id for one in helped.truths.programmes])
    assert treated.sum() > 0
    assert (gain[~treated | (both["school_year"] < 2023)] == 0).all()
    assert gain[treated & (both["school_year"] >= 2023)].mean() == pytest.approx(0.5, abs=0.12)


def test_the_planted_factor_goes_with_nothing_and_parents_education_does() -> None:
    town = simulate_town(FLAT)
    results = town.tables["school_results"].query("assessment == 'vpr' and school_year == 2021")
    standard = results.groupby(["subject", "grade", "season"])["mean_points"].transform(
        lambda x: (x - x.mean()) / x.std()
    )
    mean = standard.groupby(results["school_id"]).mean()
    factors = (
        town.tables["factors"]
        .query("school_year == 2021")
        .pivot_table(index="school_id", columns="factor", values="value")
    )
    together = factors.corrwith(mean)
    assert abs(together[town.truths.non_effect_factor]) < 0.12
    assert together["parents_higher_education_share"] > 0.35
    assert town.truths.factor_coefficients[town.truths.non_effect_factor] == 0


def test_inflated_schools_have_a_step_at_the_mark_and_help_with_hard_items() -> None:
    town = simulate_town(dataclasses.replace(SMALL, inflated_schools_n=5, inflated_treated_n=0))
    results = town.tables["pupil_results"].query(
        "assessment == 'vpr' and subject == 'mathematics' and grade == 5"
    )
    inflated = results["school_id"].isin(list(town.truths.inflated))
    first_three = mark_scale("vpr", "mathematics", 5, SCALE_YEAR).cuts[0]
    at = (results["points"] == first_three).groupby(inflated).mean()
    below = (results["points"] == first_three - 1).groupby(inflated).mean()
    assert at[True] > 2 * below[True]
    assert at[False] < 2 * below[False]


def test_low_schools_enter_and_leave_and_the_towns_level_is_plausible() -> None:
    town = simulate_town(TownSpec(school_level_only=True))
    listed = (
        town.tables["listings"].query("list == 'low_results'").groupby("school_year")["school_id"].agg(set)
    )
    assert all(2 <= len(schools) <= 16 for schools in listed)
    assert any(first - second for first, second in itertools.pairwise(listed))
    vpr = town.tables["school_results"].query("assessment == 'vpr'")
    assert 0.08 < vpr["mark_2_n"].sum() / vpr["tested_n"].sum() < 0.18


def test_a_town_of_any_size_can_be_drawn() -> None:
    for schools_n in (1, 2, 4, 7):
        town = simulate_town(
            TownSpec(schools_n=schools_n, first_year=2021, last_year=2022, school_level_only=True)
        )
        assert len(town.tables["schools"]) == schools_n


def test_shares_of_a_total_add_up_to_it() -> None:
    assert share_out(10, (1, 1, 1)) == (4, 3, 3)
    assert sum(share_out(7, (41, 3, 9, 2))) == 7


def test_only_the_tables_wanted_are_built() -> None:
    town = simulate_town(TownSpec(schools_n=4, school_level_only=True), only=("school_results",))
    assert len(town.tables["school_results"]) > 0
    assert len(town.tables["factors"]) == 0
