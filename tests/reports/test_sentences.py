"""Every number that a report says follows from the facts, whatever the facts are."""

import re
from dataclasses import replace

import pytest
from evaluations import YEAR, a_school, result_of, vpr, wilson
from hypothesis import given, settings
from hypothesis import strategies as st

from shnor_analysis.disclosure import release
from shnor_analysis.errors import UsageProblem
from shnor_analysis.evaluation.facts import Change, ListYear, SchoolEvaluation
from shnor_analysis.exhibits import describe, draw, make_table
from shnor_analysis.language import render_problem
from shnor_analysis.results import Estimate

GRADES = (4, 5, 6, 7, 8)


@st.composite
def schools(draw_from: st.DrawFn) -> SchoolEvaluation:
    results, changes = [], []
    for grade in draw_from(st.lists(st.sampled_from(GRADES), min_size=1, unique=True)):
        n = draw_from(st.integers(10, 200))
        low = draw_from(st.integers(0, n))
        town_low = draw_from(st.integers(0, 3000))
        results.append(result_of(vpr("mathematics", grade), n, low, town=(3000, town_low)))
        value = draw_from(st.floats(-0.4, 0.4))
        half = draw_from(st.floats(0.01, 0.3))
        before, after = vpr("mathematics", grade, year=YEAR - 1), vpr("mathematics", grade)
        results.append(result_of(before, n, low, town=(3000, town_low)))
        changes.append(Change(before, after, Estimate(value, value - half, value + half)))
    base = a_school()
    rule = base.list_years[-1].rule
    fires = draw_from(st.booleans())
    outcome = replace(
        rule,
        fires=fires,
        procedures_low_n=draw_from(st.integers(0, 9)),
        chance_if_unchanged=draw_from(st.floats(0, 1)),
    )
    return replace(
        base,
        results=tuple(results),
        changes=tuple(changes),
        list_years=(ListYear(YEAR + 1, (), False, outcome),),
    )


def number_after(pattern: str, text: str) -> int:
    """The number that a pattern finds, 0 where the sentence has no such part."""
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


@given(schools())
@settings(max_examples=60, deadline=None)
def test_every_number_of_the_summary_follows_from_the_facts(school: SchoolEvaluation) -> None:
    text = str(describe(release(school), "summary", "ru")).replace("\u00a0", " ")
    now = [result for result in school.results if result.procedure.school_year == YEAR]
    lows = [result.school.low for result in now]
    levels = [result.levels[0].marks.low.value for result in now]
    assert number_after(r"есть результаты (\d+) процедур", text) == len(lows)
    above = sum(low.low > level for low, level in zip(lows, levels, strict=True))
    below = sum(low.high < level for low, level in zip(lows, levels, strict=True))
    assert number_after(r"в (\d+) процедур\w* заметно выше", text) == above
    assert number_after(r"в (\d+) процедур\w* заметно ниже", text) == below
    differences = [change.difference for change in school.changes]
    assert number_after(r"в (\d+) процедур\w* выросла", text) == sum(one.low > 0 for one in differences)
    assert number_after(r"в (\d+) процедур\w* снизилась", text) == sum(one.high < 0 for one in differences)
    outcome = school.list_years[-1].rule
    assert ("правило не срабатывает" in text) == (not outcome.fires)
    assert number_after(r"низкий результат в (\d+) процедур", text) == outcome.procedures_low_n
    chance = round(outcome.chance_if_unchanged * 100)
    said = {0: "меньше чем у одной", 100: "почти у всех"}.get(chance, f"примерно у {chance}")
    assert f" {said}." in text


@given(schools())
@settings(max_examples=40, deadline=None)
def test_the_highest_share_stands_with_its_own_interval_and_size(school: SchoolEvaluation) -> None:
    text = str(describe(release(school), "summary", "en")).replace("\u00a0", " ")
    now = [result for result in school.results if result.procedure.school_year == YEAR]
    largest = max(result.school.low.value for result in now)
    found = re.search(
        r"(?:Largest share of low results shown|Low results): .*?, ([\d.]+)% \(interval ([\d.]+) to ([\d.]+)%, tested (\d+)\)",
        text,
    )
    assert found
    ties = [result.school for result in now if result.school.low.value == largest]
    matching = [marks for marks in ties if marks.tested_n == int(found[4])]
    assert matching
    low = matching[0].low
    for said, share in zip(found.groups()[:3], (low.value, low.low, low.high), strict=True):
        assert float(said) == pytest.approx(share * 100, abs=0.5 + 1e-9)


@given(schools())
@settings(max_examples=25, deadline=None)
def test_the_table_of_results_repeats_the_counts(school: SchoolEvaluation) -> None:
    markup = make_table(release(school), "results", "ru").html()
    rows = re.findall(
        r'<tr>\s*<td class="left" headers="[^"]*table-results-work.*?</tr>', markup, flags=re.DOTALL
    )
    now = [result for result in school.results if result.procedure.school_year == YEAR]
    assert len(rows) == len(now)
    ordered = sorted(now, key=lambda result: result.procedure.grade)
    for row, result in zip(rows, ordered, strict=True):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        assert cells[1:6] == [str(n) for n in (result.school.tested_n, *result.school.mark_n)]


def test_only_what_went_through_the_door_is_shown() -> None:
    for make in (describe, make_table, draw):
        with pytest.raises(UsageProblem) as refused:
            make(a_school(), "summary", "ru")
        (problem,) = refused.value.problems
        assert problem.code == "not_released"
    assert render_problem(problem, "ru") == (
        "Показать можно только то, что прошло через выпуск данных. Найдено: «SchoolEvaluation». "
        "Сначала вызовите release(значение, audience=…) и передайте его ответ."
    )
    assert render_problem(problem, "en") == (
        "Only values that went through the release may be shown. Found: “SchoolEvaluation”. "
        "Call release(value, audience=…) first and pass on its answer."
    )


@pytest.mark.parametrize(
    ("section", "language", "code"),
    [("effect", "ru", "section_unknown"), ("summary", "de", "language_unknown")],
)
def test_unknown_sections_and_languages_are_refused(section: str, language: str, code: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        describe(release(a_school()), section, language)
    assert [problem.code for problem in refused.value.problems] == [code]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_an_empty_school_is_described_in_words(language: str) -> None:
    empty = a_school(
        results=(), changes=(), breaks=(), list_years=(), context=(), agreement=(), participation=(), files=()
    )
    released = release(empty)
    for section in (
        "summary",
        "context",
        "results",
        "trend",
        "levels",
        "list_status",
        "agreement",
        "participation",
    ):
        assert len(str(describe(released, section, language))) > 40
    for section in ("context", "results", "levels", "list_status", "changes", "agreement", "provenance"):
        assert str(make_table(released, section, language)) == ""
    assert str(draw(released, "trend", language)) == ""


def test_no_sentence_speaks_of_cause_rank_or_blame() -> None:
    released = release(a_school())
    said = " ".join(
        str(describe(released, section, "ru")) for section in ("summary", "list_status", "limits")
    )
    assert not re.search(r"благодаря 500|эффект программы|место в рейтинге|вин[аы] школы|из-за школы", said)
    assert "Это не рейтинг" in said


def test_wilson_of_the_test_helper_is_the_known_value() -> None:
    found = wilson(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5), "Newcombe (1998), table I"


def test_tiles_are_no_list_of_terms_whose_parts_jupyterlab_would_float() -> None:
    shown = describe(release(a_school()), "summary", "ru").html()
    assert shown.count('class="tile"') == 4
    assert not re.search(r"<d[ltd]\b", shown)
