"""From gaps to what is said of each school: verdict, similar schools, resilience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree
from scipy.special import ndtri

from shnor_analysis.kernels.multilevel.moments import Floats
from shnor_analysis.kernels.school_gaps import SchoolGaps
from shnor_analysis.models.effect_rows import EffectOptions, SchoolOverview, SimilarBy
from shnor_analysis.results.school_effects import SchoolEffect, SimilarSchool, Verdict, school_number

HARD_QUARTER = 0.25
LEAST_SIMILAR = 2


@dataclass(frozen=True, slots=True)
class GapFacts:
    """What the model says of the J schools that have a context.

    `pupils_n`: pupils of each in the model; `hardness`: what goes with its context, shape (J,), lowest is hardest.
    """

    school_ids: tuple[str, ...]
    pupils_n: tuple[int, ...]
    gaps: SchoolGaps
    ranks: tuple[Floats, Floats]
    hardness: Floats
    similar: SimilarBy


def make_effects(
    facts: GapFacts, overview: Mapping[str, SchoolOverview], *, options: EffectOptions, level: float
) -> tuple[SchoolEffect, ...]:
    """One value a school with a result, in the order of school numbers.

    A school is resilient when what goes with its context is in the lowest quarter of schools, and its verdict is
    "above".
    """
    place = {school_id: at for at, school_id in enumerate(facts.school_ids)}
    similar = _similar(facts, options.similar_n)
    hard = facts.hardness <= np.quantile(facts.hardness, HARD_QUARTER) if facts.hardness.any() else None
    half = float(ndtri(0.5 + level / 2))
    made = []
    for school_id in sorted(overview, key=school_number):
        at = place.get(school_id)
        if at is None:
            made.append(_without_context(school_id, overview[school_id]))
            continue
        pupils_n = facts.pupils_n[at]
        gap, error = float(facts.gaps.gap[at]), half * float(facts.gaps.std_error[at])
        verdict, reason = judge(pupils_n, gap - error, gap + error, options=options)
        left_out = float(facts.gaps.expected_left_out[at])
        observed, expected = float(facts.gaps.observed[at]), float(facts.gaps.expected[at])
        made.append(
            SchoolEffect(
                school_id=school_id,
                pupils_n=pupils_n,
                observed=observed,
                expected=expected,
                expected_left_out=left_out if np.isfinite(left_out) else None,
                gap_raw=observed - expected,
                gap=gap,
                gap_low=gap - error,
                gap_high=gap + error,
                verdict=verdict,
                reason=reason,
                is_resilient=verdict == "above" and hard is not None and bool(hard[at]),
                rank_low=int(facts.ranks[0][at]),
                rank_high=int(facts.ranks[1][at]),
                similar=similar.get(school_id, ()),
            )
        )
    return tuple(made)


def judge(
    pupils_n: int, gap_low: float, gap_high: float, *, options: EffectOptions
) -> tuple[Verdict, str | None]:
    """The verdict from the interval of the shrunk gap, and why it cannot be told."""
    if pupils_n < options.pupils_needed:
        return "cannot_be_told", "few_pupils"
    if gap_low > 0:
        return "above", None
    if gap_high < 0:
        return "below", None
    if (gap_high - gap_low) / 2 > options.margin:
        return "cannot_be_told", "interval_wide"
    return "as_expected", None


def _without_context(school_id: str, seen: SchoolOverview) -> SchoolEffect:
    return SchoolEffect(
        school_id=school_id,
        pupils_n=seen.pupils_n,
        observed=seen.observed,
        expected=None,
        expected_left_out=None,
        gap_raw=None,
        gap=None,
        gap_low=None,
        gap_high=None,
        verdict="cannot_be_told",
        reason="context_missing",
        is_resilient=False,
        rank_low=None,
        rank_high=None,
    )


def _similar(facts: GapFacts, most: int) -> dict[str, tuple[SimilarSchool, ...]]:
    """The nearest schools of each, by the root mean square difference of standardised factors."""
    place = {school_id: at for at, school_id in enumerate(facts.school_ids)}
    row = {school_id: at for at, school_id in enumerate(facts.similar.school_ids) if school_id in place}
    known = sorted(row, key=school_number)
    standard = _standardised(facts.similar.values[[row[one] for one in known]])
    if not standard.size or len(known) < LEAST_SIMILAR:
        return {}
    many = min(most, len(known) - 1)
    distances, nearest = map(np.asarray, KDTree(standard).query(standard, k=many + 1))
    found = {}
    for at, school_id in enumerate(known):
        others = [
            (far, known[near]) for far, near in zip(distances[at], nearest[at], strict=True) if near != at
        ]
        found[school_id] = tuple(
            SimilarSchool(
                other,
                float(far),
                float(facts.gaps.observed[place[other]]),
                float(facts.gaps.gap[place[other]]),
            )
            for far, other in others[:many]
        )
    return found


def _standardised(values: Floats) -> Floats:
    """Columns that vary, in standard deviations, divided so that the length of a difference is a root mean square."""
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1])
    varied = spread > 0
    found: Floats = values[:, varied] / spread[varied] / np.sqrt(max(int(varied.sum()), 1))
    return found
