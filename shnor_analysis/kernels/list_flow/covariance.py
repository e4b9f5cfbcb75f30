"""How results of one school go together over years and procedures: parameters of the latent level and their prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.read_only import make_read_only

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

# Prior of the parameters: what schools' shares of low results are known to look like on the scale of log odds. It is
# wide, but not so wide that little data let chance alone make up half of what differs between schools.
# Log of the total variance; log of permanent, yearly (and procedure) part over the extra part; log odds of the
# autocorrelation.
PRIOR_MEAN = (np.log(0.5), np.log(6.0), np.log(3.0), 0.0, np.log(2.0))
PRIOR_SD = (1.5, 0.9, 0.9, 0.9, 1.25)


@dataclass(frozen=True, slots=True)
class Cells:
    """The places of a school's vector of results: years and procedures, shapes (cells,)."""

    year: Codes
    procedure: Codes

    @property
    def has_procedures(self) -> bool:
        """Whether there are several procedures."""
        return bool(np.unique(self.procedure).size > 1)


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of the latent level, log odds squared, and the autocorrelation of the yearly part."""

    permanent: float
    yearly: float
    extra: float
    procedure: float
    autocorrelation: float


def prior_of(has_procedures: bool) -> tuple[Array, Array]:
    """Mean and standard deviation of the normal prior of the parameters, shapes (4,) or (5,)."""
    size = 5 if has_procedures else 4
    return np.array(PRIOR_MEAN[:size]), np.array(PRIOR_SD[:size])


def components_of(theta: Array) -> Components:
    """Variances from parameters (see `PRIOR_MEAN` for their order)."""
    total, parts = float(np.exp(theta[0])), _parts(theta)
    return Components(
        permanent=total * parts[0],
        yearly=total * parts[1],
        extra=total * parts[2],
        procedure=total * parts[3] if parts.size > 3 else 0.0,
        autocorrelation=float(1 / (1 + np.exp(-theta[3]))),
    )


def covariance(theta: Array, one: Cells, other: Cells, *, is_same: bool = False) -> Array:
    """Covariance of the latent level between cells of one school, shape (cells of one, cells of other)."""
    bases = _bases(theta, one, other, is_same=is_same)
    return np.asarray(np.exp(theta[0]) * np.tensordot(_parts(theta), bases, axes=1))


def gradients(theta: Array, cells: Cells) -> tuple[Array, Array]:
    """Covariance of the cells and its derivatives by each parameter, shapes (cells, cells), (parameters, …)."""
    bases, parts = _bases(theta, cells, cells, is_same=True), _parts(theta)
    total = np.exp(theta[0])
    mixed = np.tensordot(parts, bases, axes=1)
    lag = np.abs(cells.year[:, None] - cells.year[None, :])
    rho = 1 / (1 + np.exp(-theta[3]))
    slopes = [mixed, parts[0] * (bases[0] - mixed), parts[1] * (bases[1] - mixed)]
    slopes.append(parts[1] * lag * rho**lag * (1 - rho))
    if parts.size > 3:
        slopes.append(parts[3] * (bases[3] - mixed))
    found = total * np.array(slopes)
    make_read_only(found)
    return total * mixed, found


def _parts(theta: Array) -> Array:
    """Parts of the total variance: permanent, yearly, extra and, with several procedures, procedure."""
    logits = np.array([theta[1], theta[2], 0.0, *theta[4:]])
    raised = np.exp(logits - logits.max())
    return np.asarray(raised / raised.sum())


def _bases(theta: Array, one: Cells, other: Cells, *, is_same: bool) -> Array:
    lag = np.abs(one.year[:, None] - other.year[None, :])
    rho = 1 / (1 + np.exp(-theta[3]))
    bases = [np.ones(lag.shape), rho**lag, np.eye(lag.shape[0]) if is_same else np.zeros(lag.shape)]
    if theta.size > 4:
        bases.append((one.procedure[:, None] == other.procedure[None, :]).astype(float))
    return np.array(bases)
