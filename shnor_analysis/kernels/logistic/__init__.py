"""Multilevel logistic models by Laplace's approximation, all groups at once."""

from shnor_analysis.kernels.logistic.fitting import LogisticFit, fit_logistic
from shnor_analysis.kernels.logistic.rows import LogisticRows, LogisticSpec, sort_rows

__all__ = ["LogisticFit", "LogisticRows", "LogisticSpec", "fit_logistic", "sort_rows"]
