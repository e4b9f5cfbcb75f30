"""One index for many columns that go together: their first principal component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shnor_analysis.kernels.read_only import make_read_only

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FirstComponent:
    """Scores with mean 0 and spread 1, and how they are made: Σ weight · (column − mean) / sd.

    Attributes:
        weights: Shape (columns,).
        means: Means of the columns, shape (columns,).
        sds: Their standard deviations (n − 1), shape (columns,).
        explained_share: Part of the columns' total variance (after standardising) that the index keeps, 0–1.
        scores: Shape (rows,).
    """

    weights: Array
    means: Array
    sds: Array
    explained_share: float
    scores: Array

    def __post_init__(self) -> None:
        make_read_only(self.weights, self.means, self.sds, self.scores)


def first_component(values: ArrayLike, *, directions: ArrayLike) -> FirstComponent:
    """Fold columns into one index that is higher where circumstances are harder.

    The columns are standardised, so that none counts more for its unit; the weights are the leading eigenvector of
    their correlation matrix, scaled so that the scores have standard deviation 1.

    Args:
        values: Shape (rows, columns), without gaps; at least two rows.
        directions: Shape (columns,): positive where a higher value is harder, negative where it is easier, the more
            the further from 0. The sign of the index is the one under which Σ weight · direction is not negative; where
            that is 0, the one that makes the largest weight positive.

    Raises:
        ValueError: A column does not vary, or a value is missing.

    Limits:
        The component that keeps most of the columns' own spread need not be the one that goes most with results.

    Source: Hotelling (1933); weights of standardised columns as in Filmer & Pritchett (2001), Demography 38: 115–132.
    """
    columns = np.asarray(values, dtype=float)
    means, sds = columns.mean(axis=0), columns.std(axis=0, ddof=1)
    if not np.isfinite(columns).all() or np.any(sds <= 1e-12 * np.maximum(1.0, np.abs(means))):
        raise ValueError("a column does not vary or has gaps")
    standard = (columns - means) / sds
    variances, vectors = np.linalg.eigh(standard.T @ standard / (len(columns) - 1))
    weights = vectors[:, -1] / np.sqrt(variances[-1])
    toward = float(weights @ np.asarray(directions, dtype=float))
    if np.isclose(toward, 0.0, atol=1e-12):
        toward = float(weights[np.argmax(np.abs(weights))])
    weights = weights * np.sign(toward)
    return FirstComponent(weights, means, sds, float(variances[-1] / variances.sum()), standard @ weights)
