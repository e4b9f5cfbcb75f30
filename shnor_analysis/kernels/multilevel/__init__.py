"""Multilevel Gaussian models from sums of products: one pass over the rows, then everything in O(groups)."""

from shnor_analysis.kernels.multilevel.cluster_robust import ClusterRobust, cluster_robust, refuse_fitted
from shnor_analysis.kernels.multilevel.fit import Component, MultilevelFit, fit_moments
from shnor_analysis.kernels.multilevel.moments import INTERCEPT, GroupedMoments, Level, sum_by_group
from shnor_analysis.kernels.multilevel.random_effects import RandomEffects, random_effects
from shnor_analysis.kernels.multilevel.satterthwaite import satterthwaite_df
from shnor_analysis.kernels.multilevel.spec import MultilevelSpec, RandomTerm
from shnor_analysis.kernels.multilevel.summing import moments_from_arrays
from shnor_analysis.kernels.refusals import CannotFit

__all__ = [
    "INTERCEPT",
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
    "fit_moments",
    "moments_from_arrays",
    "random_effects",
    "refuse_fitted",
    "satterthwaite_df",
    "sum_by_group",
]
