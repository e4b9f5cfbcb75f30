"""Models of the same rows side by side."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pandas as pd


@dataclass(frozen=True, slots=True)
class ComparedModel:
    """One model among those compared; the numbers are None where it could not be fitted, `reason` says why."""

    formula: str
    n_parameters: int | None
    loglik: float | None
    aic: float | None
    bic: float | None
    delta_aic: float | None
    is_singular: bool | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """Models of the same rows by full maximum likelihood, in the order in which they were asked for.

    `delta_aic` is the distance from the smallest AIC among them: a difference below 2 tells nothing.
    """

    models: tuple[ComparedModel, ...]
    n_obs: int
    rows_dropped: int

    def tidy(self) -> pd.DataFrame:
        """A row a model: the fields of `ComparedModel`."""
        names = [one.name for one in fields(ComparedModel)]
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self.models], columns=names)

    def glance(self) -> pd.DataFrame:
        """One row: how many rows and models, and the formula with the smallest AIC."""
        best = [one.formula for one in self.models if one.delta_aic == 0]
        return pd.DataFrame(
            [
                {
                    "n_obs": self.n_obs,
                    "rows_dropped": self.rows_dropped,
                    "n_models": len(self.models),
                    "n_fitted": sum(one.reason is None for one in self.models),
                    "smallest_aic": best[0] if best else None,
                }
            ]
        )
