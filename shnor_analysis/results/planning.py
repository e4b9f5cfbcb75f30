"""What an evaluation that is planned could detect, and how many schools, years or pupils an effect would need."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from shnor_analysis.language import session_language

Selection = Literal["lowest", "balanced"]
Lever = Literal["as_planned", "treated", "schools", "years_before", "years_after", "pupils"]
LEVERS: tuple[Lever, ...] = ("treated", "schools", "years_before", "years_after", "pupils")


@dataclass(frozen=True, slots=True)
class PlanComponents:
    """How results of schools vary, in standard deviations of all pupils.

    `permanent_sd`: level that stays; `yearly_sd`: what a school year adds, `autocorrelation` of years in a row;
    `within_sd`: pupils of one school and year. `source`: "assumed", or "panel" where they were estimated from
    `schools_n` schools over `years_n` years.
    """

    permanent_sd: float = 0.25
    yearly_sd: float = 0.12
    autocorrelation: float = 0.5
    within_sd: float = 1.0
    source: str = "assumed"
    schools_n: int = 0
    years_n: int = 0


@dataclass(frozen=True, slots=True)
class PowerRow:
    """One plan: its sizes and the smallest effect that each of the two designs would detect.

    `mdes` is that of the primary design (ANCOVA), `mdes_did` that of the difference in differences, None where no
    year before the selection year is left for its base. `lever` names what differs from the plan asked for.
    """

    lever: Lever
    schools: int
    treated: int
    pupils: int
    years_before: int
    years_after: int
    mdes: float
    mdes_did: float | None


@dataclass(frozen=True, slots=True)
class NeededSize:
    """How much of one thing, all else as planned, the wanted effect needs.

    `needed` is None where nothing up to `most` is enough.
    """

    lever: Lever
    planned: int
    needed: int | None
    most: int


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """What a plan could detect, in standard deviations of all pupils; said before the results are known.

    `mdes`: the smallest effect found with chance `power` by a two-sided test at `level`, primary design; `std_error`
    and `df` are those expected of it; `mdes_did` the same of the second design. `power_for_wanted`: the chance to find
    an effect of `wanted`. `mdes_points`: the smallest effect as percentage points of the lowest mark where its share
    is `low_share`. `selection`: whether the treated schools are the lowest of a list or alike the others. `rows`: the
    plan and its neighbours; `needed`: what the wanted effect needs.
    """

    schools: int
    treated: int
    pupils: int
    years_before: int
    years_after: int
    level: float
    power: float
    wanted: float
    selection: Selection
    components: PlanComponents
    mdes: float
    std_error: float
    df: float
    mdes_did: float | None
    power_for_wanted: float
    low_share: float
    mdes_points: float
    rows: tuple[PowerRow, ...]
    needed: tuple[NeededSize, ...]

    def tidy(self) -> pd.DataFrame:
        """A row a plan: the one asked for, then those that differ from it in one thing."""
        return pd.DataFrame([asdict(one) for one in self.rows], columns=list(PowerRow.__slots__))

    def needed_table(self) -> pd.DataFrame:
        """A row a thing that could be more: how much of it the wanted effect needs."""
        told = pd.DataFrame([asdict(one) for one in self.needed], columns=list(NeededSize.__slots__))
        return told.astype({"needed": "Int64"})

    def glance(self) -> pd.DataFrame:
        """One row: sizes, the smallest detectable effect, the chance to find the wanted one, what was assumed."""
        told = {
            name: getattr(self, name)
            for name in self.__slots__
            if name not in {"rows", "needed", "components"}
        }
        components = asdict(self.components)
        return pd.DataFrame([{**told, **components}])

    def in_words(self, language: str) -> str:
        """The answer as some sentences."""
        from shnor_analysis.results.shown_plan import plan_words

        return " ".join(plan_words(self, language))

    def __str__(self) -> str:
        return self.in_words(session_language())

    def _repr_html_(self) -> str:
        from shnor_analysis.results.shown_plan import plan_html

        return plan_html(self, session_language())
