"""An attacker who knows the rules of the door works out from a printed row what the numbers can be.

Everything is undone that can be: shares times pupils tested, bounds of intervals, rests, sums. No small number of
pupils may be left with one possible value.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date
from functools import lru_cache
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shnor_analysis.accounting import Accounting
from shnor_analysis.disclosure import release
from shnor_analysis.evaluation.facts import (
    MarkResult,
    Procedure,
    ProcedureResult,
    SchoolEvaluation,
    SchoolLine,
    TownEvaluation,
)
from shnor_analysis.kernels.wilson import wilson_interval
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

MOST_PUPILS = 25
Z = 1.959963984540054
NAMES = ("two", "three", "four", "five", "tested", "success", "quality", "below")


@lru_cache(maxsize=4096)
def share(count: int, tested: int) -> Estimate:
    low, high = wilson_interval(count, tested)
    return Estimate(count / tested, float(low), float(high))


def row(cells, *, with_counts: bool = True) -> MarkResult:
    two, three, four, five = cells
    tested = sum(cells)
    return MarkResult(
        tested_n=tested,
        tested_n_is_estimated=False,
        mark_n=tuple(cells) if with_counts else None,
        low=share(two, tested),
        success=share(three + four + five, tested),
        quality=share(four + five, tested),
    )


def facts(school: MarkResult, without: MarkResult | NotEstimable) -> SchoolEvaluation:
    procedure = Procedure(2021, "vpr", "mathematics", 5, "spring", date(2021, 4, 1))
    result = ProcedureResult(procedure, school, without, (), ())
    texts = dict.fromkeys(
        ("school_id", "name", "kind", "municipality_id", "region_id", "place_ru", "place_en"), "x"
    )
    empty = (
        "changes",
        "breaks",
        "list_years",
        "context",
        "agreement",
        "participation",
        "unverified_facts",
        "files",
    )
    return SchoolEvaluation(
        **texts,
        is_invented=True,
        school_year=2021,
        results=(result,),
        **dict.fromkeys(empty, ()),
        accounting=Accounting(),
    )


def released(school: MarkResult, without: MarkResult | NotEstimable | None = None) -> ProcedureResult:
    closed = release(facts(school, without or NotEstimable("no_pupil_rows")), "public")
    return closed.value.results[0]


def undone(measure, tested):
    """The count behind a share: from the share itself, and once more from its interval alone."""
    if not isinstance(measure, Estimate):
        return None
    assert isinstance(tested, int)
    count = round(measure.value * tested)
    # Wilson's bounds are the roots of (1 + z²/n)·x² − (2p + z²/n)·x + p² = 0, their product is p² / (1 + z²/n)
    by_bounds = tested * sqrt(measure.low * measure.high * (1 + Z**2 / tested))
    assert round(by_bounds) == count
    return count


def seen(marks: MarkResult) -> tuple:
    """All that is known of a printed row, in a form that two rows share when they look alike."""
    tested = marks.tested_n if isinstance(marks.tested_n, int) else None
    cells = tuple(None if isinstance(cell, Suppressed) else cell for cell in marks.mark_n or ())
    return tested, cells, *(undone(item, tested) for item in (marks.low, marks.success, marks.quality))


def numbers_of(cells) -> dict[str, int]:
    two, three, four, five = cells
    sums = (two + three + four + five, three + four + five, four + five, two + three)
    return dict(zip(NAMES, (*cells, *sums), strict=True))


def rows_of(tested: int):
    for two, three, four in itertools.product(range(tested + 1), repeat=3):
        if two + three + four <= tested:
            yield two, three, four, tested - two - three - four


@lru_cache(maxsize=2)
def looking_alike(with_counts: bool) -> dict[tuple, list[tuple[int, int, int, int]]]:
    """Every row of up to 25 pupils by what the public sees of it."""
    alike = defaultdict(list)
    for tested in range(1, MOST_PUPILS + 1):
        for cells in rows_of(tested):
            alike[seen(released(row(cells, with_counts=with_counts)).school)].append(cells)
    return alike


def values_left(cells, candidates) -> dict[str, set[int]]:
    """For each small number of a row the values that some row of the same looks has."""
    small = {name for name, value in numbers_of(cells).items() if 0 < value < 5}
    return {name: {numbers_of(other)[name] for other in candidates} for name in small}


@pytest.mark.parametrize("with_counts", [True, False])
def test_no_small_number_of_any_row_of_up_to_25_pupils_has_one_possible_value(with_counts):
    for look, candidates in looking_alike(with_counts).items():
        known = [numbers_of(cells) for cells in candidates]
        for name in NAMES:
            values = {numbers[name] for numbers in known}
            assert len(values) >= 2 or not values & {1, 2, 3, 4}, (look, name)


cells_of_a_class = st.tuples(*[st.integers(0, 8)] * 4).filter(lambda cells: 1 <= sum(cells) <= MOST_PUPILS)


@given(cells=cells_of_a_class, with_counts=st.booleans())
def test_a_small_number_keeps_at_least_two_possible_values(cells, with_counts):
    look = seen(released(row(cells, with_counts=with_counts)).school)
    candidates = [
        other
        for tested in ([look[0]] if look[0] else range(1, 10))
        for other in rows_of(tested)
        if could_look(other, look)
    ]
    assert cells in candidates
    assert all(len(values) >= 2 for values in values_left(cells, candidates).values())


def could_look(cells, look) -> bool:
    """Tell whether a row agrees with every printed number."""
    tested, shown, low, success, quality = look
    numbers = numbers_of(cells)
    known = {"tested": tested, "two": low, "success": success, "quality": quality}
    known |= {name: value for name, value in zip(NAMES, shown, strict=False) if value is not None}
    return all(value is None or numbers[name] == value for name, value in known.items())


@given(cells=st.tuples(*[st.integers(0, 30)] * 4).filter(any), part=st.data())
def test_the_group_with_special_needs_never_follows_from_the_two_rows(cells, part):
    without = tuple(part.draw(st.integers(0, cell)) for cell in cells)
    if not any(without):
        return
    shown = released(row(cells), row(without))
    both = seen(shown.school), seen(shown.without_special_needs)
    rest = {name: value - numbers_of(without)[name] for name, value in numbers_of(cells).items()}
    if both[1][0] is None:
        return
    assert not any(0 < value < 5 for value in rest.values())


line_numbers = st.tuples(st.integers(0, 9), st.integers(0, 30)).filter(any)


@given(lines=st.lists(line_numbers, min_size=2, max_size=4))
def test_no_schools_low_results_follow_from_the_towns_total(lines):
    schools = tuple(
        SchoolLine(
            str(n),
            "x",
            "school",
            low + rest,
            share(low, low + rest),
            share(rest, low + rest),
            1,
            None,
            NotEstimable("rule_without_results"),
            (),
        )
        for n, (low, rest) in enumerate(lines)
    )
    closed = release(town_of(schools), "public").value.schools
    hidden = [n for n, line in enumerate(closed) if line.low == Suppressed("fewer_than_5")]
    assert len(hidden) != 1
    for n, (low, rest) in enumerate(lines):
        if 0 < low < 5 or 0 < rest < 5:
            assert n in hidden


def town_of(schools) -> TownEvaluation:
    texts = dict.fromkeys(("municipality_id", "region_id", "place_ru", "place_en", "rule_version"), "x")
    empty = ("levels", "flows", "coverage", "breaks", "unverified_facts", "files")
    return TownEvaluation(
        **texts,
        is_invented=True,
        school_year=2021,
        schools_n=len(schools),
        schools=schools,
        **dict.fromkeys(empty, ()),
        rule_is_verified=False,
        rule_list_year=2022,
        accounting=Accounting(),
    )
