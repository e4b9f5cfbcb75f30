"""What a kernel cannot do, as a result: why there is no number."""

from __future__ import annotations

from shnor_analysis.kernels.multilevel import CannotFit
from shnor_analysis.results import NotEstimable


def not_estimable(error: CannotFit) -> NotEstimable:
    """Keep the reason and its fields; tuples of names become one text."""
    fields = {
        name: ", ".join(str(part) for part in value) if isinstance(value, tuple | list) else value
        for name, value in error.fields.items()
    }
    return NotEstimable(error.reason_code, fields)
