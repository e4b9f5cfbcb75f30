"""Errors of the fixed part that hold when pupils of one cluster resemble each other in unknown ways."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from shnor_analysis.kernels.multilevel import parameters
from shnor_analysis.kernels.multilevel.fit import MultilevelFit
from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments, Indices
from shnor_analysis.kernels.multilevel.optimum import Search
from shnor_analysis.kernels.multilevel.refusals import CannotFit
from shnor_analysis.kernels.multilevel.working import Key, Working, column_key, group_products, prepare

Kind = Literal["CR0", "CR1", "CR2"]
# eigenvalues of a cluster's columns, scaled to correlations, below which they are combinations of others
_DEPENDENT = 1e-11
_EMPTY = 1e-11


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
        self.covariance.flags.writeable = False
        self.df.flags.writeable = False


@dataclass(frozen=True, slots=True)
class _Clusters:
    """Clusters in coordinates of the space that their columns span, all of one dimension r.

    Attributes:
        design: Fixed columns, shape (m, r, p).
        residual: Residuals, shape (m, r).
        variance: V in units of σ², shape (m, r, r).
    """

    design: Floats
    residual: Floats
    variance: Floats


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
    combined = inverse @ (chosen @ working.back).T
    total = _Sums(len(inverse), combined.shape[1])
    for part in _all_clusters(moments, fit, working, (relative, at.direction)):
        total.add(part, inverse, combined, is_corrected=kind == "CR2")
    factor = n_clusters / (n_clusters - 1) if kind == "CR1" else 1.0
    bread = working.back @ inverse
    return ClusterRobust(kind, factor * bread @ total.meat @ bread.T, total.degrees(inverse), n_clusters)


class _Sums:
    """What is added up over clusters."""

    def __init__(self, n_fixed: int, n_contrasts: int) -> None:
        self.meat = np.zeros((n_fixed, n_fixed))
        self._trace = np.zeros(n_contrasts)
        self._squares = np.zeros(n_contrasts)
        self._outer = np.zeros((n_contrasts, n_fixed, n_fixed))

    def add(self, part: _Clusters, inverse: Floats, combined: Floats, *, is_corrected: bool) -> None:
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
        return np.asarray(self._trace**2 / (self._squares + np.einsum("cpq,cqp->c", both, both)))


def _adjustment(part: _Clusters, inverse: Floats) -> Floats:
    """A of each cluster, shape (m, r, r), symmetric."""
    half = _power(part.variance, 0.5)
    rest = part.variance - part.design @ inverse @ part.design.transpose(0, 2, 1)
    return np.asarray(half @ _power(half @ rest @ half, -0.5) @ half)


def _power(matrices: Floats, exponent: float) -> Floats:
    """Power of symmetric positive semidefinite matrices, in the range of each."""
    values, vectors = np.linalg.eigh((matrices + matrices.transpose(0, 2, 1)) / 2)
    kept = values > _EMPTY * np.maximum(values.max(axis=1, keepdims=True), 1.0)
    powers = np.where(kept, np.where(kept, values, 1.0) ** exponent, 0.0)
    return np.asarray((vectors * powers[:, None]) @ vectors.transpose(0, 2, 1))


def _all_clusters(
    moments: GroupedMoments, fit: MultilevelFit, working: Working, estimated: tuple[list[Floats], Floats]
) -> list[_Clusters]:
    """Every cluster in coordinates of its own space."""
    relative, direction = estimated
    spec = fit.spec
    has_intercept = moments.intercept is not None and moments.intercept in spec.fixed
    fixed = [column_key(moments, one, is_raw=not has_intercept) for one in spec.fixed]
    outcome = column_key(moments, spec.outcome, is_raw=not has_intercept)
    varying = [
        [
            column_key(moments, one, is_raw=not block.is_shifted)
            for block in level.blocks
            for one in block.columns
        ]
        for level in working.levels
    ]
    names = list(dict.fromkeys([*fixed, *(key for keys in varying for key in keys)]))
    products = group_products(moments, names, [*names, outcome]).transpose(2, 0, 1)
    last = len(moments.levels) - 1
    cluster = moments.ancestors(last)
    if all(level.level == last for level in working.levels):
        summed = _sum_groups(products, cluster, len(moments.levels[last].labels))
        spread = np.zeros((len(names), len(names)))
        for keys, one in zip(varying, relative, strict=True):
            at = [names.index(key) for key in keys]
            np.add.at(spread, np.ix_(at, at), one)
        return _by_dimension(summed[:, :, :-1], summed[:, :, -1], spread, direction)
    layout = _Layout(
        names=names,
        n_fixed=len(fixed),
        places=[[names.index(key) for key in keys] for keys in varying],
        groups=[moments.ancestors(level.level) for level in working.levels],
        relative=relative,
    )
    order = np.argsort(cluster, kind="stable")
    bounds = np.searchsorted(cluster[order], np.arange(len(moments.levels[last].labels) + 1))
    made: list[_Clusters] = []
    for first, end in pairwise(bounds):
        gram, outcomes, spread = layout.one_cluster(order[first:end], products)
        made += _by_dimension(gram[None], outcomes[None], spread, direction)
    return made


def _sum_groups(products: Floats, group: Indices, n_groups: int) -> Floats:
    size = len(group)
    if size == n_groups and np.array_equal(group, np.arange(n_groups)):
        return products
    summing = csr_array((np.ones(size), (group, np.arange(size))), shape=(n_groups, size))
    summed = np.asarray(summing @ np.ascontiguousarray(products).reshape(size, -1))
    return summed.reshape(n_groups, *products.shape[1:])


@dataclass(frozen=True, slots=True)
class _Layout:
    """Columns of a cluster whose groups have random terms of their own: fixed columns, then those of each group.

    Attributes:
        names: Columns of the products, the fixed ones first.
        n_fixed: Fixed columns p.
        places: For each level with terms, positions of its columns among the names.
        groups: For each such level, the group of each innermost group.
        relative: For each such level G/σ².
    """

    names: list[Key]
    n_fixed: int
    places: list[list[int]]
    groups: list[Indices]
    relative: list[Floats]

    def one_cluster(self, members: Indices, products: Floats) -> tuple[Floats, Floats, Floats]:
        """Products of the cluster's columns with each other and with the outcome, and their covariance."""
        found = [np.unique(group[members], return_inverse=True) for group in self.groups]
        size = self.n_fixed + sum(
            len(labels) * len(at) for (labels, _), at in zip(found, self.places, strict=True)
        )
        # each column of the cluster is a sum of columns of its innermost groups
        made_of = np.zeros((len(members), len(self.names), size))
        spread = np.zeros((size, size))
        fixed = np.arange(self.n_fixed)
        made_of[:, fixed, fixed] = 1.0
        offset = self.n_fixed
        rows = np.arange(len(members))
        for (labels, group), at, one in zip(found, self.places, self.relative, strict=True):
            q = len(at)
            for place, column in enumerate(at):
                made_of[rows, column, offset + group * q + place] = 1.0
            end = offset + len(labels) * q
            spread[offset:end, offset:end] = np.kron(np.eye(len(labels)), one)
            offset = end
        own = products[members]
        flat = made_of.reshape(-1, size)
        gram = flat.T @ (own[:, :, :-1] @ made_of).reshape(-1, size)
        return gram, flat.T @ own[:, :, -1].ravel(), spread


def _by_dimension(gram: Floats, outcomes: Floats, spread: Floats, direction: Floats) -> list[_Clusters]:
    """Coordinates on an orthonormal basis of each cluster's columns, clusters of one rank together.

    Parameters:
        gram: Products of the columns, fixed ones first, shape (m, b, b).
        outcomes: Their products with the outcome, shape (m, b).
        spread: Covariance of the columns' random coefficients in units of σ², shape (b, b).
        direction: (−β, 1).
    """
    p = len(direction) - 1
    scale = np.sqrt(np.maximum(np.diagonal(gram, axis1=1, axis2=2), 0.0))
    safe = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(gram / safe[:, :, None] / safe[:, None, :])
    ranks = (values > _DEPENDENT).sum(axis=1)
    residual = outcomes + gram[:, :, :p] @ direction[:-1]
    made = []
    for rank in np.unique(ranks[ranks > 0]):
        mine = ranks == rank
        root = np.sqrt(values[mine][:, -rank:])
        axes = vectors[mine][:, :, -rank:]
        columns = root[:, :, None] * axes.transpose(0, 2, 1) * scale[mine][:, None]
        projected = np.einsum("gbr,gb->gr", axes, residual[mine] / safe[mine]) / root
        variance = np.eye(rank) + columns @ spread @ columns.transpose(0, 2, 1)
        made.append(_Clusters(columns[:, :, :p], projected, variance))
    return made
