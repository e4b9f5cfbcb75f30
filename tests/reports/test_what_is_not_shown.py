"""A page that keeps something back says so, and its words do not speak for what is not on it."""

import re
from dataclasses import replace

import pytest
from evaluations import YEAR, a_school, marks_of, result_of, vpr, wilson

from shnor_analysis.accounting import Accounting
from shnor_analysis.disclosure import release
from shnor_analysis.evaluation.facts import (
    Change,
    ContextFactor,
    Listing,
    ListYear,
    MarkResult,
    ProcedureResult,
    SourceFile,
    TownEvaluation,
)
from shnor_analysis.exhibits import describe, make_table
from shnor_analysis.results import NotEstimable

BLANKS = {0x00A0: " ", 0x202F: " "}
NO_MARKS = NotEstimable("marks_not_given")
MARKS_ONLY = NotEstimable("no_pupil_rows")


def said(value: object, section: str, language: str = "ru", *, audience: str = "department") -> str:
    return str(describe(release(value, audience=audience), section, language)).translate(BLANKS)


def small(grade: int) -> ProcedureResult:
    """A result of 7 pupils: the door closes its shares."""
    return result_of(vpr("mathematics", grade), 7, 2, town=(2000, 300))


def a_town(*lows: tuple[int, int], rule_list_year: int = YEAR + 1) -> TownEvaluation:
    """A municipality with one test a grade, each given as (low, tested)."""
    levels = tuple(
        ProcedureResult(vpr("mathematics", 4 + place), marks_of(n, low), MARKS_ONLY, (), ())
        for place, (low, n) in enumerate(lows)
    )
    return TownEvaluation(
        municipality_id="Светлоярск",
        region_id="Область",
        place_ru="г. Светлоярск",
        place_en="Svetloyarsk",
        is_invented=True,
        school_year=YEAR,
        schools_n=40,
        schools=(),
        levels=levels,
        flows=(),
        coverage=(),
        breaks=(),
        rule_version="rosobr_2020",
        rule_list_year=rule_list_year,
        rule_is_verified=False,
        unverified_facts=(),
        accounting=Accounting(),
        files=(),
    )


def test_the_largest_share_is_that_of_the_shares_shown_and_the_others_are_counted() -> None:
    school = a_school()
    school = replace(school, results=(*school.results, small(6), small(7)))
    summary = said(school, "summary")
    assert "Наибольшая из показанных долей низких результатов: ВПР, математика, 5 класс" in summary
    assert "Ещё в 2 процедурах доля низких результатов скрыта или неизвестна." in summary
    assert "ещё в 2 процедурах доля скрыта или сравнить не с чем" in summary
    english = said(school, "summary", "en")
    assert "In 2 more tests the share of low results is hidden or unknown." in english
    assert "in 2 more tests the share is hidden or there is nothing to compare it with" in english


def test_a_school_with_every_share_shown_counts_nothing_hidden() -> None:
    summary = said(a_school(), "summary")
    assert "Ещё в" not in summary
    assert "доля скрыта" not in summary


def test_changes_that_are_not_shown_are_counted() -> None:
    now, before = vpr("russian", 5), vpr("russian", 5, year=YEAR - 1)
    school = a_school()
    kept_back = Change(before, now, NotEstimable("across_break", {"years": "2022/23"}))
    school = replace(school, changes=(*school.changes, kept_back))
    assert "ещё в 1 процедуре изменение скрыто или сравнить не с чем" in said(school, "changes")
    assert "in 1 more test the change is hidden or there is nothing to compare with" in said(
        school, "changes", "en"
    )


def test_a_municipality_names_a_test_only_when_its_interval_lies_above_all_others() -> None:
    apart = said(a_town((300, 1000), (100, 1000), (90, 1000)), "summary")
    assert "Больше всего низких результатов: ВПР, математика, 4 класс, весна 2024 — 30 %" in apart
    together = said(a_town((142, 1000), (139, 1000), (90, 1000)), "summary")
    assert "Больше всего" not in together
    assert (
        "Доли низких результатов по показанным процедурам: 9–14 %. Выделить одну процедуру нельзя" in together
    )
    assert "9–14%. No single test stands out" in said(
        a_town((142, 1000), (139, 1000), (90, 1000)), "summary", "en"
    )


def test_what_the_door_closed_is_counted_by_its_rule() -> None:
    school = replace(a_school(), results=(*a_school().results, small(6)))
    released = release(school)
    text = str(describe(released, "provenance", "ru"))
    total, by_rule = re.search(r"не показано (\d+) значени\w*: «.*» — (\d+)\.", text).groups()
    assert int(total) == int(by_rule) == len(released.audit) > 0
    assert "доли показываются от 10 писавших" in text
    assert f"{total} values are not shown: “shares are shown from 10 tested”: {total}." in said(
        school, "provenance", "en"
    )


def test_the_table_of_list_years_says_that_one_version_stands_in_all_of_them() -> None:
    school = a_school()
    assert (
        "Ко всем годам применена одна версия правила, выбранная в настройках: правило Рособрнадзора, версия 2020 "
        "года. По записи она действует с 19 августа 2020 г. по 31 декабря 2020 г., поэтому для других перечней"
    ) in said(school, "list_history")
    assert "in force from August 19, 2020 to December 31, 2020, so for other lists" in said(
        school, "list_history", "en"
    )
    rule = school.list_years[-1].rule
    within = replace(school, list_years=(ListYear(2021, (), False, rule), ListYear(2020, (), False, rule)))
    assert "версия 2020 года." in said(within, "list_history")
    assert "По записи" not in said(within, "list_history")


def test_a_closed_share_is_closed_in_the_cell_of_its_interval_too() -> None:
    school = replace(a_school(), results=(small(6),))
    (row,) = make_table(release(school), "results", "ru").groups[0].rows
    assert row[6:8] == ("менее 10", "менее 10")


def test_an_exam_with_points_only_is_not_said_to_have_shares_of_marks() -> None:
    points = MarkResult(40, False, None, wilson(4, 40), wilson(36, 40), NO_MARKS)
    shares = replace(points, quality=wilson(20, 40))
    for marks, expected in ((points, False), (shares, True)):
        result = ProcedureResult(vpr("mathematics", 11), marks, MARKS_ONLY, (), ())
        text = said(replace(a_school(), results=(result,)), "results")
        assert ("известны только доли" in text) is expected


def test_the_column_without_special_needs_gives_its_own_reason() -> None:
    base = a_school().results[1]
    known = replace(base, without_special_needs=marks_of(30, 5))
    school = replace(a_school(), results=(known, replace(small(6), without_special_needs=MARKS_ONLY)))
    notes = make_table(release(school), "results", "ru").notes
    reason = "Прочерк в колонке «Низкие без учеников с ОВЗ»: нет данных по отдельным ученикам."
    assert reason in notes
    without = replace(a_school(), results=(base,))
    assert (
        "Прочерк: нет данных по отдельным ученикам."
        not in make_table(release(without), "results", "ru").notes
    )


@pytest.mark.parametrize(
    ("language", "expected"), [("ru", "Возраст котельной, лет"), ("en", "Age of the boiler house, years")]
)
def test_a_circumstance_that_is_no_share_names_its_unit(language: str, expected: str) -> None:
    ages = ContextFactor("boiler_age_years", YEAR, 42.0, (16.0, 26.0, 40.0), 40)
    shares = ContextFactor("low_income_share", YEAR - 1, 0.31, (0.1, 0.2, 0.25), 40)
    table = make_table(release(replace(a_school(), context=(ages, shares))), "context", language)
    names = [row[0] for row in table.groups[0].rows]
    assert names[0] == expected
    assert names[1].endswith(", 2022/23")
    assert names[1].count(",") == 1


def test_a_form_of_the_users_own_is_called_so() -> None:
    file = SourceFile("наша.xlsx", "b" * 64, "mapped_f0c8100d3348", "2024-05-14T09:12:00+00:00", True)
    table = make_table(release(replace(a_school(), files=(file,))), "provenance", "ru")
    assert table.groups[0].rows[0][1] == "своя форма"


def test_marks_stand_in_the_quotes_of_the_language() -> None:
    for language, expected in (("ru", "«2»"), ("en", "2")):
        columns = make_table(release(a_school()), "results", language).columns
        assert columns[2].label == expected


def test_a_school_without_results_of_the_year_is_told_so_and_asked_why() -> None:
    school = a_school(school_year=YEAR + 1)
    assert "результатов школы нет: сравнивать нечего" in said(school, "levels")
    summary = said(school, "summary")
    assert "Узнайте, почему" in summary
    assert "Вместе со школой посмотрите" not in summary
    assert "Вместе со школой посмотрите" in said(a_school(), "summary")


def test_the_chance_of_the_rule_names_its_list_year() -> None:
    assert "таких же школ, для перечня 2024/25" in said(a_school(), "summary")


def test_list_years_without_an_answer_share_one_note() -> None:
    missing = [
        ListYear(
            year, (), True, NotEstimable("rule_without_results", {"list_years": f"{year - 1}/{year % 100}"})
        )
        for year in (2022, 2023)
    ]
    table = make_table(release(a_school(list_years=tuple(missing))), "list_history", "ru")
    assert [note for note in table.notes if "нет стольких" in note] == [
        "Прочерк: для перечня 2021/22, 2022/23 у школы нет стольких результатов, сколько нужно правилу."
    ]


def test_minima_that_nobody_checked_are_named_with_their_exam() -> None:
    school = a_school(unverified_facts=("exam_minimum.ege.mathematics.27", "exam_minimum.ege.russian.24"))
    assert "не сверены с приказом: ЕГЭ, математика — 27; ЕГЭ, русский язык — 24." in said(school, "limits")
    assert "EGE, Mathematics — 27; EGE, Russian — 24." in said(school, "limits", "en")


def test_a_list_of_another_kind_does_not_pass_for_the_list_of_low_results() -> None:
    rule = a_school().list_years[0].rule
    years = tuple(
        ListYear(year, (Listing(year, "biased_results", "Ведомство", None),), year == YEAR, rule)
        for year in (YEAR, YEAR + 1)
    )
    school = a_school(list_years=years)
    summary = said(school, "summary")
    assert "не в перечне" in summary
    assert "2023/24: школы нет в перечне школ с низкими результатами." in summary
    assert "В других перечнях за 2024/25: «признаки необъективности», составитель: Ведомство." in summary
    assert "В других перечнях" not in said(replace(school, school_year=YEAR + 2), "list_status")
    (group,) = make_table(release(school), "list_history", "ru").groups
    assert [row[1] for row in group.rows] == [
        "нет; признаки необъективности",
        "не известно; признаки необъективности",
    ]
