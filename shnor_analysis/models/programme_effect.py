"""What a programme of help goes with in school results: two designs as a bracket, their hull, and every check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from shnor_analysis.accounting import Accounting
from shnor_analysis.kernels.power import detectable
from shnor_analysis.models.effect_sizes import months_of
from shnor_analysis.models.programme_asked import Asked, read_asked, with_school_column
from shnor_analysis.models.programme_context import context_taken
from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_evidence import baseline_of, grade_of, sizes_of
from shnor_analysis.models.programme_flow import flow_arms, groups_by_year
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_permutation import PermutationAnswer, permute
from shnor_analysis.models.programme_robustness import Robustness, robustness_of
from shnor_analysis.models.programme_rows import ProgrammeRows
from shnor_analysis.models.programme_study import (
    FEWEST_COMPARISON,
    FEWEST_TREATED,
    ProgrammeOptions,
    ProgrammeStudy,
)
from shnor_analysis.results.evidence import EffectSize, MonthsOfProgress, worst
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.programme_parts import (
    SCALES,
    DesignEstimate,
    FlowArm,
    Note,
    Scale,
    StaggeredEffect,
)
from shnor_analysis.results.values import NotEstimable

POWER = 0.8
DESIGNS = (("ancova", ancova), ("did", did))


def estimate_programme_effect(
    panel: pd.DataFrame,
    *,
    treated: Mapping[str, int],
    context: pd.DataFrame | None = None,
    level: float = 0.95,
    options: ProgrammeOptions = ProgrammeOptions(),  # noqa: B008 - frozen
) -> ProgrammeEffect:
    """Estimate what a programme of help goes with, from results of all schools over years.

    Two designs bracket the answer: ANCOVA of the mean result after the start on treatment, the selection years' result
    and the mean of earlier years; and difference in differences from the years before the selection years. The
    headline is the hull of their two intervals. Cohorts are stacked; schools of later cohorts stand for comparison
    while they are untreated. Rows weigh by pupils; errors are CR2 by school with Satterthwaite degrees of freedom; the
    ANCOVA has a permutation p of its t statistic beside them.

    Args:
        panel: As in `read_panel`: a row a school, year and procedure.
        treated: First school year of the programme by school_id. Schools that the panel lacks are counted.
        context: `school_id` (and `school_year`), columns or index, with numeric columns: covariates of the ANCOVA as
            last known before the programme. No more than leave ten schools for each and for the two results before; a
            note names those that are left out.
        level: Coverage of intervals.
        options: Windows, number of permutations, which checks.

    Returns:
        Estimates in pupil standard deviations (higher is better) and percentage points of low results (lower is
        better), their hull, checks, effect sizes and grade. Where one of the two designs cannot be estimated, the other
        stands alone, without a hull. With fewer than 4 treated or 10 never treated schools that
        can be analysed: a description without any estimate, and the reason.

    Raises:
        UsageProblem: Everything that is wrong at once (`read_asked`).

    Limits: an estimate for the programme's schools together, never for one of them. Neither design is right when
        schools were chosen by something lasting that results do not show *and* were on another course already.
    Source: Ding, Li (2019), Political Analysis 27(4), 605-615 (the bracket); docs/method/programme_effect.md.
    """
    context = with_school_column(context)
    asked = read_asked(panel, treated, context=context, level=level, options=options)
    study, notes = _study(asked, context, level=level, options=options)
    rows = study.rows()
    flow = flow_arms(study.years, study.windows, rows, treated=asked.treated)
    described = _described(study, rows, flow, notes=notes)
    if rows.n_treated < FEWEST_TREATED or rows.n_comparison < FEWEST_COMPARISON:
        counts = {"treated": rows.n_treated, "comparison": rows.n_comparison}
        needed = {"needed_treated": FEWEST_TREATED, "needed_comparison": FEWEST_COMPARISON}
        reason = NotEstimable("programme_too_few", {**counts, **needed})
        return _descriptive(described, study, rows, flow, reason=reason)
    return _estimated(described, study, rows, flow)


def _study(
    asked: Asked, context: pd.DataFrame | None, *, level: float, options: ProgrammeOptions
) -> tuple[ProgrammeStudy, tuple[Note, ...]]:
    taken = context_taken(asked.panel, context)
    years = school_years(asked.panel, asked.treated, context=(taken.names, taken.table))
    study = ProgrammeStudy(asked.panel, years, options.windows, level, options)
    notes = list(taken.notes)
    if asked.panel.marks is None:
        notes.append(Note("two_marks_only"))
    return study, tuple(notes)


def _described(
    study: ProgrammeStudy, rows: ProgrammeRows, flow: tuple[FlowArm, FlowArm], *, notes: tuple[Note, ...]
) -> ProgrammeEffect:
    """What is there with and without estimates."""
    analysed = sorted({int(one) for one in rows.cohort})
    own = {one: int((rows.treated & (rows.cohort == one)).sum()) for one in analysed}
    told = list(notes)
    if analysed and not rows.has_earlier:
        told.append(Note("no_earlier_years"))
    lost = [str(one) for one in study.years.cohort_years if one not in own]
    if lost:
        told.append(Note("cohort_left_out", {"cohorts": ", ".join(lost)}))
    accounting = study.panel.accounting + Accounting().then(
        "programme_schools",
        "panel",
        sum(one.schools_eligible for one in flow),
        sum(one.schools_used for one in flow),
        (reason for one in flow for reason in one.excluded),
    )
    return ProgrammeEffect(
        level=study.level,
        cohorts=tuple(own.items()),
        n_treated=rows.n_treated,
        n_comparison=rows.n_comparison,
        delay=study.windows.delay,
        selection_years=study.windows.selection_years,
        seed=study.options.seed,
        flow=flow,
        groups_by_year=groups_by_year(study.years),
        is_descriptive=True,
        reason=None,
        icc=study.years.icc,
        context=study.years.context_names,
        notes=tuple(told),
        accounting=accounting,
    )


def _descriptive(
    described: ProgrammeEffect,
    study: ProgrammeStudy,
    rows: ProgrammeRows,
    flow: tuple[FlowArm, FlowArm],
    *,
    reason: NotEstimable,
) -> ProgrammeEffect:
    grade = grade_of(
        study, rows, designs=(), baseline=(), flow=flow, mdes=None, checks=Robustness(), is_descriptive=True
    )
    return replace(described, reason=reason, grade=grade)


@dataclass(frozen=True, slots=True)
class _Bracket:
    """Both designs on both scales, those that cannot be estimated, and the permutation test of the primary one."""

    designs: tuple[DesignEstimate, ...]
    absent: tuple[tuple[str, NotEstimable], ...]
    permutation: PermutationAnswer

    def of(self, design: str, scale: Scale = "sd") -> DesignEstimate | None:
        return next((one for one in self.designs if one.design == design and one.scale == scale), None)

    def hull(self, scale: Scale) -> tuple[float | None, float | None]:
        """Least low and greatest high of the two intervals; None where one of them is missing."""
        both = [one for one in self.designs if one.scale == scale]
        if len(both) < len(DESIGNS):
            return None, None
        return min(one.conf_low for one in both), max(one.conf_high for one in both)


def _estimated(
    described: ProgrammeEffect, study: ProgrammeStudy, rows: ProgrammeRows, flow: tuple[FlowArm, FlowArm]
) -> ProgrammeEffect:
    bracket = _bracket(study, rows)
    if not bracket.designs:
        return _descriptive(described, study, rows, flow, reason=dict(bracket.absent)["ancova"])
    primary = bracket.of("ancova")
    mdes = (
        primary
        if primary is None
        else detectable(primary.std_error, primary.df, level=study.level, power=POWER)
    )
    icc = study.years.icc
    baseline = baseline_of(rows, icc=icc)
    sizes = sizes_of(bracket.designs, rows, icc=icc, level=study.level)
    checks = robustness_of(study, primary) if study.options.robustness else Robustness()
    grade = grade_of(
        study,
        rows,
        designs=bracket.designs,
        baseline=baseline,
        flow=flow,
        mdes=mdes,
        checks=checks,
        is_descriptive=False,
    )
    furthest = worst(baseline)
    return replace(
        described,
        is_descriptive=False,
        designs=bracket.designs,
        absent=bracket.absent,
        **_headline(bracket),
        permutation_p=bracket.permutation.p,
        permutation_p_of_bare_t=bracket.permutation.p_of_bare_t,
        permutations=bracket.permutation.n,
        is_exact_permutation=bracket.permutation.is_exact,
        mdes=mdes,
        effect_sizes=sizes,
        months=_months(sizes, study),
        baseline=baseline,
        baseline_g=None if furthest is None else furthest.g,
        grade=grade,
        notes=(*described.notes, *_warned(checks)),
        event_study=checks.event_study,
        pre_trend=checks.pre_trend,
        staggered=checks.staggered,
        placebos=checks.placebos,
        leave_one_out=checks.leave_one_out,
        specifications=checks.specifications,
        discontinuity=checks.discontinuity,
    )


def _warned(checks: Robustness) -> tuple[Note, ...]:
    """What the package of the staggered design warned of, as a note in its own words."""
    said = checks.staggered.warned if isinstance(checks.staggered, StaggeredEffect) else ()
    return tuple(Note("staggered_warned", {"said": one}) for one in said)


def _bracket(study: ProgrammeStudy, rows: ProgrammeRows) -> _Bracket:
    found: list[DesignEstimate] = []
    absent: dict[str, NotEstimable] = {}
    for name, estimate in DESIGNS:
        for scale in SCALES:
            one = estimate(rows, scale, level=study.level)
            if isinstance(one, NotEstimable):
                absent[name] = one
            else:
                found.append(one)
    found = [one for one in found if one.design not in absent]
    answer = PermutationAnswer(None, 0, is_exact=False)
    at = next((at for at, one in enumerate(found) if one.design == "ancova" and one.scale == "sd"), None)
    if at is not None and study.options.permutations:
        asked, seed = study.options.permutations, study.options.seed
        answer = permute(found[at], study.years, study.windows, rows, asked=asked, seed=seed)
        found[at] = replace(found[at], permutation_p=answer.p)
    return _Bracket(tuple(found), tuple(absent.items()), answer)


def _headline(bracket: _Bracket) -> dict[str, Any]:
    sd, pp = bracket.hull("sd"), bracket.hull("pp")
    return {"hull_low": sd[0], "hull_high": sd[1], "hull_low_pp": pp[0], "hull_high_pp": pp[1]}


def _months(sizes: tuple[EffectSize, ...], study: ProgrammeStudy) -> MonthsOfProgress | NotEstimable:
    primary = next((one for one in sizes if one.design == "ancova"), None)
    if primary is None:
        return NotEstimable("no_primary_estimate")
    grades = {one.grade for one in study.panel.procedures if one.grade is not None}
    return months_of(primary, grades=tuple(sorted(grades)))
