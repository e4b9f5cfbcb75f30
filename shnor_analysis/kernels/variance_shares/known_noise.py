"""One row a school with a known sampling variance: regression of schools whose own spread is estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.read_only import make_read_only
from shnor_analysis.kernels.variance_shares.blocks import SchoolBlocks, resampled_nodes
from shnor_analysis.kernels.variance_shares.elimination import every_subset
from shnor_analysis.kernels.variance_shares.polish import polish
from shnor_analysis.kernels.variance_shares.profile import peaks, points

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownNoiseFit:
    """Coefficients of all columns but the outcome, shape (p,), their covariance (p, p), df, and τ²."""

    coefficients: Array
    covariance: Array
    df: float
    tau2: float

    def __post_init__(self) -> None:
        make_read_only(self.coefficients, self.covariance)


def fit_known_noise(blocks: SchoolBlocks) -> KnownNoiseFit:
    """Fit y_j = x_j'β + u_j + e_j, u_j ~ N(0, τ²), e_j ~ N(0, v_j) with v_j known, by REML.

    The covariance is that of generalised least squares times max(1, q) with q = r²/(G − p): with few schools the
    uncertainty of τ² is not forgotten. df = G − p.

    Args:
        blocks: Products with weights 1/v_j, `is_noise_known`; no column is redundant, G > p.

    Source: Fay & Herriot (1979); Knapp & Hartung (2003), Stat. Med. 22: 2693–2710; the bound at 1: Röver, Knapp &
    Friede (2015), BMC Med. Res. Methodol. 15: 99.
    """
    whole = blocks.whole()
    t, ratios = points(blocks.largest, blocks.widest_ratio)
    once = np.ones((1, len(blocks.sizes)), dtype=np.intp)
    looked = peaks(
        whole,
        resampled_nodes(whole, once, ratios),
        t,
        lambda products: every_subset(products, base=whole.base, blocks=()),
    )
    tau2 = float(polish(whole, np.ones((1, 0), dtype=bool), looked.ratio[0]).tau2[0])
    products = next(resampled_nodes(whole, once, np.array([tau2]))).products[0, 0]
    inverse = np.linalg.inv(products[:-1, :-1])
    coefficients = inverse @ products[:-1, -1]
    residual = products[-1, -1] - products[:-1, -1] @ coefficients
    df = float(blocks.rows.sum() - whole.base)
    unscaled = 1 / blocks.scale[:-1]
    covariance = inverse * unscaled[:, None] * unscaled * max(1.0, residual / df)
    return KnownNoiseFit(coefficients * unscaled, covariance, df, tau2)
