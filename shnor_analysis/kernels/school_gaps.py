"""Expected results and gaps of schools from sums of products: shrinkage, its errors, and models without one school.

Model, pupil i of class c of school j: y = x'β + u_j + v_c + e, u ~ N(0, τ²), v ~ N(0, τ_c²), e ~ N(0, σ²). After the
classes are eliminated a school is known by its effective size m_j and effective sums H_j of all columns (without
classes: its pupils and their plain sums), and with ω_j = (τ²/σ²) / (1 + (τ²/σ²) m_j) the gap is û_j = ω_j (H_jy − H_jx'β̂).

Sources: Henderson (1975) for û and its prediction error; Prasad and Rao (1990), Datta and Lahiri (2000) for the part
that comes from estimating τ²; docs/method/school_effects.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments, sum_by_group
from shnor_analysis.kernels.read_only import make_read_only

# squared pivot below which leaving a school out leaves the design without full rank
LEAST_PIVOT = 1e-10


@dataclass(frozen=True, slots=True)
class SchoolSums:
    """What is left of J schools once the classes within them are eliminated; k columns, in the order of the moments.

    Attributes:
        plain: Sums of columns over pupils, shape (k, J); `rows`: their numbers (weights, where there are), shape (J,).
        sums: Effective sums H, shape (k, J); `size`: effective sizes m, shape (J,).
        products: Effective products of columns within each school, shape (J, k, k).
        shift: What was taken from each column, shape (k,).
    """

    plain: Floats
    rows: Floats
    sums: Floats
    size: Floats
    products: Floats
    shift: Floats


@dataclass(frozen=True, slots=True)
class SchoolGaps:
    """Gaps of J schools, p columns of the fixed part; all in the unit of the outcome.

    Attributes:
        coefficients: β̂ of the shifted columns, shape (p,); `covariance`: of β̂, shape (p, p).
        observed, expected: Means of the outcome and of the fixed part over a school's pupils, shape (J,).
        expected_left_out: The same from β̂ without the school, shape (J,); NaN where nothing can be fitted without it.
        gap: û, shape (J,); `std_error`: of û − u, shape (J,).
        own_error: Its part that schools do not share, shape (J,).
        pull: Derivative of û by β̂, shape (J, p).
    """

    coefficients: Floats
    covariance: Floats
    observed: Floats
    expected: Floats
    expected_left_out: Floats
    gap: Floats
    std_error: Floats
    own_error: Floats
    pull: Floats

    def __post_init__(self) -> None:
        make_read_only(
            self.coefficients, self.covariance, self.observed, self.expected, self.expected_left_out
        )
        make_read_only(self.gap, self.std_error, self.own_error, self.pull)


def school_sums(moments: GroupedMoments, *, class_ratio: float = 0.0) -> SchoolSums:
    """Eliminate the classes of schools.

    Parameters:
        moments: One level (schools) or two (classes, schools); products by group for all columns, with `Intercept`.
        class_ratio: τ_c²/σ²; 0 when there is one level.

    Raises:
        ValueError: Products by group do not cover all columns, or there is no `Intercept`.
    """
    if sorted(moments.random) != list(range(len(moments.columns))) or moments.intercept is None:
        raise ValueError("products by group are needed for all columns, the intercept among them")
    by_group = moments.grouped[np.argsort(moments.random)]
    ones = moments.intercept
    size = by_group[ones, ones]
    weight = class_ratio / (1 + class_ratio * size)
    sums = by_group[ones]
    inner = by_group - weight * sums[:, None, :] * sums[None, :, :]
    scaled = sums / (1 + class_ratio * size)
    school, n_schools = moments.ancestors(len(moments.levels) - 1), len(moments.levels[-1].labels)
    effective = sum_by_group(scaled, school, n_schools)
    return SchoolSums(
        plain=sum_by_group(sums, school, n_schools),
        rows=sum_by_group(size, school, n_schools),
        sums=effective,
        size=effective[ones],
        products=np.ascontiguousarray(np.moveaxis(sum_by_group(inner, school, n_schools), -1, 0)),
        shift=moments.shift,
    )


def school_gaps(
    sums: SchoolSums, *, fixed: tuple[int, ...], outcome: int, tau2: float, sigma2: float
) -> SchoolGaps:
    """Gaps at given variances: û, and the root of its mean squared error g1 + g2 + 2·g3.

    g1 = σ²ω (what the school's own pupils leave open), g2 = ω² H_x' V(β̂) H_x (the fixed part), g3 (the variance τ² is
    itself an estimate) = D²/(τ²+D)³ · 2/tr[(Z'PZ)²] with D = σ²/m and Z'PZ = W − W X̄ V(β̂) X̄' W, W = diag(1/(τ²+D)).

    Parameters:
        sums: Of all schools.
        fixed: Positions of the p columns of the fixed part, the intercept among them; outcome: that of the outcome.
        tau2, sigma2: Variances between schools and of one pupil.
    """
    columns = list(fixed)
    omega = _omega(sums, tau2 / sigma2)
    blocks = sums.products - omega[:, None, None] * sums.sums.T[:, :, None] * sums.sums.T[:, None, :]
    total = blocks.sum(axis=0)
    normal, right = total[np.ix_(columns, columns)], total[columns, outcome]
    inverse = _inverse(normal)
    beta, covariance = inverse @ right, sigma2 * inverse
    pull = -(omega * sums.sums[columns]).T
    fixed_part = np.einsum("jp,pq,jq->j", pull, covariance, pull)
    own = sigma2 * omega + 2 * _tau_part(sums, columns, covariance, tau2=tau2, sigma2=sigma2)
    means = (sums.plain[columns] / sums.rows).T
    left_out = _left_out(normal, right, blocks, columns, outcome)
    return SchoolGaps(
        coefficients=beta,
        covariance=covariance,
        observed=sums.plain[outcome] / sums.rows + sums.shift[outcome],
        expected=means @ beta + sums.shift[outcome],
        expected_left_out=np.einsum("jp,jp->j", means, left_out) + sums.shift[outcome],
        gap=omega * (sums.sums[outcome] - beta @ sums.sums[columns]),
        std_error=np.sqrt(own + fixed_part),
        own_error=np.sqrt(own),
        pull=pull,
    )


def rank_bounds(gaps: SchoolGaps, *, level: float, draws: int, seed: int) -> tuple[Floats, Floats]:
    """Bounds of each school's place by gap (1: the largest) over draws of all gaps together, two arrays of shape (J,)."""
    rng = np.random.default_rng(seed)
    n = len(gaps.gap)
    spread = np.sqrt(np.diag(gaps.covariance))
    root = np.linalg.cholesky(gaps.covariance / (spread * spread[:, None])) * spread[:, None]
    beta = rng.standard_normal((draws, len(spread))) @ root.T
    drawn = gaps.gap + beta @ gaps.pull.T + gaps.own_error * rng.standard_normal((draws, n))
    places = rankdata(-drawn, axis=1)
    low, high = np.quantile(places, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.floor(low), np.ceil(high)


def _omega(sums: SchoolSums, ratio: float) -> Floats:
    omega: Floats = ratio / (1 + ratio * sums.size)
    return omega


def _inverse(normal: Floats) -> Floats:
    """Inverse of the normal equations, worked out with columns of one size: factors differ by many powers of ten."""
    scale = 1 / np.sqrt(np.diag(normal))
    found: Floats = np.linalg.inv(normal * scale * scale[:, None]) * scale * scale[:, None]
    return found


def _tau_part(
    sums: SchoolSums, columns: list[int], covariance: Floats, *, tau2: float, sigma2: float
) -> Floats:
    """g3 of each school, shape (J,)."""
    noise = sigma2 / sums.size
    weight = 1 / (tau2 + noise)
    means = (sums.sums[columns] / sums.size).T
    second = covariance @ (means.T @ (weight[:, None] ** 2 * means))
    third = covariance @ (means.T @ (weight[:, None] ** 3 * means))
    information = (weight**2).sum() - 2 * np.trace(third) + np.trace(second @ second)
    part: Floats = noise**2 * weight**3 * 2 / information
    return part


def _left_out(normal: Floats, right: Floats, blocks: Floats, columns: list[int], outcome: int) -> Floats:
    """β̂ without each school, shape (J, p): its part is taken from the normal equations; NaN where they break down."""
    scale = 1 / np.sqrt(np.diag(normal))
    found = np.full((len(blocks), len(columns)), np.nan)
    for at, block in enumerate(blocks):
        left = (normal - block[np.ix_(columns, columns)]) * scale * scale[:, None]
        try:
            pivots = np.diag(np.linalg.cholesky(left))
        except np.linalg.LinAlgError:
            continue
        if pivots.min() ** 2 > LEAST_PIVOT:
            found[at] = scale * np.linalg.solve(left, scale * (right - block[columns, outcome]))
    return found
