"""What an import, a look at the workspace and a check of it return: frozen values without words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from shnor_analysis.accounting import Accounting
from shnor_analysis.errors import InputRefused, PartlyDone, Problem
from shnor_analysis.warehouse import Coverage, Replaced

State = Literal["stored", "replaced", "same", "refused"]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file.

    `state`: stored (new), replaced (new, and it changes rows of earlier files), same (was stored before, nothing
    changed), refused (nothing of it is stored). `notes` are problems that did not stop the file.
    """

    path: Path
    state: State
    sha256: str = ""
    report: str = ""
    rows: tuple[tuple[str, int], ...] = ()
    replaced: tuple[Replaced, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    accounting: Accounting = field(default_factory=Accounting)


@dataclass(frozen=True, slots=True)
class IngestOutcome:
    """What became of every file of an import, in the order of reading; `skipped` are files that hold no tables."""

    files: tuple[FileOutcome, ...]
    skipped: tuple[Path, ...]
    is_dry_run: bool

    def of(self, *states: State) -> tuple[FileOutcome, ...]:
        """The files that ended in one of the states."""
        return tuple(file for file in self.files if file.state in states)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem of every refused file."""
        return tuple(problem for file in self.files for problem in file.problems)

    @property
    def exit_code(self) -> int:
        """0 when no file was refused, 3 when some were, 4 when all were."""
        refused = len(self.of("refused"))
        if not refused:
            return 0
        return InputRefused.exit_code if refused == len(self.files) else PartlyDone.exit_code


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come: `stage` is look, open, read or store."""

    stage: Literal["look", "open", "read", "store"]
    done: int
    total: int
    file_name: str


@dataclass(frozen=True, slots=True)
class Status:
    """What is there: stored files, whether the warehouse holds all of them, and which results which schools have.

    `models` is the last school year with results and whether its models are missing, stale or current.
    """

    files: pd.DataFrame
    is_built: bool
    is_up_to_date: bool
    schools_n: int
    coverage: Coverage | None
    models: tuple[int, str] | None = None
