"""The panel of schools: the year whose programme was tested, the rule's tests alone, breaks and signs told row by row."""

import pandas as pd
import pytest

from shnor_analysis.models.list_flow_rows import read_flow_rows
from shnor_analysis.models.list_rules import ShareOfLow
from shnor_analysis.models.school_panel import read_panel
from shnor_analysis.reference.listing_rules import listing_rule
from shnor_analysis.schemas import TABLES
from shnor_analysis.warehouse.analysis import collect_panel, read_participants
from shnor_analysis.warehouse.engine import engine

REGISTER = [
    {"school_id": one, "name": one, "kind": "school", "municipality_id": place, "region_id": "r"}
    for one, place in (("s1", "here"), ("s2", "there"))
]


def frame(name, rows):
    empty = TABLES[name].empty()
    return pd.concat([empty, pd.DataFrame(rows)]).astype(empty.dtypes.to_dict()) if rows else empty


def result(year, assessment="vpr", *, school="s1", season="spring", grade=5, subject="mathematics", **more):
    told = {"tested_n": 20, "low_n": 5, "tested_n_is_estimated": False, **more}
    return {
        "school_id": school, "school_year": year, "assessment": assessment, "subject": subject, "grade": grade,
        "season": season, **told,
    }  # fmt: skip


@pytest.fixture
def warehouse():
    """Open an engine with two schools and the tables given."""
    with engine() as connection:

        def made(**tables):
            for name in ("schools", "school_results", "listings", "participation"):
                connection.register(
                    name, frame(name, REGISTER if name == "schools" else tables.get(name, []))
                )
            return connection

        yield made


def panel(connection, year=2024, version="rosobr_2023"):
    return collect_panel(connection, school_year=year, rule=listing_rule(version))


def test_what_was_written_in_autumn_counts_for_the_year_whose_programme_it_tests(warehouse):
    rows = [result(2021), result(2021, season="autumn"), result(2020, "oge", grade=9)]
    found = panel(warehouse(school_results=rows)).rows
    told = list(zip(found["school_year"], found["season"], found["assessment"], strict=True))
    assert told == [(2020, "spring", "oge"), (2020, "autumn", "vpr"), (2021, "spring", "vpr")]


def test_later_results_and_tests_that_the_rule_does_not_look_at_stay_away(warehouse):
    rows = [
        result(2023), result(2024), result(2023, grade=8), result(2023, "internal"), result(2023, subject="physics"),
        result(2023, season="autumn"),
    ]  # fmt: skip
    connection = warehouse(school_results=rows)
    assert [int(year) for year in panel(connection, 2023).rows["school_year"]] == [2022, 2023]
    # the list of 2022 takes the tests of spring alone
    assert [int(year) for year in panel(connection, 2023, "rosobr_2022").rows["school_year"]] == [2023]


def test_low_results_come_from_marks_numbers_or_shares_and_the_rest_is_accounted(warehouse):
    rows = [
        result(2019, low_n=None, mark_2_n=4, mark_3_n=6, mark_4_n=6, mark_5_n=4),
        result(2020, "oge", grade=9, low_n=7),
        result(2021, low_n=None, low_share=0.19),
        result(2022, low_n=None),
        result(2023, tested_n=0, low_n=0),
        result(2024, tested_n_is_estimated=True),
    ]
    found = panel(warehouse(school_results=rows))
    assert [int(one) for one in found.rows["low_n"]] == [4, 7, 4, 5]
    assert [bool(one) for one in found.rows["mark_3_n"].notna()] == [True, False, False, False]
    (step,) = found.accounting.steps
    assert (step.rows_in, step.rows_out) == (6, 4)
    reasons = {one.code: one.n for one in step.reasons}
    assert reasons == {"nobody_tested": 1, "marks_not_given": 1, "tested_estimated": 1}


def test_a_break_marks_its_own_year_and_those_between_are_named_once(warehouse):
    rows = [result(year) for year in (2021, 2022, 2023)]
    rows += [result(2020, "ege", grade=11), result(2021, "ege", grade=11), result(2022, "ege", grade=11)]
    found = panel(warehouse(school_results=rows))
    codes = {(row.assessment, row.school_year): row.break_code for row in found.rows.itertuples()}
    assert codes["vpr", 2022] == "vpr_2022_suspended"
    assert codes["ege", 2020] == "ege_2020_admission_only"
    assert codes["vpr", 2021] == codes["ege", 2022] == ""
    assert list(found.rows["is_comparable"]) == [code == "" for code in found.rows["break_code"]]
    assert "vpr_2022_suspended" in [one.code for one in found.breaks]
    assert "vpr_2020_moved" not in [one.code for one in found.breaks]
    left = found.without_other_pupils()
    assert [(row.assessment, row.school_year) for row in left.itertuples() if row.assessment == "ege"] == [
        ("ege", 2022)
    ]
    assert len(left) == len(rows) - 2


def test_new_papers_part_a_year_from_those_before_and_not_from_those_after(warehouse):
    found = panel(warehouse(school_results=[result(2024), result(2025), result(2026)]), 2026)
    assert list(found.rows["break_code"]) == ["", "", ""]
    assert [one.code for one in found.breaks] == ["vpr_2025_new_papers"]


def test_a_school_is_flagged_in_the_year_of_a_list_of_biased_results_and_not_by_another_list(warehouse):
    lists = [
        {"school_id": "s1", "school_year": 2021, "list": "biased_results", "issuer": "a"},
        {"school_id": "s2", "school_year": 2021, "list": "low_results", "issuer": "a"},
    ]
    rows = [result(2021), result(2021, season="autumn"), result(2022), result(2021, school="s2")]
    found = panel(warehouse(school_results=rows, listings=lists)).rows
    told = {(row.school_id, row.season, row.school_year): bool(row.is_flagged) for row in found.itertuples()}
    # what was written in the autumn of 2020 belongs to the school year 2021 of the list
    assert told == {
        ("s1", "autumn", 2020): True,
        ("s1", "spring", 2021): True,
        ("s1", "spring", 2022): False,
        ("s2", "spring", 2021): False,
    }
    assert set(found["municipality_id"]) == {"here", "there"}


def test_the_models_read_the_panel_and_an_empty_one_as_it_is(warehouse):
    connection = warehouse(school_results=[result(2022), result(2023), result(2023, school="s2")])
    read = read_panel(panel(connection).rows)
    assert (read.rows_n, read.years, read.municipalities) == (3, (2022, 2023), ("here", "there"))
    assert read_flow_rows(read, rule=ShareOfLow(version="rosobr_2023"), exclude={}).years == (2022, 2023)
    empty = panel(connection, 2000)
    assert (len(empty.rows), empty.breaks, read_panel(empty.rows).rows_n) == (0, (), 0)


def joined(school, year, programme="500+", start=None):
    return {
        "school_id": school, "programme": programme, "cohort_year": year,
        "date_from": pd.Timestamp(start) if start else None,
    }  # fmt: skip


def test_programmes_come_largest_first_with_the_first_year_of_each_school(warehouse):
    rows = [joined("s1", 2022), joined("s1", 2023), joined("s2", 2023), joined("s2", 2021, "mentors")]
    found = read_participants(warehouse(participation=rows), school_year=2023)
    assert [(one.programme, one.schools) for one in found] == [
        ("500+", (("s1", 2022), ("s2", 2023))),
        ("mentors", (("s2", 2021),)),
    ]
    assert read_participants(warehouse(participation=rows), school_year=2021)[0].programme == "mentors"


@pytest.mark.parametrize(
    ("start", "delay"), [("2022-02-01", 1), ("2021-09-01", 0), ("2021-12-31", 0), (None, 0)]
)
def test_a_programme_that_begins_after_the_turn_of_the_year_waits_for_the_next_tests(warehouse, start, delay):
    (found,) = read_participants(warehouse(participation=[joined("s1", 2022, start=start)]), school_year=2022)
    assert found.delay == delay
