"""Fit a Gaussian multilevel model from sums of products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shnor_analysis.kernels.multilevel import parameters
from shnor_analysis.kernels.multilevel.identification import refuse_perfect_fit, refuse_unidentified
from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments
from shnor_analysis.kernels.multilevel.optimum import Optimum, find_optimum
from shnor_analysis.kernels.multilevel.spec import MultilevelSpec
from shnor_analysis.kernels.multilevel.working import Working, prepare
from shnor_analysis.kernels.read_only import make_read_only
from shnor_analysis.kernels.refusals import CannotFit

# an exact 0 is a stationary point: the search would never leave it
SMALLEST_START = 1e-3


@dataclass(frozen=True, slots=True)
class Component:
    """Covariance matrix of random coefficients at one level.

    Attributes:
        level: Position of the level in the moments.
        columns: Positions of the columns in the moments.
        covariance: G, shape (q, q), squared units of the outcome per units of the columns.
    """

    level: int
    columns: tuple[int, ...]
    covariance: Floats

    def __post_init__(self) -> None:
        make_read_only(self.covariance)


@dataclass(frozen=True, slots=True)
class MultilevelFit:
    """Estimates of a Gaussian multilevel model, in the units of the data.

    Attributes:
        spec: The model.
        coefficients: Fixed part β in the order of `spec.fixed`, shape (p,).
        covariance: Of β, σ² (X'V⁻¹X)⁻¹, shape (p, p).
        theta: Relative covariance parameters as in lme4: lower triangles of Λ column by column, diagonal ≥ 0,
            blocks in the order of `components`.
        sigma: Residual standard deviation.
        loglik: Log-likelihood, restricted for REML.
        deviance: −2 loglik.
        n_obs: Rows.
        n_parameters: Fixed coefficients, covariance parameters and σ.
        components: One covariance matrix a block: innermost level first, terms in the order of the model.
        is_converged: Whether a further step would gain nothing that can be seen.
        is_singular: Whether some random coefficients, or a combination of them, have no variance (relative standard
            deviation below 1e-4, as lme4::isSingular, for columns of scale 1).
        iterations: Steps of the search.
        gradient_norm: Distance to the optimum that a further step expects, in standard errors of the parameters.
        working_theta: The parameters as they were optimised; a start for a similar model's fit.
    """

    spec: MultilevelSpec
    coefficients: Floats
    covariance: Floats
    theta: Floats
    sigma: float
    loglik: float
    deviance: float
    n_obs: int
    n_parameters: int
    components: tuple[Component, ...]
    is_converged: bool
    is_singular: bool
    iterations: int
    gradient_norm: float
    working_theta: Floats

    def __post_init__(self) -> None:
        make_read_only(self.coefficients, self.covariance, self.theta, self.working_theta)

    @property
    def std_errors(self) -> Floats:
        """Standard errors of the fixed part, shape (p,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def fit_moments(
    moments: GroupedMoments, spec: MultilevelSpec, *, start: Floats | None = None
) -> MultilevelFit:
    """Maximise the likelihood, restricted or not, of a strictly nested Gaussian model.

    Model  y = Xβ + Σ_levels Z b + e,  b ~ N(0, G),  e ~ N(0, σ² / w).

    Parameters:
        moments: Sums over the rows, from `moments_from_arrays` or a scan.
        spec: The model; without random terms it is the linear model, its residual variance over n − p.
        start: `theta` of a similar fit; saves steps.

    Returns:
        Estimates in the units of the data. A singular fit is returned as such, with `is_singular`.

    Raises:
        CannotFit: What the data do not identify; see the codes there.

    Limits: crossed groupings are not nested and cannot be given. Columns that are not collinear but leave less than
    1e-11 of their variation beside the others count as collinear.
    Source: Bates et al. (2015), J. Stat. Softw. 67(1). Checked against lme4, tests/reference/.
    """
    working = prepare(moments, spec)
    refuse_unidentified(moments, spec, working)
    try:
        optimum = find_optimum(working, start=None if start is None else _near(working, start))
    except np.linalg.LinAlgError as error:
        raise CannotFit("perfect_fit") from error
    refuse_perfect_fit(moments, spec, working, optimum.point.evaluation.residual)
    return _fit(working, spec, optimum)


def _near(working: Working, theta: Floats) -> Floats:
    """A start near the parameters of a similar fit."""
    found = parameters.from_lme4(working, theta)
    return np.where(np.abs(found) < SMALLEST_START, SMALLEST_START, found)


def _fit(working: Working, spec: MultilevelSpec, optimum: Optimum) -> MultilevelFit:
    at = optimum.point.evaluation
    sigma2 = at.residual / working.degrees
    factors = parameters.factors(working, optimum.point.theta)
    raw = [parameters.raw_factor(block, one) for block, one in zip(working.blocks, factors, strict=True)]
    components = tuple(
        Component(block.level, block.columns, sigma2 * one @ one.T)
        for block, one in zip(working.blocks, raw, strict=True)
    )
    return MultilevelFit(
        spec=spec,
        coefficients=working.back @ at.coefficients + working.back_constant,
        covariance=sigma2 * working.back @ at.precision_inverse @ working.back.T,
        theta=parameters.flatten(raw),
        sigma=float(np.sqrt(sigma2)),
        loglik=-at.deviance / 2,
        deviance=at.deviance,
        n_obs=working.n_obs,
        n_parameters=len(spec.fixed) + len(optimum.point.theta) + 1,
        components=components,
        is_converged=optimum.is_converged,
        is_singular=optimum.is_singular,
        iterations=optimum.iterations,
        gradient_norm=float(np.sqrt(max(optimum.expected_fall, 0.0))),
        working_theta=optimum.point.theta.copy(),
    )
