"""Who would stay on the list, leave it and enter it with no programme: expected by chance beside what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shnor_analysis.accounting import Accounting
from shnor_analysis.language import session_language

if TYPE_CHECKING:
    from shnor_analysis.results.shown_flow_picture import CalibrationPicture
    from shnor_analysis.results.values import NotEstimable

# past lists are few: bounds of 95 % that miss more than a quarter of them, and more than one, do not hold
FEWEST_CHECKS = 4
OUTSIDE_ALLOWED = 0.25

Parameter = tuple[str, float | int | str]


@dataclass(frozen=True, slots=True)
class SchoolChance:
    """One school of the list's year and its chance to be on the list of the next year.

    `expected_share` is the share of low results expected next year; `is_listed_next` what the rule says on the data
    of the next year, None where the school has no result then that the rule could judge.
    """

    school_id: str
    is_listed: bool
    tested_n: int
    observed_share: float
    expected_share: float
    p_on_list: float
    is_listed_next: bool | None


@dataclass(frozen=True, slots=True)
class CalibrationYear:
    """A past year without a programme: what was expected of it from earlier data alone, and what came.

    Leavers are counted among listed schools with a result in the next year, entrants among schools with a result in
    both years. `p_at_least_observed` is the chance of as many leavers or more; `pit` the randomised probability
    integral transform of the observed leavers, uniform where the prediction holds what it promises.
    """

    year: int
    list_n: int
    without_result_n: int
    observed_leavers: int
    expected_leavers: float
    leavers_low: int
    leavers_high: int
    observed_entrants: int
    expected_entrants: float
    entrants_low: int
    entrants_high: int
    p_at_least_observed: float
    pit: float

    @property
    def is_inside(self) -> bool:
        """Whether the observed leavers lie within the interval."""
        return self.leavers_low <= self.observed_leavers <= self.leavers_high


@dataclass(frozen=True, slots=True)
class FlowComponents:
    """What makes a school's share of low results differ: standard deviations on the scale of log odds.

    `permanent_sd` between schools for good; `yearly_sd` of the part that fades by `autocorrelation` a year;
    `procedure_sd` of what is lasting in a school's single procedure (0 where procedures are pooled); `extra_sd` of what
    does not last at all beyond the sampling of pupils. `overdispersion` is the variance of a school's observed share
    about its lasting level over that of sampling alone, at the median number tested; `reliability` the correlation
    of the list's variable with itself a year later, at that number (`median_n`).
    """

    permanent_sd: float
    yearly_sd: float
    autocorrelation: float
    extra_sd: float
    procedure_sd: float
    overdispersion: float
    reliability: float
    median_n: float


@dataclass(frozen=True, slots=True)
class GroupFlow:
    """Some of the listed schools: how many left, and how many would be expected to leave with no programme.

    `listed_n` counts those asked for that are on the list and, where the next year is known, have a result in it;
    `without_result_n` those on the list without one. `p_at_least_observed` is the chance of as many leavers or more;
    `level` that of the interval from `low` to `high`.
    """

    listed_n: int
    without_result_n: int
    expected: float
    low: int
    high: int
    observed: int | None
    p_at_least_observed: float | None
    level: float = 0.95

    def in_words(self, language: str) -> str:
        """The answer as some sentences."""
        from shnor_analysis.results.shown_list_flow import group_words

        return " ".join(group_words(self, language))

    def __str__(self) -> str:
        return self.in_words(session_language())

    def _repr_html_(self) -> str:
        from shnor_analysis.results.shown_list_flow import group_html

        return group_html(self, session_language())


@dataclass(frozen=True, slots=True)
class ListFlowPrediction:
    """The list of one year and what chance alone would make of it in the next.

    `rule_code` and `rule_parameters` name the rule (msgid ``list_rule.<code>``). Leavers and stayers are counted among
    listed schools; where the next year is known, among those with a result in it (`without_result_n` have none).
    Entrants are counted among schools with a result in the list's year. What was observed is None where the next year
    is not in the data. `leavers_distribution[k]` is the chance of exactly k leavers. `patterns` keeps the draws of
    who of the list stays, packed in bits, so that any group of schools can be asked for together. `notes` are codes of
    `locale/` (msgid ``list_flow_note.<code>``). Intervals and chances hold for what would happen with no programme.
    """

    rule_code: str
    rule_parameters: tuple[Parameter, ...]
    year: int
    level: float
    list_n: int
    without_result_n: int
    expected_leavers: float
    leavers_low: int
    leavers_high: int
    observed_leavers: int | None
    p_at_least_observed: float | None
    expected_stayers: float
    stayers_low: int
    stayers_high: int
    observed_stayers: int | None
    expected_entrants: float
    entrants_low: int
    entrants_high: int
    observed_entrants: int | None
    components: FlowComponents
    schools: tuple[SchoolChance, ...] = field(repr=False)
    calibration: tuple[CalibrationYear, ...] = field(repr=False)
    leavers_distribution: tuple[float, ...] = field(repr=False)
    patterns: tuple[bytes, ...] = field(repr=False)
    draws: int
    seed: int
    notes: tuple[str, ...]
    accounting: Accounting = field(repr=False)

    @property
    def listed(self) -> tuple[SchoolChance, ...]:
        """The schools of the list, in the order of `schools`."""
        return tuple(one for one in self.schools if one.is_listed)

    def of(self, school_id: str) -> SchoolChance | None:
        """What is known of one school; None when it has no result in the list's year."""
        return next((one for one in self.schools if one.school_id == str(school_id)), None)

    def of_schools(self, ids: Iterable[object]) -> GroupFlow:
        """The flow of some listed schools together, from the same joint draws.

        Args:
            ids: School numbers; those that are not on the list are passed over.

        Returns:
            "7 of 7 left, 3.1 would be expected anyway": see `GroupFlow`.
        """
        wanted = {str(one) for one in ids}
        listed = [(at, one) for at, one in enumerate(self.listed) if one.school_id in wanted]
        seen = [(at, one) for at, one in listed if not self._is_known or one.is_listed_next is not None]
        leavers = self._leavers([at for at, _ in seen])
        observed = sum(not one.is_listed_next for _, one in seen) if self._is_known else None
        low, high = count_interval(leavers, self.level)
        return GroupFlow(
            listed_n=len(seen),
            without_result_n=len(listed) - len(seen),
            expected=float(leavers.mean()),
            low=low,
            high=high,
            observed=observed,
            p_at_least_observed=None if observed is None else float((leavers >= observed).mean()),
            level=self.level,
        )

    def in_words(self, language: str) -> str:
        """The list, its rule, what chance would make of it and what was seen, in some sentences."""
        from shnor_analysis.results.shown_list_flow import flow_words

        return " ".join(flow_words(self, language))

    def __str__(self) -> str:
        return self.in_words(session_language())

    def _repr_html_(self) -> str:
        from shnor_analysis.results.shown_list_flow import flow_html

        return flow_html(self, session_language())

    def draw_calibration(self, language: str | None = None) -> CalibrationPicture | NotEstimable:
        """Past lists beside what was predicted of them, as a small picture that a notebook shows by itself.

        Args:
            language: "ru" or "en"; that of the session when left out.

        Returns:
            The picture, this list in its last row; NotEstimable ``list_unchecked`` where no past list was predicted.
        """
        from shnor_analysis.results.shown_flow_picture import calibration_picture

        return calibration_picture(self, language or session_language())

    @property
    def _is_known(self) -> bool:
        return self.observed_leavers is not None

    def _leavers(self, places: list[int]) -> NDArray[np.int64]:
        """How many of the listed schools at these places leave in each draw, shape (draws,)."""
        leavers = np.zeros(self.draws, dtype=np.int64)
        for at in places:
            stays = np.unpackbits(np.frombuffer(self.patterns[at], dtype=np.uint8), count=self.draws)
            leavers += 1 - stays.astype(np.int64)
        return leavers

    def tidy(self) -> pd.DataFrame:
        """A row a school with a result in the list's year, the columns of `SchoolChance`."""
        names = [one.name for one in fields(SchoolChance)]
        told = [[getattr(one, name) for name in names] for one in self.schools]
        return pd.DataFrame(told, columns=names).astype({"is_listed_next": "boolean"})

    def glance(self) -> pd.DataFrame:
        """One row: the list, expected and observed flow, components, and how it was worked out."""
        told = {
            name: getattr(self, name)
            for name in ListFlowPrediction.__slots__
            if name
            not in ("components", "schools", "calibration", "leavers_distribution", "patterns", "accounting")
        }
        frame = pd.DataFrame([{**told, **asdict(self.components), "n_schools": len(self.schools)}])
        whole = ("observed_leavers", "observed_stayers", "observed_entrants")
        return frame.astype({**dict.fromkeys(whole, "Int64"), "p_at_least_observed": "Float64"})

    def calibration_table(self) -> pd.DataFrame:
        """A row a past year, the columns of `CalibrationYear` and `is_inside`."""
        names = [one.name for one in fields(CalibrationYear)]
        told = [[*(getattr(one, name) for name in names), one.is_inside] for one in self.calibration]
        return pd.DataFrame(told, columns=[*names, "is_inside"])


def calibration_verdict(inside: int, n: int) -> Literal["fails", "few", "holds"]:
    """What a check on `n` past lists allows to say, of which `inside` fell within the bounds.

    With few lists little; with many outside that predictions are not to be trusted (msgid ``calibration.<verdict>``).
    """
    if n - inside > max(1, OUTSIDE_ALLOWED * n):
        return "fails"
    return "few" if n < FEWEST_CHECKS else "holds"


def count_interval(counts: NDArray[np.int64], level: float) -> tuple[int, int]:
    """Equal-tailed interval of simulated whole numbers: at most (1 − level)/2 of the draws lie beyond either end."""
    tail = (1 - level) / 2
    low = np.quantile(counts, tail, method="inverted_cdf")
    high = np.quantile(counts, 1 - tail, method="inverted_cdf")
    return int(low), int(high)
