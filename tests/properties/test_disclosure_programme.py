"""Public pages on lists and programmes: no hidden answer, no small number and no other school follows from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_disclosure_town import SMALL, parts_of, the_town

from shnor_analysis.disclosure import release
from shnor_analysis.disclosure.audit import AuditTrail
from shnor_analysis.disclosure.pooled import is_split_open
from shnor_analysis.disclosure.programme import close_list_flow, close_programme
from shnor_analysis.disclosure.rules import close_rule, key_of
from shnor_analysis.evaluation import assemble_school, assemble_town, with_programme
from shnor_analysis.evaluation.exits import exits_of
from shnor_analysis.evaluation.facts import ListYear, PooledPart, RuleOutcome, SchoolEvaluation
from shnor_analysis.evaluation.programme_facts import (
    CalibrationRow,
    CohortFlow,
    FlowArmRow,
    GroupYearRow,
    LeaveOneOutFacts,
    LeaveOneOutRow,
    ListFlowFacts,
    ListForecast,
    ProgrammeFacts,
    SchoolFlow,
)
from shnor_analysis.results import Estimate, NotEstimable, Suppressed
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.school_course import CourseYear, SchoolCourse
from shnor_analysis.results.town_programme import SchoolRecord, YearRecord

SCHOOLS = tuple(str(code) for code in the_town().frame("schools")["school_id"])
RULED = ("oge", "vpr")
YEARS = (2020, 2021, 2022, 2023, 2024)


def hidden_years(list_years: tuple[ListYear, ...]) -> set[int]:
    """List years whose answer the public page keeps to itself."""
    return {
        year.school_year
        for year in list_years
        if isinstance(year.rule, RuleOutcome)
        and isinstance(close_rule(year.rule, "", AuditTrail(), is_public=True).fires, Suppressed)
    }


def answered(list_years: tuple[ListYear, ...], list_year: int, fires: bool) -> tuple[ListYear, ...]:
    """The same list years with another answer in one."""
    return tuple(
        dataclasses.replace(year, rule=dataclasses.replace(year.rule, fires=fires))
        if year.school_year == list_year and isinstance(year.rule, RuleOutcome)
        else year
        for year in list_years
    )


def test_the_statements_of_an_exit_are_the_same_whatever_a_hidden_answer_is():
    compared = 0
    for school_id in SCHOOLS:
        facts = assemble_school(the_town(), school_id)
        for list_year in hidden_years(facts.list_years):
            shown = set()
            for fires in (True, False):
                years = answered(facts.list_years, list_year, fires)
                told = dataclasses.replace(
                    facts, list_years=years, exits=exits_of(the_town(), school_id, years)
                )
                shown.add(repr(release(told, "public").value.exits))
                compared += 1
            assert len(shown) == 1
    assert compared > 4


def test_statements_stand_where_nothing_is_hidden_and_the_department_reads_all_of_them():
    facts = [assemble_school(the_town(), school_id) for school_id in SCHOOLS]
    closed = [release(one, "public").value.exits for one in facts if not hidden_years(one.list_years)]
    assert all(not isinstance(one, Suppressed) for one in closed)
    assert [
        release(one, "department").value.exits for one in facts if isinstance(one.exits, NotEstimable)
    ] == [one.exits for one in facts if isinstance(one.exits, NotEstimable)]
    for one in facts:
        told = release(one, "department").value.exits
        assert not any(isinstance(part, Suppressed) and "5" in part.reason for part in parts_of(told))


def test_a_change_since_the_list_is_open_only_between_open_results():
    seen = 0
    for school_id in SCHOOLS:
        for audience in ("department", "public"):
            told = release(assemble_school(the_town(), school_id), audience).value
            low = {key_of(one.procedure): one.school.low for one in told.results}
            for change in getattr(getattr(told.exits, "change", None), "changes", ()):
                if isinstance(change.difference, Estimate):
                    seen += 1
                    assert isinstance(low[key_of(change.before)], Estimate)
                    assert isinstance(low[key_of(change.after)], Estimate)
    assert seen > 3


@lru_cache(maxsize=1)
def with_courses() -> tuple[SchoolEvaluation, ...]:
    """Schools with a course over their tests of the rule and all others as like schools."""
    facts = [assemble_school(the_town(), school_id) for school_id in SCHOOLS]
    records = {one.school_id: record_of(one) for one in facts}
    names = {one.school_id: one.name for one in facts}
    return tuple(
        with_programme(
            one,
            records[one.school_id],
            tuple(record for code, record in records.items() if code != one.school_id),
            names=names,
            is_stale=False,
        )
        for one in facts
    )


def year_of(school: SchoolEvaluation, year: int, assessments: tuple[str, ...] = ()) -> list[tuple[int, int]]:
    """Tested and low of the tests of a school year, of some assessments or all."""
    return [
        (one.school.tested_n, round(one.school.low.value * one.school.tested_n))
        for one in school.results
        if one.procedure.school_year == year
        and (not assessments or one.procedure.assessment in assessments)
        and isinstance(one.school.low, Estimate)
    ]


def record_of(school: SchoolEvaluation) -> SchoolRecord:
    """A school's years under some of its tests, and a course of which the last two years are predicted."""
    years = []
    for year in YEARS:
        parts = tuple(year_of(school, year, RULED))
        if parts:
            years.append(YearRecord(year, parts, is_comparable=True, is_flagged=False))
    course = tuple(
        CourseYear(one.school_year, one.tested_n, one.low_n / one.tested_n, 0.2, 0.1, 0.3, "inside")
        if one.school_year > 2022
        else CourseYear(one.school_year, one.tested_n, one.low_n / one.tested_n, None, None, None, None)
        for one in years
    )
    return SchoolRecord(
        school.school_id, tuple(years), SchoolCourse(school.school_id, 2022, 0.95, course), ()
    )


def possible(tested: int, low: int) -> list[int]:
    """Numbers of low results that a reader of the school's public page holds possible for one test."""
    if tested in SMALL:
        return list(range(5))
    if low in SMALL or tested - low in SMALL:
        return [n for n in range(tested + 1) if n in SMALL or tested - n in SMALL]
    return [low]


def told_by_sum(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Tests that the page hides and of which one value is left once the sum of all is known."""
    total, told = sum(low for _, low in parts), []
    for place, part in enumerate(parts):
        sums = {0}
        for other in parts[:place] + parts[place + 1 :]:
            sums = {one + more for one in sums for more in possible(*other)}
        left = [value for value in possible(*part) if total - value in sums]
        told += [part] if len(possible(*part)) > 1 and len(left) == 1 else []
    return told


TESTS = st.lists(
    st.integers(5, 25).flatmap(lambda tested: st.tuples(st.just(tested), st.integers(0, tested))), max_size=4
)


@given(TESTS, TESTS)
def test_a_sum_over_some_tests_beside_that_over_all_is_open_only_where_neither_half_tells(mine, rest):
    parts, left = (tuple(PooledPart(*one) for one in some) for some in (mine, rest))
    if is_split_open(parts, left):
        assert told_by_sum(mine) == told_by_sum(rest) == []


@pytest.mark.parametrize("is_hidden_mine", [True, False])
def test_a_year_is_closed_where_its_sum_or_what_is_left_of_the_other_holds_one_hidden_test(is_hidden_mine):
    closed = 0
    for school in with_courses():
        tests = year_of(school, 2024)
        hidden = [one for one in tests if len(possible(*one)) > 1]
        for one in hidden:
            rest = [other for other in tests if other not in hidden]
            mine = [one, *rest] if is_hidden_mine else [other for other in tests if other != one]
            parts = tuple(PooledPart(*part) for part in mine)
            point = dataclasses.replace(school.course.years[-1], parts=parts)
            course = dataclasses.replace(school.course, years=(point,))
            told = release(dataclasses.replace(school, course=course), "public").value.course.years[0]
            assert isinstance(told.observed, Suppressed)
            closed += 1
    assert closed > 10


def test_no_hidden_result_follows_from_a_year_of_the_course_beside_the_municipalitys_sum_over_all_tests():
    opened, closed = 0, 0
    for school in with_courses():
        told = release(school, "public").value
        for point, true in zip(told.course.years, school.course.years, strict=True):
            assert point.parts == ()
            if not isinstance(point.observed, Estimate):
                closed += 1
                assert isinstance(point.tested_n, Suppressed)
                assert point.expected is None or isinstance(point.expected, Suppressed)
                assert point.verdict is None or isinstance(point.verdict, Suppressed)
                continue
            opened += 1
            mine = [(part.tested_n, part.low_n) for part in true.parts]
            rest = [one for one in year_of(school, point.school_year) if one not in mine]
            assert told_by_sum(mine) == told_by_sum(rest) == []
    assert closed > 3
    assert opened > 3


def test_the_department_reads_the_course_and_only_it_reads_the_names_of_like_schools():
    school = with_courses()[0]
    others = [one.name for one in with_courses()[1:]]
    department, own, public = (
        release(school, audience).value.course for audience in ("department", "school", "public")
    )
    assert [one.name for one in department.similar] == others
    for told in (own, public):
        assert told.similar == ()
        assert not any(name in repr(told) for name in others)
        assert not any(code in repr(told) for code in SCHOOLS[1:])
    assert all(isinstance(one.lowest, float) for one in own.similar_years)
    for year in public.similar_years:
        assert isinstance(year.lowest, Suppressed)
        assert isinstance(year.highest, Suppressed)
        assert isinstance(year.middle, Suppressed) or year.middle == round(year.middle, 2)


def test_like_schools_with_few_pupils_keep_their_share_from_the_department_too():
    school = with_courses()[0]
    few = dataclasses.replace(school.course.similar[0].shares[0], tested_n=9)
    like = dataclasses.replace(school.course.similar[0], shares=(few,))
    course = dataclasses.replace(school.course, similar=(like,))
    told = release(dataclasses.replace(school, course=course), "department").value.course
    assert isinstance(told.similar[0].shares[0].share, Suppressed)


def flow_facts() -> ListFlowFacts:
    """A list of every year with its numbers, a calibration row and a cohort for each."""
    flow = {"without_result_n": 1, "expected_leavers": 1.4, "leavers_low": 0, "leavers_high": 3}
    seen = {"observed_leavers": 2, "p_at_least_observed": 0.4}
    entrants = {
        "expected_entrants": 1.5, "entrants_low": 0, "entrants_high": 4, "observed_entrants": 3
    }  # fmt: skip
    school = SchoolFlow(SCHOOLS[0], "Школа", is_listed=True, p_left=0.4, has_left=True)
    return ListFlowFacts(
        school_year=2024, rule="rosobr_2023", rule_is_verified=False, rule_code="share_of_low", rule_parameters=(),
        level=0.95, first_year=2020, schools_n=6,
        lists=tuple(ListForecast(year, year + 1, 4, **flow, **seen, **entrants) for year in YEARS),
        calibration=tuple(CalibrationRow(year, 4, **flow, **seen, pit=0.5, is_inside=True) for year in YEARS),
        cohorts=tuple(
            CohortFlow("500+", year + 1, year, year + 1, 4, 4, left_n=2, **flow, p_at_least_observed=0.4,
                       schools=(school,))
            for year in YEARS
        ),
        reliability=0.5, notes=(), is_stale=False,
    )  # fmt: skip


def test_no_total_of_a_list_stands_where_an_answer_is_hidden_in_it_or_in_the_next_one():
    town = dataclasses.replace(assemble_town(the_town()), list_flow=flow_facts())
    schools = [assemble_school(the_town(), school_id) for school_id in SCHOOLS]
    back = town.rule_list_year - town.school_year
    hidden = {year - back for one in schools for year in hidden_years(one.list_years)}
    assert hidden
    told = release(town, "public").value.list_flow
    for row in (*told.lists, *told.calibration, *told.cohorts):
        # the years and the number of a cohort's schools are no counts of answers
        plain = {"list_school_year", "next_school_year", "cohort_year", "schools_n"}
        numbers = [
            getattr(row, one.name)
            for one in dataclasses.fields(row)
            if one.name not in plain and isinstance(getattr(row, one.name), int | float)
        ]
        is_closed = row.list_school_year in hidden or row.list_school_year + 1 in hidden
        assert (numbers == []) is is_closed
    assert release(town, "department").value.list_flow == flow_facts()


def test_chances_of_single_schools_are_for_the_department():
    told = close_list_flow(flow_facts(), "list_flow", trail := AuditTrail(), hidden=(), is_public=True)
    assert all(one.schools == () for one in told.cohorts)
    assert [one.place for one in trail.lines] == [
        f"list_flow.cohorts[{n}].schools" for n in range(len(YEARS))
    ]


def facts_of(groups: tuple[GroupYearRow, ...]) -> ProgrammeFacts:
    """A programme with some groups."""
    effect = ProgrammeEffect(
        level=0.95, cohorts=((2022, 5),), n_treated=5, n_comparison=20, delay=0, selection_years=1, seed=500,
        flow=(), groups_by_year=(), is_descriptive=False, reason=None,
    )  # fmt: skip
    rows = tuple(LeaveOneOutRow(code, f"Школа {code}", 0.1, -0.1, 0.3) for code in SCHOOLS)
    return ProgrammeFacts(
        school_year=2024, programme="500+", cohorts=((2022, 5),), effect=effect, hull_low_of_100=-1.0,
        hull_high_of_100=4.0, groups=groups, flow=(FlowArmRow("treated", 5, 5, 5, 813, ()),),
        leave_one_out=LeaveOneOutFacts(0.05, 0.12, crosses_zero=False, rows=rows), breaks=(),
        plan=NotEstimable("no_plan"), trend=(), is_stale=False,
    )  # fmt: skip


@st.composite
def a_group(draw: Any) -> GroupYearRow:
    tested = draw(st.integers(1, 60))
    low = draw(st.integers(0, tested))
    return GroupYearRow(2024, "2022", low / tested, 0.1, draw(st.integers(1, 6)), tested)


def numbers_behind(group: GroupYearRow, true: GroupYearRow) -> Iterator[int]:
    """Numbers of pupils that follow from a row's share to whoever works out its size elsewhere."""
    if isinstance(group.share_low, float):
        yield round(group.share_low * true.tested_n)
        yield true.tested_n - round(group.share_low * true.tested_n)


@given(a_group())
def test_no_group_of_the_public_page_tells_one_school_or_a_small_number(group):
    closed = close_programme(facts_of((group,)), "programme", AuditTrail(), is_public=True).groups[0]
    assert isinstance(closed.tested_n, Suppressed)
    assert SMALL.isdisjoint(numbers_behind(closed, group))
    if group.schools_n < 3:
        assert isinstance(closed.share_low, Suppressed)
        assert isinstance(closed.mean_sd, Suppressed)


@pytest.mark.parametrize(("audience", "is_open"), [("department", True), ("public", False)])
def test_which_school_an_estimate_hangs_on_is_for_the_department(audience, is_open):
    town = dataclasses.replace(
        assemble_town(the_town()), programme=facts_of(()), other_programmes=(facts_of(()),)
    )
    told = release(town, audience).value
    assert len(told.other_programmes) == 1
    for programme in (told.programme, *told.other_programmes):
        found = programme.leave_one_out
        assert (found.lowest, found.highest) == (0.05, 0.12)
        assert bool(found.rows) is is_open
        assert isinstance(programme.flow[0].pupils, int) is is_open
