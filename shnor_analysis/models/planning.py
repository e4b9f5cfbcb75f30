"""What could be detected with these schools, years and sizes, and what a wanted effect needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, get_args

import numpy as np
from scipy.special import ndtr, ndtri

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.power import (
    compare_groups,
    contrast_variance,
    detectable,
    power_of,
    series_covariance,
)
from shnor_analysis.models.fit_options import option_problems
from shnor_analysis.models.plan_components import components_of_panel
from shnor_analysis.models.programme_study import FEWEST_COMPARISON, FEWEST_TREATED
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.planning import (
    LEVERS,
    Lever,
    NeededSize,
    PlanComponents,
    PowerPlan,
    PowerRow,
    Selection,
)

if TYPE_CHECKING:
    import pandas as pd

MOST_YEARS, MOST_SCHOOLS, MOST_PUPILS = 10, 2000, 1000
Design = Literal["ancova", "did"]


class PowerOptions(TypedDict, total=False):
    """Options of `plan_power`, explained there."""

    components: PlanComponents
    level: float
    power: float
    wanted: float
    selection: Selection
    low_share: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """Sizes of one plan."""

    schools: int
    treated: int
    pupils: int
    years_before: int
    years_after: int


@dataclass(frozen=True, slots=True)
class _Asked:
    components: PlanComponents
    level: float
    power: float
    wanted: float
    selection: Selection
    low_share: float


def plan_power(
    *,
    schools: int,
    treated: int,
    years_before: int,
    years_after: int,
    pupils: int | None = None,
    panel: pd.DataFrame | None = None,
    **options: Unpack[PowerOptions],
) -> PowerPlan | NotEstimable:
    """Work out what an evaluation could detect, before its outcome is known.

    A school's yearly mean is level + yearly part (AR(1)) + chance of the pupils tested. Primary design: mean of the
    years after, given the selection year and the mean of the years before it, over schools; second design: mean after
    less mean of the years before the selection year. Error of the difference of the groups: spread that is left times
    that of two groups of such sizes; test: Student's t with Satterthwaite's df.

    Args:
        schools: All schools, treated ones included.
        treated: Schools of the programme: 4 or more, and 10 or more others; fewer would only be described.
        years_before: Years with results before the programme, the selection year (the last of them) included; 1–10.
        years_after: Years with results from the programme's first year on; 1–10.
        pupils: Tested in a school and year; may be left out where there is a panel, which then tells it.
        panel: School results as for `estimate_programme_effect`, with no programme in them: how schools vary is then
            estimated from it instead of assumed, and `pupils` counts results over all procedures of a year.
        options: `components` (`PlanComponents`, assumed when neither they nor a panel are given); `level` 0.95;
            `power` 0.8; `wanted` effect 0.20; `selection` "lowest" (a list: the lowest in the selection year) or
            "balanced"; `low_share` at which the effect is put into percentage points: the panel's own, else 0.20.

    Returns:
        The smallest detectable effect, neighbouring plans, and what the wanted effect needs; NotEstimable
        `plan_few_years` when the panel has too few schools with two years.

    Raises:
        UsageProblem: ``plan_<size>_wrong``, ``plan_treated_above_schools``, ``plan_comparison_few``,
            ``plan_pupils_missing``, ``plan_option_wrong``, ``fit_option_wrong``, ``plan_power_chance``, and what a panel
            can have wrong.

    Limits: schools of one size, no schools lost, treated and comparison equally variable. Schools chosen by list are
        harder to tell apart from the rest than others: group and selection year say much of the same.
    Source: Bloom (1995), Evaluation Review 19: 547–556; docs/method/planning.md. Checked by simulation.
    """
    # a number that the panel will tell is not there yet to be wrong
    plan = _Plan(schools, treated, 1 if pupils is None else pupils, years_before, years_after)
    _check(plan, options, is_told=pupils is not None or panel is not None)
    components, low_share = options.get("components", PlanComponents()), 0.20
    if panel is not None:
        found = components_of_panel(panel)
        if isinstance(found, NotEstimable):
            return found
        components, low_share = found.components, found.low_share
        plan = replace(plan, pupils=found.pupils if pupils is None else pupils)
    asked = _Asked(
        components=components,
        level=options.get("level", 0.95),
        power=options.get("power", 0.8),
        wanted=options.get("wanted", 0.20),
        selection=options.get("selection", "lowest"),
        low_share=options.get("low_share", low_share),
    )
    return _power_plan(plan, asked)


def _check(plan: _Plan, options: PowerOptions, *, is_told: bool) -> None:
    """Refuse all that is wrong at once; `is_told`: pupils are given or will be read from a panel."""
    problems = [*(_size_problems(plan) or _group_problems(plan)), *_option_problems(options)]
    problems += [] if is_told else [Problem("plan_pupils_missing")]
    level, power = options.get("level", 0.95), options.get("power", 0.8)
    if not problems and power <= 1 - level:
        problems.append(Problem("plan_power_chance", found=str(power), fields={"chance": f"{1 - level:g}"}))
    if problems:
        raise UsageProblem(problems)


def _size_problems(plan: _Plan) -> list[Problem]:
    """Each size that cannot be so by itself."""
    allowed = {
        "schools": (FEWEST_TREATED + FEWEST_COMPARISON, MOST_SCHOOLS),
        "treated": (FEWEST_TREATED, MOST_SCHOOLS),
        "pupils": (1, MOST_PUPILS),
        "years_before": (1, MOST_YEARS),
        "years_after": (1, MOST_YEARS),
    }
    return [
        Problem(f"plan_{name}_wrong", found=str(getattr(plan, name)), allowed=f"{least}–{most}")
        for name, (least, most) in allowed.items()
        if not least <= _whole(getattr(plan, name), least - 1) <= most
    ]


def _group_problems(plan: _Plan) -> list[Problem]:
    """Sizes that are right by themselves and leave no comparison group together."""
    others = plan.schools - plan.treated
    if others <= 0:
        most = f"{FEWEST_TREATED}–{plan.schools - FEWEST_COMPARISON}"
        fields = {"schools": plan.schools}
        return [Problem("plan_treated_above_schools", found=str(plan.treated), allowed=most, fields=fields)]
    if others < FEWEST_COMPARISON:
        fields = {"schools": plan.schools, "treated": plan.treated}
        needed = f"≥ {FEWEST_COMPARISON}"
        return [Problem("plan_comparison_few", found=str(others), allowed=needed, fields=fields)]
    return []


def _option_problems(options: PowerOptions) -> list[Problem]:
    components: object = options.get("components", PlanComponents())
    names = PowerOptions.__annotations__
    problems = [
        Problem("plan_option_wrong", found=name, allowed=", ".join(names))
        for name in options
        if name not in names
    ]
    if not isinstance(components, PlanComponents):
        problems.append(_wrong("components", components, "PlanComponents(…)"))
    problems += option_problems(
        options.get("level", 0.95), selection=(options.get("selection", "lowest"), get_args(Selection))
    )
    for name in ("power", "low_share", "wanted"):
        value = options.get(name, 0.5)
        if not (isinstance(value, float | int) and 0 < value < 1):
            problems.append(_wrong(name, value, f"0 < {name} < 1"))
    return problems


def _wrong(option: str, found: object, allowed: str) -> Problem:
    return Problem("fit_option_wrong", found=str(found), allowed=allowed, fields={"option": option})


def _whole(value: object, otherwise: int) -> int:
    """A whole number as it is, anything else as a number that stands in for it."""
    return int(value) if isinstance(value, int | np.integer) and not isinstance(value, bool) else otherwise


def _power_plan(plan: _Plan, asked: _Asked) -> PowerPlan:
    error, df = _error(plan, asked, "ancova")
    mdes = detectable(error, df, level=asked.level, power=asked.power)
    rows = [_row("as_planned", plan, asked)]
    rows += [_row(lever, other, asked) for lever in LEVERS for other in _neighbours(plan, lever)]
    return PowerPlan(
        schools=plan.schools,
        treated=plan.treated,
        pupils=plan.pupils,
        years_before=plan.years_before,
        years_after=plan.years_after,
        level=asked.level,
        power=asked.power,
        wanted=asked.wanted,
        selection=asked.selection,
        components=asked.components,
        mdes=mdes,
        std_error=error,
        df=df,
        mdes_did=rows[0].mdes_did,
        power_for_wanted=power_of(asked.wanted, error, df, level=asked.level),
        low_share=asked.low_share,
        mdes_points=_as_points(mdes, asked.low_share),
        rows=tuple(rows),
        needed=tuple(_needed(lever, plan, asked) for lever in LEVERS),
    )


def _error(plan: _Plan, asked: _Asked, design: Design) -> tuple[float, float]:
    """Expected standard error and degrees of freedom of a design's estimate."""
    parts, before, after = asked.components, plan.years_before, plan.years_after
    covariance = series_covariance(
        np.arange(-before, after),
        permanent=parts.permanent_sd**2,
        yearly=parts.yearly_sd**2,
        autocorrelation=parts.autocorrelation,
        noise=parts.within_sd**2 / plan.pupils,
    )
    years = np.arange(-before, after)
    post = (years >= 0) / after
    earlier = (years < -1) / max(before - 1, 1)
    if design == "did":
        groups = compare_groups(plan.treated, plan.schools - plan.treated)
        return groups.error * float(np.sqrt(contrast_variance(covariance, post - earlier))), groups.df
    covariates = [(years == -1).astype(np.float64), earlier][: min(before, 2)]
    left = contrast_variance(covariance, post, np.column_stack(covariates))
    groups = compare_groups(
        plan.treated,
        plan.schools - plan.treated,
        covariates_n=len(covariates),
        is_lowest=asked.selection == "lowest",
    )
    return groups.error * float(np.sqrt(left)), groups.df


def _mdes(plan: _Plan, asked: _Asked, design: Design = "ancova") -> float:
    error, df = _error(plan, asked, design)
    return detectable(error, df, level=asked.level, power=asked.power)


def _row(lever: Lever, plan: _Plan, asked: _Asked) -> PowerRow:
    return PowerRow(
        lever=lever,
        schools=plan.schools,
        treated=plan.treated,
        pupils=plan.pupils,
        years_before=plan.years_before,
        years_after=plan.years_after,
        mdes=_mdes(plan, asked),
        mdes_did=_mdes(plan, asked, "did") if plan.years_before > 1 else None,
    )


def _neighbours(plan: _Plan, lever: Lever) -> list[_Plan]:
    """Plans that differ in one thing, each worth a line of the table."""
    now = int(getattr(plan, lever))
    wanted = {
        "treated": (now // 2, now * 2, now * 3),
        "schools": (now * 2, now * 4, now * 10),
        "years_before": (1, 2, 3, 5),
        "years_after": (1, 2, 3, 4),
        "pupils": (now // 2, now * 2),
    }[lever]
    _, most = _bounds(plan, lever)
    least = FEWEST_TREATED if lever == "treated" else 1
    return [_with(plan, lever, value) for value in wanted if least <= value <= most and value != now]


def _with(plan: _Plan, lever: Lever, value: int) -> _Plan:
    """The plan with one thing changed; more schools keep the share of treated ones."""
    if lever == "schools":
        return replace(plan, schools=value, treated=round(plan.treated * value / plan.schools))
    return replace(plan, **{lever: value})


def _bounds(plan: _Plan, lever: Lever) -> tuple[int, int]:
    """From what is planned to the most that is looked at."""
    most = {
        "treated": min(plan.schools // 2, plan.schools - FEWEST_COMPARISON),
        "schools": MOST_SCHOOLS,
        "years_before": MOST_YEARS,
        "years_after": MOST_YEARS,
        "pupils": MOST_PUPILS,
    }[lever]
    planned = int(getattr(plan, lever))
    return planned, max(most, planned)


def _needed(lever: Lever, plan: _Plan, asked: _Asked) -> NeededSize:
    planned, most = _bounds(plan, lever)
    found = _least(planned, most, lambda value: _mdes(_with(plan, lever, value), asked) <= asked.wanted)
    return NeededSize(lever, planned, found, most)


def _least(low: int, high: int, is_enough: Callable[[int], bool]) -> int | None:
    """The least value from `low` on that is enough, by halving; None when `high` is not enough."""
    if is_enough(low):
        return low
    if not is_enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _as_points(effect: float, low_share: float) -> float:
    """Percentage points by which the share of the lowest mark falls when the distribution moves up by `effect`."""
    return 100.0 * float(low_share - ndtr(ndtri(low_share) - effect))
