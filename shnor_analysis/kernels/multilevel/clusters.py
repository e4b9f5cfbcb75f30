"""Clusters of rows in coordinates of the space that their columns span, from sums of products alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from shnor_analysis.kernels.multilevel.columns import Key, column_key, group_products
from shnor_analysis.kernels.multilevel.fit import MultilevelFit
from shnor_analysis.kernels.multilevel.moments import Floats, GroupedMoments, Indices, sum_by_group
from shnor_analysis.kernels.multilevel.working import Working, block_keys

# eigenvalues of a cluster's columns, scaled to correlations, below which they are combinations of others
DEPENDENT = 1e-11


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters in coordinates of the space that their columns span, all of one dimension r.

    Attributes:
        design: Fixed columns, shape (m, r, p).
        residual: Residuals, shape (m, r).
        variance: V in units of σ², shape (m, r, r).
    """

    design: Floats
    residual: Floats
    variance: Floats


def clusters_of(
    moments: GroupedMoments,
    fit: MultilevelFit,
    working: Working,
    *,
    relative: list[Floats],
    direction: Floats,
) -> list[Clusters]:
    """Every cluster in coordinates of its own space, clusters of one dimension together.

    Parameters:
        moments: The sums that were fitted; the clusters are the groups of the outermost level.
        fit: The fit.
        working: The model in its working basis.
        relative: For each level with terms G/σ², shape (q, q).
        direction: (−β, 1) in the working basis, shape (p + 1,).
    """
    layout, outcome = _layout(moments, fit, working, relative)
    products = group_products(moments, layout.names, [*layout.names, outcome])
    last = len(moments.levels) - 1
    cluster, n_clusters = moments.ancestors(last), len(moments.levels[last].labels)
    if all(level.level == last for level in working.levels):
        summed = sum_by_group(products, cluster, n_clusters).transpose(2, 0, 1)
        return _by_dimension(summed[:, :, :-1], summed[:, :, -1], layout.spread, direction)
    by_group = products.transpose(2, 0, 1)
    order = np.argsort(cluster, kind="stable")
    bounds = np.searchsorted(cluster[order], np.arange(n_clusters + 1))
    made: list[Clusters] = []
    for first, end in pairwise(bounds):
        gram, outcomes, spread = layout.one_cluster(order[first:end], by_group)
        made += _by_dimension(gram[None], outcomes[None], spread, direction)
    return made


def _layout(
    moments: GroupedMoments, fit: MultilevelFit, working: Working, relative: list[Floats]
) -> tuple[_Layout, Key]:
    """The columns of clusters, and that of the outcome."""
    has_intercept = moments.intercept is not None and moments.intercept in fit.spec.fixed
    fixed = [column_key(moments, one, is_raw=not has_intercept) for one in fit.spec.fixed]
    varying = [
        [key for block in level.blocks for key in block_keys(moments, block)] for level in working.levels
    ]
    names = list(dict.fromkeys([*fixed, *(key for keys in varying for key in keys)]))
    layout = _Layout(
        names=names,
        n_fixed=len(fixed),
        places=[[names.index(key) for key in keys] for keys in varying],
        groups=[moments.ancestors(level.level) for level in working.levels],
        relative=relative,
    )
    return layout, column_key(moments, fit.spec.outcome, is_raw=not has_intercept)


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

    @property
    def spread(self) -> Floats:
        """Covariance of the columns' random coefficients where each level has one group in a cluster."""
        spread = np.zeros((len(self.names), len(self.names)))
        for at, one in zip(self.places, self.relative, strict=True):
            np.add.at(spread, np.ix_(at, at), one)
        return spread

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


def _by_dimension(gram: Floats, outcomes: Floats, spread: Floats, direction: Floats) -> list[Clusters]:
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
    ranks = (values > DEPENDENT).sum(axis=1)
    residual = outcomes + gram[:, :, :p] @ direction[:-1]
    made = []
    for rank in np.unique(ranks[ranks > 0]):
        mine = ranks == rank
        root = np.sqrt(values[mine][:, -rank:])
        axes = vectors[mine][:, :, -rank:]
        columns = root[:, :, None] * axes.transpose(0, 2, 1) * scale[mine][:, None]
        projected = np.einsum("gbr,gb->gr", axes, residual[mine] / safe[mine]) / root
        variance = np.eye(rank) + columns @ spread @ columns.transpose(0, 2, 1)
        made.append(Clusters(columns[:, :, :p], projected, variance))
    return made
