"""The parts of a programme's evaluation: what each design, check and count says; frozen, full precision, wordless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from shnor_analysis.accounting import Reason
from shnor_analysis.language import render

Scale = Literal["sd", "pp"]
SCALES: tuple[Scale, ...] = ("sd", "pp")
# placebos under which no test can reach 5 %: 1 / (19 + 1)
PLACEBOS_FOR_A_TEST = 19


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader must know of how it was worked out: a code of `locale/` (msgid ``programme_note.<reason>``)."""

    reason: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    def in_words(self, language: str) -> str:
        """The note as a sentence."""
        return render(f"programme_note.{self.reason}", language, **self.fields)

    def __reduce__(self) -> tuple[type[Note], tuple[str, dict[str, object]]]:
        return type(self), (self.reason, dict(self.fields))


@dataclass(frozen=True, slots=True)
class DesignEstimate:
    """One design's estimate on one scale.

    Scale "sd" is pupil standard deviations (higher is better), "pp" percentage points of low results (lower is
    better). `df` are Satterthwaite degrees of freedom, `permutation_p` that of the t
    statistic (None where it was not worked out).
    """

    design: str
    scale: Scale
    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    permutation_p: float | None
    n_treated: int
    n_comparison: int


@dataclass(frozen=True, slots=True)
class EventYear:
    """The difference between treated and comparison schools in one year, pupil SD, less that of the base years.

    `years_since` counts from the cohort's first programme year: −1 is the (last) selection year. `is_selection` marks
    the years the list was drawn from, `is_base` the years before them, whose mean is set to 0.
    """

    years_since: int
    estimate: float
    conf_low: float
    conf_high: float
    n_treated: int
    is_selection: bool
    is_base: bool


@dataclass(frozen=True, slots=True)
class Placebo:
    """The pipeline on a would-be list where no programme was: in another year, or another place."""

    kind: Literal["year", "place"]
    label: str
    first_year: int
    estimate: float
    statistic: float


@dataclass(frozen=True, slots=True)
class PlaceboRank:
    """Where the real estimate's t stands among those of `k` placebos: `rank` 1 is the greatest.

    `smallest_p` = 1 / (k + 1) is the least p the placebos could give; `p` (one-sided: rank / (k + 1)) is None under 19
    placebos. `is_overlapping`: some placebos share years of one place, so they tell less than their number.
    """

    placebos: tuple[Placebo, ...]
    rank: int
    k: int
    smallest_p: float
    p: float | None
    is_overlapping: bool = False


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """The primary estimate (pupil SD) without one school."""

    school_id: str
    estimate: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True, slots=True)
class Specification:
    """One defensible way of asking, and what it gives; `is_headline` marks the one of the headline.

    Codes: `design` ancova, ancova_one_lag, did; `years` after the start: all, first, later; `subjects` all, or the code
    of a subject (of an assessment without one); `comparison` not_yet, never, nearest (to the treated in the selection
    years), listed (by the rule, without help); `weights` of rows: pupils, equal.
    """

    design: str
    years: str
    subjects: str
    comparison: str
    with_flagged: bool
    scale: Scale
    estimate: float
    conf_low: float
    conf_high: float
    is_headline: bool
    selection_years: int = 1
    weights: Literal["pupils", "equal"] = "pupils"


@dataclass(frozen=True, slots=True)
class Discontinuity:
    """The jump of the outcome (pupil SD) at the threshold of the list; schools within the bandwidth on either side."""

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    bandwidth: float
    n_below: int
    n_above: int


@dataclass(frozen=True, slots=True)
class CohortEffect:
    """One cohort's estimate in pupil SD, over all its programme years with results."""

    cohort: int
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    n_treated: int


@dataclass(frozen=True, slots=True)
class StaggeredEffect:
    """Callaway–Sant'Anna: the overall estimate on both scales, and by cohort.

    `warned` keeps what the package said of the computation and does not say of every such panel, in its own words.
    """

    overall: tuple[DesignEstimate, ...]
    cohorts: tuple[CohortEffect, ...]
    warned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowArm:
    """How many schools of one arm ("treated" or "comparison") came how far, and why others did not.

    `schools_eligible` all named (treated) or all others in the panel; `schools_with_data` those with any result;
    `schools_used` those in the headline; `pupils` results of these in programme years. Reasons have codes of `locale/`
    (msgid ``reason.<code>``).
    """

    arm: Literal["treated", "comparison"]
    schools_eligible: int
    schools_with_data: int
    schools_used: int
    pupils: int
    excluded: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class GroupYear:
    """One group's results in one school year.

    `group` is "comparison" or the cohort's first programme year as text. `share_low` is the share of low results
    (0–1, pooled over procedures), `mean_sd` the mean in pupil SD beside the comparison schools of the same procedures,
    weighted by pupils.
    """

    school_year: int
    group: str
    share_low: float
    mean_sd: float
    schools_n: int
    tested_n: int
