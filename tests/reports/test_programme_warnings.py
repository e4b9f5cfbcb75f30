"""What may mislead about a programme is said on the page: the course before it, years that count, a better-looking row."""

from __future__ import annotations

from dataclasses import replace

import pytest
from list_flow_values import a_list_flow
from programme_values import (
    a_descriptive_effect,
    a_design,
    a_programme,
    a_programme_town,
    an_effect,
    the_event_years,
    the_grade,
    the_placebos,
)
from test_programme_sections import said, shown, with_effect

from shnor_analysis.evaluation.programme_facts import UnseenProgramme
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.evidence import GradeStep, PreTrend
from shnor_analysis.results.programme_parts import StaggeredEffect


def a_course_before(slope, half):
    return PreTrend(
        slope, slope - half, slope + half, 9.0, 0.03, 4 * slope, 4 * (slope - half), 4 * (slope + half), 4, 7
    )


@pytest.mark.parametrize(
    ("slope", "half", "russian", "english"),
    [
        (-0.06, 0.05, "отставали от остальных всё больше", "fell behind the others more and more"),
        (0.06, 0.05, "догоняли остальных", "were catching up with the others"),
        (-0.02, 0.05, "от нуля это не отличить", "cannot be told from zero"),
    ],
)
def test_the_course_before_selection_is_told_with_what_it_would_have_led_to(slope, half, russian, english):
    town = with_effect(pre_trend=a_course_before(slope, half))
    told = said(town, "event_study")
    assert russian in told
    assert english in said(town, "event_study", "en")
    assert "За 4 года до отбора" in told
    both = {"-0,24", "-0,44", "-0,04"} if slope == -0.06 else {"+0,24"} if slope > 0 else {"-0,28", "+0,12"}
    assert all(one in told for one in both)
    is_clear = abs(slope) > half
    assert ("Границы выше этого не учитывают" in said(town, "programme")) == is_clear
    assert ("leave that out" in said(town, "programme", "en")) == is_clear


def test_a_course_before_selection_that_cannot_be_told_is_said_to_be_so():
    told = said(with_effect(pre_trend=NotEstimable("pre_trend_few_years")), "event_study")
    assert "вровень с остальными, сказать нельзя: нужно не меньше двух лет до отбора" in told


def test_the_years_that_count_are_named_before_the_result():
    told = said(a_programme_town(), "programme")
    assert "Первым годом программы в расчёте считается учебный год вступления." in told
    assert "осенью" not in told
    later = replace(a_programme(effect=an_effect(delay=1)), autumn_years=(2020, 2022))
    town = a_programme_town(programme=later, list_flow=replace(a_list_flow(), autumn_years=(2020, 2022)))
    assert "первым годом программы в расчёте считается следующий учебный год" in said(town, "programme")
    for section in ("programme", "list_flow"):
        assert "Так сделано для 2019/20, 2021/22" in said(town, section)
        assert "So it is for 2019/20, 2021/22" in said(town, section, "en")


def a_staggered(estimate):
    return StaggeredEffect((a_design("callaway_santanna", estimate, 0.12),), ())


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_better_looking_row_says_why_it_is_not_the_headline(language):
    years = tuple(
        replace(one, is_base=one.years_since < -1, estimate=-0.07 if one.years_since == -2 else one.estimate)
        for one in the_event_years()
    )
    told = said(with_effect(staggered=a_staggered(0.19), event_study=years), "specifications", language)
    words = {
        "ru": (
            "Это проверка, а не вывод",
            "стояли ниже своего обычного уровня (-0,07)",
            "вывод делают по границам",
        ),
        "en": (
            "This is a check and not the answer",
            "below their usual level (-0.07)",
            "taken from the bounds",
        ),
    }[language]
    assert all(one in told for one in words)
    weak = said(with_effect(staggered=a_staggered(0.05), event_study=()), "specifications", language)
    assert [one in weak for one in words] == [True, False, False]
    clear = said(with_effect(staggered=a_staggered(0.19), hull_low=0.02), "specifications", language)
    assert words[2] not in clear
    note = {"ru": "почему вывод делают не по нему", "en": "why the answer is not taken from it"}[language]
    assert note in shown(with_effect(staggered=a_staggered(0.19)), "programme", language)
    assert note not in shown(a_programme_town(), "programme", language)


def test_a_programme_of_which_no_school_can_be_compared_still_names_when_they_joined():
    effect = replace(a_descriptive_effect(NotEstimable("no_earlier_years")), cohorts=(), n_treated=0)
    assert "Вступили: 2021/22 — 7 школ." in said(
        a_programme_town(programme=a_programme(effect=effect)), "programme"
    )


def test_placebos_that_share_years_are_said_to_tell_less():
    shared = replace(the_placebos(), is_overlapping=True)
    assert "говорят меньше, чем столько же независимых" in said(with_effect(placebos=shared), "placebos")
    assert "независимых" not in said(a_programme_town(), "placebos")


def test_a_threat_beyond_the_most_that_threats_may_take_says_why_it_takes_nothing():
    grade = the_grade()
    spared = replace(grade, steps=(*grade.steps, GradeStep("series_break", 0, {}, is_spared=True)))
    rows = shown(with_effect(grade=spared), "evidence").splitlines()
    assert "больше двух замочков за угрозы не снимают" in rows[-1]
    assert sum("больше двух замочков" in row for row in rows) == 1


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_programme_without_results_beside_another_is_named_with_its_reason(language):
    unseen = UnseenProgramme("Наставник", 2, NotEstimable("programme_without_results"))
    told = said(replace(a_programme_town(), unseen_programmes=(unseen,)), "programme", language)
    assert {
        "ru": "Программа «Наставник»: 2 школы, показать нечего: ",
        "en": "“Наставник”: 2 schools, nothing",
    }[language] in told
    assert unseen.reason.in_words(language) in told
