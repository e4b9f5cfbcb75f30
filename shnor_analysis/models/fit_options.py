"""What may be asked of a fit: every option is checked here."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.formulas import ModelFormula


def check_options(level: float, **choices: tuple[object, Iterable[str]]) -> None:
    """Refuse options outside their choices, and a level of intervals outside (0, 1).

    Parameters:
        level: Of the intervals.
        choices: For each option what was asked and what may be asked.

    Raises:
        UsageProblem: ``fit_option_wrong`` for each wrong option.
    """
    problems = [
        Problem("fit_option_wrong", found=str(asked), allowed=", ".join(allowed), fields={"option": name})
        for name, (asked, allowed) in choices.items()
        if asked not in tuple(allowed)
    ]
    if not (isinstance(level, float | int) and 0 < level < 1):
        problems.append(
            Problem("fit_option_wrong", found=str(level), allowed="0 < level < 1", fields={"option": "level"})
        )
    if problems:
        raise UsageProblem(problems)


def check_one_outcome(formula: ModelFormula) -> None:
    """Refuse a formula with no outcome, or with several.

    Raises:
        UsageProblem: ``fit_one_outcome``.
    """
    if len(list(formula.outcomes)) != 1:
        raise UsageProblem(Problem("fit_one_outcome", found=formula.text))
