"""What a comparison of two groups of schools could detect: exact t power, and the error of the designs beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import nctdtr, nctdtrinc, ndtr, ndtri, stdtrit

Floats = npt.NDArray[np.float64]
# above this Student's t is the normal distribution to eight digits
MANY = 1e7


@dataclass(frozen=True, slots=True)
class Groups:
    """How well two groups of schools can be told apart, the spread between schools set to 1.

    `error` is the standard error of the difference of the groups; `df` Satterthwaite's degrees of freedom of its
    cluster-robust estimate, a school a cluster.
    """

    error: float
    df: float


def power_of(effect: float, std_error: float, df: float, *, level: float = 0.95) -> float:
    """Chance that a two-sided t test rejects no effect, when the effect is `effect` (0–1).

    Args:
        effect: In the unit of `std_error`, which is above 0.
        std_error: Of the estimate.
        df: Degrees of freedom of the test, above 0; infinity for the normal distribution.
        level: 1 − size of the test.

    Limits: counts both tails, so it is the size itself where the effect is 0.
    Source: noncentral t; Cohen (1988), Statistical power analysis, chapter 2.
    """
    away, critical = abs(effect) / std_error, _critical(df, level)
    if df > MANY:
        return float(ndtr(away - critical) + ndtr(-away - critical))
    missed, far = float(nctdtr(df, away, critical)), float(nctdtr(df, away, -critical))
    # scipy gives NaN here and there where next to nothing is left of a tail: the normal approximation stands in
    if np.isnan(missed):
        missed = float(ndtr((critical - away) / np.sqrt(1.0 + critical**2 / (2.0 * df))))
    return 1.0 - missed + (0.0 if np.isnan(far) else far)


def multiplier(df: float, *, level: float = 0.95, power: float = 0.8) -> float:
    """How many standard errors an effect needs to be found with the chance `power`; 2.80 where df is large.

    Exact for the tail in which the effect lies; the other tail adds less than 1e-5 to a power of one half or more.
    """
    critical = _critical(df, level)
    if df > MANY:
        return float(critical + ndtri(power))
    return float(nctdtrinc(df, 1.0 - power, critical))


def detectable(std_error: float, df: float, *, level: float = 0.95, power: float = 0.8) -> float:
    """Minimum detectable effect in the unit of the standard error (Bloom 1995, with the exact multiplier)."""
    return multiplier(df, level=level, power=power) * std_error


def compare_groups(
    treated_n: int, comparison_n: int, *, covariates_n: int = 0, is_lowest: bool = False
) -> Groups:
    """Error and degrees of freedom of treated − comparison in a regression over schools, before any data.

    Args:
        treated_n: Schools with the programme, 2 and more.
        comparison_n: Schools without it, 2 and more.
        covariates_n: Columns beside group and intercept, 0–2.
        is_lowest: Whether the treated schools are those lowest on the first covariate (a list), so that group and
            covariate say much of the same; else the covariates are balanced.

    The first covariate has the values of normal order statistics, the second is spread evenly and tells nothing of the
    group. Degrees of freedom: Bell & McCaffrey (2002) for single-row clusters, outcomes equally variable; without
    covariates Welch's. Source: Pustejovsky & Tipton (2018), J. Bus. Econ. Stat. 36, 672–683, eq. 11.
    """
    design = _design(treated_n, comparison_n, covariates_n, is_lowest=is_lowest)
    bread = np.linalg.inv(design.T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    loading = (design @ bread[:, 1]) ** 2 / (1.0 - leverage)
    sums = (design * loading[:, None]).T @ design
    trace = float(loading @ (1.0 - leverage))
    square = float(loading**2 @ (1.0 - 2.0 * leverage) + np.trace(bread @ sums @ bread @ sums))
    return Groups(float(np.sqrt(bread[1, 1])), trace**2 / square)


def series_covariance(
    years: npt.ArrayLike, *, permanent: float, yearly: float, autocorrelation: float, noise: float
) -> Floats:
    """Covariance of a school's yearly means: level that stays, AR(1) part, chance of the pupils tested.

    Parameters: years — shape (t,), whole; permanent, yearly, noise — variances; autocorrelation — of years in a row,
    −1 < ρ < 1. Returns: shape (t, t).
    """
    at = np.asarray(years, dtype=np.float64)
    apart = np.abs(at[:, None] - at[None, :])
    covariance: Floats = permanent + yearly * float(autocorrelation) ** apart + noise * (apart == 0)
    return covariance


def contrast_variance(covariance: Floats, outcome: Floats, covariates: Floats | None = None) -> float:
    """Variance of a weighted sum of yearly means that linear regression on other such sums leaves.

    Shapes: covariance (t, t), outcome (t,), covariates (t, k).
    """
    total = float(outcome @ covariance @ outcome)
    if covariates is None or covariates.shape[1] == 0:
        return total
    cross = covariates.T @ covariance @ outcome
    inner = covariates.T @ covariance @ covariates
    return total - float(cross @ np.linalg.solve(inner, cross))


def _critical(df: float, level: float) -> float:
    share = 0.5 + level / 2.0
    return float(ndtri(share) if df > MANY else stdtrit(df, share))


def _design(treated_n: int, comparison_n: int, covariates_n: int, *, is_lowest: bool) -> Floats:
    """Intercept, group, covariates; schools in the order of the first covariate."""
    n = treated_n + comparison_n
    scores = ndtri((np.arange(n) + 0.5) / n)
    if is_lowest:
        group = (np.arange(n) < treated_n).astype(np.float64)
    else:
        # steps of one group through the order of the scores keep the two balanced
        group = np.diff(np.floor(np.arange(n + 1) * treated_n / n + 0.5))
    columns = [np.ones(n), group, scores, _spread_evenly(n, group, scores)]
    return np.column_stack(columns[: 2 + covariates_n])


def _spread_evenly(n: int, group: Floats, scores: Floats) -> Floats:
    """A column that neither intercept, group nor scores explain: a low-discrepancy order, then their residual."""
    golden = (np.arange(1, n + 1) * 0.6180339887498949) % 1.0
    basis = np.column_stack([np.ones(n), group, scores])
    found: Floats = golden - basis @ np.linalg.lstsq(basis, golden, rcond=None)[0]
    return found
