"""How much of the variance between schools each factor carries: all subsets of factors solved at once."""

from shnor_analysis.kernels.variance_shares.blocks import SchoolBlocks, blocks_of
from shnor_analysis.kernels.variance_shares.known_noise import KnownNoiseFit, fit_known_noise
from shnor_analysis.kernels.variance_shares.left_out import left_out_coefficients
from shnor_analysis.kernels.variance_shares.shares import (
    Shares,
    models_of,
    resampled_shares,
    variance_shares,
)

__all__ = [
    "KnownNoiseFit",
    "SchoolBlocks",
    "Shares",
    "blocks_of",
    "fit_known_noise",
    "left_out_coefficients",
    "models_of",
    "resampled_shares",
    "variance_shares",
]
