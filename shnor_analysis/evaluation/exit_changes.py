"""The third statement of an exit: how the share of low results changed, test by test, with an interval."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.evaluation.conversion import Row, is_missing, procedure_of, rows, years_of
from shnor_analysis.evaluation.facts import Change, Measure
from shnor_analysis.evaluation.school_programme_facts import ChangeStatement
from shnor_analysis.evaluation.town_indicators import TownIndicators
from shnor_analysis.kernels.wilson import newcombe_difference
from shnor_analysis.reference.calendar_breaks import first_crossed
from shnor_analysis.results import Estimate, NotEstimable

SERIES = ("assessment", "subject", "grade", "season")


def change_statement(
    town: TownIndicators, school_id: str, *, before_list_year: int
) -> ChangeStatement | NotEstimable:
    """Compare the results behind a list with those of the report year, each test of the rule with itself.

    Args:
        town: The town's indicators of the report year.
        school_id: The school.
        before_list_year: The list that the school stood on.

    Returns:
        A change a series (assessment, subject, grade, season) with results on both sides, after − before, with the
        interval of Newcombe; across a break of the calendar the reason instead. `change_without_results` where no
        series has both.

    Limits:
        The interval holds sampling of pupils only; other pupils sit in the same grade each year.
    """
    shares = town.frame("shares")
    own = rows(shares[shares["school_id"] == school_id])
    before = _newest(row for row in own if _admits(town, row, before_list_year))
    after = _newest(row for row in own if _admits(town, row, town.rule_list_year))
    both = [(before[series], after[series]) for series in sorted(after) if series in before]
    pairs = [(old, new) for old, new in both if int(old["school_year"]) < int(new["school_year"])]
    if not pairs:
        fields = {"years": years_of(town.school_year), "list_years": years_of(before_list_year)}
        return NotEstimable("change_without_results", fields)
    changes = tuple(
        Change(procedure_of(old), procedure_of(new), _difference(town, old, new)) for old, new in pairs
    )
    across = sum(isinstance(one.difference, NotEstimable) for one in changes)
    return ChangeStatement(
        before_school_year=max(one.before.school_year for one in changes),
        after_school_year=town.school_year,
        changes=changes,
        comparable_n=len(changes) - across,
        not_comparable_n=across,
    )


def _admits(town: TownIndicators, row: Row, list_year: int) -> bool:
    return town.rule.admits(
        list_year,
        school_year=int(row["school_year"]),
        season=str(row["season"]),
        assessment=str(row["assessment"]),
        subject=str(row["subject"]),
        grade=int(row["grade"]),
    )


def _newest(results: Iterable[Row]) -> dict[tuple[str, ...], Row]:
    """The newest result of each series."""
    found: dict[tuple[str, ...], Row] = {}
    for row in sorted(results, key=lambda one: int(one["school_year"])):
        found[tuple(str(row[name]) for name in SERIES)] = row
    return found


def _difference(town: TownIndicators, before: Row, after: Row) -> Measure:
    series = (str(after["assessment"]), str(after["subject"]), str(after["season"]))
    crossed = first_crossed(
        town.breaks, series, before=int(before["school_year"]), after=int(after["school_year"])
    )
    if crossed is not None:
        year = crossed.school_year
        fields = {"break_code": crossed.code, "school_year": year, "years": years_of(year)}
        return NotEstimable("across_break", fields)
    if is_missing(before["low_n"]) or is_missing(after["low_n"]):
        return NotEstimable("marks_not_given")
    value, low, high = newcombe_difference(
        (float(after["low_n"]), float(after["tested_n"])), (float(before["low_n"]), float(before["tested_n"]))
    )
    return Estimate(float(value), float(low), float(high))
