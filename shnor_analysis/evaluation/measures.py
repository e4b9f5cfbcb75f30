"""What a fact may hold in place of a number."""

from __future__ import annotations

from shnor_analysis.results import Estimate, NotEstimable, Suppressed

Number = int | Suppressed | None
Measure = Estimate | NotEstimable | Suppressed
