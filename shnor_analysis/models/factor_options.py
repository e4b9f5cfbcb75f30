"""What may be asked of a factor analysis beyond its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict, get_args

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.models.factor_associations import Errors
from shnor_analysis.models.fit_options import FEWEST_REPLICATES, option_problems


class Options(TypedDict, total=False):
    """Options of `fit_factor_influence`, explained there."""

    level: float
    replicates: int
    seed: int
    weights: str
    pupils_n: str
    sampling_variance: str
    pupil_sd: float | str
    harder: Mapping[str, float]
    errors: Errors


def check_roles(named: Sequence[str], factors: Sequence[str]) -> None:
    """Refuse a question without factors, or with a column in two roles.

    Raises:
        UsageProblem: ``factors_missing``, ``factor_repeated``.
    """
    problems = [Problem("factors_missing")] if not factors or isinstance(factors, str) else []
    repeated = sorted({one for one in named if named.count(one) > 1})
    problems += [Problem("factor_repeated", found=one) for one in repeated]
    if problems:
        raise UsageProblem(problems)


def check_options(options: Options) -> None:
    """Refuse options that do not exist or make no sense.

    Raises:
        UsageProblem: ``influence_option`` for a name that is none, ``fit_option_wrong``, ``replicates_too_few``.
    """
    known = ", ".join(sorted(Options.__annotations__))
    problems = [
        Problem("influence_option", found=name, allowed=known)
        for name in options
        if name not in Options.__annotations__
    ]
    errors = (options.get("errors", "model"), get_args(Errors))
    problems += option_problems(options.get("level", 0.95), errors=errors)
    replicates = options.get("replicates", FEWEST_REPLICATES)
    spread = options.get("pupil_sd", 1.0)
    if spread != "share" and not (isinstance(spread, int | float) and spread > 0):
        given = {"option": "pupil_sd"}
        problems.append(Problem("fit_option_wrong", found=str(spread), allowed="share, > 0", fields=given))
    if replicates != 0 and replicates < FEWEST_REPLICATES:
        fewest = {"fewest": FEWEST_REPLICATES}
        problems.append(Problem("replicates_too_few", found=str(replicates), fields=fewest))
    if problems:
        raise UsageProblem(problems)
