"""What the municipality's page says about years, origins and lines is what the facts say."""

from dataclasses import replace
from functools import lru_cache

import pytest
import small_town as town
from matplotlib.collections import LineCollection

from shnor_analysis.disclosure import release
from shnor_analysis.evaluation import assemble_school, assemble_town, prepare_town
from shnor_analysis.exhibits import describe, draw, make_table
from shnor_analysis.exhibits.figures.hatching import Hatching

PLACES = range(10, 20)
REGISTER = "\n".join(f"s{n} School№{n} school maly zarechny" for n in PLACES)
MEAP = "\n".join(
    f"s{n} {year} meap mathematics 4 spring low {n} 100" for n in PLACES for year in (1997, 1998)
)
SERIES = "\n".join(
    f"s10 {year} {assessment} {subject} {grade} spring 10 10 10 10"
    for assessment, grade in (("ege", 11), ("vpr", 5))
    for subject in ("mathematics", "russian")
    for year in (2021, 2022, 2023)
)


@lru_cache(maxsize=4)
def prepared(results, year, rule):
    tables = town.tables_of(schools=town.schools(REGISTER), school_results=town.school_results(results))
    settings = town.SETTINGS.model_copy(update={"listing_rule": rule})
    return prepare_town(tables, settings=settings, school_year=year)


@pytest.mark.parametrize(("rule", "expected"), [("lowest_share_15_2", "1997/98"), ("rosobr_2020", "1998/99")])
def test_the_page_names_the_list_year_of_the_rule(rule, expected):
    facts = release(assemble_town(prepared(MEAP, 1998, rule)))
    said = repr(describe(facts, "summary", "en").blocks)
    assert f"for the list of {expected}" in said.lower()
    columns = [column.label for column in make_table(facts, "schools", "en").columns]
    assert any(expected in label for label in columns)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ru", "Прочерк: для перечня 1998/99 у школы нет стольких результатов, сколько нужно правилу."),
        ("en", "Dash: the school has fewer results than the rule needs for the list of 1998/99."),
    ],
)
def test_a_dash_of_the_rule_names_the_list_year_like_the_rest_of_the_page(language, expected):
    facts = release(assemble_town(prepared(MEAP, 1998, "rosobr_2020")))
    assert expected in make_table(facts, "schools", language).notes


def test_what_the_municipality_summed_itself_has_the_sign_of_the_computed():
    facts = release(assemble_town(prepared(MEAP, 1998, "rosobr_2020")))
    table = make_table(facts, "levels", "en")
    ((row,),) = (group.rows for group in table.groups)
    assert row[1].endswith("%†")
    assert (
        "† computed from schools with a result (up to 10 schools), every pupil weighs the same."
        in table.notes
    )


@pytest.mark.parametrize(("basis", "n"), [("works", 1), ("partly", 1)])
def test_the_table_of_schools_says_what_the_intervals_take_as_independent(basis, n):
    facts = assemble_town(prepared(MEAP, 1998, "rosobr_2020"))
    facts = replace(facts, schools=tuple(replace(line, interval_basis=basis) for line in facts.schools))
    notes = make_table(release(facts), "schools", "en").notes
    assert sum("so the true intervals are wider" in note for note in notes) == n


def lines_and_bands(facts):
    (axes,) = draw(release(facts), "trend", "ru").figure.axes
    lines = [part for part in axes.collections if isinstance(part, LineCollection)]
    bands = [part for part in axes.get_children() if isinstance(part, Hatching)]
    return len(lines[1].get_segments()), sum(len(part.bands) for part in bands)


def test_school_and_municipality_draw_the_lines_that_the_breaks_allow():
    indicators = prepared(SERIES, 2023, "rosobr_2020")
    facts, school = assemble_town(indicators), assemble_school(indicators, "s10")
    # ЕГЭ: Russian 2, mathematics 1 (2021 was for admission only); ВПР: 2022 is like no other spring, so none
    assert lines_and_bands(facts) == lines_and_bands(school)
    assert lines_and_bands(facts) == (3, 3)


def test_an_estimated_number_tested_has_its_sign_wherever_it_stands():
    results = town.school_results(MEAP).assign(tested_n_is_estimated=True)
    tables = town.tables_of(schools=town.schools(REGISTER), school_results=results)
    settings = town.SETTINGS.model_copy(update={"listing_rule": "lowest_share_15_2"})
    indicators = prepare_town(tables, settings=settings, school_year=1998)
    facts, school = release(assemble_town(indicators)), release(assemble_school(indicators, "s10"))
    shown = [
        make_table(facts, "schools", "en"),
        make_table(facts, "coverage", "en"),
        make_table(school, "results", "en"),
        make_table(school, "list_status", "en"),
    ]
    for table in shown:
        place = [column.key for column in table.columns].index("tested")
        assert all(row[place].startswith("≈") for part in table.groups for row in part.rows), table.section
        assert any("≈" in note for note in table.notes), table.section
    assert "tested ≈100" in repr(describe(school, "summary", "en").blocks)
    assert "estimated" in repr(describe(facts, "schools", "en").blocks)


def test_the_legend_of_the_years_names_only_what_is_drawn():
    def legend(facts):
        return [text.get_text() for text in draw(release(facts), "trend", "en").figure.legends[0].get_texts()]

    assert legend(assemble_school(prepared(MEAP, 1998, "rosobr_2020"), "s10")) == [
        "share of low results",
        "95% interval",
        "municipality",
    ]
    assert "series breaks" in legend(assemble_school(prepared(SERIES, 2023, "rosobr_2020"), "s10"))
