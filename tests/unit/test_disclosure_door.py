"""The door: who may see what, and that there is no way around it."""

import dataclasses

import pytest
import small_town as town

from shnor_analysis.disclosure import Released, release
from shnor_analysis.errors import ShnorError, UsageProblem
from shnor_analysis.evaluation import evaluate_school, evaluate_town
from shnor_analysis.language import render_problem
from shnor_analysis.results import Estimate, Suppressed

FEW, SMALL = Suppressed("fewer_than_10_tested"), Suppressed("fewer_than_5")


def school_facts(results, school_id="sch1", year=2021, **given):
    tables = town.tables_of(school_results=town.school_results(results), **given)
    return evaluate_school(tables, school_id=school_id, school_year=year, settings=town.SETTINGS)


def town_facts(results, year=2021):
    tables = town.tables_of(school_results=town.school_results(results))
    return evaluate_town(tables, school_year=year, settings=town.SETTINGS)


def marks_of(text, audience):
    facts = school_facts(f"sch1 2021 vpr mathematics 5 spring {text}")
    return release(facts, audience).value.results[0].school


def test_the_department_sees_counts_of_nine_but_no_shares():
    marks = marks_of("1 3 3 2", "department")
    assert (marks.tested_n, marks.mark_n) == (9, (1, 3, 3, 2))
    assert (marks.low, marks.success, marks.quality) == (FEW, FEW, FEW)


def test_the_department_sees_shares_from_ten_tested():
    assert isinstance(marks_of("1 3 3 3", "department").low, Estimate)


@pytest.mark.parametrize(
    ("text", "tested", "cells", "low", "quality"),
    [
        ("6 7 10 5", 28, (6, 7, 10, 5), True, True),
        ("6 7 10 3", 28 - 2, (6, 7, SMALL, SMALL), True, True),
        ("6 3 10 5", 24, (6, SMALL, SMALL, SMALL), True, False),
        ("3 7 10 5", 25, (SMALL, SMALL, 10, 5), False, True),
        ("3 7 10 2", 22, (SMALL, SMALL, SMALL, SMALL), False, False),
        ("0 0 2 1", SMALL, (SMALL, SMALL, SMALL, SMALL), False, False),
        ("0 7 10 5", 22, (0, 7, 10, 5), True, True),
    ],
)
def test_the_public_sees_of_a_row_what_gives_no_small_number_away(text, tested, cells, low, quality):
    marks = marks_of(text, "public")
    assert (marks.tested_n, marks.mark_n) == (tested, cells)
    assert isinstance(marks.low, Estimate) is low
    assert isinstance(marks.success, Estimate) is low
    assert isinstance(marks.quality, Estimate) is quality


def test_a_row_with_shares_only_is_closed_like_the_counts_that_follow_from_it():
    marks = marks_of("share 25 12 28 40 20", "public")
    assert (marks.low, marks.success) == (SMALL, SMALL)
    assert isinstance(marks.quality, Estimate)


def test_the_part_without_special_needs_is_closed_when_the_rest_is_a_small_group():
    # 30 pupils, 3 of them with special needs
    words = ["2"] * 6 + ["3"] * 9 + ["4"] * 9 + ["5"] * 6
    for place in (6, 7, 8):
        words[place] += "n"
    line = "sch1 2021 vpr mathematics 5 spring"
    pupils, results = town.pupils_of(f"{line} {' '.join(words)}")
    facts = school_facts(f"{line} 6 9 9 6", pupils=pupils, pupil_results=results)
    assert facts.results[0].without_special_needs.mark_n == (6, 6, 9, 6)
    seen = release(facts, "public").value.results[0]
    assert seen.school.mark_n == (6, 9, 9, 6)
    assert (seen.without_special_needs.tested_n, seen.without_special_needs.low) == (SMALL, SMALL)
    assert release(facts, "department").value.results[0].without_special_needs.mark_n == (6, 6, 9, 6)


def test_the_municipality_is_closed_when_the_other_schools_are_a_small_group():
    text = """
    sch1 2021 vpr mathematics 5 spring 6 7 10 5
    sch2 2021 vpr mathematics 5 spring 1 1 1 0
    """
    level = release(school_facts(text), "public").value.results[0].levels[0]
    assert (level.marks.tested_n, level.marks.low) == (SMALL, SMALL)


def test_a_change_with_a_closed_end_is_closed():
    text = "sch1 2023 vpr mathematics 5 spring 6 7 10 5\nsch1 2024 vpr mathematics 5 spring 2 7 10 5"
    facts = school_facts(text, year=2024)
    assert isinstance(facts.changes[0].difference, Estimate)
    assert release(facts, "public").value.changes[0].difference == SMALL
    assert isinstance(release(facts, "department").value.changes[0].difference, Estimate)


RULE = """
sch1 2021 vpr mathematics 5 spring 4 6 0 0
sch1 2021 vpr russian 5 spring 9 11 5 5
"""


def test_the_rule_says_nothing_that_gives_its_closed_evidence_away():
    facts = school_facts(RULE)
    rule = release(facts, "public").value.list_years[-1].rule
    closed, seen = rule.evidence
    assert (closed.low, closed.is_low) == (SMALL, SMALL)
    assert seen.is_low is True
    assert (rule.fires, rule.procedures_low_n, rule.chance_if_unchanged) == (SMALL, SMALL, SMALL)


def test_the_rule_keeps_an_outcome_that_follows_from_what_is_open():
    facts = school_facts(f"{RULE}sch1 2021 vpr russian 6 spring 9 11 5 5")
    rule = release(facts, "public").value.list_years[-1].rule
    assert rule.fires is True
    assert rule.procedures_low_n == SMALL


def test_a_share_of_pupils_is_closed_when_it_is_a_small_number_of_them():
    factors = town.factors(
        "sch1 2021 pupils_n 100\nsch1 2021 registers_share 0.03\nsch1 2021 low_income_share 0.3"
    )
    facts = school_facts("sch1 2021 vpr mathematics 5 spring 6 7 10 5", factors=factors)
    seen = {item.factor: item.value for item in release(facts, "public").value.context}
    assert seen == {"pupils_n": 100.0, "registers_share": SMALL, "low_income_share": 0.3}


def test_a_single_closed_school_of_the_town_is_joined_by_a_second():
    text = """
    sch1 2021 vpr mathematics 5 spring 2 17 10 5
    sch1 2021 vpr russian 5 spring 2 17 10 5
    sch2 2021 vpr mathematics 5 spring 6 17 10 5
    sch2 2021 vpr russian 5 spring 6 17 10 5
    sch10 2021 vpr mathematics 5 spring 20 7 10 5
    sch10 2021 vpr russian 5 spring 7 20 10 5
    """
    lines = release(town_facts(text), "public").value.schools
    assert [line.low if isinstance(line.low, Suppressed) else "shown" for line in lines] == [
        SMALL,
        SMALL,
        "shown",
    ]
    assert [line.rule_fires for line in lines] == [SMALL, False, False]


def test_a_pooled_share_does_not_tell_the_one_result_that_the_schools_page_hides():
    text = """
    sch1 2021 vpr mathematics 5 spring 3 17 10 5
    sch1 2021 vpr russian 5 spring 9 17 10 5
    sch2 2021 vpr mathematics 5 spring 9 17 10 5
    sch10 2021 vpr mathematics 5 spring 20 7 10 5
    """
    lines = release(town_facts(text), "public").value.schools
    assert [line.low == SMALL for line in lines] == [True, True, False]
    assert [line.tested_n for line in lines] == [76, 41, 42]
    assert not any(line.parts for line in lines)


def test_a_single_procedure_with_few_pupils_is_joined_by_a_second():
    text = """
    sch1 2021 vpr mathematics 5 spring 2 1 0 0
    sch1 2021 vpr russian 5 spring 6 7 10 5
    sch2 2021 vpr russian 6 spring 20 7 10 5
    """
    seen = release(town_facts(text), "public").value
    assert [cell.tested_n for cell in seen.coverage] == [SMALL, SMALL, 42]
    assert [row.school.tested_n for row in seen.levels] == [SMALL, SMALL, 42]


def test_each_suppression_leaves_an_audit_line_and_nothing_else_does():
    facts = school_facts("sch1 2021 vpr mathematics 5 spring 3 7 10 5")
    released = release(facts, "public")
    assert {line.place for line in released.audit if line.place.startswith("results[0].school")} == {
        "results[0].school.mark_n[0]",
        "results[0].school.mark_n[1]",
        "results[0].school.low",
        "results[0].school.success",
    }
    assert not any(character.isdigit() for line in released.audit for character in line.rule)
    assert release(school_facts("sch1 2021 vpr mathematics 5 spring 3 7 10 5"), "department").audit == ()


def test_the_closed_facts_themselves_are_not_touched():
    facts = school_facts("sch1 2021 vpr mathematics 5 spring 3 7 10 5")
    release(facts, "public")
    assert facts.results[0].school.mark_n == (3, 7, 10, 5)


def test_nobody_but_release_can_make_a_released_value():
    facts = school_facts("sch1 2021 vpr mathematics 5 spring 3 7 10 5")
    with pytest.raises(ShnorError, match="released_only_by_door"):
        Released(facts, "public", (), object())
    released = release(facts, "public")
    with pytest.raises(ShnorError, match="released_only_by_door"):
        dataclasses.replace(released, value=facts, key=None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        released.value = facts


def test_a_frame_hidden_among_the_facts_does_not_pass():
    facts = school_facts("sch1 2021 vpr mathematics 5 spring 3 7 10 5")
    smuggled = dataclasses.replace(facts, results=(town.schools(),))
    with pytest.raises(UsageProblem) as caught:
        release(smuggled, "department")
    assert caught.value.problems[0].found == "DataFrame"


TEXTS = [
    (
        "audience_unknown",
        "ru",
        "Такого круга читателей нет. Найдено: «press». Допустимо: department, school, public. Назовите один из "
        "допустимых: --audience.",
    ),
    (
        "audience_unknown",
        "en",
        "There is no such audience. Found: “press”. Allowed: department, school, public. Name one of those "
        "allowed: --audience.",
    ),
    (
        "audience_needs_own_school",
        "ru",
        "Отчёт о муниципалитете нельзя выпустить для отдельной школы. Найдено: «school». Допустимо: department, "
        "public. Выпустите для школы её собственный отчёт или назовите другой круг читателей: --audience.",
    ),
    (
        "audience_needs_own_school",
        "en",
        "The report on the municipality cannot be released for a single school. Found: “school”. Allowed: "
        "department, public. Release the school’s own report for it, or name another audience: --audience.",
    ),
    (
        "release_refused",
        "ru",
        "Выпустить можно только факты об одной школе или о муниципалитете. Найдено: «DataFrame». Передайте ответ "
        "evaluate_school или evaluate_town без изменений.",
    ),
    (
        "release_refused",
        "en",
        "Only facts about a school or the municipality can be released. Found: “DataFrame”. Pass the answer of "
        "evaluate_school or evaluate_town unchanged.",
    ),
]


@pytest.mark.parametrize(("code", "language", "expected"), TEXTS)
def test_what_the_door_refuses_it_says_in_both_languages(code, language, expected):
    results = "sch1 2021 vpr mathematics 5 spring 6 7 10 5"
    tries = {
        "audience_unknown": lambda: release(school_facts(results), "press"),
        "audience_needs_own_school": lambda: release(town_facts(results), "school"),
        "release_refused": lambda: release(town.schools(), "department"),
    }
    with pytest.raises(UsageProblem) as caught:
        tries[code]()
    assert render_problem(caught.value.problems[0], language) == expected
