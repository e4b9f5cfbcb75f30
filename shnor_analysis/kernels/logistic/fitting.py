"""Fit a multilevel logistic model: starting values, search, boundary, errors, effects of groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.logistic.block_modes import BlockModes
from shnor_analysis.kernels.logistic.blocks import block_errors
from shnor_analysis.kernels.logistic.identification import (
    check_columns,
    check_outcome,
    check_separation,
    products,
)
from shnor_analysis.kernels.logistic.intercept import intercept_errors
from shnor_analysis.kernels.logistic.optimum import Climb
from shnor_analysis.kernels.logistic.rows import Floats, LogisticRows, LogisticSpec
from shnor_analysis.kernels.logistic.search import (
    SINGULAR,
    climb_blocks,
    climb_intercept,
    find_metric,
    is_intercept,
    standardised,
)
from shnor_analysis.kernels.read_only import make_read_only
from shnor_analysis.kernels.refusals import CannotFit

# eigenvalue of the information about variances, as a share of the largest, below which a direction is flat
FLAT = 1e-9
# logits: random effects so wide say that outcomes do not vary inside groups
WIDEST = 25.0


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """A multilevel logistic model at the top of Laplace's log-likelihood.

    Attributes:
        coefficients: β, shape (p,), in logits.
        covariance: From the joint second derivatives by β and the variance parameters, shape (p, p).
        outer_covariance: Covariance of the outer groups' effects, shape (q, q).
        inner_variance: Variance of the inner groups' intercepts; None without an inner level.
        loglik: With the constant of the binomial coefficients.
        n_parameters: Coefficients and variance parameters.
        is_converged: Whether nothing was left to gain at the end of the search.
        is_singular: Whether the covariance of the effects is not of full rank.
        iterations: Steps of the search over all rows.
        gradient_norm: Largest entry of the gradient at the end, in units of its standard error.
        outer_effects, outer_errors: Conditional modes and standard deviations, shape (G, q).
        inner_effects, inner_errors: The same of the inner groups, shape (C,).
    """

    coefficients: Floats
    covariance: Floats
    outer_covariance: Floats
    inner_variance: float | None
    loglik: float
    n_parameters: int
    is_converged: bool
    is_singular: bool
    iterations: int
    gradient_norm: float
    outer_effects: Floats
    outer_errors: Floats
    inner_effects: Floats
    inner_errors: Floats

    def __post_init__(self) -> None:
        make_read_only(self.coefficients, self.covariance, self.outer_covariance, self.outer_effects)
        make_read_only(self.outer_errors, self.inner_effects, self.inner_errors)


def fit_logistic(rows: LogisticRows, spec: LogisticSpec) -> LogisticFit:
    """Maximise Laplace's log-likelihood over coefficients and variance parameters.

    Parameters:
        rows: Sorted rows.
        spec: What varies between groups: an intercept, any columns of the design, and intercepts of inner groups.

    Raises:
        CannotFit: ``constant_outcome``, ``one_group``, ``one_pupil_per_group``, ``constant_column``, ``collinear``,
            ``separated`` (all with names where columns are at fault), ``groups_separated`` or ``no_optimum``.

    Limits: Laplace's approximation (lme4's nAGQ = 1) is off where groups have few trials or outcomes are rare.

    Source: docs/method/multilevel_logistic.md; checked against lme4 in tests/reference.
    """
    check_outcome(rows, spec.groups)
    p = rows.n_fixed
    crossed = products(rows)
    check_columns(rows.names[:p], crossed[:p, :p], rows.n_trials)
    share = float(rows.successes.sum()) / rows.n_trials
    if is_intercept(rows, spec, crossed):
        found, modes = spec, np.zeros(rows.n_groups)
        top = climb_intercept(rows, modes, find_metric(rows, spec, crossed), share)
        block_modes = BlockModes(modes[None], np.empty(0))
    else:
        found = standardised(rows, spec, crossed)
        block_modes = BlockModes(np.zeros((len(spec.random), rows.n_groups)), np.zeros(rows.n_inner))
        top = climb_blocks(rows, found, block_modes, find_metric(rows, found, crossed), share)
    check_separation(rows.names[:p], -top.curvature[:p, :p], crossed[:p, :p], share)
    if float(np.linalg.norm(top.point[p:])) > WIDEST:
        raise CannotFit("groups_separated")
    if found is spec:
        errors = (intercept_errors(rows, top.point, block_modes.outer[0])[:, None], np.empty(0))
    else:
        errors = block_errors(rows, found, top.point, block_modes)
    return _fit(rows, found, top, block_modes, errors)


def _fit(
    rows: LogisticRows,
    spec: LogisticSpec,
    top: Climb,
    modes: BlockModes,
    errors: tuple[Floats, Floats],
) -> LogisticFit:
    p = rows.n_fixed
    factor, inner_sd = spec.factor(top.point[p:]), spec.inner_sd(top.point[p:])
    root = spec.of_columns(factor)
    information = -top.curvature
    # a flat direction among the variance parameters (a singular fit) tells nothing about the coefficients
    inside = information[:p, p:] @ np.linalg.pinv(information[p:, p:], rcond=FLAT, hermitian=True)
    covariance = np.linalg.inv(information[:p, :p] - inside @ information[p:, :p])
    if not np.all(np.diag(covariance) > 0.0):
        raise CannotFit("no_optimum")
    smallest = float(np.linalg.svd(factor, compute_uv=False).min())
    scaled = top.at.gradient / np.sqrt(np.maximum(np.diag(information), 1e-300))
    return LogisticFit(
        coefficients=top.point[:p],
        covariance=(covariance + covariance.T) / 2.0,
        outer_covariance=root @ root.T,
        inner_variance=inner_sd**2 if spec.has_inner else None,
        loglik=top.at.value + rows.log_constant,
        n_parameters=top.point.size,
        is_converged=top.is_top,
        is_singular=smallest < SINGULAR or (spec.has_inner and abs(inner_sd) < SINGULAR),
        iterations=top.steps,
        gradient_norm=float(np.abs(scaled).max()),
        outer_effects=(root @ modes.outer).T,
        outer_errors=errors[0],
        inner_effects=inner_sd * modes.inner,
        inner_errors=errors[1],
    )
