"""A frozen plan beside what was done: as planned, deviation, or not in the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shnor_analysis.results.analysis_plan import (
    ANALYSES,
    AS_PLANNED,
    DEVIATION,
    EXPLORATORY,
    AnalysisPlan,
    FrozenPlan,
    PlanLine,
    PlanState,
)
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import DesignEstimate, Discontinuity, PlaceboRank, StaggeredEffect
from shnor_analysis.results.values import NotEstimable

NOT_DONE = "not_done"
SETTINGS = ("level", "delay", "selection_years", "seed", "context")
# what the headline is whatever a plan says: another choice of the plan is a deviation
HEADLINE = {"outcome": "outcome_sd", "comparison": "not_yet", "primary": "ancova"}


def compare_plan(
    frozen: FrozenPlan,
    effect: ProgrammeEffect,
    *,
    treated: Mapping[str, int] | None = None,
    programme: str | None = None,
    rule: str | None = None,
) -> PlanState:
    """Set every part of a plan beside the evaluation: programme, schools, years, settings, analyses, specifications.

    Args:
        frozen: The plan as it was fixed.
        effect: What was done.
        treated: The schools that were evaluated with their first years; without them only their numbers by year are
            compared.
        programme: The name of the programme that was evaluated; compared where the plan names one, too.
        rule: The version of the rule by which schools were chosen; compared where the plan names one.

    Returns:
        A line a part. An analysis that was planned and could not be made is a deviation with its reason; one that was
        made and not planned is exploratory.
    """
    plan = frozen.plan
    named = (("programme", plan.programme, programme), ("rule", plan.rule, rule))
    lines = [_same(name, planned, done) for name, planned, done in named if planned and done is not None]
    lines += [_schools(plan, effect, treated), *_years(plan, effect), *_settings(plan, effect)]
    lines += [line for name in ANALYSES if (line := _analysis(name, plan, effect))]
    lines += _specifications(plan, effect)
    return PlanState(frozen, tuple(lines))


def _schools(plan: AnalysisPlan, effect: ProgrammeEffect, treated: Mapping[str, int] | None) -> PlanLine:
    """The same schools from the same years; those without results are in the flow of schools, not here."""
    planned = plan.cohorts
    if treated is None:
        return _same("schools", _cohorts(planned), _cohorts(effect.cohorts))
    found = tuple(sorted((str(school), int(year)) for school, year in treated.items()))
    if found == plan.treated:
        return PlanLine("schools", AS_PLANNED, _cohorts(planned), _cohorts(planned))
    years = [year for _, year in found]
    done = tuple((year, years.count(year)) for year in sorted(set(years)))
    return PlanLine("schools", DEVIATION, _cohorts(planned), _cohorts(done))


def _years(plan: AnalysisPlan, effect: ProgrammeEffect) -> Iterator[PlanLine]:
    first = min(year for year, _ in plan.cohorts)
    known = {one.school_year for one in effect.groups_by_year}
    yield _same("years_before", str(plan.years_before), str(len({year for year in known if year < first})))
    after = {year for year in known if year >= plan.outcome_year}
    yield _same("years_after", str(plan.years_after), str(len(after)))


def _settings(plan: AnalysisPlan, effect: ProgrammeEffect) -> Iterator[PlanLine]:
    for name in SETTINGS:
        yield _same(name, _short(getattr(plan, name)), _short(getattr(effect, name)))
    for name, done in HEADLINE.items():
        if getattr(plan, name) != done:
            yield PlanLine(name, DEVIATION, str(getattr(plan, name)), done)
    # fewer permutations than planned are right where these are all there are
    is_enough = effect.is_exact_permutation or effect.permutations == plan.permutations
    done = str(effect.permutations)
    yield PlanLine("permutations", AS_PLANNED if is_enough else DEVIATION, str(plan.permutations), done)


def _analysis(name: str, plan: AnalysisPlan, effect: ProgrammeEffect) -> PlanLine | None:
    is_planned, done = name in plan.analyses, _done(name, effect)
    if done == "":
        return PlanLine(name, AS_PLANNED if is_planned else EXPLORATORY)
    return PlanLine(name, DEVIATION, "", done) if is_planned else None


def _done(name: str, effect: ProgrammeEffect) -> str:
    """Empty where an analysis was made, else the code of why not."""
    if effect.reason is not None:
        return effect.reason.reason
    found: object = {
        "permutation": effect.permutation_p,
        "event_study": effect.event_study,
        "callaway_santanna": effect.staggered,
        "placebos": effect.placebos,
        "leave_one_out": effect.leave_one_out,
        "specifications": effect.specifications,
        "discontinuity": effect.discontinuity,
    }.get(name, effect.design(name) if name in {"ancova", "did"} else None)
    if isinstance(found, NotEstimable):
        return found.reason
    is_made = isinstance(found, DesignEstimate | Discontinuity | PlaceboRank | StaggeredEffect | float)
    return "" if is_made or (isinstance(found, tuple) and found) else NOT_DONE


def _specifications(plan: AnalysisPlan, effect: ProgrammeEffect) -> Iterator[PlanLine]:
    """The list of specifications, where the plan has one: all of them, and none beside them."""
    if not plan.specifications:
        return
    done = {"|".join((one.design, one.years, one.subjects, one.comparison)) for one in effect.specifications}
    missing, added = set(plan.specifications) - done, done - set(plan.specifications)
    planned = str(len(plan.specifications))
    kept = str(len(plan.specifications) - len(missing))
    yield PlanLine("specification_list", DEVIATION if missing else AS_PLANNED, planned, kept)
    if added:
        yield PlanLine("specifications_added", EXPLORATORY, planned, str(len(done)))


def _same(name: str, planned: str, done: str) -> PlanLine:
    return PlanLine(name, AS_PLANNED if planned == done else DEVIATION, planned, done)


def _cohorts(cohorts: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(f"{year}: {n}" for year, n in cohorts)


def _short(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
