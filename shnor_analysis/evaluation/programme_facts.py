"""What the municipality's report states of its lists beside chance and of a programme; frozen, nothing rounded, no words.

Statistics of the models stand here as the models gave them. What may have to be closed for a reader — numbers of
schools and pupils, means of few schools, single schools by name — stands in values of this module, and the same parts
of the models' results are empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.accounting import Reason
from shnor_analysis.evaluation.measures import Number
from shnor_analysis.results import NotEstimable, Suppressed
from shnor_analysis.results.analysis_plan import PlanLine as PlanLine
from shnor_analysis.results.programme_effect import ProgrammeEffect

Value = float | Suppressed | None


@dataclass(frozen=True, slots=True)
class ListForecast:
    """The list made of one school year's results by the rule, and what chance alone does with it in the next year.

    `list_school_year` is the newest year behind the list, `next_school_year` the year in which leavers are seen.
    `without_result_n` of the `list_n` schools have no result then and count neither as leavers nor as stayers.
    Expected numbers are those without any programme, with an interval of `ListFlowFacts.level`; `observed_*` and
    `p_at_least_observed` (the chance of at least so many leavers) are None for a year that is not there yet.
    """

    list_school_year: int
    next_school_year: int
    list_n: Number
    without_result_n: Number
    expected_leavers: Value
    leavers_low: Number
    leavers_high: Number
    observed_leavers: Number
    p_at_least_observed: Value
    expected_entrants: Value
    entrants_low: Number
    entrants_high: Number
    observed_entrants: Number


@dataclass(frozen=True, slots=True)
class AbsentList:
    """A list of which nothing can be predicted, and why."""

    list_school_year: int
    reason: NotEstimable


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A past list beside what was predicted for it from the years before; the programme's schools are left out.

    Fields as in `ListForecast`; `pit` is where the observed number falls in the predicted distribution (0–1,
    randomised), uniform over years when the predictions are right.
    """

    list_school_year: int
    list_n: Number
    without_result_n: Number
    expected_leavers: Value
    leavers_low: Number
    leavers_high: Number
    observed_leavers: Number
    p_at_least_observed: Value
    pit: Value
    is_inside: bool | Suppressed


@dataclass(frozen=True, slots=True)
class SchoolFlow:
    """One school of a programme on the list before it: the chance to leave anyway, and whether it left by the rule."""

    school_id: str | None
    name: str | None
    is_listed: bool | Suppressed
    p_left: Value
    has_left: bool | Suppressed | None


@dataclass(frozen=True, slots=True)
class CohortFlow:
    """The schools that joined a programme in one year, on the list before it: how many left, and how many would anyway.

    "7 of 7 left; 3.1 would be expected anyway": `left_n` of `listed_n` (of them `without_result_n` without a result
    in the next year), `expected_leavers` with its interval, and `p_at_least_observed`, the chance of at least so many by
    chance alone. `schools_n` joined in `cohort_year`; those not on the list by the rule do not count. `reason` says why
    nothing is expected (`cohort_not_listed`: none of them was on it, or why the list could not be predicted).
    """

    programme: str
    cohort_year: int
    list_school_year: int
    next_school_year: int
    schools_n: int
    listed_n: Number
    without_result_n: Number
    left_n: Number
    expected_leavers: Value
    leavers_low: Number
    leavers_high: Number
    p_at_least_observed: Value
    schools: tuple[SchoolFlow, ...]
    reason: NotEstimable | None = None


@dataclass(frozen=True, slots=True)
class ListFlowFacts:
    """Lists beside chance: the last list that can be checked, the forecast for the next, calibration, the cohorts.

    `rule` is the version of the listing rule (its text stands in `reference`), `rule_is_verified` whether anybody
    compared it with its document; `rule_code` and `rule_parameters` name the rule as the model took it (msgid
    ``list_rule.<code>``). `lists` stand oldest first: the report year's forecast has no
    observation; `absent` says why one of them is not there. `first_year` is the first school year behind the model,
    which used `schools_n` schools of all places. `autumn_years`: years for which tests of the following autumn count.
    `notes` are codes of `locale/` (msgid ``list_flow_note.<code>``).
    """

    school_year: int
    rule: str
    rule_is_verified: bool
    rule_code: str
    rule_parameters: tuple[tuple[str, float | int | str], ...]
    level: float
    first_year: int
    schools_n: int
    lists: tuple[ListForecast, ...]
    calibration: tuple[CalibrationRow, ...]
    cohorts: tuple[CohortFlow, ...]
    reliability: float | None
    notes: tuple[str, ...]
    is_stale: bool
    absent: tuple[AbsentList, ...] = ()
    autumn_years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupYearRow:
    """One group's results in one school year: as `results.programme_parts.GroupYear`, what is closed said so.

    `group` is "comparison" or the cohort's first programme year as text. `share_low` is a share (0–1), `mean_sd` in
    pupil SD, higher is better. `is_comparable` is false where the calendar breaks in this year.
    """

    school_year: int
    group: str
    share_low: Value
    mean_sd: Value
    schools_n: Number
    tested_n: Number
    is_comparable: bool = True


@dataclass(frozen=True, slots=True)
class FlowArmRow:
    """How many schools of one arm ("treated", "comparison") came how far, and why others did not."""

    arm: str
    schools_eligible: Number
    schools_with_data: Number
    schools_used: Number
    pupils: Number
    excluded: tuple[Reason, ...] | Suppressed


@dataclass(frozen=True, slots=True)
class LeaveOneOutRow:
    """The primary estimate without one school, named for the department only."""

    school_id: str | None
    name: str | None
    estimate: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True, slots=True)
class LeaveOneOutFacts:
    """The least and the greatest primary estimate when each school in turn is left out (pupil SD).

    `crosses_zero`: whether leaving out one school changes the sign. `rows` by estimate, empty where they may not be
    shown.
    """

    lowest: float
    highest: float
    crosses_zero: bool
    rows: tuple[LeaveOneOutRow, ...]


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The frozen plan and each analysis beside it.

    `plan_hash` is that of the plan as it was frozen, `frozen_on` the day (UTC, ISO); `is_before_outcome`: before a
    result of the outcome year was loaded. `unreadable`: files of plans beside it that cannot be read.
    """

    name: str
    question: str
    plan_hash: str
    frozen_on: str
    is_before_outcome: bool
    lines: tuple[PlanLine, ...]
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One item of the TREND checklist.

    `item` is its number (1–22, with letters), `status` "filled", "partly" or "asked" (for the analyst to add),
    `answer` a code of `locale/` (msgid ``trend_answer.<code>``) with `fields`; empty where it is asked.
    """

    item: str
    status: str
    answer: str
    fields: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class ProgrammeFacts:
    """What can be said of a programme: estimates with their interval and grade, or a description alone.

    Read in this order: `effect.mdes` (what could be found at all), baseline, headline hull, designs, grade, then the
    checks. `effect` is as the model gave it, but for `flow`, `groups_by_year` and `leave_one_out`, which stand
    here so that they can be closed, and its accounting. `hull_*_of_100` is the hull in pupils of a hundred who would not
    get the lowest mark (higher is better; the percentage points with the sign turned), None where there is no headline.
    `breaks` are codes of breaks of the calendar that lie within the years used (msgid ``break.<code>``), `autumn_years` as
    in `ListFlowFacts`.
    """

    school_year: int
    programme: str
    cohorts: tuple[tuple[int, int], ...]
    effect: ProgrammeEffect
    hull_low_of_100: float | None
    hull_high_of_100: float | None
    groups: tuple[GroupYearRow, ...]
    flow: tuple[FlowArmRow, ...]
    leave_one_out: LeaveOneOutFacts | NotEstimable
    breaks: tuple[str, ...]
    plan: PlanFacts | NotEstimable
    trend: tuple[TrendRow, ...]
    is_stale: bool
    autumn_years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class UnseenProgramme:
    """A programme of which nothing can be shown, not even its schools by year, and why."""

    programme: str
    schools_n: int
    reason: NotEstimable
