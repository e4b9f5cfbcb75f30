"""What may be asked of a fit: every option is checked here."""

from __future__ import annotations

from collections.abc import Iterable

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.warehouse.formulas import ModelFormula

# about one factor can be told apart for so many schools
SCHOOLS_PER_FACTOR = 10
# samples of schools from which bounds of 95 % can be read: the 5th from either end
FEWEST_REPLICATES = 199
# any number, kept with every result so that it can be made again
DEFAULT_SEED = 500


def check_options(level: float, **choices: tuple[object, Iterable[str]]) -> None:
    """Refuse options outside their choices, and a level of intervals outside (0, 1).

    Parameters:
        level: Of the intervals.
        choices: For each option what was asked and what may be asked.

    Raises:
        UsageProblem: ``fit_option_wrong`` for each wrong option.
    """
    problems = option_problems(level, **choices)
    if problems:
        raise UsageProblem(problems)


def option_problems(level: float, **choices: tuple[object, Iterable[str]]) -> list[Problem]:
    """What `check_options` refuses, for who has more to find before refusing."""
    problems = [
        Problem("fit_option_wrong", found=str(asked), allowed=", ".join(allowed), fields={"option": name})
        for name, (asked, allowed) in choices.items()
        if asked not in tuple(allowed)
    ]
    if not (isinstance(level, float | int) and 0 < level < 1):
        problems.append(
            Problem("fit_option_wrong", found=str(level), allowed="0 < level < 1", fields={"option": "level"})
        )
    return problems


def check_column_names(**options: object) -> None:
    """Refuse an option that names a column by something else than its name, such as the column itself.

    Raises:
        UsageProblem: ``fit_option_no_name`` for each.
    """
    wrong = {
        name: type(asked).__name__ for name, asked in options.items() if not isinstance(asked, str | None)
    }
    if wrong:
        raise UsageProblem(
            Problem("fit_option_no_name", found=found, fields={"option": name})
            for name, found in wrong.items()
        )


def check_weights_of_scan(asked: str | None, scanned: str | None) -> None:
    """Refuse weights that a scan was not made with; a fit from it would pass over them.

    Raises:
        UsageProblem: ``scan_other_weights``.
    """
    if asked is not None and asked != scanned:
        raise UsageProblem(Problem("scan_other_weights", found=asked))


def check_one_outcome(formula: ModelFormula) -> None:
    """Refuse a formula with no outcome, or with several.

    Raises:
        UsageProblem: ``fit_one_outcome``.
    """
    if len(list(formula.outcomes)) != 1:
        raise UsageProblem(Problem("fit_one_outcome", found=formula.text))
