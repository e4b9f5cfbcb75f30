"""Rows that vanish between the tables and the indicators vanish for a reason that counts them."""

from functools import lru_cache

import small_town as town

from shnor_analysis import indicators
from shnor_analysis.evaluation import prepare_town
from shnor_analysis.settings import Settings
from shnor_analysis.simulation import TownSpec, simulate_town

SUMMED = {"pooled_shares", "municipality_shares", "region_shares", "rule_outcomes", "list_flow"}
REMARKS = {"only_shares_known", "tested_estimated", "quality_not_given", "too_few_schools"}


@lru_cache(maxsize=1)
def steps():
    spec = TownSpec(schools_n=6, first_year=2021, last_year=2024, cohorts=(), pupil_years=(2023, 2024))
    tables = simulate_town(spec).tables
    place = tables["schools"].iloc[0]
    settings = Settings(
        workspace_id="small-town",
        title_ru="Вымышленный",
        title_en="Invented",
        municipality_id=place["municipality_id"],
        region_id=place["region_id"],
        is_invented=True,
    )
    return prepare_town(tables.__getitem__, settings=settings, school_year=2024).accounting.steps


def dropped(step):
    return sum(reason.n for reason in step.reasons if reason.code not in REMARKS)


def test_what_a_step_loses_is_the_sum_of_its_reasons():
    lost = {step.code: (step.rows_in - step.rows_out, dropped(step)) for step in steps()}
    assert {code: both for code, both in lost.items() if code not in SUMMED and both[0] != both[1]} == {}
    assert lost["agreement"][0] > 0


def test_comparisons_of_nobody_and_those_that_a_report_gives_already_are_told():
    _, results = town.pupils_of("sch1 2021 vpr mathematics 5 spring 2-3 3-3 4-4")
    procedure = town.procedure(["2021", "vpr", "mathematics", "5", "spring"])
    shares = {"lowered_share": 0.25, "confirmed_share": 0.7, "raised_share": 0.05, "counts_rebuilt": False}
    rows = [
        {"area_level": level, "area_id": unit, **procedure, "tested_n": tested, **shares}
        for level, unit, tested in (("school", "sch1", 20), ("school", "sch2", 0), ("region", "r", 900))
    ]
    _, accounting = indicators.build_agreement(town.table("mark_comparisons", rows), results)
    (step,) = accounting.steps
    assert (step.rows_in, step.rows_out) == (4, 1)
    assert {reason.code: reason.n for reason in step.reasons} == {
        "comparison_of_area": 1,
        "comparison_nobody_tested": 1,
        "comparison_given_already": 1,
    }
