"""Each school's result beside the result expected of it: gaps with intervals, verdicts, similar and resilient schools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shnor_analysis.kernels.multilevel import CannotFit, fit_moments
from shnor_analysis.kernels.school_gaps import SchoolGaps, SchoolSums, rank_bounds, school_gaps, school_sums
from shnor_analysis.kernels.variance_shares.blocks import blocks_of
from shnor_analysis.kernels.variance_shares.known_noise import fit_known_noise
from shnor_analysis.models.effect_rows import EffectOptions, EffectPlan, EffectRows, read_effect_rows
from shnor_analysis.models.effect_verdicts import GapFacts, make_effects
from shnor_analysis.models.fit_options import check_options
from shnor_analysis.models.refusals import not_estimable
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.school_effects import SchoolEffects
from shnor_analysis.warehouse.moments import Source

LEAST_SCHOOLS = 10
# schools beyond the columns of the context, so that a variance between schools can be estimated
SPARE_SCHOOLS = 3
# variance between schools as a share of that between pupils, below which it is none (a standard deviation of 1e-4 of
# theirs, as lme4::isSingular)
SINGULAR = 1e-8


@dataclass(frozen=True, slots=True)
class _Variances:
    schools: float
    classes: float | None
    pupils: float
    is_singular: bool


def fit_school_effects(
    data: Source,
    *,
    outcome: str,
    context: Sequence[str],
    prior: str | None = None,
    adjusters: Sequence[str] = (),
    school: str = "school_id",
    level: float = 0.95,
    options: EffectOptions | None = None,
) -> SchoolEffects | NotEstimable:
    """Compare each school's result with what is expected of its pupils in its circumstances.

    Model  y_ij = x_ij'β + u_j (+ v_c) + e_ij,  u ~ N(0, τ²), classes v within schools where `options.classes` names
    them. Expected result: the fixed part over the school's pupils; gap: û_j with its prediction error g1 + g2 + 2·g3
    (kernels/school_gaps.py). Verdict: "above" or "below" when the interval of the shrunk gap leaves 0 out;
    "as_expected" when it holds 0 and is narrow enough to have shown a gap of `options.margin`; else "cannot_be_told".

    Parameters:
        data: One row a pupil; with `options.sampling_variance` one row a school, whose result has that known variance.
        outcome: Higher is better; in standard deviations of pupils, or give `options.margin` in its unit.
        context: Factors of the school; categories are allowed.
        prior: The pupil's earlier result. Missing ones stand as 0 beside an indicator column; it is left out (note
            `few_linked`) where fewer than `options.least_linked` of the pupils have one.
        adjusters: Columns of the pupil; rows without one are dropped and counted.
        school: The school; its label is the school's number.
        level: Of the intervals.
        options: Everything else.

    Returns:
        Effects in the order of school numbers. Schools without context have no expected result.
        NotEstimable `few_schools` below ten schools (or fewer than three beyond the columns of the context), or why
        the model cannot be fitted.

    Raises:
        UsageProblem: A column that the data do not have; ``fit_option_wrong``.

    Limits: association, not cause: a gap is what context and prior results do not go with, schools' work among it.
    Intervals hold one by one; of many schools as expected, some fall outside by chance.
    Source: Goldstein & Spiegelhalter (1996), JRSS A 159: 385–443; docs/method/school_effects.md.
    """
    check_options(level)
    used = options or EffectOptions()
    plan = EffectPlan(outcome, tuple(context), prior, tuple(adjusters), school, used)
    try:
        rows = read_effect_rows(data, plan)
        refused = _too_few(rows)
        if refused is not None:
            return refused
        return _effects(rows, level)
    except CannotFit as error:
        return not_estimable(error)


def _too_few(rows: EffectRows) -> NotEstimable | None:
    schools = len(rows.moments.levels[-1].labels)
    needed = max(LEAST_SCHOOLS, len(rows.context_columns) + SPARE_SCHOOLS)
    if schools >= needed:
        return None
    return NotEstimable("few_schools", {"schools": schools, "needed": needed})


def _effects(rows: EffectRows, level: float) -> SchoolEffects:
    plan, options, moments = rows.plan, rows.plan.options, rows.moments
    variances = _variances(rows)
    ratio = (variances.classes or 0.0) / variances.pupils
    sums = school_sums(moments, class_ratio=ratio)
    gaps = school_gaps(
        sums,
        fixed=rows.spec.fixed,
        outcome=rows.spec.outcome,
        tau2=variances.schools,
        sigma2=variances.pupils,
    )
    facts = _facts(rows, sums, gaps, level)
    effects = make_effects(facts, rows.overview, options=options, level=level)
    notes = [*rows.notes, *(["singular"] if variances.is_singular else [])]
    notes += ["context_missing"] if any(one.reason == "context_missing" for one in effects) else []
    return SchoolEffects(
        outcome=plan.outcome,
        level=level,
        effects=effects,
        context=plan.context,
        adjusters=plan.adjusters,
        similar_by=options.similar_by or plan.context,
        uses_prior=rows.uses_prior,
        prior_share=rows.prior_share,
        n_obs=moments.n_obs,
        n_pupils=sum(one.pupils_n for one in effects if one.expected is not None),
        n_schools=len(facts.school_ids),
        rows_dropped=moments.rows_dropped,
        tau2=variances.schools,
        tau2_class=variances.classes,
        sigma2=variances.pupils,
        is_singular=variances.is_singular,
        margin=options.margin,
        pupils_needed=options.pupils_needed,
        notes=tuple(notes),
        seed=options.seed,
        draws=options.draws,
        rows_kind="schools" if options.sampling_variance else "pupils",
    )


def _facts(rows: EffectRows, sums: SchoolSums, gaps: SchoolGaps, level: float) -> GapFacts:
    """What verdicts need of the model: gaps with bounds of their ranks, and how hard each school's context is."""
    moments, options, fixed = rows.moments, rows.plan.options, list(rows.spec.fixed)
    context_at = [fixed.index(moments.columns.index(name)) for name in rows.context_columns]
    means = (sums.plain[fixed] / sums.rows).T
    school_ids = tuple(str(label) for label in moments.levels[-1].labels)
    return GapFacts(
        school_ids=school_ids,
        pupils_n=rows.pupils_of(school_ids),
        gaps=gaps,
        ranks=rank_bounds(gaps, level=level, draws=options.draws, seed=options.seed),
        hardness=means[:, context_at] @ gaps.coefficients[context_at],
        similar=rows.similar,
    )


def _variances(rows: EffectRows) -> _Variances:
    """Variances by REML; where each school's sampling variance is known only that between schools is estimated."""
    moments, spec = rows.moments, rows.spec
    if rows.plan.options.sampling_variance is None:
        fit = fit_moments(moments, spec)
        by_level = {one.level: float(one.covariance[0, 0]) for one in fit.components}
        outermost = len(moments.levels) - 1
        classes = by_level.get(0) if outermost else None
        return _Variances(
            by_level[outermost],
            classes,
            fit.sigma**2,
            is_singular=by_level[outermost] < SINGULAR * fit.sigma**2,
        )
    fit_moments(moments, replace(spec, random=()))  # refuses what no model of these columns can be fitted to
    blocks = blocks_of(moments, base=spec.fixed, factors=(), outcome=spec.outcome, is_noise_known=True)
    tau2 = fit_known_noise(blocks).tau2
    return _Variances(tau2, None, 1.0, is_singular=tau2 == 0.0)
