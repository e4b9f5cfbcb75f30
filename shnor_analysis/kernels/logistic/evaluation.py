"""What one pass over the rows of a logistic model returns."""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.kernels.logistic.rows import Floats

# above this logit a probability is 1 to the last digit, and its odds are still a finite number
HIGHEST_LOGIT = 500.0
MOST_INNER_STEPS = 100
# largest Newton step, in standard deviations of a random effect, at which a mode counts as found; a step squares the error
SETTLED = 1e-9


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Laplace's log-likelihood at a point with its gradient, shape (p,), and second derivatives, shape (p, p)."""

    value: float
    gradient: Floats
    curvature: Floats | None = None
