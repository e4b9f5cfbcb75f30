"""Leaving the list beside chance on pages: exact sentences, nothing that is closed, pictures with everything in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from list_flow_values import a_calibration, a_cohort, a_forecast, a_list_flow
from programme_values import a_programme_town

from shnor_analysis.disclosure import release
from shnor_analysis.evaluation.programme_facts import AbsentList
from shnor_analysis.exhibits import describe, draw, make_table
from shnor_analysis.exhibits.printing import in_cases
from shnor_analysis.exhibits.text import Text
from shnor_analysis.results import NotEstimable, Suppressed

BLANKS = {0x00A0: " ", 0x202F: " ", 0x2212: "-"}
SECTIONS = ("list_flow", "calibration", "next_list")


def said(value, section, language="ru", *, audience="department"):
    return str(describe(release(value, audience=audience), section, language)).translate(BLANKS)


def shown(value, section, language="ru", *, audience="department"):
    return str(make_table(release(value, audience=audience), section, language)).translate(BLANKS)


def with_cohort(**changed):
    return a_programme_town(list_flow=a_list_flow(a_cohort(**changed)))


def test_seven_of_seven_stand_beside_what_would_have_left_anyway():
    assert (
        "– В 2021/22 учебном году в программу «500+» вступили 7 школ. Из тех, кто стоял перед этим в перечне по правилу, "
        "вышли 7 из 7. И без программы вышли бы примерно 3 (от 1 до 5). Все 7 вышли бы по одной случайности реже чем в "
        "1 случае из 100."
    ) in said(with_cohort(), "list_flow")
    assert (
        "– In 2021/22 7 schools joined “500+”. Of those on the list by the rule before, 7 of 7 left. About 3 would have left "
        "without a programme (1 to 5). All 7 would leave by chance alone in fewer than 1 case in 100."
    ) in said(with_cohort(), "list_flow", "en")


@pytest.mark.parametrize(
    ("left", "expected", "told"),
    [
        (
            1,
            0.3,
            "вышла 1 из 21. Без программы в среднем вышло бы меньше одной школы (от 1 до 5). Одна школа или больше вышла бы",
        ),
        (
            2,
            1.2,
            "вышли 2 из 21. И без программы вышла бы примерно 1 (от 1 до 5). Столько или больше (2) вышло бы",
        ),
        (
            5,
            2.4,
            "вышли 5 из 21. И без программы вышли бы примерно 2 (от 1 до 5). Столько или больше (5) вышло бы",
        ),
        (21, 5.1, "вышла 21 из 21. И без программы вышли бы примерно 5 (от 1 до 5). Все 21 вышли бы"),
    ],
)
def test_numbers_of_schools_take_their_forms(left, expected, told):
    assert told in said(with_cohort(listed=21, left=left, expected=expected, p=0.21), "list_flow")


def test_twenty_one_schools_are_not_called_one():
    told = said(with_cohort(listed=30, left=21, expected=5.1, p=0.21), "list_flow")
    assert "вышла 21 из 30." in told
    assert "Столько или больше (21) вышло бы по одной случайности в 21 случае из 100." in told


@pytest.mark.parametrize(
    ("chance", "russian", "english"),
    [
        (0.004, "реже чем в 1 случае из 100", "in fewer than 1 case in 100"),
        (0.01, "в 1 случае из 100", "in 1 case in 100"),
        (0.02, "в 2 случаях из 100", "in 2 cases in 100"),
        (0.05, "в 5 случаях из 100", "in 5 cases in 100"),
        (0.21, "в 21 случае из 100", "in 21 cases in 100"),
        (0.997, "больше чем в 99 случаях из 100", "in more than 99 cases in 100"),
    ],
)
def test_a_chance_is_told_in_cases_of_a_hundred(chance, russian, english):
    assert (in_cases(chance, "ru"), in_cases(chance, "en")) == (russian, english)


def test_schools_without_a_result_are_neither_left_nor_stayed():
    told = said(with_cohort(listed=7, left=5, without_result_n=2, p=0.1), "list_flow")
    assert "У 2 школ перечня на следующий год нет результатов" in told
    assert "Все 5 вышли бы по одной случайности в 10 случаях из 100." in told


def test_schools_that_were_not_listed_left_nothing():
    none = a_cohort(listed=0, left=0, schools_n=4, expected=0.0)
    told = said(a_programme_town(list_flow=a_list_flow(none)), "list_flow")
    assert "вступили 4 школы. Ни одной из них правило перед этим в перечень не включало" in told


def test_what_is_not_known_yet_is_not_told_as_left():
    told = said(with_cohort(left_n=None, p_at_least_observed=None), "list_flow")
    assert "До этого правило включало в перечень 7 из них; сколько вышло, ещё не видно." in told
    assert "случайности" not in told.partition("7 из них")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("misses", "n", "told"),
    [(1, 5, "Границы держатся"), (2, 5, "верить нельзя"), (0, 3, "Проверок мало"), (2, 3, "верить нельзя")],
)
def test_the_check_says_whether_the_forecast_may_be_believed(misses, n, told):
    rows = tuple(a_calibration(2015 + k, 4.0, 12 if k < misses else 4) for k in range(n))
    town = a_programme_town(list_flow=a_list_flow(calibration=rows))
    assert told in said(town, "calibration")
    assert f"попаданий в границы — {n - misses}." in said(town, "calibration")


def test_the_forecast_for_the_next_list_has_both_directions():
    assert (
        "По результатам за 2023/24 правило включает в перечень 12 школ. В 2024/25 учебном году без всякой помощи из него выйдут "
        "примерно 4 (от 2 до 7). Войдут примерно 4 новые (от 2 до 7)."
    ) in said(a_programme_town(), "next_list")
    one = a_list_flow(lists=(a_forecast(2024, list_n=1, expected_leavers=0.2, expected_entrants=1.1),))
    told = said(a_programme_town(list_flow=one), "next_list")
    assert (
        "включает в перечень 1 школу. В 2024/25 учебном году без всякой помощи из него выйдет в среднем меньше одной"
        in told
    )
    assert "Войдёт примерно 1 новая" in told


def test_tables_have_the_numbers_of_the_sentences():
    rows = shown(a_programme_town(), "list_flow").splitlines()
    assert rows[1].split("\t") == ["500+, 2021/22", "7", "7", "7", "3,1", "от 1 до 5", "меньше 1 из 100"]
    assert shown(a_programme_town(), "calibration").splitlines()[3].split("\t") == [
        "2019/20", "13", "8", "4,0", "от 1 до 7", "нет",
    ]  # fmt: skip
    assert "ещё не видно" in shown(a_programme_town(), "next_list").splitlines()[2]


def test_single_schools_are_named_for_the_department_only():
    assert "Школа № 3\t32 из 100\tда" in shown(a_programme_town(), "listed_schools")
    assert type(make_table(release(a_programme_town(), audience="public"), "listed_schools", "ru")) is Text
    assert "вышли 7 из 7" in said(a_programme_town(), "list_flow", audience="public")


def test_closed_numbers_are_said_to_be_closed():
    closed = Suppressed("fewer_than_5")
    names = ("listed_n", "left_n", "without_result_n", "expected_leavers", "leavers_low", "leavers_high")
    cohort = replace(a_cohort(), **dict.fromkeys(names, closed), p_at_least_observed=closed)
    past = replace(
        a_calibration(2020, 4.0, 4),
        **dict.fromkeys(
            (*names[2:], "list_n", "observed_leavers", "p_at_least_observed", "pit", "is_inside"), closed
        ),
    )
    flow = a_list_flow(cohort, calibration=(past,), lists=(replace(a_forecast(2024), list_n=closed),))
    town = a_programme_town(list_flow=flow)
    told = " ".join(said(town, section) for section in SECTIONS)
    assert "Сколько из них вышло, не показано" in told
    assert "Прогноз не показан" in told
    assert "7 из 7" not in told
    assert type(draw(release(town), "calibration", "ru")) is Text, "no empty picture"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_picture_of_the_check_has_every_list_and_the_programme_apart(language):
    drawn = draw(release(a_programme_town()), "calibration", language)
    (axes,) = drawn.figure.axes
    assert len(axes.get_yticklabels()) == 6
    marks = [
        (line.get_marker(), line.get_xdata()[0]) for line in axes.lines if line.get_marker() in {"o", "D"}
    ]
    assert marks == [("o", 6), ("o", 3), ("o", 8), ("o", 5), ("o", 4), ("D", 7)]
    legend = [text.get_text() for text in drawn.figure.legends[0].get_texts()]
    assert legend[-1] == {"ru": "вышло школ программы", "en": "left, programme"}[language]
    assert {"ru": "2019/20: вышло 8, предсказано 4,0", "en": "2019/20: 8 left, 4.0 predicted"}[
        language
    ] in drawn.alt


@pytest.mark.parametrize("language", ["ru", "en"])
def test_before_anything_was_fitted_one_sentence_stands(language):
    town = a_programme_town(list_flow=NotEstimable("not_fitted", {"year": 2024}))
    assert "shnor fit --year 2024" in said(town, "list_flow", language)
    assert "shnor fit" not in said(town, "list_flow", language, audience="public")
    assert [said(town, one, language) for one in ("calibration", "next_list")] == ["", ""]
    assert type(draw(release(town), "calibration", language)) is Text


def test_none_that_left_is_said_in_words_and_has_no_chance():
    none = a_programme_town(list_flow=a_list_flow(a_cohort(listed=1, left=0, expected=0.2, p=1.0)))
    assert "(1), не вышла ни одна. Без программы в среднем вышло бы меньше одной школы (от 1 до 5)." in said(
        none, "list_flow"
    )
    assert "случайности" not in said(none, "list_flow").partition("ни одна.")[2].partition("\n")[0]
    assert shown(none, "list_flow").splitlines()[1].endswith("\t—")


def test_where_every_list_is_closed_no_table_of_closed_cells_stands():
    closed = Suppressed("fewer_than_5")
    names = (
        "list_n",
        "without_result_n",
        "expected_leavers",
        "leavers_low",
        "leavers_high",
        "observed_leavers",
        "is_inside",
    )
    past = replace(a_calibration(2020, 4.0, 4), **dict.fromkeys(names, closed))
    town = a_programme_town(list_flow=a_list_flow(calibration=(past,)))
    assert "Проверка здесь не показана" in said(town, "calibration")
    assert type(make_table(release(town), "calibration", "ru")) is Text
    assert type(make_table(release(town), "next_list", "ru")) is not Text


def test_the_table_counts_those_who_left_and_not_those_who_were_listed():
    row = shown(with_cohort(listed=7, left=5), "list_flow").splitlines()[1].split("\t")
    assert row[2:4] == ["7", "5"]


def test_a_number_that_is_closed_by_itself_leaves_no_row_in_the_picture():
    closed = replace(a_calibration(2020, 4.0, 4), expected_leavers=Suppressed("fewer_than_5"))
    town = a_programme_town(list_flow=a_list_flow(calibration=(closed, a_calibration(2021, 4.0, 4))))
    (axes,) = draw(release(town), "calibration", "ru").figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "Перечень по 2020/21",
        "«500+», 2021/22",
    ]


@pytest.mark.parametrize("others", [(), (a_forecast(2023, observed=3),)])
def test_a_list_of_which_nothing_can_be_predicted_has_its_reason(others):
    empty = AbsentList(2024, NotEstimable("list_empty", {"year": 2024}))
    told = said(a_programme_town(list_flow=a_list_flow(lists=others, absent=(empty,))), "next_list")
    assert "Перечень по результатам за 2023/24: предсказать нечего: за " in told


def test_a_list_that_could_not_be_predicted_is_not_told_as_empty():
    names = ("listed_n", "without_result_n", "left_n", "expected_leavers", "leavers_low", "leavers_high")
    unknown = a_cohort(
        **dict.fromkeys(names), p_at_least_observed=None, reason=NotEstimable("no_models"), schools=()
    )
    told = said(a_programme_town(list_flow=a_list_flow(unknown)), "list_flow")
    assert "вступили 7 школ. Сколько из них вышло бы и так, не посчитано: " in told
    assert "Ни одной из них" not in told
