"""A school's public page and the municipality's side by side: what one hides does not follow from the other."""

from __future__ import annotations

import itertools
from functools import lru_cache

from hypothesis import given
from hypothesis import strategies as st
from test_disclosure_attack import share, town_of
from test_disclosure_town import the_town

from shnor_analysis.disclosure import release
from shnor_analysis.disclosure.pooled import hidden_number_follows, hidden_size_follows
from shnor_analysis.evaluation import assemble_school, assemble_town
from shnor_analysis.evaluation.facts import (
    PooledPart,
    RuleOutcome,
    SchoolEvaluation,
    SchoolLine,
    TownEvaluation,
)
from shnor_analysis.results import NotEstimable, Suppressed


@lru_cache(maxsize=1)
def pages() -> tuple[TownEvaluation, dict[str, SchoolEvaluation]]:
    """The public facts of the municipality, and of each school by its code."""
    schools = {
        str(code): release(assemble_school(the_town(), str(code)), "public").value
        for code in the_town().frame("schools")["school_id"]
    }
    return release(assemble_town(the_town()), "public").value, schools


def rule_of(school: SchoolEvaluation, list_year: int) -> RuleOutcome | None:
    """What the school's own page says of a list year."""
    return next(
        (
            year.rule
            for year in school.list_years
            if year.school_year == list_year and isinstance(year.rule, RuleOutcome)
        ),
        None,
    )


def follows(rule: RuleOutcome, fires: object) -> bool:
    """Whether some hidden verdict has one possible value once the answer of the rule is read."""
    hidden = sum(isinstance(item.is_low, Suppressed) for item in rule.evidence)
    open_low = sum(item.is_low is True for item in rule.evidence)
    possible = [
        n
        for n in range(hidden + 1)
        if isinstance(fires, Suppressed) or (open_low + n >= rule.procedures_needed_n) == fires
    ]
    return hidden > 0 and (max(possible) == 0 or min(possible) == hidden)


def test_no_hidden_verdict_follows_from_the_answer_on_the_municipalitys_page():
    town, schools = pages()
    closed = [line for line in town.schools if isinstance(line.rule_fires, Suppressed)]
    assert len(closed) > 1
    for line in town.schools:
        own = rule_of(schools[line.school_id], town.rule_list_year)
        if own is not None:
            assert line.rule_fires == own.fires
            assert not follows(own, line.rule_fires)


def test_no_hidden_answer_follows_from_a_total_of_the_rule():
    town, schools = pages()
    totals = {flow.school_year: flow.listed_n for flow in town.flows if flow.source == "rule"}
    assert len(totals) > 1
    for list_year, listed_n in totals.items():
        answers = [rule_of(school, list_year) for school in schools.values()]
        if any(rule is not None and isinstance(rule.fires, Suppressed) for rule in answers):
            assert isinstance(listed_n, Suppressed), list_year


def test_a_school_with_one_hidden_size_keeps_its_sum_over_all_works_and_is_not_alone():
    sizes = {"one small": (3, 30), "none": (33,), "two small": (2, 3, 30), "none, more low": (40,)}
    lines = tuple(
        SchoolLine(
            name,
            name,
            "school",
            tested_n=sum(tested),
            low=share(8 + place, sum(tested)),
            success=share(sum(tested) - 8 - place, sum(tested)),
            procedures_n=len(tested),
            is_listed=None,
            rule=NotEstimable("rule_without_results"),
            programmes=(),
            parts=tuple(PooledPart(n, 8 + place if n == max(tested) else 0) for n in tested),
        )
        for place, (name, tested) in enumerate(sizes.items())
    )
    shown = release(town_of(lines), "public").value.schools
    assert [line.school_id for line in shown if isinstance(line.tested_n, Suppressed)] == [
        "one small",
        "none",
    ]


@given(tested=st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_the_sum_over_all_works_is_closed_where_a_hidden_size_has_one_possible_value(tested):
    hidden = [n for n in tested if n < 5]
    ways = [way for way in itertools.product(range(1, 5), repeat=len(hidden)) if sum(way) == sum(hidden)]
    told = any(len(set(values)) == 1 for values in zip(*ways, strict=True))
    assert hidden_size_follows(tuple(PooledPart(n, 0) for n in tested)) == told


parts_of_a_school = st.lists(
    st.integers(5, 12).flatmap(lambda tested: st.tuples(st.just(tested), st.integers(0, tested))),
    min_size=1,
    max_size=4,
)


@given(parts=parts_of_a_school)
def test_the_pooled_share_is_closed_where_one_way_to_fill_a_hidden_result_is_left(parts):
    def is_hidden(tested: int, low: int) -> bool:
        return 0 < low < 5 or 0 < tested - low < 5

    hidden = [(tested, low) for tested, low in parts if is_hidden(tested, low)]
    possible = [[low for low in range(tested + 1) if is_hidden(tested, low)] for tested, _ in hidden]
    total = sum(low for _, low in hidden)
    ways = [way for way in itertools.product(*possible) if sum(way) == total]
    told = any(len(set(values)) == 1 for values in zip(*ways, strict=True))
    assert hidden_number_follows(tuple(PooledPart(*part) for part in parts)) == told
