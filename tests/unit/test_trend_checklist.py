"""The checklist of a report on a programme: what the data answer, what the analyst is asked."""

from __future__ import annotations

from dataclasses import replace

from shnor_analysis.evaluation.trend_checklist import TrendSources, fill_trend
from shnor_analysis.language import LANGUAGES, catalogue, has_text
from shnor_analysis.reference.trend_items import trend_statement
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.evidence import BaselineRow, EvidenceGrade
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import FlowArm, GroupYear, LeaveOneOut

EFFECT = ProgrammeEffect(
    level=0.95,
    cohorts=((2022, 7),),
    n_treated=7,
    n_comparison=30,
    delay=0,
    selection_years=1,
    seed=500,
    flow=(FlowArm("treated", 8, 7, 7, 400, ()), FlowArm("comparison", 33, 31, 30, 1800, ())),
    groups_by_year=tuple(GroupYear(year, "comparison", 0.2, 0.0, 30, 1800) for year in (2020, 2021, 2022)),
    is_descriptive=False,
    reason=None,
    hull_low=-0.1,
    hull_high=0.3,
    permutations=999,
    mdes=0.31,
    baseline=(BaselineRow("year", -0.3, "not_equivalent", -0.3, 0.0, 2020),),
    grade=EvidenceGrade(1, 3),
    leave_one_out=(LeaveOneOut("a", 0.1, 0.0, 0.2),),
)
POOR = ProgrammeEffect(
    level=0.95, cohorts=((2022, 2),), n_treated=2, n_comparison=5, delay=0, selection_years=1, seed=500, flow=(),
    groups_by_year=(), is_descriptive=True, reason=NotEstimable("few_schools"),
)  # fmt: skip


def test_all_items_stand_in_order_and_say_what_is_known():
    rows = {row.item: row for row in fill_trend(TrendSources(EFFECT, True, "rosobr_2021"))}
    assert list(rows) == [str(number) for number in range(1, 23)]
    assert (rows["12"].answer, dict(rows["12"].fields)) == (
        "flow",
        {"eligible": 41, "with_data": 38, "used": 37},
    )
    assert dict(rows["15"].fields) == {"g": -0.3, "outcome": "earlier_year"}
    assert dict(rows["17"].fields) == {"low": -0.1, "high": 0.3}
    assert dict(rows["13"].fields) == {"first_year": 2020, "last_year": 2022}
    assert [item for item, row in rows.items() if row.status == "asked"] == ["2", "4", "9", "19", "21", "22"]
    assert [item for item, row in rows.items() if row.status == "partly"] == ["1", "3", "20"]


def test_what_the_data_do_not_know_is_asked():
    rows = {row.item: row for row in fill_trend(TrendSources(POOR))}
    assert [item for item, row in rows.items() if row.status == "asked"] == [
        "2", "4", "5", "9", "13", "14", "15", "18", "19", "20", "21", "22",
    ]  # fmt: skip
    assert rows["17"].answer == "descriptive"
    assert fill_trend(TrendSources(POOR, is_plan_before_outcome=False))[4].status == "partly"


def test_items_that_only_the_analyst_knows_are_never_filled():
    rows = {row.item: row.status for row in fill_trend(TrendSources(EFFECT, True, "rosobr_2021"))}
    needs = {one.item: one.needs for one in trend_statement().items}
    assert {rows[item] for item, who in needs.items() if who == "analyst"} == {"asked"}
    assert "asked" not in {rows[item] for item, who in needs.items() if who != "analyst"}


def test_every_item_and_answer_has_its_words_with_places_that_are_filled():
    for sources in (
        TrendSources(EFFECT, True, "x"),
        TrendSources(replace(EFFECT, mdes=None), False),
        TrendSources(POOR),
    ):
        for row in fill_trend(sources):
            for language in LANGUAGES:
                assert has_text(f"trend_item.{row.item}", language)
                if row.answer:
                    catalogue(language).text(f"trend_answer.{row.answer}").format(**dict(row.fields))
