"""One shape for every fitted model: linear, multilevel, logistic, crossed, pooled over plausible values."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.results.freezing import frozen, is_same

if TYPE_CHECKING:
    import pandas as pd

    from shnor_analysis.results.prediction import Predictor

RESIDUAL = "Residual"


@dataclass(frozen=True, slots=True)
class VarianceComponent:
    """A variance (`term_2` None, `sd_or_corr` its root) or a covariance (`sd_or_corr` the correlation).

    `group` is a grouping of the formula or ``Residual``, which has no terms.
    """

    group: str
    term_1: str | None
    term_2: str | None
    variance: float
    sd_or_corr: float


@dataclass(frozen=True, slots=True, eq=False)
class GroupEffects:
    """Conditional modes of one grouping: what each group adds to the coefficients of `terms`.

    Shapes: `labels` (G,) as in the data, `estimates` and `std_errors` (G, q); units of the outcome (of its logit).
    """

    group: str
    labels: tuple[object, ...] = field(repr=False)
    terms: tuple[str, ...]
    estimates: NDArray[np.float64] = field(repr=False)
    std_errors: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        plain = tuple(self.labels)
        # a country has tens of thousands of labels, nearly always plain ones
        if any(issubclass(kind, np.generic) for kind in set(map(type, plain))):
            plain = tuple(one.item() if isinstance(one, np.generic) else one for one in plain)
        object.__setattr__(self, "labels", plain)
        for name in ("estimates", "std_errors"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __eq__(self, other: object) -> bool:
        return _is_equal(self, other)

    def __hash__(self) -> int:
        return hash((self.group, self.labels, self.terms, self.estimates.tobytes()))


@dataclass(frozen=True, slots=True)
class FitFacts:
    """What `glance()` tells of a fit besides its name; None where the kind of model has no such number.

    Parameters:
        n_obs: Rows used.
        rows_dropped: Rows left out for missing values.
        groups: Count of groups for each grouping, innermost first.
        sigma: Standard deviation of the residual, in units of the outcome.
        loglik: Log-likelihood (of the residuals under REML, as in lme4).
        icc: Share of variance that lies between groups (mean over the rows where slopes vary).
        r2_marginal, r2_conditional: Share of variance explained by the fixed part, by fixed and random parts
            (Nakagawa & Schielzeth 2013; Johnson 2014); `r2_marginal` of a linear model is its R².
        df_method: Code of how degrees of freedom were found: ``satterthwaite``, ``residual``,
            ``cluster_satterthwaite``, ``normal``, ``barnard_rubin``.
        df_residual: Rows less everything estimated, absorbed effects included; linear models.
        df_absorbed: Effects absorbed, as the rank they take; linear models.
        n_imputations: Plausible values combined.
    """

    n_obs: int
    rows_dropped: int = 0
    groups: tuple[tuple[str, int], ...] = ()
    sigma: float | None = None
    loglik: float | None = None
    aic: float | None = None
    bic: float | None = None
    icc: float | None = None
    r2_marginal: float | None = None
    r2_conditional: float | None = None
    converged: bool = True
    is_singular: bool = False
    iterations: int = 0
    df_method: str = "satterthwaite"
    df_residual: float | None = None
    df_absorbed: int | None = None
    n_imputations: int | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FittedModel:
    """What was estimated and how sure it is; nothing in it can be changed, every table handed out is a copy.

    Parameters:
        model: ``linear``, ``multilevel`` or ``logistic``.
        formula: As given.
        outcome: Name of what is explained.
        method: ``reml``, ``ml``, ``ols`` or ``laplace``.
        errors: Of the coefficients: ``model``, ``classical``, ``CR0``, ``CR1``, ``CR1S``, ``CR2``.
        level: Of the intervals.
        terms: Names of the p coefficients as formulaic names them.
        estimates: Shape (p,), in units of the outcome (of its logit) per unit of the term.
        covariance: Shape (p, p).
        df: Degrees of freedom of each coefficient's t test, shape (p,); infinity means normal.
        components: Variances and covariances, innermost grouping first, ``Residual`` last.
        effects: Conditional modes by grouping, in the order of `components`.
        facts: Sizes, likelihood, explained variance, how the search ended.
        predictor: Knows the recipe of the columns and the data of the fit; no part of equality.
    """

    model: Literal["linear", "multilevel", "logistic"]
    formula: str
    outcome: str
    method: str
    errors: str
    level: float
    terms: tuple[str, ...]
    estimates: NDArray[np.float64]
    covariance: NDArray[np.float64]
    df: NDArray[np.float64]
    components: tuple[VarianceComponent, ...]
    effects: tuple[GroupEffects, ...]
    facts: FitFacts
    predictor: Predictor | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for name in ("estimates", "covariance", "df"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __eq__(self, other: object) -> bool:
        return _is_equal(self, other)

    def __hash__(self) -> int:
        return hash((self.model, self.formula, self.terms, self.estimates.tobytes()))

    def __repr__(self) -> str:
        # a notebook keeps this text beside what it shows, so it must not hold the effect of every group
        from shnor_analysis.language import session_language
        from shnor_analysis.results.shown_fit import plain

        return plain(self, session_language())

    @property
    def std_errors(self) -> NDArray[np.float64]:
        """Standard errors of the coefficients, shape (p,)."""
        return frozen(np.sqrt(np.diag(self.covariance)))

    def tidy(self) -> pd.DataFrame:
        """Coefficients: term, estimate, std_error, df, statistic, p_value, conf_low, conf_high; full precision."""
        from shnor_analysis.results.frames import tidy_frame

        return tidy_frame(self.terms, self.estimates, self.std_errors, self.df, level=self.level)

    def glance(self) -> pd.DataFrame:
        """One row: the kind of model, sizes, likelihood, explained variance, how the search ended."""
        from shnor_analysis.results.frames import glance_frame

        own = {"model": self.model, "method": self.method, "errors": self.errors, "reason": None}
        facts = {one.name: getattr(self.facts, one.name) for one in fields(FitFacts)}
        return glance_frame({**own, **facts, "groups": dict(self.facts.groups)})

    def variance_components(self) -> pd.DataFrame:
        """Variances, then correlations, of each grouping: group, term_1, term_2, variance, sd_or_corr."""
        from shnor_analysis.results.frames import components_frame

        return components_frame(self.components)

    def random_effects(self) -> pd.DataFrame:
        """Conditional modes: group, level (label of the group in the data), term, estimate, std_error.

        Limits: effects of groups of pupils are pupil data; they leave the house only through the disclosure door.
        """
        from shnor_analysis.results.frames import effects_frame

        return effects_frame(self.effects)

    def predict(
        self, new: Any = None, *, level: Literal["population", "group"] = "population"
    ) -> pd.DataFrame:
        """Predict the outcome (its probability, for a logistic model) for each row.

        Parameters:
            new: Rows with the columns of the fixed part, and of the groupings for ``group``: a frame, a Parquet path
                or a relation. None reads the data of the fit again: its complete rows.
            level: ``population``: fixed part alone. ``group``: with the conditional modes of the groups known to
                the fit; a group that it does not know adds nothing.

        Returns:
            One row a row of `new`, with its index: `predicted` (missing where a column is), and for ``group``
            `unknown_groups`: the groupings whose group was not in the fit, joined by commas.

        Raises:
            UsageProblem: ``predict_without_data``, ``predict_level_unknown``, ``predict_absorbed``.
        """
        from shnor_analysis.results.prediction import predict

        return predict(self, new, level)

    def store(self, folder: Path) -> None:
        """Write the value as Parquet and `spec.json`; whole or not at all, replacing what was there."""
        from shnor_analysis.results.stored_fit import store_fit

        store_fit(self, folder)

    def html(self, language: str) -> str:
        """The model as a page shows it, in one of the two languages."""
        from shnor_analysis.results.shown_fit import html

        return html(self, language)

    def _repr_html_(self) -> str:
        from shnor_analysis.language import session_language

        return self.html(session_language())


def _is_equal(one: Any, other: object) -> bool:
    """Compare two values of one class field by field, arrays by their numbers."""
    compared = [item.name for item in fields(one) if item.compare]
    return type(other) is type(one) and all(
        is_same(getattr(one, name), getattr(other, name)) for name in compared
    )
