"""Measures of a whole fit that every model has: information criteria, shares of variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from shnor_analysis.kernels.explained_variance import VarianceParts


def information(loglik: float, n_parameters: int, n_obs: int) -> dict[str, Any]:
    """Log-likelihood with the criteria of Akaike and of Bayes, as R counts them."""
    return {
        "loglik": loglik,
        "aic": 2 * n_parameters - 2 * loglik,
        "bic": n_parameters * float(np.log(n_obs)) - 2 * loglik,
    }


def shares(parts: VarianceParts | None) -> dict[str, Any]:
    """Intraclass correlation and explained shares; nothing where means are not known."""
    if parts is None:
        return {}
    return {"icc": parts.icc, "r2_marginal": parts.r2_marginal, "r2_conditional": parts.r2_conditional}
