"""What a kernel or a scan refuses: as a result that says why there is no number, or as a reason to go another way."""

from __future__ import annotations

from shnor_analysis.errors import UsageProblem
from shnor_analysis.kernels.multilevel import CannotFit
from shnor_analysis.results import NotEstimable


def not_estimable(error: CannotFit) -> NotEstimable:
    """Keep the reason and its fields; tuples of names become one text."""
    fields = {
        name: ", ".join(str(part) for part in value) if isinstance(value, tuple | list) else value
        for name, value in error.fields.items()
    }
    return NotEstimable(error.reason_code, fields)


def is_crossing(error: UsageProblem) -> bool:
    """Whether all that is wrong is that groups cross instead of nesting: models by rows can do that."""
    return all(one.code == "groups_crossed" for one in error.problems)
