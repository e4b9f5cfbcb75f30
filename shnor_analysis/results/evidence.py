"""How large an effect is, whether the groups were alike before, and how far such evidence may be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf
from types import MappingProxyType

import pandas as pd

from shnor_analysis.results.values import NotEstimable

MOST_PADLOCKS = 5
SATISFIED, ADJUST, NOT_EQUIVALENT = "satisfied", "adjust", "not_equivalent"
SIZE_COLUMNS = ("design", "kind", "g", "std_error", "df", "correction", "conf_low", "conf_high")


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """How far apart the two groups were on one result before the programme, in the analysed sample.

    `outcome` is a code: ``selection_year``, ``earlier_mean``, or ``year`` with its `school_year`. `g`: Hedges' g over
    the standard deviation of pupils, treated − comparison, None where it cannot be told. `verdict`: "satisfied"
    (|g| ≤ 0.05), "adjust" (up to 0.25: only with adjustment), "not_equivalent"; without g "not_equivalent", too.
    """

    outcome: str
    g: float | None
    verdict: str
    treated_mean: float | None
    comparison_mean: float | None
    school_year: int | None = None
    treated_n: int = 0
    comparison_n: int = 0


@dataclass(frozen=True, slots=True)
class PreTrend:
    """How the treated moved beside the others in the years before the selection years.

    `slope` is pupil SD a school year (below 0: they fell behind), with its interval and the p of no slope at all.
    `drift`, `drift_low`, `drift_high`: what the same slope would make from the middle of these years to the middle of
    the years after the start, with no programme at all. `years_n` counts the years before, `n_treated` schools.
    """

    slope: float
    conf_low: float
    conf_high: float
    df: float
    p_value: float
    drift: float
    drift_low: float
    drift_high: float
    years_n: int
    n_treated: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the slope leaves 0 out."""
        return self.conf_low > 0 or self.conf_high < 0


@dataclass(frozen=True, slots=True)
class GradeStep:
    """One step on the way to a grade: a code (msgid ``grade_step.<code>``), by how many padlocks, and its numbers.

    `is_spared`: it would take a padlock, but threats have taken as many as they may, or none is left.
    """

    code: str
    change: int
    fields: Mapping[str, object] = field(default_factory=dict)
    is_spared: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    def __reduce__(self) -> tuple[type[GradeStep], tuple[str, int, dict[str, object], bool]]:
        return type(self), (self.code, self.change, dict(self.fields), self.is_spared)


@dataclass(frozen=True, slots=True)
class EvidenceGrade:
    """Padlocks from 0 to 5, and every step that led there.

    `start` is what the design alone allows; `padlocks` = start + the sum of changes. Steps without a change are kept:
    they say what was looked at and found in order.
    """

    padlocks: int
    start: int
    steps: tuple[GradeStep, ...] = ()
    most: int = MOST_PADLOCKS

    def tidy(self) -> pd.DataFrame:
        """A row a step: `code`, `change`, `padlocks` after it."""
        told, left = [], self.start
        for one in self.steps:
            left += one.change
            told.append((one.code, one.change, left))
        return pd.DataFrame(told, columns=["code", "change", "padlocks"])


@dataclass(frozen=True, slots=True)
class HedgesG:
    """A difference in standard deviations with the correction of small samples.

    `kind`: "total" (over the whole spread of pupils) or "within" (over their spread within schools). `correction` is
    the factor J(df) that is already in `g`; `df` the degrees of freedom behind it.
    """

    kind: str
    g: float
    std_error: float
    df: float
    correction: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True, slots=True)
class EffectSize:
    """One estimate as sizes that other studies can be put beside.

    `design` names the estimate. `icc` is the part of the pupils' variance that lies between schools (0–1); `points`,
    `points_low`, `points_high`: the same estimate as percentage points of the lowest mark (negative is better), None
    where that scale was not estimated. Positive g is better for the treated schools.
    """

    design: str
    total: HedgesG
    within: HedgesG | NotEstimable
    icc: float
    level: float = 0.95
    points: float | None = None
    points_low: float | None = None
    points_high: float | None = None

    def tidy(self) -> pd.DataFrame:
        """A row a kind of g."""
        told = [one for one in (self.total, self.within) if isinstance(one, HedgesG)]
        return pd.DataFrame(
            [{"design": self.design, **asdict(one)} for one in told], columns=list(SIZE_COLUMNS)
        )


@dataclass(frozen=True, slots=True)
class MonthsOfProgress:
    """Months of additional progress for the estimate and both ends of its interval, by the published table.

    Negative: fewer months. `is_beyond` where the table has no row for so large a size; the month then is its last one.
    `warnings` are codes (msgid ``months_warning.<code>``) and are never empty: months are shown only with them.
    """

    months: int
    low: int
    high: int
    warnings: tuple[str, ...]
    is_beyond: bool = False


def may_speak_of_cause(rows: Sequence[BaselineRow]) -> bool:
    """Whether likeness before allows to speak of what the programme did: something was compared, nothing too far apart."""
    return bool(rows) and all(one.verdict != NOT_EQUIVALENT for one in rows)


def worst(rows: Sequence[BaselineRow]) -> BaselineRow | None:
    """The row in which the groups are furthest apart; one without g is further than any; None without rows."""
    return max(rows, key=lambda one: inf if one.g is None else abs(one.g), default=None)
