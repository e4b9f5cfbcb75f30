"""How far evidence may be trusted: padlocks from 0 to 5, with the reason of each step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shnor_analysis.reference.evidence_scales import evidence_scales
from shnor_analysis.results.evidence import (
    ADJUST,
    NOT_EQUIVALENT,
    BaselineRow,
    EvidenceGrade,
    GradeStep,
    PreTrend,
    worst,
)
from shnor_analysis.results.programme_parts import PLACEBOS_FOR_A_TEST

# a real estimate that ranks among the upper tenth of placebos, or further out, does not contradict its interval
PLACEBO_TAIL = 0.10


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, in standard deviations of pupils."""

    estimate: float
    low: float
    high: float

    @property
    def has_sign(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0.0 or self.high < 0.0


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """What a grade rests on.

    `years_before`: school years with results before the programme, the selection year included; `years_after` from its
    first year on. `mdes`: smallest detectable effect, None where it is not known. `lost_share`: schools of both groups
    that had to be analysed and could not be, 0–1. `flagged_treated_n`: treated schools with signs of biased results
    in an analysed year. `has_break`: the series changes between before and after so that results are not comparable.
    `placebo_rank` of `placebos_n` + 1, 1 is the furthest out. `primary` and `bracket`: the two designs, None where
    there is none. `pre_trend`: how the treated moved beside the others before selection, None where nobody can tell.
    """

    is_descriptive: bool
    n_treated: int
    n_comparison: int
    years_before: int
    years_after: int
    mdes: float | None = None
    lost_share: float = 0.0
    baseline: tuple[BaselineRow, ...] = ()
    flagged_treated_n: int = 0
    has_break: bool = False
    placebo_rank: int | None = None
    placebos_n: int = 0
    primary: Interval | None = None
    bracket: Interval | None = None
    pre_trend: PreTrend | None = None


def grade_evidence(facts: EvidenceFacts) -> EvidenceGrade:
    """Grade the evidence: what the design allows, then power and loss of schools, then threats; only ever down.

    Start: 3 with several years before (selection on results is looked at), 2 with the selection year alone (chance in
    that year cannot be told from the level), 1 without a year before, 0 for a description without comparison. Power
    and loss set a ceiling each. Each threat takes one padlock, all together at most two. Threats: groups not alike
    before, on another course already before selection, biased results among the treated, a break of the series,
    placebos that move as much, designs that disagree.

    Returns:
        The grade with a step for everything that was looked at, also where nothing was taken.

    Limits: a matched comparison starts at 3 at most; the thresholds are a scheme's, not a law (reference
        ``evidence_scales.toml``, not verified for padlocks).
    Source: EEF classification of the security of findings; docs/method/evidence_grade.md.
    """
    start, first = _design(facts)
    if start == 0:
        return EvidenceGrade(0, 0, (first,))
    steps, left = [first], start
    for ceiling, code, fields in (_power(facts), _loss(facts)):
        steps.append(GradeStep(code, min(0, ceiling - left), fields))
        left += steps[-1].change
    taken = 0
    for threat in _threats(facts):
        is_counted = taken < evidence_scales().threats_at_most and left > 0
        change = threat.change if is_counted else 0
        steps.append(replace(threat, change=change, is_spared=change != threat.change))
        taken, left = taken - change, left + change
    return EvidenceGrade(left, start, tuple(steps))


def _design(facts: EvidenceFacts) -> tuple[int, GradeStep]:
    schools = {"treated": facts.n_treated, "comparison": facts.n_comparison}
    if facts.is_descriptive:
        return 0, GradeStep("design_descriptive", 0, schools)
    if facts.years_before < 1:
        return 1, GradeStep("design_without_before", 0, schools)
    years = {"years_before": facts.years_before, "years_after": facts.years_after}
    if facts.years_before == 1:
        return 2, GradeStep("design_one_year_before", 0, {**schools, **years})
    return 3, GradeStep("design_several_years", 0, {**schools, **years})


def _power(facts: EvidenceFacts) -> tuple[int, str, dict[str, object]]:
    """Ceiling, code and fields of the smallest detectable effect."""
    if facts.mdes is None:
        return 0, "power_unknown", {}
    rows = evidence_scales().padlocks
    ceiling = next((row.padlocks for row in rows if facts.mdes < row.mdes_below), 0)
    return ceiling, "power", {"mdes": facts.mdes, "ceiling": ceiling}


def _loss(facts: EvidenceFacts) -> tuple[int, str, dict[str, object]]:
    """Ceiling, code and fields of the schools that were lost."""
    rows = evidence_scales().padlocks
    ceiling = next((row.padlocks for row in rows if facts.lost_share <= row.loss_at_most), 0)
    return ceiling, "loss", {"lost_share": facts.lost_share, "ceiling": ceiling}


def _threats(facts: EvidenceFacts) -> tuple[GradeStep, ...]:
    """What else was looked at: −1 where it speaks against the evidence, 0 where it does not."""
    return (
        _baseline(facts),
        _course_before(facts),
        _biased(facts),
        _series(facts),
        _placebos(facts),
        _designs(facts),
    )


def _baseline(facts: EvidenceFacts) -> GradeStep:
    furthest = worst(facts.baseline)
    if furthest is None or furthest.g is None:
        return GradeStep("baseline_unknown", -1)
    # the sentence of a step names the year by itself
    outcome = "earlier_year" if furthest.outcome == "year" else furthest.outcome
    fields = {"g": furthest.g, "outcome": outcome}
    if furthest.verdict == NOT_EQUIVALENT:
        return GradeStep("baseline_not_equivalent", -1, fields)
    return GradeStep("baseline_adjusted" if furthest.verdict == ADJUST else "baseline_alike", 0, fields)


def _course_before(facts: EvidenceFacts) -> GradeStep:
    """Whether the treated moved away from the others before they were chosen; that it is not seen proves nothing."""
    told = facts.pre_trend
    if told is None:
        return GradeStep("pre_trend_unknown", 0)
    fields = {"slope": told.slope, "low": told.conf_low, "high": told.conf_high, "drift": told.drift}
    if told.is_clear:
        return GradeStep("pre_trend_clear", -1, fields)
    return GradeStep("pre_trend_unclear", 0, fields)


def _biased(facts: EvidenceFacts) -> GradeStep:
    if facts.flagged_treated_n > 0:
        return GradeStep("biased_results", -1, {"n": facts.flagged_treated_n, "treated": facts.n_treated})
    return GradeStep("biased_none", 0)


def _series(facts: EvidenceFacts) -> GradeStep:
    return GradeStep("series_break", -1) if facts.has_break else GradeStep("series_whole", 0)


def _placebos(facts: EvidenceFacts) -> GradeStep:
    """Placebos speak against an interval that leaves 0 out when many of them went as far with no programme."""
    fields = {"rank": facts.placebo_rank, "placebos": facts.placebos_n}
    if facts.placebo_rank is None or facts.placebos_n < PLACEBOS_FOR_A_TEST:
        return GradeStep("placebos_few", 0, {"placebos": facts.placebos_n, "needed": PLACEBOS_FOR_A_TEST})
    share = facts.placebo_rank / (facts.placebos_n + 1)
    if facts.primary is not None and facts.primary.has_sign and share > PLACEBO_TAIL:
        return GradeStep("placebos_as_far", -1, fields)
    return GradeStep("placebos_fitting", 0, fields)


def _designs(facts: EvidenceFacts) -> GradeStep:
    """Two designs disagree when their intervals do not meet, or point apart and one of them leaves 0 out."""
    one, two = facts.primary, facts.bracket
    if one is None or two is None:
        return GradeStep("design_single", 0)
    do_not_meet = one.low > two.high or two.low > one.high
    point_apart = one.estimate * two.estimate < 0 and (one.has_sign or two.has_sign)
    return GradeStep("designs_disagree", -1) if do_not_meet or point_apart else GradeStep("designs_agree", 0)
