"""Fit the latent level of schools to counts of low results of all years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.list_flow.covariance import Cells, covariance, gradients, prior_of
from shnor_analysis.kernels.list_flow.sites import propagate
from shnor_analysis.kernels.read_only import make_read_only

Array = NDArray[np.float64]

MOST_STEPS = 60
CLOSE_ENOUGH = 1e-3
LONGEST_STEP = 1.0
# means of years are free; a prior this wide only keeps them finite where nobody or everybody is low
MEAN_SD = 4.0


@dataclass(frozen=True, slots=True)
class Level:
    """The fitted level: parameters with their covariance, means of cells, counts as normal observations.

    `theta` and `theta_covariance` as in `covariance.py`; `mean` and `mean_covariance` of the cells, log odds;
    `precision` and `value` of each school's cells, shape (schools, cells), precision 0 where there is no result.
    """

    cells: Cells
    theta: Array
    theta_covariance: Array
    mean: Array
    mean_covariance: Array
    precision: Array
    value: Array
    has_converged: bool


def fit_level(low: Array, tested: Array, cells: Cells) -> Level:
    """Fit  low ~ Binomial(tested, expit(μ_cell + u_s + v_st + c_sp + w_spt)), v AR(1) over years, all parts normal.

    Args:
        low: Low results, shape (schools, cells).
        tested: Tested, the same shape, 0 where there is no result; every cell has one at least.
        cells: Year and procedure of each cell.

    Returns:
        Posterior mode of the parameters with the inverse of Fisher's information, restricted likelihood.

    Source:
        Counts by expectation propagation (Minka 2001; Rasmussen & Williams 2006, ch. 3.6): at its fixed point the
        derivative of the approximate evidence is that of the normal observations held fixed. Scoring after Patterson &
        Thompson (1971).
    """
    centre, spread = prior_of(cells.has_procedures)
    theta = centre.copy()
    mean = np.log((low.sum(axis=0) + 0.5) / ((tested - low).sum(axis=0) + 0.5))
    precision, shift = _start(low, tested)
    has_converged = False
    for _ in range(MOST_STEPS):
        state = _posterior(theta, cells, precision, shift)
        precision, shift = propagate((low, tested), precision, shift, (state.level, state.variance))
        score, information = _score(theta, cells, precision, shift)
        slope = score - (theta - centre) / spread**2
        step = np.linalg.solve(information + np.diag(1 / spread**2), slope)
        size = float(np.abs(step).max())
        moved = float(np.abs(state.mean - mean).max())
        theta, mean = theta + step * min(1.0, LONGEST_STEP / max(size, 1e-12)), state.mean
        if max(size, moved) < CLOSE_ENOUGH:
            has_converged = True
            break
    _, information = _score(theta, cells, precision, shift)
    state = _posterior(theta, cells, precision, shift)
    value = shift / np.where(precision > 0, precision, 1.0)
    theta_covariance = np.asarray(np.linalg.inv(information + np.diag(1 / spread**2)), dtype=np.float64)
    make_read_only(theta, theta_covariance, precision, value)
    return Level(
        cells=cells,
        theta=theta,
        theta_covariance=theta_covariance,
        mean=state.mean,
        mean_covariance=state.mean_covariance,
        precision=precision,
        value=value,
        has_converged=has_converged,
    )


def weights_of(theta: Array, cells: Cells, precision: Array) -> Array:
    """Inverse covariance of each school's normal observations, zeros where there is none: (schools, cells, cells)."""
    return _weights(covariance(theta, cells, cells, is_same=True), precision)


def _weights(together: Array, precision: Array) -> Array:
    root = np.sqrt(precision)
    inner = root[:, :, None] * together * root[:, None, :] + np.eye(together.shape[0])
    return np.asarray(root[:, :, None] * np.linalg.inv(inner) * root[:, None, :])


@dataclass(frozen=True, slots=True)
class _Posterior:
    mean: Array
    mean_covariance: Array
    level: Array
    variance: Array


def means_of(weights: Array, precision: Array, shift: Array) -> tuple[Array, Array]:
    """Means of cells by generalised least squares and their covariance."""
    value = shift / np.where(precision > 0, precision, 1.0)
    total = weights.sum(axis=0) + np.eye(weights.shape[1]) / MEAN_SD**2
    spread = np.linalg.inv(total)
    return spread @ np.einsum("sij,sj->i", weights, value), spread


def _posterior(theta: Array, cells: Cells, precision: Array, shift: Array) -> _Posterior:
    together = covariance(theta, cells, cells, is_same=True)
    weights = _weights(together, precision)
    mean, mean_covariance = means_of(weights, precision, shift)
    value = np.where(precision > 0, shift / np.where(precision > 0, precision, 1.0) - mean, 0.0)
    level = mean + np.einsum("sij,sj->si", weights, value) @ together
    variance = np.diag(together) - np.einsum("ij,sjk,ki->si", together, weights, together, optimize=True)
    return _Posterior(mean, mean_covariance, level, np.maximum(variance, 1e-10))


def _start(low: Array, tested: Array) -> tuple[Array, Array]:
    """First observations: log odds with half a pupil added on either side."""
    chance = (low + 0.5) / (tested + 1)
    precision = tested * chance * (1 - chance)
    return precision, precision * np.log(chance / (1 - chance))


def _score(theta: Array, cells: Cells, precision: Array, shift: Array) -> tuple[Array, Array]:
    """Derivative of the restricted likelihood of the normal observations, and Fisher's information."""
    together, slopes = gradients(theta, cells)
    weights = _weights(together, precision)
    mean, mean_covariance = means_of(weights, precision, shift)
    value = np.where(precision > 0, shift / np.where(precision > 0, precision, 1.0) - mean, 0.0)
    pull = np.einsum("sij,sj->si", weights, value)
    misfit = pull.T @ pull - weights.sum(axis=0)
    score, products = [], []
    for slope in slopes:
        product = weights @ slope
        correction = np.einsum("ij,sjk,ski->", mean_covariance, product, weights, optimize=True)
        score.append(0.5 * (float((misfit * slope).sum()) + float(correction)))
        products.append(product)
    size = len(products)
    information = np.empty((size, size))
    for one in range(size):
        for other in range(one, size):
            crossed = 0.5 * float((products[one] * np.swapaxes(products[other], 1, 2)).sum())
            information[one, other] = information[other, one] = crossed
    return np.array(score), information
