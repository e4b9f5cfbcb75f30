"""From sums of products to the whole answer about the factors of each outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from shnor_analysis.kernels.multilevel import CannotFit, fit_moments
from shnor_analysis.kernels.rubin import Pooled
from shnor_analysis.models.context_index import build_index, weights_of
from shnor_analysis.models.factor_associations import (
    Errors,
    Scale,
    associations_of,
    control_multiplicity,
    fit_factors,
    left_out_estimates,
    partials_of,
)
from shnor_analysis.models.factor_options import Options
from shnor_analysis.models.factor_questions import Questions
from shnor_analysis.models.factor_shares import Resampling, SplitVariance, split_variance
from shnor_analysis.models.factor_warnings import warnings_of
from shnor_analysis.models.fit_options import DEFAULT_SEED, FEWEST_REPLICATES, SCHOOLS_PER_FACTOR
from shnor_analysis.models.refusals import not_estimable
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import (
    CompositeIndex,
    FactorAssociation,
    FactorInfluence,
    PartialPoint,
    VarianceShare,
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One outcome's question with everything that its answers need."""

    questions: Questions
    outcome: str
    errors: Errors
    scale: Scale
    resampling: Resampling
    harder: Mapping[str, float]

    def about(self, questions: Questions) -> _Asked:
        """The same of other columns."""
        return replace(self, questions=questions)

    @property
    def school_columns(self) -> int:
        """Columns with one value a school, the column of ones included."""
        columns = (*self.questions.base, *self.questions.factor_columns)
        return int(self.questions.is_constant_within(columns).sum())


def answer(
    questions: Mapping[str, Questions | NotEstimable], *, adjusters: tuple[str, ...], options: Options
) -> dict[str, FactorInfluence | NotEstimable]:
    """Answer for every outcome, then adjust p-values over all of them."""
    answers: dict[str, FactorInfluence | NotEstimable] = {}
    for outcome, one in questions.items():
        if isinstance(one, NotEstimable):
            answers[outcome] = one
            continue
        try:
            answers[outcome] = _influence(_asked(one, outcome, options), adjusters)
        except CannotFit as error:
            answers[outcome] = not_estimable(error)
    found = {name: one for name, one in answers.items() if isinstance(one, FactorInfluence)}
    adjusted = control_multiplicity([one.associations for one in found.values()])
    indices = control_multiplicity([_index_association(one) for one in found.values()])
    for name, associations, index in zip(found, adjusted, indices, strict=True):
        composite = found[name].composite
        if isinstance(composite, CompositeIndex) and index:
            composite = replace(composite, association=index[0])
        answers[name] = replace(found[name], associations=associations, composite=composite)
    return answers


def _index_association(one: FactorInfluence) -> tuple[FactorAssociation, ...]:
    composite = one.composite
    if isinstance(composite, CompositeIndex) and isinstance(composite.association, FactorAssociation):
        return (composite.association,)
    return ()


def _asked(questions: Questions, outcome: str, options: Options) -> _Asked:
    level = options.get("level", 0.95)
    varies = not questions.is_constant_within(questions.factor_columns).all()
    return _Asked(
        questions,
        outcome,
        options.get("errors", "CR2" if varies else "model"),
        Scale(questions.outcome_sd(outcome), level),
        Resampling(options.get("replicates", FEWEST_REPLICATES), options.get("seed", DEFAULT_SEED), level),
        options.get("harder", {}),
    )


def _influence(asked: _Asked, adjusters: tuple[str, ...]) -> FactorInfluence:
    """All parts of the answer for one outcome.

    Raises:
        CannotFit: The data do not identify even the model without factors, or factors are collinear.
    """
    questions, moments = asked.questions, asked.questions.moments
    _refuse_empty(asked)
    is_few = len(questions.factors) * SCHOOLS_PER_FACTOR > questions.n_schools
    split: SplitVariance | NotEstimable = _split(asked)
    associations: tuple[FactorAssociation, ...] = ()
    partials: tuple[PartialPoint, ...] = ()
    if questions.n_schools > asked.school_columns + 1:
        fitted = fit_factors(questions, asked.outcome, asked.errors)
        associations = _associations(asked, fitted, split)
        partials = partials_of(questions, asked.outcome, fitted)
    shares, total = _shares(asked, split)
    known = split if isinstance(split, SplitVariance) else None
    return FactorInfluence(
        outcome=asked.outcome,
        outcome_sd=asked.scale.outcome_sd,
        level=asked.scale.level,
        factors=tuple(one.name for one in questions.factors),
        adjusters=adjusters,
        associations=associations,
        shares=shares,
        total_share=total,
        tau2_null=known.tau2_null if known else None,
        tau2_full=known.tau2_full if known else None,
        composite=_composite(asked) if is_few else None,
        warnings=warnings_of(
            questions, associations, split, is_few=is_few, replicates=asked.resampling.replicates
        ),
        n_obs=moments.n_obs,
        n_pupils=questions.n_pupils,
        n_schools=questions.n_schools,
        rows_dropped=moments.rows_dropped,
        replicates=asked.resampling.replicates if known and known.bounds is not None else 0,
        seed=asked.resampling.seed,
        is_exact=known.is_exact if known else True,
        rows_kind=questions.rows_kind,
        errors=asked.errors,
        partials=partials,
    )


def _refuse_empty(asked: _Asked) -> None:
    """Refuse what has no answer at all: one school, no variation, one row a school taken for pupils.

    Raises:
        CannotFit: With the reason of the multilevel model without factors.
    """
    questions = asked.questions
    if questions.n_schools < 2:
        raise CannotFit("one_group")
    for outcome in questions.outcomes[asked.outcome]:
        spec = questions.spec(outcome)
        fit_moments(questions.moments, replace(spec, fixed=questions.base))


def _split(asked: _Asked) -> SplitVariance | NotEstimable:
    """The variance split among the factors, or why it cannot be."""
    questions = asked.questions
    columns = asked.school_columns
    if questions.noise == "unknown":
        return NotEstimable("noise_unknown")
    if questions.n_schools <= columns + 1:
        fields = {"schools": questions.n_schools, "columns": len(questions.factor_columns)}
        return NotEstimable("few_schools_for_factors", fields)
    for outcome in questions.outcomes[asked.outcome]:
        fit_moments(questions.moments, questions.spec(outcome))  # refuses factors that are collinear
    split = split_variance(
        [questions.blocks(one) for one in questions.outcomes[asked.outcome]],
        asked.resampling,
        fewest_schools=columns + 1,
    )
    return split


def _associations(
    asked: _Asked, fitted: Pooled, split: SplitVariance | NotEstimable
) -> tuple[FactorAssociation, ...]:
    ratio = split.highest_ratio if isinstance(split, SplitVariance) else 0.0
    left_out = left_out_estimates(asked.questions, asked.outcome, highest_ratio=ratio)
    return associations_of(asked.questions, fitted, scale=asked.scale, left_out=left_out)


def _shares(
    asked: _Asked, split: SplitVariance | NotEstimable
) -> tuple[tuple[VarianceShare, ...] | NotEstimable, Estimate | NotEstimable]:
    if isinstance(split, NotEstimable):
        return split, split
    if not (split.tau2_null > 0 and math.isfinite(split.total)):
        nothing = NotEstimable("no_between_variance")
        return nothing, nothing
    shares = []
    for at, factor in enumerate(asked.questions.factors):
        low, high = (None, None) if split.bounds is None else map(float, split.bounds[at])
        shares.append(VarianceShare(factor.name, float(split.shares[at]), low, high, float(split.errors[at])))
    return tuple(shares), _estimate(split, asked.scale.level)


def _estimate(split: SplitVariance, level: float) -> Estimate:
    """The total with its bounds; without samples the bounds are the value itself and `replicates` is 0."""
    low, high = (split.total, split.total) if split.bounds is None else map(float, split.bounds[-1])
    return Estimate(split.total, low, high, level)


def _composite(asked: _Asked) -> CompositeIndex | NotEstimable:
    """The index in the place of all factors, and what it goes with."""
    if len(asked.questions.factor_columns) < 2:
        return NotEstimable("one_factor")
    try:
        questions, component = build_index(asked.questions, asked.harder)
    except ValueError:
        same = asked.questions.names_without_spread()
        return NotEstimable("factor_same_everywhere", {"factors": ", ".join(same)})
    alone = asked.about(questions)
    association: FactorAssociation | NotEstimable
    try:
        split = _split(alone)
        association = _associations(alone, fit_factors(questions, asked.outcome, asked.errors), split)[0]
        _, share = _shares(alone, split)
    except CannotFit as error:
        association = share = not_estimable(error)
    return CompositeIndex(
        weights_of(asked.questions, component), component.explained_share, association, share
    )
