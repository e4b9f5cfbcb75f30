"""Errors of the fixed part that hold when pupils of one cluster resemble each other in unknown ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.multilevel import parameters
from shnor_analysis.kernels.multilevel.clusters import Clusters, clusters_of
from shnor_analysis.kernels.multilevel.descent import Search
from shnor_analysis.kernels.multilevel.fit import MultilevelFit
from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments
from shnor_analysis.kernels.multilevel.working import prepare
from shnor_analysis.kernels.read_only import make_read_only
from shnor_analysis.kernels.refusals import CannotFit

Kind = Literal["CR0", "CR1", "CR2"]
# eigenvalues of a cluster's covariance, as a share of the largest and at least of 1, that are rounding of 0
EMPTY = 1e-11
# share of a coefficient's model variance below which its robust variance is rounding of 0
FITTED = 1e-16


@dataclass(frozen=True, slots=True)
class ClusterRobust:
    """Sandwich covariance of the fixed part.

    Attributes:
        kind: CR0 without correction, CR1 × m / (m − 1), CR2 bias-reduced.
        covariance: Of the coefficients, shape (p, p).
        df: Satterthwaite degrees of freedom, of each coefficient or of each combination asked for.
        n_clusters: m.
    """

    kind: Kind
    covariance: Floats
    df: Floats
    n_clusters: int

    def __post_init__(self) -> None:
        make_read_only(self.covariance, self.df)


def cluster_robust(
    moments: GroupedMoments, fit: MultilevelFit, *, kind: Kind = "CR2", contrasts: npt.ArrayLike | None = None
) -> ClusterRobust:
    """Cluster-robust covariance of the fixed part and its degrees of freedom, from sums of products alone.

    V = M (Σ X'V⁻¹A e e'A'V⁻¹X) M, M = (X'V⁻¹X)⁻¹; CR2 takes A = D'(D(V − XMX')D')^(−1/2)D with D'D = V. Beside the
    space that a cluster's columns span A is the identity, so each cluster is worked out inside that space.

    Parameters:
        moments: The sums that were fitted, by group for all columns of the model; the clusters are the groups of
            the outermost level.
        fit: The fit; without random terms V = I and the level is only the cluster.
        kind: Correction.
        contrasts: Combinations for the degrees of freedom, shape (m, p); each coefficient when None.

    Raises:
        CannotFit: ``one_group`` when there are fewer than two clusters.
        ValueError: The products by group do not cover the model's columns.

    Limits: with random terms inside the clusters, time grows with the cube of the number of groups in a cluster.
    With weights the correction is made for rows scaled by √w.
    Source: Bell, McCaffrey (2002), Surv. Methodol. 28(2); Pustejovsky, Tipton (2018), JBES 36(4), eq. 10-14. Checked
    against clubSandwich, tests/reference/.
    """
    n_clusters = len(moments.levels[-1].labels)
    if n_clusters < 2:
        raise CannotFit("one_group", group=moments.levels[-1].name)
    working = prepare(moments, fit.spec)
    search = Search(working)
    at = search.evaluation(fit.working_theta)
    relative = [one @ one.T for one in parameters.relative(working, fit.working_theta)]
    inverse = at.precision_inverse
    chosen = np.eye(len(inverse)) if contrasts is None else np.asarray(contrasts, dtype=np.float64)
    weights = (chosen @ working.back).T
    combined = inverse @ weights
    # degrees of freedom do not depend on the size of a combination; the fourth power of its unit must not vanish
    combined /= np.sqrt(np.einsum("pm,pm->m", weights, combined))
    total = _Sums(len(inverse), combined.shape[1])
    for part in clusters_of(moments, fit, working, relative=relative, direction=at.direction):
        total.add(part, inverse, combined, is_corrected=kind == "CR2")
    factor = n_clusters / (n_clusters - 1) if kind == "CR1" else 1.0
    bread = working.back @ inverse
    return ClusterRobust(kind, factor * bread @ total.meat @ bread.T, total.degrees(inverse), n_clusters)


def refuse_fitted(columns: Sequence[str], robust: Floats, model: Floats) -> None:
    """Refuse coefficients that each cluster fits exactly: their robust variance is 0, which says nothing of errors.

    Parameters:
        columns: Names of the p coefficients.
        robust: Their cluster-robust covariance, shape (p, p).
        model: Their covariance under the model, shape (p, p).

    Raises:
        CannotFit: ``too_few_clusters`` (columns).
    """
    fitted = ~(np.diag(robust) > FITTED * np.diag(model))
    if fitted.any():
        names = tuple(name for name, is_fitted in zip(columns, fitted, strict=True) if is_fitted)
        raise CannotFit("too_few_clusters", columns=names)


class _Sums:
    """What is added up over clusters."""

    def __init__(self, n_fixed: int, n_contrasts: int) -> None:
        self.meat = np.zeros((n_fixed, n_fixed))
        self._trace = np.zeros(n_contrasts)
        self._squares = np.zeros(n_contrasts)
        self._outer = np.zeros((n_contrasts, n_fixed, n_fixed))

    def add(self, part: Clusters, inverse: Floats, combined: Floats, *, is_corrected: bool) -> None:
        """Add clusters of one dimension."""
        weighted = np.linalg.solve(part.variance, part.design)
        if is_corrected:
            weighted = _adjustment(part, inverse) @ weighted
        scores = np.einsum("grp,gr->gp", weighted, part.residual)
        self.meat += scores.T @ scores
        given = weighted @ combined
        spread = np.einsum("grc,grs,gsc->gc", given, part.variance, given)
        reach = np.einsum("grp,grc->gcp", part.design, given)
        taken = np.einsum("gcp,pq,gcq->gc", reach, inverse, reach)
        self._trace += (spread - taken).sum(axis=0)
        self._squares += (spread**2 - 2 * spread * taken).sum(axis=0)
        self._outer += np.einsum("gcp,gcq->cpq", reach, reach)

    def degrees(self, inverse: Floats) -> Floats:
        """(Σ Ω_jj)² / Σ Ω_ij² with Ω_ij = a_i'(δ_ij V_i − X_i M X_j')a_j, in O(clusters · p²)."""
        both = inverse @ self._outer
        # 0 / 0 where each cluster is fitted exactly: `refuse_fitted` says so
        with np.errstate(invalid="ignore"):
            return np.asarray(self._trace**2 / (self._squares + np.einsum("cpq,cqp->c", both, both)))


def _adjustment(part: Clusters, inverse: Floats) -> Floats:
    """A of each cluster, shape (m, r, r), symmetric."""
    half = _power(part.variance, 0.5)
    rest = part.variance - part.design @ inverse @ part.design.transpose(0, 2, 1)
    return np.asarray(half @ _power(half @ rest @ half, -0.5) @ half)


def _power(matrices: Floats, exponent: float) -> Floats:
    """Power of symmetric positive semidefinite matrices, in the range of each."""
    values, vectors = np.linalg.eigh((matrices + matrices.transpose(0, 2, 1)) / 2)
    kept = values > EMPTY * np.maximum(values.max(axis=1, keepdims=True), 1.0)
    powers = np.where(kept, np.where(kept, values, 1.0) ** exponent, 0.0)
    return np.asarray((vectors * powers[:, None]) @ vectors.transpose(0, 2, 1))
