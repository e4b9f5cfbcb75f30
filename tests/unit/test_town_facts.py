"""The municipality's facts: its own schools only, list years by the rule, breaks by series, every file named."""

from functools import lru_cache

import pandas as pd
import pytest
import small_town as town

from shnor_analysis.disclosure import release
from shnor_analysis.evaluation import assemble_school, assemble_town, evaluate_town, prepare_town
from shnor_analysis.schemas.card import FileCard

REGISTER = """
sch1 Школа№1 school maly zarechny
sch2 Школа№2 school maly zarechny
sch3 Школа№3 school bolshoy zarechny
"""
LISTINGS = "\n".join(f"sch{n} {year} low_results ministry" for n in (1, 3) for year in (2021, 2022))
LOW = "\n".join(
    f"sch{n} {year} vpr {subject} 5 spring 9 1 0 0"
    for n in (1, 3)
    for year in (2023, 2024)
    for subject in ("mathematics", "russian")
)
EXAMS = """
sch1 2021 ege mathematics 11 spring 3 7 10 5
sch1 2022 ege mathematics 11 spring 3 7 10 5
sch1 2021 ege russian 11 spring 3 7 10 5
sch1 2022 ege russian 11 spring 3 7 10 5
sch1 2019 oge mathematics 9 spring 3 7 10 5
sch1 2022 oge mathematics 9 spring 3 7 10 5
"""


def prepared(results, *, year, rule="rosobr_2020", **given):
    tables = town.tables_of(
        schools=town.schools(REGISTER), school_results=town.school_results(results), **given
    )
    settings = town.SETTINGS.model_copy(update={"listing_rule": rule})
    return prepare_town(tables, settings=settings, school_year=year)


@lru_cache(maxsize=1)
def exams():
    return prepared(EXAMS, year=2022)


def test_the_flow_counts_the_municipalitys_own_schools():
    facts = assemble_town(prepared(LOW, year=2024, listings=town.listings(LISTINGS)))
    issued, *of_rule = facts.flows
    assert (issued.source, issued.listed_n, issued.stayed_n) == ("issued", 1, 1)
    assert [(flow.source, flow.school_year, flow.listed_n) for flow in of_rule] == [("rule", 2025, 1)]


@pytest.mark.parametrize(
    ("rule", "expected"), [("lowest_share_15_2", 2024), ("rosobr_2020", 2025), ("rosobr_2021", 2026)]
)
def test_the_list_year_is_that_of_the_rule(rule, expected):
    assert assemble_town(prepared(LOW, year=2024, rule=rule)).rule_list_year == expected


def test_a_break_is_named_where_it_concerns_a_subject_that_is_there():
    expected = {"ege_2021_admission_only", "oge_2020_cancelled"}
    assert {item.code for item in assemble_town(exams()).breaks} == expected
    assert {item.code for item in assemble_school(exams(), "sch1").breaks} == expected


def test_every_file_that_counts_is_named():
    digests = {name: f"{n:064x}" for n, name in enumerate(("register", "list", "own", "other"))}

    def lying_in(table: pd.DataFrame, name: str) -> pd.DataFrame:
        return table.assign(source_sha256=digests[name])

    results = town.school_results(LOW)
    own = results["school_id"] == "sch1"
    tables = town.tables_of(
        schools=lying_in(town.schools(REGISTER), "register"),
        listings=lying_in(town.listings(LISTINGS), "list"),
        school_results=pd.concat([lying_in(results[own], "own"), lying_in(results[~own], "other")]),
    )
    cards = [
        FileCard(digest, name, "x", "2026-09-01T08:00:00+00:00", "d", (), False, False)
        for name, digest in digests.items()
    ]
    facts = evaluate_town(tables, school_year=2024, settings=town.SETTINGS, cards=cards)
    assert [file.file_name for file in facts.files] == ["list", "own", "register"]
    assert [file.file_name for file in facts.files_behind] == ["other"], "the region and ranks rest on it"
    school = assemble_school(
        prepare_town(tables, settings=town.SETTINGS, school_year=2024, cards=cards), "sch1"
    )
    assert [file.file_name for file in school.files] == ["list", "own", "register"]
    assert [file.file_name for file in school.files_behind] == ["other"]
    seen = release(school, "public").value
    assert {file.file_name for file in (*seen.files, *seen.files_behind)} == {"—"}
    assert [file.sha256 for file in seen.files_behind] == [digests["other"]]
