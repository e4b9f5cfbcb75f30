"""The facts of a report on a small town: every number with its origin, nothing from later years."""

from functools import lru_cache

import pandas as pd
import pytest
import small_town as town

from shnor_analysis.errors import RuleBroken, UsageProblem
from shnor_analysis.evaluation import (
    assemble_school,
    assemble_town,
    evaluate_school,
    evaluate_town,
    prepare_town,
    town_from_frames,
    town_to_frames,
)
from shnor_analysis.language import render_problem
from shnor_analysis.reference import exam_minimum
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.schemas.card import FileCard

CARD = FileCard(
    town.DIGEST, "впр.xlsx", "mark_statistics", "2026-09-01T08:00:00+00:00", "d", (), False, False
)
RESULTS = """
sch1 2021 vpr mathematics 5 spring 9 11 5 5
sch1 2021 vpr russian 5 spring 9 11 5 5
sch2 2021 vpr mathematics 5 spring 1 19 15 5
sch1 2023 vpr mathematics 5 spring 8 12 5 5
sch1 2024 vpr mathematics 5 spring 3 12 10 5
sch1 2024 oge russian 9 spring 3 12 10 5
"""
AREAS = "region zarechny 120 2021 vpr mathematics 5 spring 300 700 1000 500"


@lru_cache(maxsize=1)
def tables():
    return town.tables_of(
        school_results=town.school_results(RESULTS),
        area_results=town.area_results(AREAS),
        listings=town.listings("sch1 2022 low_results ministry"),
        factors=town.factors("sch1 2021 pupils_n 400"),
    )


def school(school_id="sch1", year=2024):
    return assemble_school(prepared(year), school_id)


@lru_cache(maxsize=3)
def prepared(year):
    return prepare_town(tables(), settings=town.SETTINGS, school_year=year, cards=[CARD])


def the_town(year=2021):
    return assemble_town(prepared(year))


def test_a_school_has_its_results_of_the_report_year_and_before_but_not_of_later_years():
    assert [result.procedure.school_year for result in school(year=2023).results] == [2021, 2021, 2023]


def test_a_result_names_file_sheet_and_cells_of_the_school_and_of_the_published_region():
    result = school().results[0]
    assert [(one.file_name, one.sheet, one.cells) for one in result.sources] == [
        ("впр.xlsx", "Лист1", "A2:G2"),
        ("впр.xlsx", "Лист1", "A2:G2"),
    ]
    assert [file.file_name for file in school().files] == ["впр.xlsx"]


def test_the_three_levels_say_where_they_come_from():
    municipality, region, country = school().results[0].levels
    assert (municipality.result_source, municipality.schools_n, municipality.marks.tested_n) == (
        "computed",
        2,
        70,
    )
    assert (region.result_source, region.schools_n, region.marks.mark_n) == (
        "published",
        120,
        (300, 700, 1000, 500),
    )
    assert country == NotEstimable("no_russia_result")


def test_the_change_across_the_break_says_why_there_is_none():
    changes = school().changes
    assert [isinstance(one.difference, Estimate) for one in changes] == [False, True]
    assert changes[0].difference.reason == "across_break"
    assert changes[1].difference.value == pytest.approx(3 / 30 - 8 / 30)


def test_list_years_join_the_issued_list_and_the_rule():
    year = next(item for item in school().list_years if item.school_year == 2022)
    assert [item.issuer for item in year.issued] == ["ministry"]
    assert year.has_issued_list
    assert (year.rule.fires, year.rule.procedures_low_n, year.rule.data_years) == (True, 2, (2021,))
    assert not year.rule.is_verified


def test_the_last_list_year_looks_at_the_report_year():
    last = school().list_years[-1]
    assert (last.school_year, last.rule.data_years, last.has_issued_list) == (2025, (2024,), False)


def test_what_nobody_has_checked_is_named():
    assert {"listing_rule.rosobr_2020", "layout.mark_statistics"} <= set(school().unverified_facts)


def test_points_below_an_unverified_minimum_are_named_by_the_pages_that_count_them():
    results = town.school_results(f"{RESULTS}sch1 2024 ege mathematics 11 spring low 2 20")
    without_marks = results["assessment"] == "ege"
    counted = results.assign(report=results["report"].mask(without_marks, "pupil_results"))
    tables = town.tables_of(school_results=counted)
    prepared = prepare_town(tables, settings=town.SETTINGS, school_year=2024)
    minimum = exam_minimum("mathematics", 2024)
    assert not minimum.provenance.is_verified
    code = f"exam_minimum.ege.mathematics.{minimum.minimum}"
    assert code in assemble_school(prepared, "sch1").unverified_facts
    assert code not in assemble_school(prepared, "sch2").unverified_facts
    assert code in assemble_town(prepared).unverified_facts
    assert not any(fact.startswith("exam_minimum") for fact in school().unverified_facts)


def test_a_school_without_any_result_has_empty_facts_and_no_error():
    facts = school("sch10", 2021)
    assert (facts.results, facts.changes, facts.list_years[-1].rule.reason) == (
        (),
        (),
        "rule_without_results",
    )
    assert [file.file_name for file in facts.files] == ["впр.xlsx"], "the register's own row"


def test_one_preparation_serves_every_school():
    taken = prepared(2024).frame("shares")
    taken.loc[:, "tested_n"] = 1
    own = evaluate_school(tables(), school_id="sch1", school_year=2024, settings=town.SETTINGS, cards=[CARD])
    assert own == school()


def test_a_stored_preparation_gives_the_same_facts(tmp_path):
    for name, frame in town_to_frames(prepared(2024)).items():
        frame.to_parquet(tmp_path / f"{name}.parquet")
    frames = {path.stem: pd.read_parquet(path) for path in tmp_path.glob("*.parquet")}
    read = town_from_frames(frames, settings=town.SETTINGS, school_year=2024, cards=[CARD])
    assert assemble_school(read, "sch1") == school()
    assert assemble_town(read) == assemble_town(prepared(2024))


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "ru",
            "Сохранённые показатели неполны: не хватает таблицы. Найдено: «shares». Посчитайте показатели заново: "
            "shnor build.",
        ),
        (
            "en",
            "The stored indicators are incomplete: a table is missing. Found: “shares”. Work the indicators out "
            "again: shnor build.",
        ),
    ],
)
def test_a_stored_preparation_with_a_table_missing_is_refused(language, expected):
    frames = {name: frame for name, frame in town_to_frames(prepared(2024)).items() if name != "shares"}
    with pytest.raises(RuleBroken) as caught:
        town_from_frames(frames, settings=town.SETTINGS, school_year=2024)
    assert render_problem(caught.value.problems[0], language) == expected


def test_the_town_keeps_schools_in_the_order_of_their_numbers_and_those_without_results():
    lines = the_town().schools
    assert [line.school_id for line in lines] == ["sch1", "sch2", "sch10"]
    assert [line.tested_n for line in lines] == [60, 40, None]
    assert lines[0].low.value == pytest.approx(18 / 60)
    assert lines[2].low.reason == "no_results_in_year"


def test_the_town_says_of_each_school_what_list_and_rule_say():
    lines = the_town().schools
    assert [line.is_listed for line in lines] == [None, None, None]
    assert lines[0].rule_fires is True
    # one procedure, and the rule needs two
    assert [line.rule_fires.reason for line in lines[1:]] == ["rule_without_results"] * 2


def test_the_town_sums_its_schools_and_counts_its_coverage():
    facts = the_town()
    row = next(item for item in facts.levels if item.procedure.subject == "mathematics")
    assert row.school.mark_n == (10, 30, 20, 10)
    cell = next(item for item in facts.coverage if item.procedure.subject == "mathematics")
    assert (cell.schools_n, cell.tested_n, facts.schools_n) == (2, 70, 3)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "ru",
            "В реестре нет такой школы. Найдено: «sch3». Допустимо: sch1, sch10, sch2. Проверьте код школы: "
            "допустимыми названы самые похожие. Новую школу добавляет реестр школ.",
        ),
        (
            "en",
            "The register has no such school. Found: “sch3”. Allowed: sch1, sch10, sch2. Check the code of the "
            "school: the most similar ones are named as allowed. The school register adds a new school.",
        ),
    ],
)
def test_an_unknown_school_is_refused_with_the_nearest_codes(language, expected):
    with pytest.raises(UsageProblem) as caught:
        school("sch3")
    assert render_problem(caught.value.problems[0], language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "ru",
            "За этот учебный год нет ни одного результата. Найдено: «2022». Допустимо: 2021, 2023, 2024. Назовите "
            "год, за который результаты есть (--year), или загрузите файлы этого года.",
        ),
        (
            "en",
            "There is not a single result of this school year. Found: “2022”. Allowed: 2021, 2023, 2024. Name a "
            "year that has results (--year), or load the files of this year.",
        ),
    ],
)
def test_a_year_without_results_is_refused_with_the_years_that_have_some(language, expected):
    with pytest.raises(UsageProblem) as caught:
        school(year=2022)
    assert render_problem(caught.value.problems[0], language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "ru",
            "В реестре нет ни одной школы муниципалитета из настроек. Найдено: «other». Допустимо: maly. Исправьте "
            "municipality_id в shnor.toml или колонку муниципалитета в реестре школ.",
        ),
        (
            "en",
            "The register has no school of the municipality in the settings. Found: “other”. Allowed: maly. "
            "Correct municipality_id in shnor.toml or the column of the municipality in the school register.",
        ),
    ],
)
def test_a_municipality_without_schools_is_refused(language, expected):
    settings = town.SETTINGS.model_copy(update={"municipality_id": "other"})
    with pytest.raises(UsageProblem) as caught:
        evaluate_town(tables(), school_year=2021, settings=settings)
    assert render_problem(caught.value.problems[0], language) == expected


def test_schools_with_low_results_only_are_evaluated_under_the_rule_of_the_lowest():
    settings = town.SETTINGS.model_copy(update={"listing_rule": "lowest_share_15_2"})
    register = "\n".join(f"s{n} School{n} school maly zarechny" for n in range(10, 20))
    results = "\n".join(
        f"s{n} {year} meap mathematics 4 spring low {90 if n == 12 else n} 100"
        for n in range(10, 20)
        for year in (1997, 1998)
    )
    given = town.tables_of(schools=town.schools(register), school_results=town.school_results(results))
    facts = evaluate_school(given, school_id="s12", school_year=1998, settings=settings)
    last = facts.list_years[-1]
    assert (last.school_year, last.rule.fires, last.rule.is_verified) == (1998, True, True)
    assert last.rule.chance_if_unchanged == 1.0
    assert facts.results[-1].school.mark_n is None
    assert facts.results[-1].school.quality == NotEstimable("marks_not_given")
    assert facts.results[-1].school.low.value == 0.9
