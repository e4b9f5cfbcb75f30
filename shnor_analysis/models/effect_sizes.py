"""An estimate as sizes that can be put beside other studies: Hedges' g, percentage points, months of progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.hedges import cluster_sums, small_sample_factor
from shnor_analysis.reference.evidence_scales import evidence_scales
from shnor_analysis.results.evidence import EffectSize, HedgesG, MonthsOfProgress
from shnor_analysis.results.frames import quantile
from shnor_analysis.results.programme_parts import DesignEstimate
from shnor_analysis.results.values import NotEstimable

# from this grade on the published table of months is known to say too little
SECONDARY_FROM = 9
LARGEST_ICC = 0.999


@dataclass(frozen=True, slots=True)
class GroupSizes:
    """Pupils tested in each school of the two groups."""

    treated: tuple[float, ...]
    comparison: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """An estimate in percentage points of the lowest mark with its interval; negative is better."""

    estimate: float
    low: float
    high: float


def effect_size(
    design: DesignEstimate,
    *,
    sizes: GroupSizes,
    icc: float,
    level: float = 0.95,
    points: Points | None = None,
) -> EffectSize:
    """Turn an adjusted estimate into Hedges' g over the total spread of pupils, and over the spread within schools.

    g = J(h) · b, Var(g) = J(h)² (se² + b² / 2h): b and its cluster-robust error se are in standard deviations of all
    pupils already; h are the degrees of freedom that the sizes of schools leave to that standard deviation.
    g_within = J(N − M) · b / √(1 − ρ).

    Args:
        design: An estimate on the scale "sd".
        sizes: Pupils behind the estimate, by school.
        icc: Share of the pupils' variance that lies between schools, 0–1.
        level: Of the intervals, which use Student's t with the df of the estimate.
        points: The same estimate on the scale of shares.

    Returns:
        Both sizes; `within` is NotEstimable `no_spread_within` where the icc is 1 or too few pupils are left.

    Raises:
        ValueError: A group without schools.

    Source: Hedges (2007), J. Educ. Behav. Stat. 32: 341–370; docs/method/evidence_grade.md.
    """
    sums = cluster_sums(sizes.treated, sizes.comparison, icc=icc)
    pupils, schools = sum(sizes.treated) + sum(sizes.comparison), len(sizes.treated) + len(sizes.comparison)
    left = pupils - schools
    within: HedgesG | NotEstimable
    if icc >= LARGEST_ICC or left < 2:
        within = NotEstimable("no_spread_within", {"icc": icc})
    else:
        within = _sized("within", design, scale=float(np.sqrt(1.0 - icc)), sd_df=left, level=level)
    return EffectSize(
        design=design.design,
        total=_sized("total", design, scale=1.0, sd_df=sums.sd_df, level=level),
        within=within,
        icc=icc,
        level=level,
        points=None if points is None else points.estimate,
        points_low=None if points is None else points.low,
        points_high=None if points is None else points.high,
    )


def difference_size(
    difference: float, sd: float, *, sizes: GroupSizes, icc: float, level: float = 0.95
) -> HedgesG:
    """Hedges' g of a plain difference of means over the pooled standard deviation of pupils within the two groups.

    d_T = difference / sd · factor; Var(d_T) = mean variance + d_T² / 2h. For means that no model has adjusted.

    Args:
        difference: Mean of treated − mean of comparison, over pupils.
        sd: Standard deviation of pupils around the mean of their group, above 0.
        sizes: Pupils of each school.
        icc: Share of the pupils' variance between schools.
        level: Of the interval, which uses the normal distribution.

    Source: Hedges (2007), eq. 15–16 and their form for unequal sizes.
    """
    sums = cluster_sums(sizes.treated, sizes.comparison, icc=icc)
    correction = small_sample_factor(sums.sd_df)
    plain = difference / sd * sums.factor
    g = correction * plain
    error = correction * float(np.sqrt(sums.mean_variance + plain**2 / (2.0 * sums.sd_df)))
    half = _half(np.inf, level) * error
    return HedgesG("total", g, error, sums.sd_df, correction, g - half, g + half)


def months_of(size: EffectSize, *, grades: Sequence[int] = ()) -> MonthsOfProgress:
    """Look the size up in the published table of months; only for readers who see the warnings, too.

    Args:
        size: The total g and its interval are looked up; a negative size has as many months with a minus.
        grades: Grades whose results are behind the estimate.

    Returns:
        Months with warnings: always `conversion`; `interval_holds_zero`; `secondary` where grade 9 or above is among
        the grades, or `grades_unknown` where none are given; `beyond_table`.

    Limits: the table says how the months of average learning compare; it is no measure of time and was made for
    another country.
    """
    total = size.total
    warnings = ["conversion"]
    warnings += ["interval_holds_zero"] if total.conf_low <= 0.0 <= total.conf_high else []
    if not grades:
        warnings.append("grades_unknown")
    elif max(grades) >= SECONDARY_FROM:
        warnings.append("secondary")
    looked = [_months(one) for one in (total.g, total.conf_low, total.conf_high)]
    is_beyond = any(beyond for _, beyond in looked)
    warnings += ["beyond_table"] if is_beyond else []
    months, low, high = (one for one, _ in looked)
    return MonthsOfProgress(months, low, high, tuple(warnings), is_beyond)


def _sized(kind: str, design: DesignEstimate, *, scale: float, sd_df: float, level: float) -> HedgesG:
    correction = small_sample_factor(sd_df)
    plain, error = design.estimate / scale, design.std_error / scale
    g = correction * plain
    spread = correction * float(np.sqrt(error**2 + plain**2 / (2.0 * sd_df)))
    half = _half(design.df, level) * spread
    return HedgesG(kind, g, spread, sd_df, correction, g - half, g + half)


def _half(df: float, level: float) -> float:
    return float(quantile(0.5 + level / 2.0, np.asarray(df, dtype=np.float64)))


def _months(size: float) -> tuple[int, bool]:
    """Months with their sign, and whether the table ends below the size."""
    rows = evidence_scales().months
    # halves are rounded away from 0, as people do
    rounded = np.floor(abs(size) * 100.0 + 0.5 + 1e-9) / 100.0
    found = next((row.months for row in rows if rounded <= row.high + 1e-9), rows[-1].months)
    return (-found if size < 0 else found), bool(rounded > rows[-1].high + 1e-9)
