"""What a reader of a factor analysis must know before believing it."""

from __future__ import annotations

from collections.abc import Sequence

from shnor_analysis.models.factor_questions import Questions
from shnor_analysis.models.factor_shares import SplitVariance
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import FactorAssociation


def warnings_of(
    questions: Questions,
    associations: Sequence[FactorAssociation],
    split: SplitVariance | NotEstimable,
    *,
    is_few: bool,
    replicates: int,
) -> tuple[str, ...]:
    """Codes of `locale/` (msgid ``factor_warning.<code>``) for what holds of one outcome's answer.

    Parameters:
        questions: What was asked.
        associations: Of the model with all factors.
        split: The variance between schools split among the factors, or why it was not.
        is_few: Schools are too few to tell so many factors apart.
        replicates: Samples of schools asked for.
    """
    known = split if isinstance(split, SplitVariance) else None
    has_variance = known is not None and known.tau2_null > 0
    told = {
        "few_schools_for_factors": is_few,
        "no_variance_left": has_variance and known is not None and known.tau2_full <= 0,
        "unstable_sign": any(not one.is_sign_stable for one in associations),
        "noise_unknown": questions.noise == "unknown",
        "noise_known": questions.noise == "known",
        "varies_within_schools": not questions.is_constant_within(questions.factor_columns).all(),
        "no_bounds": has_variance and known is not None and known.bounds is None and replicates > 0,
    }
    return tuple(code for code, is_true in told.items() if is_true)
