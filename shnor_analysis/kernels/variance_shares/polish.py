"""Newton steps on the exact restricted likelihood of single models, from close starts to full precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.variance_shares.blocks import BYTES_AT_ONCE, SchoolBlocks
from shnor_analysis.kernels.variance_shares.profile import Peak

Array = NDArray[np.float64]
MOST_STEPS = 30
# a step of t = log(1 + φ n_max) below this changes φ by less than rounding does
CLOSE = 1e-12
LONGEST_STEP = 1.0


def polish(blocks: SchoolBlocks, masks: NDArray[np.bool_], ratios: Array) -> Peak:
    """Solve the models with the factors of each row of `masks`, all schools once.

    Args:
        blocks: Products by school; no column may be redundant in any of the models.
        masks: Which factors are in, shape (models, factors).
        ratios: Starts for φ = τ²/σ², shape (models,).

    Returns:
        Exact ratios and variances, each of shape (models,).
    """
    at_once = max(1, BYTES_AT_ONCE // (8 * (len(blocks.sizes) + 6 * blocks.k**2)))
    parts = [
        _polish(blocks, _columns(blocks, masks[start : start + at_once]), ratios[start : start + at_once])
        for start in range(0, len(masks), at_once)
    ]
    return Peak.joined(parts)


def _columns(blocks: SchoolBlocks, masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which columns are in, the outcome left out, shape (models, k − 1)."""
    always = np.ones((len(masks), blocks.base), dtype=bool)
    return np.concatenate([always, np.repeat(masks, blocks.blocks, axis=1)], axis=1)


def _polish(blocks: SchoolBlocks, columns: NDArray[np.bool_], ratios: Array) -> Peak:
    free = blocks.rows.sum() - columns.sum(axis=1)
    t = np.log1p(ratios * blocks.largest)
    for _ in range(MOST_STEPS):
        slope, bend, residual = _derivatives(blocks, columns, t, free)
        step = np.where(bend > 0, -slope / np.where(bend > 0, bend, 1.0), -np.sign(slope) * LONGEST_STEP)
        moved = np.maximum(t + np.clip(step, -LONGEST_STEP, LONGEST_STEP), 0.0)
        change = np.abs(moved - t).max()
        t = moved
        if change < CLOSE:
            break
    ratio = np.expm1(t) / blocks.largest
    _, _, residual = _derivatives(blocks, columns, t, free)
    sigma2 = np.ones_like(ratio) if blocks.is_noise_known else residual / free
    return Peak(ratio, ratio * sigma2, sigma2)


def _derivatives(
    blocks: SchoolBlocks, columns: NDArray[np.bool_], t: Array, free: Array
) -> tuple[Array, Array, Array]:
    """First and second derivative of the deviance by t, and the residual sum of squares; each (models,).

    With z = (−β, 1): r² = z'Az, (r²)' = z'A'z, (r²)'' = z'A''z − 2 (A'z)_x' A_xx⁻¹ (A'z)_x;
    (log|A_xx|)' = tr F, '' = tr A_xx⁻¹A_xx'' − tr F² with F = A_xx⁻¹A_xx'.
    """
    grown = 1 + np.multiply.outer(np.expm1(t) / blocks.largest, blocks.sizes)
    shape = (len(t), blocks.k, blocks.k)
    within = blocks.within.sum(axis=0)
    products = (within + (1 / grown) @ blocks.between).reshape(shape)
    sized = blocks.sizes[:, None] * blocks.between
    first = -((1 / grown**2) @ sized).reshape(shape)
    second = 2 * ((1 / grown**3) @ (blocks.sizes[:, None] * sized)).reshape(shape)
    a = products[:, :-1, :-1] * columns[:, :, None] * columns[:, None, :]
    a += np.eye(blocks.k - 1) * ~columns[:, :, None]
    # columns outside a model have a row of their own, so one inverse serves all that follows
    inverse = np.linalg.inv(a)
    z = np.ones(shape[:2])
    z[:, :-1] = -(inverse @ (products[:, :-1, -1:] * columns[:, :, None]))[..., 0]
    residual = np.einsum("si,si->s", z, (products @ z[..., None])[..., 0])
    pulled = (first @ z[..., None])[..., 0]
    residual_1 = np.einsum("si,si->s", z, pulled)
    own = pulled[:, :-1] * columns
    bent = np.einsum("si,si->s", own, (inverse @ own[..., None])[..., 0])
    residual_2 = np.einsum("si,si->s", z, (second @ z[..., None])[..., 0]) - 2 * bent
    inverse *= columns[:, :, None] & columns[:, None, :]
    f_1 = inverse @ first[:, :-1, :-1]
    log_1 = np.einsum("sii->s", f_1) + (blocks.sizes / grown).sum(axis=1)
    log_2 = (
        np.einsum("sij,sij->s", inverse, second[:, :-1, :-1])
        - np.einsum("sij,sji->s", f_1, f_1)
        - ((blocks.sizes / grown) ** 2).sum(axis=1)
    )
    if not blocks.is_noise_known:
        residual_2 = free * (residual_2 / residual - (residual_1 / residual) ** 2)
        residual_1 = free * residual_1 / residual
    by_phi, by_phi_2 = residual_1 + log_1, residual_2 + log_2
    dphi = np.exp(t) / blocks.largest
    return by_phi * dphi, by_phi_2 * dphi**2 + by_phi * dphi, residual
