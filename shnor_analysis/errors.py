"""Every way in which the workbench refuses or fails; codes and fields here, the words live in `locale/`.

ShnorError                 exit 1   our own fault, or the base of the others
├── UsageProblem           exit 2   an option, a name or a parameter that does not exist
├── PartlyDone             exit 3   some units of a batch failed; the rest is done
├── InputRefused           exit 4   a file was refused; nothing of it is stored
├── RuleBroken             exit 5   stored tables contradict each other (keys, foreign keys, totals)
└── EnvironmentProblem     exit 6   folder, key, disk or programme missing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from shnor_analysis.language import NOT_SHOWN, render_problem, session_language

__all__ = [
    "NOT_SHOWN",
    "EnvironmentProblem",
    "InputRefused",
    "PartlyDone",
    "Problem",
    "RuleBroken",
    "ShnorError",
    "UsageProblem",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it is and what would be right.

    `code` names the text in `locale/` (msgid ``problem.<code>``, advice ``problem.<code>.fix``).
    `found` and `allowed` are shown as they are; `fields` fill the named places of the text.
    """

    code: str
    file: str | None = None
    sheet: str | None = None
    cell: str | None = None
    found: str | None = None
    allowed: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))


class ShnorError(Exception):
    """Base of the tree: carries every problem found, not only the first.

    As text it is the words of each problem in the language of the session, with its code in brackets.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(", ".join(problem.code for problem in self.problems))

    def __str__(self) -> str:
        try:
            language = session_language()
            return "\n".join(f"{render_problem(one, language)} [{one.code}]" for one in self.problems)
        except (AttributeError, KeyError, ValueError):
            # an error that cannot be put into words must not hide behind a second one
            return super().__str__()

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows in place of a traceback: what is wrong and what to do, not our lines of code."""
        return [f"{type(self).__name__}: {self}"]


class UsageProblem(ShnorError):
    """An option, a name or a parameter that does not exist or contradicts another."""

    exit_code = 2


class PartlyDone(ShnorError):
    """Some units of a batch failed; the others are finished and stay."""

    exit_code = 3


class InputRefused(ShnorError):
    """A file was refused: nothing of it is stored, nothing stored before is lost."""

    exit_code = 4


class RuleBroken(ShnorError):
    """Stored tables contradict each other: keys, foreign keys or totals."""

    exit_code = 5


class EnvironmentProblem(ShnorError):
    """A folder, a key, disk space or a programme is missing."""

    exit_code = 6
