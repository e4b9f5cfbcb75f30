"""Degrees of freedom of fixed effects after Satterthwaite."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.multilevel import parameters
from shnor_analysis.kernels.multilevel.descent import Search
from shnor_analysis.kernels.multilevel.fit import MultilevelFit
from shnor_analysis.kernels.multilevel.gradient import residual_slopes
from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments
from shnor_analysis.kernels.multilevel.working import prepare

# share of a parameter, taken as 0.05 at least, over which differences are taken
DIFFERENCE, SMALLEST = 1e-4, 0.05
# curvature below which a direction of the variance parameters tells nothing, as in lmerTest
FLAT = 1e-8


def satterthwaite_df(
    moments: GroupedMoments, fit: MultilevelFit, contrasts: npt.ArrayLike | None = None
) -> Floats:
    """Degrees of freedom of linear combinations of the fixed part.

    df = 2 v² / (g'Ag), v = c'V(β)c, g its gradient by the variance parameters (θ, σ) and A their covariance, twice
    the inverse Hessian of the deviance; directions without positive curvature are left out, as lmerTest does.

    Parameters:
        moments: The sums that were fitted.
        fit: The fit.
        contrasts: Combinations c, shape (m, p); each coefficient by itself when None.

    Returns:
        Shape (m,). For a linear model n − p (n with ML).

    Source: Kuznetsova, Brockhoff, Christensen (2017), lmerTest, J. Stat. Softw. 82(13). Checked against lmerTest.
    """
    p = len(fit.coefficients)
    chosen = np.eye(p) if contrasts is None else np.asarray(contrasts, dtype=np.float64)
    working = prepare(moments, fit.spec)
    search = Search(working)
    theta, sigma = fit.working_theta, fit.sigma
    at = search.point(theta, sigma=sigma)
    hessian, changes = _derivatives(search, theta, sigma)
    by_block = parameters.block_slopes(working, residual_slopes(working, at.evaluation))
    # σ counts in units of its estimate, or what is flat would depend on the unit of the outcome
    crossed = -2 * parameters.gradient(working, theta, by_block) / sigma**2
    spread = -2 * working.degrees + 6 * at.evaluation.residual / sigma**2
    full = np.block([[hessian, crossed[:, None]], [crossed[None], np.array([[spread]])]])
    weights = (chosen @ working.back).T
    solved = at.evaluation.precision_inverse @ weights
    relative = np.einsum("pm,pm->m", weights, solved)
    by_theta = [-np.einsum("pm,pq,qm->m", solved, one, solved) for one in changes]
    gradient = np.array([*by_theta, 2 * relative]) / relative
    values, vectors = np.linalg.eigh(full)
    kept = values > FLAT
    along = vectors[:, kept].T @ gradient
    variance = np.einsum("vm,v->m", along**2, 2 / values[kept])
    return np.asarray(2 / variance)


def _derivatives(search: Search, theta: Floats, sigma: float) -> tuple[Floats, list[Floats]]:
    """Hessian of the deviance by θ at fixed σ, and derivatives of X'V⁻¹X by θ, by central differences."""
    rows, changes = [], []
    for one in range(len(theta)):
        away = np.zeros(len(theta))
        away[one] = DIFFERENCE * max(abs(theta[one]), SMALLEST)
        up, down = search.point(theta + away, sigma=sigma), search.point(theta - away, sigma=sigma)
        rows.append((up.gradient - down.gradient) / (2 * away[one]))
        change = up.evaluation.remaining - down.evaluation.remaining
        changes.append(change[:-1, :-1] / (2 * away[one]))
    hessian = np.array(rows).reshape(len(theta), len(theta))
    return (hessian + hessian.T) / 2, changes
