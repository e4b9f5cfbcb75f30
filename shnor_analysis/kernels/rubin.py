"""Rubin's rules: one answer from the answers for each plausible value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.read_only import make_read_only

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pooled:
    """Combined estimates.

    Attributes:
        estimates: Means over the plausible values, shape (p,).
        covariance: Total covariance: within + (1 + 1/M) between, shape (p, p).
        df: Degrees of freedom, shape (p,); infinity where neither rows nor plausible values limit them.
        missing_share: Share of the total variance that the spread between plausible values makes, shape (p,).
    """

    estimates: Floats
    covariance: Floats
    df: Floats
    missing_share: Floats

    def __post_init__(self) -> None:
        make_read_only(self.estimates, self.covariance, self.df, self.missing_share)


def pool(estimates: Floats, covariances: Floats, df: Floats) -> Pooled:
    """Combine M complete analyses of the same p quantities.

    Parameters:
        estimates: Shape (M, p).
        covariances: Shape (M, p, p).
        df: Degrees of freedom of each complete analysis, shape (M, p); infinity allowed. Their mean counts.

    Raises:
        ValueError: No analysis at all.

    Limits: the plausible values must have been drawn from a model that knows what is asked here; otherwise the
    combined answer is biased towards zero, and no rule repairs it.
    Source: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; Barnard & Rubin (1999), Biometrika 86,
    948–955, eq. 3. Checked by hand and against the formula of `mice::pool`.
    """
    many = len(estimates)
    if many == 0:
        raise ValueError("nothing to combine")
    mean = estimates.mean(axis=0)
    within = covariances.mean(axis=0)
    complete = df.mean(axis=0)
    if many == 1:
        return Pooled(mean, within, complete, np.zeros_like(mean))
    away = estimates - mean
    between = (1 + 1 / many) * (away.T @ away) / (many - 1)
    total = within + between
    variance = np.diag(total)
    share = np.divide(np.diag(between), variance, out=np.zeros_like(variance), where=variance > 0)
    return Pooled(mean, total, _barnard_rubin(share, complete, many), share)


def _barnard_rubin(share: Floats, complete: Floats, many: int) -> Floats:
    """Degrees of freedom from what the plausible values leave open and what the rows allow."""
    with np.errstate(divide="ignore", invalid="ignore"):
        from_values = (many - 1) / share**2
        observed = complete * (complete + 1) / (complete + 3) * (1 - share)
        observed = np.where(np.isinf(complete), np.inf, observed)
        return 1 / (1 / from_values + 1 / observed)
