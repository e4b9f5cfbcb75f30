"""Multilevel logistic models by Laplace's approximation, all groups at once."""

from shnor_analysis.kernels.logistic.fitting import LogisticFit, fit_logistic
from shnor_analysis.kernels.logistic.rows import (
    LogisticRows,
    LogisticSpec,
    binomial_constant,
    sort_rows,
    sorting_order,
)

__all__ = [
    "LogisticFit",
    "LogisticRows",
    "LogisticSpec",
    "binomial_constant",
    "fit_logistic",
    "sort_rows",
    "sorting_order",
]
