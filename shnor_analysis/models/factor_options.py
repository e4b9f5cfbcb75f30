"""What may be asked of a factor analysis beyond its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.models.factor_associations import Errors

FEWEST_REPLICATES = 199


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
        UsageProblem: ``influence_option``, ``replicates_too_few``.
    """
    known = ", ".join(sorted(Options.__annotations__))
    problems = [
        Problem("influence_option", found=name, allowed=known)
        for name in options
        if name not in Options.__annotations__
    ]
    level, replicates = options.get("level", 0.95), options.get("replicates", FEWEST_REPLICATES)
    if not 0 < level < 1:
        problems.append(Problem("influence_option", found=f"level={level}", allowed="0 < level < 1"))
    if options.get("errors", "model") not in ("model", "CR2"):
        problems.append(
            Problem("influence_option", found=f"errors={options['errors']}", allowed="model, CR2")
        )
    spread = options.get("pupil_sd", 1.0)
    if spread != "share" and not (isinstance(spread, int | float) and spread > 0):
        problems.append(Problem("influence_option", found=f"pupil_sd={spread}", allowed="share, > 0"))
    if replicates != 0 and replicates < FEWEST_REPLICATES:
        fewest = {"fewest": FEWEST_REPLICATES}
        problems.append(Problem("replicates_too_few", found=str(replicates), fields=fewest))
    if problems:
        raise UsageProblem(problems)
