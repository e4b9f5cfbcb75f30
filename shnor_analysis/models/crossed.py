"""Random effects that cross instead of nesting: handed to the package of the extra `[mixed]`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from shnor_analysis.kernels.multilevel import CannotFit, MultilevelSpec, fit_moments, moments_from_arrays
from shnor_analysis.models.model_rows import BarRows, ModelRows
from shnor_analysis.models.variance_components import components_of, residual_of
from shnor_analysis.results import GroupEffects, VarianceComponent

Floats = npt.NDArray[np.float64]
ENGINE = "mixedlm"


@dataclass(frozen=True, slots=True)
class CrossedFit:
    """Estimates of a model with crossed effects, in the order of the fixed columns given.

    `matrices` holds for each bar the covariance matrix of its effects, shape (q, q).
    """

    estimates: Floats
    covariance: Floats
    df: Floats
    sigma: float
    loglik: float
    n_parameters: int
    components: tuple[VarianceComponent, ...]
    effects: tuple[GroupEffects, ...]
    matrices: tuple[Floats, ...]
    is_converged: bool
    is_singular: bool
    iterations: int


def fit_crossed(rows: ModelRows, *, method: Literal["reml", "ml"]) -> CrossedFit:
    """Fit y = Xβ + Σ Zb + e with groupings that need not be nested.

    Parameters:
        rows: X, y, Z and weights; effects of different bars are independent.
        method: Which likelihood.

    Raises:
        CannotFit: What the data do not identify.
        ImportError: The extra is not installed; ask `has_crossed_engine` before.

    Limits: all rows are in memory. Degrees of freedom are Satterthwaite's.
    Source: the package mixedlm; checked against lme4, tests/reference/test_crossed.py.
    """
    _refuse_unidentified(rows)
    engine = import_module(ENGINE)
    fixed, bars = rows.fixed, rows.bars
    table, text = _renamed(fixed, rows.outcome, bars)
    with warnings.catch_warnings():
        # how the search ended is told by the values below
        warnings.simplefilter("ignore")
        fit = engine.lmer(text, table, REML=method == "reml", weights=rows.weights)
        df = np.asarray(engine.satterthwaite_df(fit).df, dtype=np.float64)
        modes = fit.ranef(condVar=True)
    estimates = np.array([fit.fixef()[f"x{at}"] for at in range(fixed.shape[1])])
    matrices = _matrices(fit)
    many = sum(matrix.shape[0] * (matrix.shape[0] + 1) // 2 for matrix in matrices.values())
    order = _as_lme4(bars)
    return CrossedFit(
        estimates=estimates,
        covariance=np.asarray(fit.vcov(), dtype=np.float64),
        df=df,
        sigma=float(fit.get_sigma()),
        loglik=float(fit.logLik().value),
        n_parameters=fixed.shape[1] + many + 1,
        components=_components(bars, order, matrices, float(fit.get_sigma())),
        effects=_effects(bars, order, fit, modes),
        matrices=tuple(matrices[at] for at in range(len(bars))),
        is_converged=bool(fit.converged),
        is_singular=bool(fit.isSingular()),
        iterations=int(fit.n_iter),
    )


def _refuse_unidentified(rows: ModelRows) -> None:
    """Refuse what least squares cannot tell apart, and groups that say nothing of a spread between them."""
    columns = (*rows.terms, rows.outcome_name)
    values = np.column_stack([rows.fixed, rows.outcome])
    moments = moments_from_arrays(columns, values, groups=(), random=(), weights=rows.weights)
    fit_moments(moments, MultilevelSpec(tuple(range(len(rows.terms))), len(rows.terms)))
    for bar in rows.bars:
        n_groups = len(pd.unique(bar.labels))
        if n_groups < 2:
            raise CannotFit("one_group", group=bar.group)
        if n_groups == len(rows.outcome):
            raise CannotFit("one_pupil_per_group", group=bar.group)


def has_crossed_engine() -> bool:
    """Whether the extra `[mixed]` is installed."""
    return find_spec(ENGINE) is not None


def _renamed(fixed: Floats, outcome: Floats, bars: Sequence[BarRows]) -> tuple[pd.DataFrame, str]:
    """Rows under plain names, since the package names factor columns its own way, and the formula over them."""
    columns: dict[str, Any] = {"y": outcome}
    columns |= {f"x{at}": column for at, column in enumerate(fixed.T)}
    groups = _group_names(bars)
    text = ["0", *(f"x{at}" for at in range(fixed.shape[1]))]
    for place, bar in enumerate(bars):
        names = [f"z{place}_{at}" for at in range(len(bar.terms))]
        columns |= dict(zip(names, bar.matrix.T, strict=True))
        columns[groups[bar.group]] = pd.factorize(bar.labels)[0]
        text.append(f"(0 + {' + '.join(names)} | {groups[bar.group]})")
    return pd.DataFrame(columns), f"y ~ {' + '.join(text)}"


def _group_names(bars: Sequence[BarRows]) -> dict[str, str]:
    return {name: f"g{at}" for at, name in enumerate(dict.fromkeys(bar.group for bar in bars))}


def _matrices(fit: Any) -> dict[int, Floats]:
    """Covariance matrix of each bar, by its place."""
    found = {}
    for one in fit.VarCorr().groups.values():
        place = int(one.term_names[0][1:].partition("_")[0])
        found[place] = np.asarray(one.cov, dtype=np.float64)
    return found


def _as_lme4(bars: Sequence[BarRows]) -> list[int]:
    """Places of the bars, the grouping with most groups first."""
    return sorted(range(len(bars)), key=lambda at: -len(pd.unique(bars[at].labels)))


def _components(
    bars: Sequence[BarRows], order: Sequence[int], matrices: dict[int, Floats], sigma: float
) -> tuple[VarianceComponent, ...]:
    made: list[VarianceComponent] = []
    for at in order:
        made += components_of(bars[at].group, bars[at].terms, matrices[at])
    return (*made, residual_of(sigma))


def _effects(bars: Sequence[BarRows], order: Sequence[int], fit: Any, modes: Any) -> tuple[GroupEffects, ...]:
    """Conditional modes by grouping, the terms of its bars side by side."""
    groups = _group_names(bars)
    levels = {one.grouping_factor: one.level_map for one in fit.matrices.random_structures}
    made = []
    for name in dict.fromkeys(bars[at].group for at in order):
        own = [at for at in order if bars[at].group == name]
        code = groups[name]
        labels = pd.factorize(bars[own[0]].labels)[1]
        place = np.array([levels[code][at] for at in range(len(labels))])
        columns = [f"z{at}_{term}" for at in own for term in range(len(bars[at].terms))]
        made.append(
            GroupEffects(
                group=name,
                labels=tuple(labels),
                terms=tuple(term for at in own for term in bars[at].terms),
                estimates=np.column_stack([modes[code][one][place] for one in columns]),
                std_errors=np.sqrt(np.column_stack([modes.condVar[code][one][place] for one in columns])),
            )
        )
    return tuple(made)
