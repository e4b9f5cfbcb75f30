"""What every part of a programme's evaluation looks at: the panel, schools by year, windows, options."""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.models.list_rules import ListRule
from shnor_analysis.models.programme_rows import ProgrammeRows, SchoolYears, Windows
from shnor_analysis.models.programme_stacks import stack_rows
from shnor_analysis.models.school_panel import SchoolPanel

FEWEST_TREATED = 4
FEWEST_COMPARISON = 10


@dataclass(frozen=True, slots=True)
class ProgrammeOptions:
    """How a programme's evaluation is to be made.

    Attributes:
        delay: School years from the first programme year before results are looked at: 0, or 1 where help begins too
            late in the first year for its tests.
        selection_years: Years right before the programme from whose results the schools were chosen, 1–3.
        permutations: Relabellings of the schools; 0 for none.
        seed: Of the relabellings.
        rule: The rule by which schools were chosen, for the regression discontinuity; None leaves that out.
        robustness: Whether event study, staggered design, placebos, leave-one-out, specification curve and
            discontinuity are worked out.
        has_break: Whether procedures changed between before and after so that results are not comparable.
    """

    delay: int = 0
    selection_years: int = 1
    permutations: int = 999
    seed: int = 500
    rule: ListRule | None = None
    robustness: bool = True
    has_break: bool = False

    @property
    def windows(self) -> Windows:
        """Which years count as before and after."""
        return Windows(delay=self.delay, selection_years=self.selection_years)


@dataclass(frozen=True, slots=True)
class ProgrammeStudy:
    """One evaluation: rows as they were read, schools by year with cohorts and covariates, and how to look at them."""

    panel: SchoolPanel
    years: SchoolYears
    windows: Windows
    level: float
    options: ProgrammeOptions

    def rows(self) -> ProgrammeRows:
        """The stacked rows of the headline."""
        return stack_rows(self.years, self.windows)
