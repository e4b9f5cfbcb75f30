"""The rows that models read: standardised results, earlier results, circumstances, families; checked by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from shnor_analysis.errors import UsageProblem
from shnor_analysis.schemas import TABLES
from shnor_analysis.warehouse.analysis import (
    create_context,
    create_pupil_rows,
    create_school_rows,
    family_rows,
    find_families,
    pupil_adjusters,
)
from shnor_analysis.warehouse.engine import engine, fetch

USED = ("schools", "factors", "pupils", "pupil_results", "school_results")
SCHOOLS = [f"s{number:02d}" for number in range(1, 13)]


def frame(name, rows):
    """A table with only the columns told; the others are empty."""
    empty = TABLES[name].empty()
    return pd.concat([empty, pd.DataFrame(rows)]).astype(empty.dtypes.to_dict()) if rows else empty


@pytest.fixture
def town():
    """Open an engine with the tables given; the register has twelve schools."""
    with engine() as connection:

        def made(**tables):
            schools = [
                {"school_id": one, "name": one, "kind": "school", "municipality_id": "m", "region_id": "r"}
                for one in SCHOOLS
            ]
            for name in USED:
                connection.register(name, frame(name, schools if name == "schools" else tables.get(name, [])))
            return connection

        yield made


def result(pupil, points, *, school="s01", year=2024, subject="mathematics", season="spring", **more):
    return {
        "pupil_id": pupil, "school_id": school, "school_year": year, "assessment": "vpr", "subject": subject,
        "grade": 5, "season": season, "points": points, **more,
    }  # fmt: skip


def pupil(pupil_id, link=None, *, year=2024, school="s01", sex="f"):
    return {"pupil_id": pupil_id, "school_year": year, "school_id": school, "link_id": link, "sex": sex}


def marks(school, low, tested, **more):
    return {
        "school_id": school, "school_year": 2024, "assessment": "vpr", "subject": "mathematics", "grade": 4,
        "season": "spring", "tested_n": tested, "low_n": low, **more,
    }  # fmt: skip


def rows_of(connection, year=2024, factors=()):
    context = create_context(connection, school_year=year, factors=factors)
    accounting = create_pupil_rows(connection, school_year=year, context=context)
    told = fetch(connection, "SELECT * FROM analysis_pupils ORDER BY pupil_id, subject")
    return {(row["pupil_id"], row["subject"]): row for row in told}, accounting


def test_outcomes_are_standardised_within_a_procedure_over_all_schools(town):
    results = [
        result("a", 4),
        result("b", 10, school="s02"),
        result("c", 10),
        result("c", 1, subject="russian"),
    ]
    results += [result("d", 3, subject="russian"), result("e", None), result("f", 9, subject="physics")]
    rows, accounting = rows_of(town(pupil_results=results))
    assert rows["a", "mathematics"]["outcome"] == pytest.approx(-math.sqrt(2))
    assert rows["b", "mathematics"]["outcome"] == pytest.approx(1 / math.sqrt(2))
    assert rows["d", "russian"]["outcome"] == pytest.approx(1)
    (step,) = accounting.steps
    assert (step.rows_in, step.rows_out) == (7, 5)
    assert [(one.code, one.n) for one in step.reasons] == [("score_missing", 2)]


def test_where_points_are_missing_a_procedure_is_measured_in_marks(town):
    results = [result("a", None, mark=2), result("b", None, mark=4), result("c", 17, mark=3)]
    rows, _ = rows_of(town(pupil_results=results))
    assert [rows[one, "mathematics"]["points"] for one in "abc"] == [2, 4, 3]


def test_the_prior_result_is_the_latest_earlier_one_of_the_same_subject(town):
    people = [pupil(f"{one}{year}", f"link-{one}", year=year) for one in "ab" for year in (2022, 2023, 2024)]
    people += [pupil("c2024"), pupil("d2024", "link-d")]
    results = []
    for year, season, scores in (
        (2022, "spring", (1, 9)),
        (2023, "autumn", (2, 8)),
        (2023, "spring", (9, 5)),
    ):
        results += [
            result(f"{one}{year}", score, year=year, season=season)
            for one, score in zip("ab", scores, strict=True)
        ]
    results += [
        result("a2023", 1, year=2023, subject="russian"),
        result("b2023", 9, year=2023, subject="russian"),
    ]
    results += [result(f"{one}2024", score) for one, score in zip("abcd", (4, 6, 5, 5), strict=True)]
    rows, _ = rows_of(town(pupils=people, pupil_results=results))
    assert [rows[f"{one}2024", "mathematics"]["prior"] for one in "abcd"] == [1.0, -1.0, None, None]
    autumn = [result(f"{one}2024", score, season="autumn") for one, score in zip("ab", (2, 3), strict=True)]
    rows_of(town(pupils=people, pupil_results=results + autumn))
    told = fetch(
        town(), "SELECT pupil_id, season, prior FROM analysis_pupils WHERE pupil_id = 'a2024' ORDER BY ALL"
    )
    assert [(row["season"], row["prior"]) for row in told] == [("autumn", 1.0), ("spring", -1.0)]
    before, _ = rows_of(town(pupils=people, pupil_results=results), year=2023)
    assert before["a2023", "russian"]["prior"] is None


def test_factors_that_few_schools_have_or_all_have_alike_are_left_out_and_said(town):
    values = [(one, "low_income_share", number / 100) for number, one in enumerate(SCHOOLS)]
    values += [(one, "commute_share", number) for number, one in enumerate(SCHOOLS[:10])]
    values += [(one, "second_shift_share", 0.0) for one in SCHOOLS]
    told = [
        {"school_id": one, "school_year": 2024, "factor": name, "value": value} for one, name, value in values
    ]
    told.append({"school_id": "s01", "school_year": 2020, "factor": "pupils_n", "value": 500.0})
    connection = town(factors=told, school_results=[marks(one, 1, 20) for one in SCHOOLS])
    context = create_context(connection, school_year=2024)
    assert context.names == ("low_income_share",)
    assert [(one.code, one.n, dict(one.fields)) for one in context.accounting.reasons()] == [
        ("factor_not_covered", 2, {"factor": "commute_share", "schools": 12}),
        ("factor_same", 12, {"factor": "second_shift_share", "schools": 12}),
    ]
    asked = create_context(connection, school_year=2024, factors=("pupils_n", "low_income_share"))
    assert asked.names == ("low_income_share",)
    with pytest.raises(UsageProblem, match="factor_unknown"):
        create_context(connection, school_year=2024, factors=("moon_phase",))


def test_a_school_known_by_marks_has_its_deviation_and_the_variance_of_one_pupil(town):
    connection = town(school_results=[marks("s01", 2, 10), marks("s02", 8, 30), marks("s03", None, 20)])
    context = create_context(connection, school_year=2024)
    accounting = create_school_rows(connection, school_year=2024, context=context)
    told = fetch(connection, "SELECT * FROM analysis_schools ORDER BY school_id")
    spread = math.sqrt(0.25 * 0.75)
    assert [row["outcome"] for row in told] == pytest.approx([0.05 / spread, (0.25 - 8 / 30) / spread])
    within = (10 * 0.2 * 0.8 + 30 * (8 / 30) * (22 / 30)) / 40
    assert told[0]["variance_one"] == pytest.approx(within / spread**2)
    assert [(one.code, one.n) for one in accounting.reasons()] == [("school_result_missing", 1)]


def test_the_same_pupils_write_every_subject_and_count_once(town):
    both = [
        marks(one, number % 5, 20 + number, subject=subject)
        for number, one in enumerate(SCHOOLS)
        for subject in ("mathematics", "russian")
    ]
    both += [marks(one, number % 4, 10, grade=5) for number, one in enumerate(SCHOOLS)]
    connection = town(school_results=both)
    context = create_context(connection, school_year=2024)
    create_pupil_rows(connection, school_year=2024, context=context)
    create_school_rows(connection, school_year=2024, context=context)
    families = find_families(connection)
    assert [(one.name, one.rows_kind, one.schools_n) for one in families] == [
        ("vpr-all", "schools", 12), ("vpr-mathematics", "schools", 12), ("vpr-russian", "schools", 12),
    ]  # fmt: skip
    family_rows(connection, families[0], (), view="rows")
    first = fetch(connection, "SELECT * FROM rows ORDER BY school_id")[1]
    assert first["tested_n"] == 21 + 10
    assert first["sampling_variance"] == pytest.approx(1 / 31, rel=0.1)


def test_a_pupil_is_one_row_with_the_mean_of_the_results(town):
    results, people = [], []
    for number, school in enumerate(SCHOOLS):
        for one in range(3):
            name = f"{school}-{one}"
            people.append(pupil(name, school=school, sex="f" if one else "m"))
            results += [
                result(name, number + one, school=school),
                result(name, 2 * number - one, school=school, subject="russian"),
            ]
    connection = town(pupils=people, pupil_results=results[:-1])
    context = create_context(connection, school_year=2024)
    create_pupil_rows(connection, school_year=2024, context=context)
    create_school_rows(connection, school_year=2024, context=context)
    family = find_families(connection)[0]
    assert (family.name, family.rows_kind, family.pupils_n, family.linked_share) == (
        "vpr-all",
        "pupils",
        36,
        0.0,
    )
    view = family_rows(connection, family, (), view="rows")
    told = {row["pupil_id"]: row["outcome"] for row in fetch(connection, "SELECT * FROM rows")}
    single = {
        row["pupil_id"]: row["outcome"]
        for row in fetch(connection, "SELECT * FROM analysis_pupils WHERE subject = 'mathematics'")
    }
    assert len(told) == 36
    assert told["s12-2"] == single["s12-2"]
    assert told["s12-1"] != single["s12-1"]
    assert pupil_adjusters(connection, view) == ("sex",)
    family_rows(connection, family, (), view="linked", only_linked=True)
    assert fetch(connection, "SELECT * FROM linked") == []
