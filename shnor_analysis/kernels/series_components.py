"""How yearly means of groups vary: what stays, what a year adds, how years in a row go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# autocorrelations that are tried; finer steps are beyond what some tens of groups can tell
TRIED = np.arange(0.0, 0.96, 0.05)
# lags from which three unknowns can be told apart: 0, 1, 2
LAGS_FOR_RHO = 3


@dataclass(frozen=True, slots=True)
class SeriesComponents:
    """Variances of a level that stays and of a yearly part, and the yearly part's autocorrelation."""

    permanent: float
    yearly: float
    autocorrelation: float
    years_n: int


def series_components(values: Floats, noise: Floats) -> SeriesComponents | None:
    """Fit s² + v² ρ^d to the mean products of results d years apart, the noise of a cell taken from those of d = 0.

    Args:
        values: Result of each group and year, NaN where there is none, shape (groups, years).
        noise: Variance of a result by the chance of its pupils, shape (groups, years).

    Returns:
        None where no two years share two groups. With two years ρ cannot be told and is 0.

    Least squares over lags, each weighted by its pairs, s², v² ≥ 0, ρ on a grid of 0.05. Moments, not likelihood: for
    planning, where a third digit says nothing.
    """
    known = np.isfinite(values)
    centred = np.where(known, values - _year_means(values, known), 0.0)
    years = values.shape[1]
    moments, pairs = [], []
    for lag in range(years):
        both = known[:, : years - lag] & known[:, lag:]
        product = centred[:, : years - lag] * centred[:, lag:]
        pairs.append(int(both.sum()))
        own = noise[both].sum() if lag == 0 else 0.0
        moments.append(_unbiased(product, both) - own / max(pairs[-1], 1))
    if years < 2 or max(pairs[1:]) < 2:
        return None
    found = _fit(np.array(moments), np.array(pairs, dtype=np.float64))
    return SeriesComponents(*found, years_n=int(known.any(axis=0).sum()))


def _year_means(values: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    counts = known.sum(axis=0)
    means: Floats = np.where(known, values, 0.0).sum(axis=0) / np.maximum(counts, 1)
    return means


def _unbiased(product: Floats, both: npt.NDArray[np.bool_]) -> float:
    """Mean product; centring took one group's worth of each year."""
    counts = both.sum(axis=0)
    kept = counts > 1
    if not kept.any():
        return 0.0
    by_year = np.where(both, product, 0.0).sum(axis=0)[kept] / (counts[kept] - 1)
    return float(np.average(by_year, weights=counts[kept]))


def _fit(moments: Floats, pairs: Floats) -> tuple[float, float, float]:
    used = pairs > 1
    lags, target, weight = np.flatnonzero(used), moments[used], np.sqrt(pairs[used])
    tried = TRIED if len(lags) >= LAGS_FOR_RHO else np.zeros(1)
    best = (np.inf, 0.0, 0.0, 0.0)
    for rho in tried:
        columns = np.column_stack([np.ones(len(lags)), float(rho) ** lags])
        for permanent, yearly in _nonnegative(columns * weight[:, None], target * weight):
            miss = float((((columns @ [permanent, yearly]) - target) ** 2) @ weight**2)
            if miss < best[0] - 1e-15:
                best = (miss, permanent, yearly, float(rho))
    return best[1:]


def _nonnegative(columns: Floats, target: Floats) -> list[tuple[float, float]]:
    """Candidates of least squares with two unknowns of at least 0: both free, and either of them alone."""
    free = np.linalg.lstsq(columns, target, rcond=None)[0]
    alone = [max(float(column @ target) / float(column @ column), 0.0) for column in columns.T]
    candidates = [(alone[0], 0.0), (0.0, alone[1])]
    return [(float(free[0]), float(free[1])), *candidates] if (free >= 0).all() else candidates
