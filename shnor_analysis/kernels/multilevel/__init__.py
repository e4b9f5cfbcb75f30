"""Multilevel Gaussian models from sums of products: one pass over the rows, then everything in O(groups)."""

from shnor_analysis.kernels.multilevel.cluster_robust import ClusterRobust, cluster_robust
from shnor_analysis.kernels.multilevel.fit import Component, MultilevelFit, fit_moments
from shnor_analysis.kernels.multilevel.moments import GroupedMoments, Level, combine, moments_from_arrays
from shnor_analysis.kernels.multilevel.random_effects import RandomEffects, random_effects
from shnor_analysis.kernels.multilevel.refusals import CannotFit
from shnor_analysis.kernels.multilevel.satterthwaite import satterthwaite_df
from shnor_analysis.kernels.multilevel.spec import MultilevelSpec, RandomTerm

__all__ = [
    "CannotFit",
    "ClusterRobust",
    "Component",
    "GroupedMoments",
    "Level",
    "MultilevelFit",
    "MultilevelSpec",
    "RandomEffects",
    "RandomTerm",
    "cluster_robust",
    "combine",
    "fit_moments",
    "moments_from_arrays",
    "random_effects",
    "satterthwaite_df",
]
