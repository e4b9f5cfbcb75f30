"""Covariance matrices of random effects as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shnor_analysis.results import VarianceComponent
from shnor_analysis.results.fitted_model import RESIDUAL

Floats = npt.NDArray[np.float64]


def components_of(group: str, terms: Sequence[str], matrix: Floats) -> list[VarianceComponent]:
    """Variances, then covariances column by column, of one covariance matrix, as lme4 lists them.

    Parameters:
        group: Name of the grouping.
        terms: Names of the q effects.
        matrix: Their covariance matrix, shape (q, q). A correlation with an effect of no variance is NaN.
    """
    deviations = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    made = [
        VarianceComponent(group, name, None, float(matrix[at, at]), float(deviations[at]))
        for at, name in enumerate(terms)
    ]
    for at in range(len(terms)):
        for other in range(at + 1, len(terms)):
            size = deviations[at] * deviations[other]
            correlation = float(matrix[at, other] / size) if size > 0 else float("nan")
            made.append(
                VarianceComponent(group, terms[at], terms[other], float(matrix[at, other]), correlation)
            )
    return made


def residual_of(sigma: float) -> VarianceComponent:
    """The last component, from the standard deviation of the residual."""
    return VarianceComponent(RESIDUAL, None, None, sigma**2, sigma)
