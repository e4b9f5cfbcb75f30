"""The plan of an analysis: what is asked and how, fixed before its outcome is known, and how far it was kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

ANALYSES = (
    "ancova",
    "did",
    "permutation",
    "event_study",
    "callaway_santanna",
    "placebos",
    "leave_one_out",
    "specifications",
    "discontinuity",
)
OUTCOMES = ("outcome_sd", "low_share")
COMPARISONS = ("not_yet", "never")
# years that a programme may begin in: others are slips of the pen, such as 22 for 2022
EARLIEST, LATEST = 1900, 2200
AS_PLANNED, DEVIATION, EXPLORATORY = "as_planned", "deviation", "exploratory"


@dataclass(frozen=True, slots=True)
class AnalysisPlan:
    """What will be asked of which schools and results, and how it will be answered.

    `treated`: school_id and first school year of the programme, in the order of school_id. `programme`: its name, or
    empty where the plan does not say. `rule`: version of the rule that made the list, or empty. `comparison`:
    "not_yet" (schools that are not treated yet count until they are) or "never". `analyses` and `specifications` are codes; `primary` is the analysis of the headline. `years_before` and
    `years_after`: school years that will be looked at on either side of the programme's first year, the selection
    years included. `context`: factors taken into account. `wanted`: the effect that would matter, in standard
    deviations of pupils, None where none was named.
    """

    name: str
    question: str
    treated: tuple[tuple[str, int], ...]
    years_before: int
    years_after: int
    outcome: str = "outcome_sd"
    rule: str = ""
    comparison: str = "not_yet"
    primary: str = "ancova"
    analyses: tuple[str, ...] = ANALYSES
    specifications: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    selection_years: int = 1
    delay: int = 0
    level: float = 0.95
    permutations: int = 999
    seed: int = 500
    wanted: float | None = None
    programme: str = ""

    @property
    def cohorts(self) -> tuple[tuple[int, int], ...]:
        """Schools by their first school year of the programme, oldest first."""
        years = [year for _, year in self.treated]
        return tuple((year, years.count(year)) for year in sorted(set(years)))

    @property
    def outcome_year(self) -> int:
        """The first school year whose results are outcome."""
        return min(year for _, year in self.treated) + self.delay


@dataclass(frozen=True, slots=True)
class FrozenPlan:
    """A plan with the time at which it was fixed and what was loaded by then.

    `frozen_at`: UTC, ISO. `loaded_years`: school years with results in the workspace then. `is_before_outcome`: no
    result of the outcome year or a later one was among them. `data_sha256` stands for the files that were there;
    `sha256` for all of this value: written down elsewhere, it proves that nothing was changed since.
    """

    plan: AnalysisPlan
    frozen_at: str
    loaded_years: tuple[int, ...]
    is_before_outcome: bool
    data_sha256: str
    sha256: str

    @property
    def is_intact(self) -> bool:
        """Whether the value is the one that its hash was taken of."""
        return self.sha256 == hash_of(self)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One thing of the plan beside what was done.

    `status`: "as_planned", "deviation", or "exploratory" (done and not in the plan). `planned` and `done` say both
    sides in short: numbers and codes, empty where there is nothing to say.
    """

    analysis: str
    status: str
    planned: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True)
class PlanState:
    """A frozen plan and how far it was kept, line by line; `unreadable` names files of plans that cannot be read."""

    frozen: FrozenPlan
    lines: tuple[PlanLine, ...]
    unreadable: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """A row a line."""
        return pd.DataFrame(
            [asdict(one) for one in self.lines], columns=["analysis", "status", "planned", "done"]
        )


def hash_of(frozen: FrozenPlan) -> str:
    """SHA-256 over everything in a frozen plan but the hash itself; hexadecimal."""
    plan: dict[str, Any] = asdict(frozen.plan)
    if not plan["programme"]:
        # plans fixed before plans could name a programme keep their hash
        del plan["programme"]
    told = {**asdict(frozen), "plan": plan, "sha256": ""}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def plan_of(told: Mapping[str, Any]) -> AnalysisPlan:
    """A plan from what a file or a mapping says; lists become tuples, schools stand in order.

    Raises:
        TypeError: A field is missing, or none of that name exists.
        ValueError: A first year of the programme is no school year, or a school has two (OverflowError: endless).
    """
    given = {name: plain_value(value) for name, value in told.items()}
    return AnalysisPlan(**{**given, "treated": treated_of(told.get("treated", ()))})


def treated_of(treated: Any) -> tuple[tuple[str, int], ...]:
    """Schools with the first years of their programme, in order, from a mapping or pairs; errors as of `plan_of`."""
    pairs = treated.items() if isinstance(treated, Mapping) else treated
    found = tuple(sorted((str(school), _first_year(year)) for school, year in pairs))
    if len(dict(found)) < len(found):
        raise ValueError("treated: a school stands twice")
    return found


def plain_value(value: Any) -> Any:
    """A list as a tuple, a number of an array as a plain one, everything else as it is."""
    if isinstance(value, list | tuple):
        return tuple(value)
    return value.item() if isinstance(value, np.generic) else value


def _first_year(value: Any) -> int:
    year = int(value)
    is_whole = not isinstance(value, bool) and not (isinstance(value, Real) and value != year)
    if not (is_whole and EARLIEST < year < LATEST):
        raise ValueError(f"treated: {value}")
    return year


def field_names() -> tuple[str, ...]:
    """Names of a plan's fields in their order."""
    return tuple(one.name for one in fields(AnalysisPlan))
