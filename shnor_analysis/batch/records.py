"""Runs as those who ask for them see them: in which state, what became of each unit, what two runs showed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from shnor_analysis.batch.earlier_runs import OVER, SITTINGS, EarlierRun
from shnor_analysis.batch.ledger import LedgerLine
from shnor_analysis.batch.numbers import read_numbers
from shnor_analysis.batch.run_locks import is_going

RunState = Literal["going", "ended", "interrupted", "broken"]
UnitOutcome = Literal["done", "reused", "failed", "going", "left"]
OUTCOMES: Mapping[str, UnitOutcome] = {"finished": "done", "reused": "reused", "failed": "failed"}
ENDS: Mapping[str, RunState] = {"run_ended": "ended", "interrupted": "interrupted"}


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """What became of one unit in a run; `made_in` names the run that made what was reused."""

    unit_id: str
    outcome: UnitOutcome
    reason: str = ""
    detail: str = ""
    cell: int | None = None
    seconds: float | None = None
    peak_mb: float | None = None
    made_in: str = ""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: when it began (ISO, UTC), how it was ordered, its state, its units in the order of the plan.

    `seconds` are those of its sittings that came to an end of their own; None where none did.
    """

    run_id: str
    home: Path
    began: str
    request: Mapping[str, Any]
    state: RunState
    seconds: float | None
    units: tuple[UnitRecord, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "request", MappingProxyType(dict(self.request)))

    def of(self, *outcomes: UnitOutcome) -> tuple[UnitRecord, ...]:
        """Units with one of some outcomes."""
        return tuple(unit for unit in self.units if unit.outcome in outcomes)


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A number that two runs showed differently: whose, its place in words, and what each showed ("" for nothing)."""

    unit_id: str
    place: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs number by number.

    `same_n` numbers were the same; `only_old` and `only_new` are units of one run alone; of `unknown` units nobody kept
    what they showed.
    """

    changes: tuple[NumberChange, ...]
    same_n: int
    units_n: int
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    unknown: tuple[str, ...]


def record_of(run: EarlierRun) -> RunRecord:
    """A run as its ledger tells it; whether it is going on says its lock, not a clock."""
    going = is_going(run.folder)
    last = next((one.event for one in reversed(run.lines) if one.event in {*ENDS, *SITTINGS}), "")
    told = [one.seconds for one in run.lines if one.event in ENDS and one.seconds is not None]
    known: dict[str, LedgerLine] = {}
    for one in run.lines:
        if one.event in OVER or (one.event == "started" and going):
            known[one.unit_id] = one
    return RunRecord(
        run_id=run.run_id,
        home=run.folder.parent.parent,
        began=run.lines[0].at if run.lines else "",
        request=run.plan.request,
        state="going" if going else ENDS.get(last, "broken"),
        seconds=sum(told) if told else None,
        units=tuple(_unit(unit.unit_id, known.get(unit.unit_id)) for unit in run.plan.units),
    )


def _unit(unit_id: str, line: LedgerLine | None) -> UnitRecord:
    if line is None:
        return UnitRecord(unit_id, "left")
    return UnitRecord(
        unit_id=unit_id,
        outcome=OUTCOMES.get(line.event, "going"),
        reason=line.reason,
        detail=line.detail,
        cell=line.cell,
        seconds=line.seconds,
        peak_mb=line.peak_mb,
        made_in=line.run_id,
    )


def compare(
    old: RunRecord, new: RunRecord, *, numbers_of: Callable[[str], Mapping[str, str]]
) -> RunComparison:
    """Set what two runs showed side by side.

    Args:
        old: the one run.
        new: the other.
        numbers_of: reads place → number from what a finisher asked to keep.
    """
    shown, other = _shown(old), _shown(new)
    both = [unit_id for unit_id in shown if unit_id in other]
    unknown = tuple(unit_id for unit_id in both if shown[unit_id] is None or other[unit_id] is None)
    changes: list[NumberChange] = []
    same_n = 0
    for unit_id in both:
        was, is_now = shown[unit_id], other[unit_id]
        if was is None or is_now is None:
            continue
        before, after = numbers_of(was), numbers_of(is_now)
        found = list(_changes(unit_id, before, after))
        changes += found
        same_n += len(before.keys() | after.keys()) - len(found)
    return RunComparison(
        changes=tuple(changes),
        same_n=same_n,
        units_n=len(both),
        only_old=tuple(unit_id for unit_id in shown if unit_id not in other),
        only_new=tuple(unit_id for unit_id in other if unit_id not in shown),
        unknown=unknown,
    )


def _changes(unit_id: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[NumberChange]:
    for place in (*before, *(one for one in after if one not in before)):
        old, new = before.get(place, ""), after.get(place, "")
        if old != new:
            yield NumberChange(unit_id, place, old, new)


def _shown(record: RunRecord) -> dict[str, str | None]:
    """What each unit of a run that has a page showed; None where that was not kept."""
    kept: dict[str, dict[str, str]] = {}
    found: dict[str, str | None] = {}
    for unit in record.of("done", "reused"):
        source = unit.made_in or record.run_id
        if source not in kept:
            kept[source] = read_numbers(record.home / "runs" / source)
        found[unit.unit_id] = kept[source].get(unit.unit_id)
    return found
