"""The door before factors and gaps: no mean of few pupils, no other school by name, no size that gives another away."""

import dataclasses

import pytest
from fitted_facts import a_family, a_fitted_school, a_fitted_town, an_expected, an_influence

from shnor_analysis.disclosure import release
from shnor_analysis.errors import UsageProblem
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

FEW, SMALL = Suppressed("fewer_than_10_tested"), Suppressed("fewer_than_5")
AUDIENCES = ("department", "school", "public")


def expected_for(audience, **changed):
    released = release(a_fitted_school(an_expected(**changed)), audience)
    return released.value.expectations.results[0], released


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize(("pupils_n", "is_open"), [(9, False), (10, True), (None, False)])
def test_a_mean_of_fewer_than_ten_pupils_is_closed_with_all_that_follows(audience, pupils_n, is_open):
    one, released = expected_for(audience, pupils_n=pupils_n)
    assert isinstance(one.gap, Estimate) is is_open
    closed = (one.observed, one.expected, one.gap, one.verdict, one.is_resilient)
    assert all(isinstance(value, Suppressed) for value in closed) is not is_open
    places = {line.place for line in released.audit if line.reason == FEW.reason}
    assert ("expectations.results[0].gap" in places) is not is_open


def test_the_department_knows_like_schools_by_name_but_no_mean_of_few_pupils():
    one, released = expected_for("department")
    assert [like.name for like in one.like] == [f"Школа № {n}" for n in range(11, 21)]
    closed = [like.name for like in one.like if like.observed == FEW and like.gap == FEW]
    assert closed == ["Школа № 13"]
    assert [line.place for line in released.audit if "like" in line.place] == [
        "expectations.results[0].like[2].observed",
        "expectations.results[0].like[2].gap",
    ]


@pytest.mark.parametrize("audience", ["school", "public"])
def test_other_schools_are_points_in_the_order_of_results_and_cannot_be_recognised(audience):
    one, released = expected_for(audience)
    told = repr(one.like)
    assert not [n for n in range(11, 21) if f"sch{n}" in told or f"№ {n}" in told]
    assert {(like.pupils_n, like.distance, like.gap) for like in one.like} == {(None, None, None)}
    results = [like.observed for like in one.like]
    assert results == sorted(results)
    assert len(results) == 9, "the school of six pupils is no point either"
    rules = {(line.place, line.rule) for line in released.audit}
    assert ("expectations.results[0].like", "own_school_only") in rules


def test_sizes_are_closed_for_the_public_only():
    assert [expected_for(audience)[0].pupils_n for audience in AUDIENCES] == [80, 80, SMALL]
    town = release(a_fitted_town(), "public").value.factors.families[0]
    assert town.pupils_n == SMALL
    assert {one.pupils_n for one in town.gaps} == {SMALL}
    assert (town.influence.n_pupils, town.influence.n_obs) == (None, 0)
    assert {point.pupils_n % 10 for point in town.influence.partials} == {0}


@pytest.mark.parametrize("audience", ["department", "public"])
def test_the_town_shows_no_gap_and_no_point_of_few_pupils(audience):
    points = (
        dataclasses.replace(an_influence().partials[0], pupils_n=9),
        dataclasses.replace(an_influence().partials[1], pupils_n=10),
    )
    released = release(a_fitted_town(a_family(influence=an_influence(partials=points))), audience)
    family = released.value.factors.families[0]
    assert [isinstance(one.gap, Estimate) for one in family.gaps] == [True, True, True, True, False]
    assert len(family.influence.partials) == 1
    assert {point.school_id for point in family.influence.partials} == {""}, "a point is nobody's"
    places = [line.place for line in released.audit]
    assert "factors.families[0].influence.partials" in places
    assert "factors.families[0].gaps[4].gap" in places


def test_what_was_not_fitted_stays_what_it_is():
    missing = NotEstimable("not_fitted", {"year": 2024})
    town = release(dataclasses.replace(a_fitted_town(), factors=missing), "public").value
    school = release(dataclasses.replace(a_fitted_school(), expectations=missing), "public").value
    assert (town.factors, school.expectations) == (missing, missing)


class Stranger:
    """A kind of value that the door was not taught."""


@pytest.mark.parametrize("place", ["family", "influence", "gap"])
def test_a_kind_that_the_door_does_not_know_is_refused(place):
    family = a_family()
    strange = {
        "family": dataclasses.replace(family, margin=Stranger()),
        "influence": dataclasses.replace(family, influence=an_influence(shares=(Stranger(),))),
        "gap": dataclasses.replace(family, gaps=(Stranger(),)),
    }[place]
    with pytest.raises(UsageProblem) as refused:
        release(a_fitted_town(strange), "department")
    assert [(one.code, one.found) for one in refused.value.problems] == [("release_refused", "Stranger")]


def test_every_rule_and_reason_of_the_door_has_words_in_both_languages():
    lines = [
        line for value in (a_fitted_town(), a_fitted_school()) for line in release(value, "public").audit
    ]
    codes = {f"audit.{line.rule}" for line in lines} | {f"suppressed.{line.reason}" for line in lines}
    assert {"audit.own_school_only", "audit.small_numbers"} <= codes
    assert all(render(code, language) for code in codes for language in ("ru", "en"))


def test_what_goes_in_is_not_touched():
    town = a_fitted_town()
    before = repr(town)
    release(town, "public")
    assert repr(town) == before
