"""The TREND checklist of a programme's evaluation: what the data answer, and what the analyst has to be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shnor_analysis.evaluation.programme_facts import TrendRow
from shnor_analysis.reference.trend_items import trend_statement
from shnor_analysis.results.evidence import worst
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import PlaceboRank

FILLED, PARTLY, ASKED = "filled", "partly", "asked"


@dataclass(frozen=True, slots=True)
class TrendSources:
    """What the checklist is filled from.

    `is_plan_before_outcome`: whether a plan was fixed before the results; None without a plan. `rule`: version of the
    rule that made the list, empty where it is not known.
    """

    effect: ProgrammeEffect
    is_plan_before_outcome: bool | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: str
    code: str = ""
    fields: tuple[tuple[str, object], ...] = ()


def fill_trend(sources: TrendSources) -> tuple[TrendRow, ...]:
    """Answer each item as far as the data can; the rest is asked from the analyst.

    Returns:
        A row an item in the statement's order: status "filled", "partly" (the analyst has to add) or "asked".

    Source: reference ``trend_items.toml``.
    """
    rows = []
    for one in trend_statement().items:
        answer = ANSWERS[one.item](sources) if one.item in ANSWERS else ALWAYS.get(one.item, _Answer(ASKED))
        rows.append(TrendRow(one.item, answer.status, answer.code, answer.fields))
    return tuple(rows)


def _sum(effect: ProgrammeEffect, name: str) -> int:
    return sum(int(getattr(one, name)) for one in effect.flow)


def _of_arm(effect: ProgrammeEffect, arm: str, name: str) -> int:
    return sum(int(getattr(one, name)) for one in effect.flow if one.arm == arm)


def _allocation(sources: TrendSources) -> _Answer:
    effect = sources.effect
    return _Answer(PARTLY, "allocation", (("treated", effect.n_treated), ("comparison", effect.n_comparison)))


def _eligible(sources: TrendSources) -> _Answer:
    arms = {arm: _of_arm(sources.effect, arm, "schools_eligible") for arm in ("treated", "comparison")}
    return _Answer(PARTLY, "eligible", tuple(arms.items()))


def _objectives(sources: TrendSources) -> _Answer:
    if sources.is_plan_before_outcome is None:
        return _Answer(ASKED)
    return _Answer(FILLED, "plan") if sources.is_plan_before_outcome else _Answer(PARTLY, "plan_late")


def _size(sources: TrendSources) -> _Answer:
    mdes = sources.effect.mdes
    return _Answer(FILLED, "few_schools") if mdes is None else _Answer(FILLED, "mdes", (("mdes", mdes),))


def _assignment(sources: TrendSources) -> _Answer:
    return _Answer(FILLED, "rule") if sources.rule else _Answer(PARTLY, "unit_school")


def _methods(sources: TrendSources) -> _Answer:
    if sources.effect.is_descriptive:
        return _Answer(FILLED, "methods_descriptive")
    return _Answer(FILLED, "methods", (("permutations", sources.effect.permutations),))


def _flow(sources: TrendSources) -> _Answer:
    names = {"eligible": "schools_eligible", "with_data": "schools_with_data", "used": "schools_used"}
    return _Answer(FILLED, "flow", tuple((name, _sum(sources.effect, at)) for name, at in names.items()))


def _dates(sources: TrendSources) -> _Answer:
    years = [one.school_year for one in sources.effect.groups_by_year]
    if not years:
        return _Answer(ASKED)
    return _Answer(FILLED, "dates", (("first_year", min(years)), ("last_year", max(years))))


def _baseline_data(sources: TrendSources) -> _Answer:
    measures = len(sources.effect.baseline)
    return _Answer(FILLED, "baseline_rows", (("measures", measures),)) if measures else _Answer(ASKED)


def _likeness(sources: TrendSources) -> _Answer:
    furthest = worst(sources.effect.baseline)
    if furthest is None or furthest.g is None:
        return _Answer(ASKED)
    outcome = "earlier_year" if furthest.outcome == "year" else furthest.outcome
    return _Answer(FILLED, "baseline_worst", (("g", furthest.g), ("outcome", outcome)))


def _analysed(sources: TrendSources) -> _Answer:
    effect = sources.effect
    schools = (("treated", effect.n_treated), ("comparison", effect.n_comparison))
    return _Answer(FILLED, "analysed", (*schools, ("pupils", _sum(effect, "pupils"))))


def _result(sources: TrendSources) -> _Answer:
    low, high = sources.effect.hull_low, sources.effect.hull_high
    if low is None or high is None:
        return _Answer(FILLED, "descriptive")
    return _Answer(FILLED, "hull", (("low", low), ("high", high)))


def _further(sources: TrendSources) -> _Answer:
    effect = sources.effect
    ranked = effect.placebos.k if isinstance(effect.placebos, PlaceboRank) else 0
    made = {
        "specifications": sum(one.scale == "sd" for one in effect.specifications),
        "placebos": ranked,
        "left_out": len(effect.leave_one_out),
    }
    return _Answer(FILLED, "checks", tuple(made.items())) if any(made.values()) else _Answer(ASKED)


def _interpretation(sources: TrendSources) -> _Answer:
    return _Answer(ASKED) if sources.effect.grade is None else _Answer(PARTLY, "limits")


# what the method is, whatever the data
ALWAYS = {"6": _Answer(FILLED, "outcomes"), "10": _Answer(FILLED, "unit_analysis")}
ANSWERS: dict[str, Callable[[TrendSources], _Answer]] = {
    "1": _allocation,
    "3": _eligible,
    "5": _objectives,
    "7": _size,
    "8": _assignment,
    "11": _methods,
    "12": _flow,
    "13": _dates,
    "14": _baseline_data,
    "15": _likeness,
    "16": _analysed,
    "17": _result,
    "18": _further,
    "20": _interpretation,
}
