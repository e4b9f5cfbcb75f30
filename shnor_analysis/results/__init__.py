"""What was estimated, how sure it is, or why there is no number: frozen values without words."""

from shnor_analysis.results.fitted_model import FitFacts, FittedModel, GroupEffects, VarianceComponent
from shnor_analysis.results.values import Estimate, NotEstimable, Suppressed

__all__ = [
    "Estimate",
    "FitFacts",
    "FittedModel",
    "GroupEffects",
    "NotEstimable",
    "Suppressed",
    "VarianceComponent",
]
