"""A school's exit and course on its page: three answers kept apart, its own bounds, and never a programme's effect."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from course_values import a_course, a_course_school, the_exits
from evaluations import wilson

from shnor_analysis.disclosure import release
from shnor_analysis.exhibits import describe, draw, make_table
from shnor_analysis.exhibits.figures.hatching import Hatching
from shnor_analysis.exhibits.text import Text
from shnor_analysis.results import NotEstimable

BLANKS = {0x00A0: " ", 0x202F: " ", 0x2212: "-"}


def said(value, section, language="ru", *, audience="department"):
    return str(describe(release(value, audience=audience), section, language)).translate(BLANKS)


def rows(value, section, language="ru", *, audience="department"):
    table = make_table(release(value, audience=audience), section, language)
    return [tuple(cell.translate(BLANKS) for cell in row) for group in table.groups for row in group.rows]


def test_three_statements_stand_side_by_side_with_evidence_and_what_is_missing():
    issued, rule, change = rows(a_course_school(), "exits")
    assert issued == (
        "Нет в выпущенном перечне",
        "Да: в перечне 2021/22 была, в перечне 2023/24 её нет",
        "Перечень 2021/22: Ведомство, № 1. Перечень 2023/24: № 7.",
        "—",
    )
    assert rule[1] == "Да: для перечня 2021/22 срабатывало, для 2024/25 нет"
    assert "Без всякой помощи за один год вышло бы 36 из 100 таких школ." in rule[2]
    assert rule[3] == "Правило не сверено с документом"
    assert change[1:] == (
        "Не отличить от случайности в 1 работе",
        "2020/21 → 2023/24: -12 п. п. (от -25 до +2 п. п.)",
        "1 работу сравнить нельзя: ряд прерван или отметок нет",
    )


@pytest.mark.parametrize(
    ("now", "first_off", "russian", "english"),
    [
        (2023, 2023, "Без всякой помощи за год вышло бы 36 из 100 таких школ.", "With no help"),
        (
            2026,
            2023,
            "Перестало срабатывать уже для перечня 2022/23: за тот год без всякой помощи вышло бы 36 из",
            "in that one",
        ),
        (
            2026,
            2025,
            "напрямую с ответом это число не сравнивают",
            "not to be set against the answer directly",
        ),
        (
            2026,
            None,
            "напрямую с ответом это число не сравнивают",
            "not to be set against the answer directly",
        ),
    ],
)
def test_a_chance_of_one_year_stands_beside_what_one_year_brought(now, first_off, russian, english):
    rule = replace(the_exits().rule, now_list_year=now, first_off_list_year=first_off)
    school = a_course_school(exits=the_exits(rule=rule))
    assert russian in rows(school, "exits")[1][2]
    assert english in rows(school, "exits", "en")[1][2]


def test_a_statement_that_cannot_be_made_says_why():
    exits = the_exits(issued=NotEstimable("no_models"))
    (issued, *_) = rows(a_course_school(exits=exits), "exits", "en")
    assert issued[1:3] == ("Cannot be told", "—")
    assert issued[3]
    never = a_course_school(exits=NotEstimable("never_listed"))
    assert said(never, "exits").partition("\n\n")[2].startswith("Отвечать не на что: ")
    assert type(make_table(release(never), "exits", "ru")) is Text


def test_the_course_is_told_against_the_schools_own_bounds():
    told = said(a_course_school(), "course")
    assert "– Низких результатов меньше, чем предсказано: 2022/23 — 9 % (предсказано от 11 до 37 %)." in told
    assert "– У 10 школ в похожих условиях за 2023/24: 13–36 %, посередине 22 %." in told
    assert "В списках школ с признаками необъективных результатов: 2020/21." in told
    assert "Признак — повод посмотреть, а не доказательство." in told
    english = said(a_course_school(), "course", "en")
    assert "Fewer low results than predicted: 2022/23: 9% (predicted 11 to 37%)." in english


@pytest.mark.parametrize("audience", ["department", "school", "public"])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_single_school_never_gets_the_effect_of_a_programme(language, audience):
    value = a_course_school()
    told = said(value, "course", language, audience=audience)
    sentence = {
        "ru": "«Эффекта „500+“» для одной школы здесь нет и быть не может",
        "en": "There is no “effect of 500+” for one school here",
    }
    assert sentence[language] in told
    before = told.partition(sentence[language])[0] + said(value, "exits", language, audience=audience)
    assert not re.search(r"эффект|effect", before, re.IGNORECASE)


def test_a_school_without_a_programme_is_told_the_same():
    alone = replace(a_course(), programme=None, cohort_year=None)
    assert "Эффект программы по одной школе не считают" in said(a_course_school(course=alone), "course")
    drawn = draw(release(a_course_school(course=alone)), "course", "ru")
    assert not any("начало" in text.get_text() for text in drawn.figure.legends[0].get_texts())


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_picture_of_the_course_has_bounds_marks_and_words(language):
    drawn = draw(release(a_course_school()), "course", language)
    (axes,) = drawn.figure.axes
    (hatched,) = (one for one in axes.artists if isinstance(one, Hatching))
    assert len(hatched.bands) == 1
    assert len(axes.patches) == 3, "three predicted years"
    markers = [line.get_marker() for line in axes.lines]
    assert (markers.count("o"), markers.count("v")) == (6, 1)
    legend = [text.get_text() for text in drawn.figure.legends[0].get_texts()]
    assert len(legend) == 6
    assert drawn.alt.count("%") >= 10


def test_a_broken_series_is_hollow_and_not_joined():
    course = a_course()
    years = tuple(replace(one, is_comparable=one.school_year != 2021) for one in course.years)
    (axes,) = draw(release(a_course_school(course=replace(course, years=years))), "course", "ru").figure.axes
    hollow = [
        line for line in axes.lines if line.get_markerfacecolor() == "white" and line.get_marker() == "o"
    ]
    assert [line.get_xdata()[0] for line in hollow] == [2021]
    joined = [
        tuple(line.get_xdata())
        for line in axes.lines
        if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"
    ]
    assert (2020, 2021) not in joined
    assert (2019, 2020) in joined
    assert any(
        "2020/21 *" in row[0] for row in rows(a_course_school(course=replace(course, years=years)), "course")
    )


def test_few_pupils_leave_no_number_and_no_point():
    course = a_course()
    years = tuple(
        replace(one, tested_n=7, observed=wilson(2, 7)) if one.school_year == 2023 else one
        for one in course.years
    )
    value = a_course_school(course=replace(course, years=years))
    assert "2022/23 — " not in said(value, "course")
    assert "Не показано: 2022/23." in said(value, "course")
    assert "2022/23: " not in draw(release(value), "course", "ru").alt


def test_comparisons_that_are_not_shown_are_counted_and_never_read_as_no_signs():
    course = a_course()
    open_one = course.signs.agreement[0]
    small = replace(open_one, tested_n=5, lowered=wilson(1, 5), confirmed=wilson(3, 5), raised=wilson(1, 5))
    for agreement, shown in (((open_one, small, small), True), ((small,), False)):
        signs = replace(course.signs, listings=(), flagged_years=(), agreement=agreement)
        told = said(a_course_school(course=replace(course, signs=signs)), "course")
        assert ("Отметок выше журнала" in told) == shown
        assert "Признаков нет" not in told
        assert f"За {len(agreement) - shown} работ" in told


def test_other_schools_have_no_names_on_the_page():
    for audience in ("department", "school", "public"):
        told = said(a_course_school(), "course", audience=audience) + str(
            rows(a_course_school(), "course", audience=audience)
        )
        assert "Школа № 1" not in told


@pytest.mark.parametrize("language", ["ru", "en"])
def test_before_the_models_are_fitted_words_stand_and_no_empty_picture(language):
    value = a_course_school(course=NotEstimable("not_fitted", {"year": 2024}))
    assert "2023/24" in said(value, "course", language)
    assert type(draw(release(value), "course", language)) is Text
    assert type(make_table(release(value), "course", language)) is Text


def test_without_a_predicted_year_there_is_no_picture():
    course = a_course()
    value = a_course_school(course=replace(course, years=course.years[:4]))
    assert type(draw(release(value), "course", "ru")) is Text
    assert len(rows(value, "course")) == 4
