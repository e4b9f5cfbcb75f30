"""The tables in which every fitted model answers: the same columns for each kind of model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shnor_analysis.results.fitted_model import GroupEffects, VarianceComponent

TIDY_COLUMNS = (
    "term", "estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high",
)  # fmt: skip
GLANCE_COLUMNS = (
    "model", "method", "errors", "n_obs", "groups", "rows_dropped", "sigma", "loglik", "aic", "bic", "icc",
    "r2_marginal", "r2_conditional", "converged", "is_singular", "iterations", "df_method", "df_residual",
    "df_absorbed", "n_imputations", "reason",
)  # fmt: skip
COMPONENT_COLUMNS = ("group", "term_1", "term_2", "variance", "sd_or_corr")
EFFECT_COLUMNS = ("group", "level", "term", "estimate", "std_error")


def tidy_frame(
    terms: Sequence[str], estimates: ArrayLike, std_errors: ArrayLike, df: ArrayLike, *, level: float
) -> pd.DataFrame:
    """Lay out coefficients with t tests of zero and intervals; df of infinity means the normal distribution.

    Shapes: all (p,). `level` is the coverage of the intervals, 0–1. An error of exactly zero gives a statistic of infinity and an interval of no width.
    """
    value, error, freedom = (np.asarray(x, dtype=np.float64) for x in (estimates, std_errors, df))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = value / error
    half = quantile(0.5 + level / 2, freedom) * error
    return pd.DataFrame(
        {
            "term": pd.Series(list(terms), dtype="str"),
            "estimate": value.copy(),
            "std_error": error.copy(),
            "df": freedom.copy(),
            "statistic": statistic,
            "p_value": 2.0 * lower_tail(-np.abs(statistic), freedom),
            "conf_low": value - half,
            "conf_high": value + half,
        }
    )


def lower_tail(statistic: NDArray[np.float64], df: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(T ≤ statistic) of Student's t, normal where df is infinite."""
    is_normal = np.isinf(df)
    student: NDArray[np.float64] = stdtr(np.where(is_normal, 1.0, df), statistic)
    return np.where(is_normal, ndtr(statistic), student)


def quantile(share: float, df: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantile of Student's t, normal where df is infinite."""
    is_normal = np.isinf(df)
    student = np.asarray(stdtrit(np.where(is_normal, 1.0, df), share), dtype=np.float64)
    return np.where(is_normal, float(ndtri(share)), student)


def glance_frame(values: Mapping[str, Any]) -> pd.DataFrame:
    """One row with all columns of a glance; what the model has not is None."""
    return pd.DataFrame([{name: values.get(name) for name in GLANCE_COLUMNS}], columns=list(GLANCE_COLUMNS))


def components_frame(components: Sequence[VarianceComponent]) -> pd.DataFrame:
    """Variance components as a table; `term_1` and `term_2` are None where there is no term."""
    rows = [[getattr(one, name) for name in COMPONENT_COLUMNS] for one in components]
    frame = pd.DataFrame(rows, columns=list(COMPONENT_COLUMNS))
    for name in ("term_1", "term_2"):
        frame[name] = pd.Series([getattr(one, name) for one in components], dtype=object)
    return frame.astype({"group": "str", "variance": "float64", "sd_or_corr": "float64"})


def effects_frame(effects: Sequence[GroupEffects]) -> pd.DataFrame:
    """Conditional modes as a table: grouping after grouping, of each group a row for every term."""
    parts = [
        pd.DataFrame(
            {
                "group": pd.Series([one.group] * one.estimates.size, dtype="str"),
                "level": pd.Series(one.labels, dtype=object).repeat(len(one.terms)).reset_index(drop=True),
                "term": pd.Series(list(one.terms) * len(one.labels), dtype="str"),
                "estimate": one.estimates.ravel().copy(),
                "std_error": one.std_errors.ravel().copy(),
            }
        )
        for one in effects
    ]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in EFFECT_COLUMNS})
    return pd.concat(parts, ignore_index=True)
