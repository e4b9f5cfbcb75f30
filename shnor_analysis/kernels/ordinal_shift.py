"""School means from counts of marks: the shift of a normal distribution behind them, in standard deviations of pupils."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from shnor_analysis.kernels.read_only import make_read_only

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
MOST_STEPS = 60
AT_REST = 1e-10
# rounds of "cuts, shifts, spread between schools" and the change of the spread that ends them
MOST_ROUNDS = 50
SPREAD_AT_REST = 1e-9
SQRT_2PI = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True, slots=True)
class OrdinalShifts:
    """Shifts of G schools in P procedures.

    Attributes:
        shift: In standard deviations of all pupils of the procedure, 0 about the mean of all its pupils, higher is
            better, shape (G,).
        variance: Its sampling variance, shape (G,).
        icc: Part of the variance between schools in each procedure, shape (P,).
    """

    shift: Floats
    variance: Floats
    icc: Floats

    def __post_init__(self) -> None:
        make_read_only(self.shift, self.variance, self.icc)


def ordinal_shifts(counts: Floats, procedure: Indices) -> OrdinalShifts:
    """Fit an ordered probit with one shift a school and the cutpoints of its procedure.

    Marks come from a normal distribution cut at the procedure's cutpoints c, the same for every school; within a
    school its variance is 1 − icc and its mean the shift m: P(mark ≤ k) = Φ((c_k − m)/√(1 − icc)). The cutpoints are
    those of all pupils together, c_k = Φ⁻¹(share with mark ≤ k), so that pupils have mean 0 and variance 1; icc is the
    spread of the shifts less their sampling variance. The score of a school's shift is adjusted to take the bias of
    few pupils away, which also keeps it finite where all or none have a mark.

    Args:
        counts: Pupils by mark, worst first, shape (G, K); K = 2 where only low results are known.
        procedure: Of each row, 0-based without gaps, shape (G,).

    Limits: shape of the distribution is taken to be the same in all schools; a procedure where all pupils have one
        mark gives shifts of 0 with infinite variance.
    Source: Reardon, Shear, Castellano, Ho (2017), JEBS 42(1), 3-45, with one spread for all schools; Kosmidis, Firth
        (2009), Biometrika 96(4), 793-804 (the adjustment). Checked against statsmodels' OrderedModel and, for two
        marks, against Φ⁻¹, tests/unit/.
    """
    n_procedures = int(procedure.max()) + 1 if len(procedure) else 0
    totals = np.zeros((n_procedures, counts.shape[1]))
    np.add.at(totals, procedure, counts)
    shares = totals / np.maximum(totals.sum(axis=1, keepdims=True), 1.0)
    with np.errstate(divide="ignore"):
        cuts = ndtri(np.clip(np.cumsum(shares, axis=1)[:, :-1], 0.0, 1.0))
    spread = np.zeros(n_procedures)
    shift, information = np.zeros(len(counts)), np.zeros(len(counts))
    for _ in range(MOST_ROUNDS):
        wider = cuts * np.sqrt(1.0 + spread)[:, None]
        shift, information = shifts_at_cuts(counts, wider[procedure], start=shift)
        found = _spread_between(shift, information, procedure, counts.sum(axis=1))
        is_at_rest = np.max(np.abs(found - spread), initial=0.0) < SPREAD_AT_REST
        spread = found
        if is_at_rest:
            break
    unit = 1.0 + spread[procedure]
    with np.errstate(divide="ignore"):
        variance = 1.0 / (information * unit)
    return OrdinalShifts(shift / np.sqrt(unit), variance, spread / (1.0 + spread))


def shifts_at_cuts(
    counts: Floats, cuts: Floats, *, start: Floats | None = None, is_adjusted: bool = True
) -> tuple[Floats, Floats]:
    """Solve each row's score equation for its shift θ, P(mark ≤ k) = Φ(cut_k − θ), for all rows at once.

    Args:
        counts: Pupils by mark, whole or not, shape (G, K).
        cuts: Ascending cutpoints of each row, may be infinite, shape (G, K − 1).
        start: First guess, shape (G,).
        is_adjusted: Whether the bias of order 1 / pupils is taken away; without it this is maximum likelihood, whose
            shifts do not end where all pupils have the best or the worst mark.

    Returns:
        The shifts, shape (G,), and the expected information at them, shape (G,); a row that tells nothing keeps its
        start and has information 0.
    """
    theta = np.zeros(len(counts)) if start is None else start.copy()
    edge = np.full((len(counts), 1), np.inf)
    upper, lower = np.hstack([cuts, edge]), np.hstack([-edge, cuts])
    total = counts.sum(axis=1)
    for _ in range(MOST_STEPS):
        share, slope, bend = _shares(theta, lower, upper)
        per_pupil = np.einsum("gk,gk->g", slope, slope / share)
        is_telling = (per_pupil > 0) & (total > 0)
        safe = np.where(is_telling, per_pupil, 1.0)
        gradient = np.einsum("gk,gk->g", counts, slope / share)
        curvature = total * safe
        if is_adjusted:
            gradient = gradient + np.einsum("gk,gk->g", bend, slope / share) / (2 * safe)
            # the adjustment falls by about a half for each unit of θ (by exactly a half where there are two marks)
            curvature = curvature + 0.5
        step = np.where(is_telling, np.clip(gradient / np.where(is_telling, curvature, 1.0), -1.0, 1.0), 0.0)
        theta = theta + step
        if np.max(np.abs(step), initial=0.0) < AT_REST:
            break
    share, slope, _ = _shares(theta, lower, upper)
    return theta, total * np.einsum("gk,gk->g", slope, slope / share)


def _shares(theta: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats, Floats]:
    """Share of each mark at θ, never 0, and its first two derivatives by θ."""
    above, below = upper - theta[:, None], lower - theta[:, None]
    # the smaller tail keeps the digits that 1 − Φ would lose
    share = np.where(below > 0, ndtr(-below) - ndtr(-above), ndtr(above) - ndtr(below))
    high, low = np.exp(-(above**2) / 2) / SQRT_2PI, np.exp(-(below**2) / 2) / SQRT_2PI
    high_bend = np.where(np.isfinite(above), above, 0.0) * high
    low_bend = np.where(np.isfinite(below), below, 0.0) * low
    return np.maximum(share, np.finfo(float).tiny), low - high, low_bend - high_bend


def _spread_between(shift: Floats, information: Floats, procedure: Indices, pupils: Floats) -> Floats:
    """Variance between schools of each procedure, weighted by pupils, less what sampling adds; never negative."""
    n_procedures = int(procedure.max()) + 1 if len(procedure) else 0
    known = information > 0
    at, weight, value = procedure[known], pupils[known], shift[known]
    total = np.maximum(np.bincount(at, weight, n_procedures), 1.0)
    mean = np.bincount(at, weight * value, n_procedures) / total
    around = np.bincount(at, weight * (value - mean[at]) ** 2, n_procedures) / total
    sampling = np.bincount(at, weight / information[known], n_procedures) / total
    schools = np.bincount(at, minlength=n_procedures)
    correction = np.where(schools > 1, schools / np.maximum(schools - 1, 1), 0.0)
    return np.asarray(np.maximum(around * correction - sampling, 0.0))
