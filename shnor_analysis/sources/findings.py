"""What is found while a file is read: every problem and every reason, gathered so that all are told at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from shnor_analysis.accounting import Reason
from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.sources.cells import cell_name

MOST_PROBLEMS_KEPT = 200


@dataclass(slots=True)
class Findings:
    """The open list of one file; `read_tables` closes it."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    def problem(
        self,
        code: str,
        sheet: str | None = None,
        cell: tuple[int, int] | str | None = None,
        *,
        found: object = None,
        allowed: object = None,
        **fields: object,
    ) -> None:
        """Add a problem; `cell` is an address or row and column from 0. Beyond 200 they are only counted."""
        address = cell_name(*cell) if isinstance(cell, tuple) else cell
        shown = None if found is None else str(found)[:80]
        limit = None if allowed is None else str(allowed)
        self.take(Problem(code, self.file, sheet, address, shown, limit, fields))

    def take(self, problem: Problem) -> None:
        """Add a problem that is already put together, once."""
        if len(self.problems) < MOST_PROBLEMS_KEPT and problem not in self.problems:
            self.problems.append(problem)

    def reason(self, code: str, n: int, **fields: object) -> None:
        """Add a line of the accounting where there is something to say."""
        if n:
            self.reasons.append(Reason(code, n, fields))

    def raise_if_any(self) -> None:
        """Raise InputRefused with every problem found so far."""
        if self.problems:
            raise InputRefused(self.problems)
