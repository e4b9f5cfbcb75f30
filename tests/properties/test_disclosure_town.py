"""Whole public reports of a small invented town: nothing printed is, or gives away, a small number of pupils."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import pytest

from shnor_analysis.disclosure import release
from shnor_analysis.evaluation import TownIndicators, assemble_school, assemble_town, prepare_town
from shnor_analysis.evaluation.facts import MarkAgreement, MarkResult, RuleEvidence, SchoolLine
from shnor_analysis.results import Estimate
from shnor_analysis.settings import Settings
from shnor_analysis.simulation import ProgrammeCohort, TownSpec, simulate_town

SMALL = {1, 2, 3, 4}
SPEC = TownSpec(
    schools_n=6,
    first_year=2021,
    last_year=2024,
    cohorts=(ProgrammeCohort(2022, 2, 0.0),),
    inflated_schools_n=0,
    inflated_treated_n=0,
    pupil_years=(2024,),
)


@lru_cache(maxsize=1)
def the_town() -> TownIndicators:
    tables = simulate_town(SPEC).tables
    register = tables["schools"].iloc[0]
    settings = Settings(
        workspace_id="small-town",
        title_ru="Вымышленный",
        title_en="Invented",
        municipality_id=register["municipality_id"],
        region_id=register["region_id"],
        is_invented=True,
    )
    return prepare_town(tables.__getitem__, settings=settings, school_year=2024)


def parts_of(value: Any) -> Iterator[Any]:
    """Every fact within a fact."""
    yield value
    if isinstance(value, tuple | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from parts_of(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from parts_of(getattr(value, field.name))


def counts_behind(fact: Any) -> Iterator[int]:
    """Numbers of pupils that are printed in a fact or follow from its shares."""
    shares = {
        MarkResult: ("low", "success", "quality"),
        RuleEvidence: ("low",),
        SchoolLine: ("low", "success"),
        MarkAgreement: ("lowered", "confirmed", "raised"),
    }.get(type(fact))
    if shares is None:
        return
    if isinstance(fact.tested_n, int):
        yield fact.tested_n
    yield from (cell for cell in getattr(fact, "mark_n", None) or () if isinstance(cell, int))
    for share in (getattr(fact, name) for name in shares):
        if isinstance(share, Estimate):
            yield round(share.value * fact.tested_n)
            yield round((1 - share.value) * fact.tested_n)


def reports() -> Iterator[Any]:
    yield assemble_town(the_town())
    for school_id in the_town().frame("schools")["school_id"]:
        yield assemble_school(the_town(), school_id)


def test_the_closed_facts_of_the_town_hold_many_small_numbers():
    found = [n for report in reports() for fact in parts_of(report) for n in counts_behind(fact)]
    assert sum(n in SMALL for n in found) > 500


def test_no_small_number_stands_in_any_public_report_of_the_town():
    for report in reports():
        released = release(report, "public").value
        for fact in parts_of(released):
            assert SMALL.isdisjoint(counts_behind(fact)), fact


@pytest.mark.parametrize("audience", ["department", "school", "public"])
def test_no_share_of_fewer_than_ten_is_shown_to_anybody(audience):
    for report in list(reports())[1:]:
        for fact in parts_of(release(report, audience).value):
            if isinstance(fact, MarkResult | RuleEvidence | MarkAgreement) and isinstance(fact.tested_n, int):
                shares = [part for part in parts_of(fact) if isinstance(part, Estimate)]
                assert fact.tested_n >= 10 or not shares
