"""A programme on pages: what can be seen at all comes first, two bounds and no star, words where there is no number."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from list_flow_values import a_list_flow
from programme_values import (
    a_descriptive_effect,
    a_programme,
    a_programme_town,
    an_effect,
    the_groups,
)

from shnor_analysis.disclosure import release
from shnor_analysis.exhibits import describe, draw, make_table
from shnor_analysis.exhibits.figures.drawing import Drawing
from shnor_analysis.exhibits.figures.placebos import stacked
from shnor_analysis.exhibits.printing import fewer_of_hundred
from shnor_analysis.exhibits.text import Text
from shnor_analysis.results import NotEstimable, Suppressed
from shnor_analysis.results.analysis_plan import PlanLine
from shnor_analysis.results.evidence import BaselineRow

BLANKS = {0x00A0: " ", 0x202F: " ", 0x2212: "-"}
PICTURES = ("event_study", "placebos", "specifications")
TEXTS = ("programme", "naive", "evidence", "baseline", *PICTURES, "programme_flow", "plan", "trend_items")
TABLES = (
    "programme",
    "groups",
    "evidence",
    "baseline",
    "leave_one_out",
    "programme_flow",
    "plan",
    "trend_items",
)


def said(value, section, language="ru", *, audience="department"):
    return str(describe(release(value, audience=audience), section, language)).translate(BLANKS)


def shown(value, section, language="ru", *, audience="department"):
    return str(make_table(release(value, audience=audience), section, language)).translate(BLANKS)


def with_effect(**changed):
    facts = {name: changed.pop(name) for name in ("hull_low_of_100", "hull_high_of_100") if name in changed}
    return a_programme_town(programme=a_programme(effect=an_effect(**changed), **facts))


def test_what_so_few_schools_can_show_is_said_before_the_result():
    told = said(a_programme_town(), "programme")
    schools = "В расчёте 7 школ программы «500+» и 33 школы без неё. Вступили: 2021/22 — 7 школ."
    detectable = (
        "заметил бы эффект от 0,25 стандартного отклонения учеников и больше: ученик из середины опережал бы тогда 60 из 100 "
        "учеников таких же школ, а не 50."
    )
    headline = (
        "Эффект программы «500+» — в границах двух расчётов, на каждые 100 учеников: от 2 учеников с «2» больше до 8 учеников с "
        "«2» меньше."
    )
    places = [told.find(part) for part in (schools, detectable, headline)]
    assert -1 not in places
    assert places == sorted(places)
    assert "если эффекта ниже не видно, это не значит, что его нет" in told


def test_the_headline_is_two_bounds_in_both_languages():
    assert "это между -0,09 и +0,29; больше нуля — лучше" in said(a_programme_town(), "programme")
    english = said(a_programme_town(), "programme", "en")
    assert (
        "The effect of “500+” lies within the bounds of two calculations, for every 100 pupils: between 2 pupils with a “2” more "
        "and 8 pupils with a “2” fewer."
    ) in english
    assert (
        "In standard deviations of pupils this is between -0.09 and +0.29; above zero is better." in english
    )
    assert (
        "such a difference or a stronger one comes out in 21 cases in 100 (p = 0.21; 999 deals)." in english
    )


@pytest.mark.parametrize(
    ("low", "high", "russian"),
    [
        (-1.2, 21.3, "от 1 ученика с «2» больше до 21 ученика с «2» меньше"),
        (0.7, 2.2, "от 1 до 2 учеников с «2» меньше"),
        (-5.4, -1.1, "от 1 до 5 учеников с «2» больше"),
        (-0.3, 0.4, "учеников с «2» столько же"),
        (0.2, 1.4, "от 0 до 1 ученика с «2» меньше"),
    ],
)
def test_pupils_of_a_hundred_take_their_forms_and_their_side(low, high, russian):
    assert fewer_of_hundred(low, high, "ru") == russian


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-0.09, 0.29, "Ноль лежит внутри границ"),
        (0.03, 0.3, "Обе границы выше нуля"),
        (-0.3, -0.02, "Обе границы ниже нуля"),
    ],
)
def test_the_bounds_say_what_may_be_said(low, high, told):
    assert told in said(with_effect(hull_low=low, hull_high=high), "programme")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_groups_too_far_apart_have_a_difference_and_no_effect(language):
    apart = (BaselineRow("selection_year", -0.4, "not_equivalent", -0.5, -0.1, 2021, 7, 33),)
    town = with_effect(baseline=apart, hull_low=0.03, hull_high=0.3)
    told = said(town, "programme", language)
    assert {"ru": "Эффект программы", "en": "The effect of"}[language] not in told
    found = {"ru": "Эффектом её назвать нельзя", "en": "It cannot be called an effect"}[language]
    assert found in told
    assert {"ru": "приписать разницу программе нельзя", "en": "cannot be credited"}[language] in told
    months = {"ru": "В месяцах обучения", "en": "In months"}[language]
    assert months in said(with_effect(hull_low=0.03, hull_high=0.3), "programme", language)
    assert months not in told
    assert {"ru": "различались слишком сильно", "en": "differed too much"}[language] in said(
        town, "baseline", language
    )


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("audience", ["department", "public"])
def test_too_few_schools_are_described_in_words_and_nothing_is_estimated(language, audience):
    reason = NotEstimable("no_models")
    town = a_programme_town(programme=a_programme(effect=a_descriptive_effect(reason)))
    told = said(town, "programme", language, audience=audience)
    assert {"ru": "Эффект не посчитан: ", "en": "No effect was estimated: "}[language] in told
    assert not re.search(r"[+-]\d", told)
    assert [said(town, one, language) for one in ("naive", "evidence", "baseline", *PICTURES)] == [""] * 6
    drawn = [draw(release(town), one, language) for one in PICTURES]
    tables = [
        make_table(release(town), one, language)
        for one in ("programme", "evidence", "baseline", "leave_one_out")
    ]
    assert {type(one) for one in (*drawn, *tables)} == {Text}
    assert "31" in shown(town, "groups", language)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_without_one_of_the_two_designs_the_page_says_why_there_are_no_bounds(language):
    missing = NotEstimable("no_earlier_years")
    told = said(with_effect(hull_low=None, hull_high=None, absent=(("did", missing),)), "programme", language)
    lead = {"ru": "Эффект не посчитан: ", "en": "No effect was estimated: "}[language]
    assert lead + missing.in_words(language) in told


def test_the_simple_before_and_after_stands_only_as_what_must_not_be_said():
    told = said(a_programme_town(), "naive")
    assert told.startswith("Чего говорить нельзя")
    assert (
        "– Вступили в 2021/22: доля низких результатов была 31 % (2020/21), стала 19 % (2021/22), изменение -12 п. п. У остальных "
        "школ за то же время: 14 % → 14 %, 0 п. п."
    ) in told
    assert "Это не эффект программы." in told
    closed = tuple(replace(row, share_low=Suppressed("fewer_than_5")) for row in the_groups())
    assert said(a_programme_town(programme=a_programme(groups=closed)), "naive") == ""


def test_a_delay_counts_from_the_first_year_in_which_it_is_looked_for():
    town = with_effect(delay=1)
    assert "стала 18 % (2022/23)" in said(town, "naive")


def test_years_that_must_not_be_compared_are_passed_over_where_before_and_after_are_set_side_by_side():
    apart = tuple(replace(row, is_comparable=row.school_year not in (2021, 2022)) for row in the_groups())
    told = said(a_programme_town(programme=a_programme(groups=apart)), "naive")
    assert "взяты последний сравнимый год до вступления и первый сравнимый год программы" in told
    assert "была 20 % (2019/20), стала 18 % (2022/23), изменение -2 п. п." in told
    assert "2020/21)" not in told
    never = tuple(replace(row, is_comparable=False) for row in the_groups())
    nothing = said(a_programme_town(programme=a_programme(groups=never)), "naive")
    assert "сравнить «было» и «стало» нельзя вовсе" in nothing
    assert "п. п." not in nothing


def test_padlocks_have_a_reason_for_each_step():
    assert "■■□□□ 2 замочка из 5" in said(a_programme_town(), "evidence")
    assert "■■□□□ 2 padlocks of 5" in said(a_programme_town(), "evidence", "en")
    rows = [row.split("\t") for row in shown(a_programme_town(), "evidence").splitlines()[1:]]
    assert [row[1:] for row in rows] == [["3", "3"], ["—", "3"], ["—", "3"], ["—", "3"], ["-1", "2"]]
    assert all(row[0] for row in rows)


def test_the_dip_of_the_selection_year_is_explained():
    assert "Провал в год отбора (-0,21) — то, за что школы и выбрали." in said(
        a_programme_town(), "event_study"
    )


def test_a_rank_prints_the_least_p_it_could_give_and_claims_no_test_under_nineteen():
    told = said(a_programme_town(), "placebos")
    assert "Мнимых программ 24. Настоящая — на 6-м месте из 25" in told
    assert "Отсюда p = 0,24; меньше 0,040 при стольких сравнениях получиться не может." in told
    ranked = an_effect().placebos
    few = replace(ranked, placebos=ranked.placebos[:12], k=12, rank=1, smallest_p=1 / 13, p=None)
    told = said(with_effect(placebos=few), "placebos")
    assert (
        "Даже первое место дало бы только p = 0,077: сравнений меньше 19, и проверкой это не считается."
        in told
    )
    assert "Отсюда" not in told


def test_other_ways_of_asking_are_counted_and_absent_ones_have_their_reason():
    told = said(a_programme_town(), "specifications")
    assert "Расчёт сделан 48 способами: оценки от -0,06 до +0,32, выше нуля 40" in told
    assert "Если убирать по одной школе, оценка меняется от +0,04 до +0,10: знак не меняется." in told
    assert "Разрыв на пороге перечня не оценивался: " in told
    english = said(a_programme_town(), "specifications", "en")
    assert "The calculation was made in 48 ways" in english


def test_the_table_of_designs_ends_with_the_bounds():
    rows = [row.split("\t") for row in shown(a_programme_town(), "programme").splitlines()[1:5]]
    assert rows[0][1:] == ["+0,07 (от -0,09 до +0,23)", "-2 (от -6 до +2)", "0,11", "0,21", "7 / 33"]
    assert rows[2][1:] == ["—"] * 5
    assert rows[3][:3] == ["Границы двух первых вместе", "от -0,09 до +0,29", "от -8 до +2"]


def test_the_plan_says_what_was_kept():
    assert "План «500+ 2024» закреплён 1 сентября 2023 г., до загрузки результатов" in said(
        a_programme_town(), "plan"
    )
    assert "1 пункт — по плану; 1 — с отклонением; 1 — сверх плана" in said(a_programme_town(), "plan")
    rows = [row.split("\t")[1:] for row in shown(a_programme_town(), "plan").splitlines()[1:]]
    assert rows == [["по плану", "—"], ["отклонение", "в плане 3, сделано 2"], ["вне плана, поиск", "—"]]
    without = a_programme_town(programme=a_programme(plan=NotEstimable("no_plan")))
    assert "до результатов не закрепляли" in said(without, "plan")
    assert "shnor plan freeze" not in said(without, "plan", audience="public")


def test_the_sides_of_a_plan_are_told_where_they_differ():
    plan = a_programme().plan
    lines = (
        PlanLine("delay", "as_planned", "1", "1"),
        PlanLine("level", "deviation", "0.95", "0.9"),
        PlanLine("permutations", "deviation", "999", "199"),
        PlanLine("comparison", "deviation", "never", "not_yet"),
        PlanLine("primary", "deviation", "did", "ancova"),
    )
    town = a_programme_town(programme=a_programme(plan=replace(plan, lines=lines)))
    assert [row.split("\t")[2] for row in shown(town, "plan").splitlines()[1:]] == [
        "—",
        "в плане 0,95, сделано 0,90",
        "в плане 999, сделано 199",
        "в плане с никогда не вступавшими, сделано с ещё не вступившими и остальными",
        "в плане разность разностей, сделано сравнение с учётом прежних результатов",
    ]


def test_the_first_page_has_both_answers():
    told = said(a_programme_town(), "summary")
    assert "Программа «500+» (2021/22): из её школ, стоявших в перечне по правилу, вышли 7 из 7." in told
    assert "Эффект программы «500+» — в границах двух расчётов" in told


@pytest.mark.parametrize("language", ["ru", "en"])
def test_pictures_have_content_and_one_language(language):
    town = release(a_programme_town())
    drawn = {one: draw(town, one, language) for one in PICTURES}
    assert {type(one) for one in drawn.values()} == {Drawing}
    words = [text for one in drawn.values() for text in words_of(one.figure)]
    foreign = re.compile(r"[A-Za-z]{3,}" if language == "ru" else r"[А-Яа-я]{2,}")
    assert [text for text in words if foreign.search(text)] == []
    assert [one for one in words if re.search(r"\w\.\w|_", one)] == [], "no code of a text is on a picture"
    assert all(axes.lines or axes.collections for one in drawn.values() for axes in one.figure.axes)
    alts = {one.alt for one in drawn.values()}
    assert len(alts) == len(drawn)
    assert "{" not in "".join(alts)


def words_of(figure):
    """Everything that is written on a figure."""
    for axes in figure.axes:
        yield from (label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels()))
        yield from (axes.get_xlabel(), axes.get_ylabel(), axes.get_title())
    for legend in figure.legends:
        yield from (text.get_text() for text in legend.get_texts())


def test_the_selection_year_and_the_start_are_marked_without_colour():
    (axes,) = draw(release(a_programme_town()), "event_study", "ru").figure.axes
    markers = [line.get_marker() for line in axes.lines if line.get_marker() not in ("None", "")]
    assert markers.count("v") == 1
    assert markers.count("o") == 6
    assert [patch.get_hatch() for patch in axes.patches] == ["////"]
    assert any(line.get_linestyle() == "--" for line in axes.lines)


def test_like_placebos_stand_on_top_of_one_another():
    assert [height for _, height in stacked([0.1, 0.1, 0.1, 0.3], 0.2)] == [0, 1, 2, 0]


def test_a_choice_that_never_varies_has_no_row():
    ways = tuple(replace(one, subjects="all") for one in an_effect().specifications)
    _, rows = draw(release(with_effect(specifications=ways)), "specifications", "ru").figure.axes
    names = [label.get_text() for label in rows.get_yticklabels()]
    assert len(names) == 8
    assert "все предметы" not in names


def test_the_public_page_names_no_school_and_no_number_of_works():
    town = a_programme_town()
    everything = [said(town, one, audience="public") for one in TEXTS]
    everything += [shown(town, one, audience="public") for one in TABLES]
    assert "Школа №" not in " ".join(everything)
    assert type(make_table(release(town, audience="public"), "leave_one_out", "ru")) is Text
    assert "2520" in shown(town, "programme_flow")
    assert "2520" not in shown(town, "programme_flow", audience="public")
    assert "между -0,09 и +0,29" in everything[0]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_without_a_programme_one_sentence_stands_and_nothing_is_empty(language):
    town = a_programme_town(list_flow=a_list_flow(), programme=NotEstimable("not_fitted", {"year": 2024}))
    assert "2023/24" in said(town, "programme", language)
    assert [said(town, one, language) for one in TEXTS[1:]] == [""] * (len(TEXTS) - 1)
    made = [draw(release(town), one, language) for one in PICTURES]
    made += [make_table(release(town), one, language) for one in TABLES]
    assert {type(one) for one in made} == {Text}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_section_is_said_without_codes(language):
    for audience in ("department", "public"):
        told = [said(a_programme_town(), one, language, audience=audience) for one in TEXTS]
        told += [shown(a_programme_town(), one, language, audience=audience) for one in TABLES]
        assert re.findall(r"\b[a-z]+_[a-z0-9_]+\b|\b[a-z]+\.[a-z_.]+\b|\{|None|nan\b", " ".join(told)) == []


def test_base_years_keep_their_interval_and_are_hollow():
    years = tuple(
        replace(one, is_base=one.years_since < -1, conf_low=one.estimate - 0.1)
        for one in an_effect().event_study
    )
    (axes,) = draw(release(with_effect(event_study=years)), "event_study", "ru").figure.axes
    hollow = [
        line for line in axes.lines if line.get_marker() == "o" and line.get_markerfacecolor() == "white"
    ]
    assert len(hollow) == 3
    assert (
        sum(len(line.get_xdata()) == 2 and line.get_xdata()[0] == line.get_xdata()[1] for line in axes.lines)
        >= 7
    )


def test_of_many_schools_left_out_only_the_outermost_stand_in_the_table():
    facts = a_programme()
    rows = tuple(replace(facts.leave_one_out.rows[0], name=f"Школа № {n}") for n in range(1, 41))
    many = replace(facts, leave_one_out=replace(facts.leave_one_out, rows=rows))
    told = shown(a_programme_town(programme=many), "leave_one_out").splitlines()[1:-1]
    assert [row.split("\t")[0] for row in told] == [f"Школа № {n}" for n in (1, 2, 3, 4, 37, 38, 39, 40)]
