"""How large, how alike before, how far to be trusted: what is told beside a programme's estimate."""

from __future__ import annotations

import numpy as np

from shnor_analysis.models.baseline_equivalence import BaselineMeasure, baseline_rows
from shnor_analysis.models.effect_sizes import GroupSizes, Points, effect_size
from shnor_analysis.models.evidence_grade import EvidenceFacts, Interval, grade_evidence
from shnor_analysis.models.programme_robustness import Robustness
from shnor_analysis.models.programme_rows import NEVER, Flags, Floats, Indices, ProgrammeRows
from shnor_analysis.models.programme_study import ProgrammeStudy
from shnor_analysis.results.evidence import BaselineRow, EffectSize, EvidenceGrade, PreTrend
from shnor_analysis.results.programme_parts import DesignEstimate, FlowArm, PlaceboRank


def baseline_of(rows: ProgrammeRows, *, icc: float) -> tuple[BaselineRow, ...]:
    """Likeness of the analysed schools before the programme: in the selection years and in the mean of earlier ones.

    A comparison school that stands beside several cohorts counts once, with its mean over their years.
    """
    told = [("selection_year", rows.sd.selection)]
    told += [("earlier_mean", rows.sd.earlier)] if rows.has_earlier else []
    schools, pupils, is_treated = _once(rows)
    measures = [
        BaselineMeasure(outcome, _school_means(rows, values, schools, is_treated), pupils, is_treated)
        for outcome, values in told
    ]
    return baseline_rows(measures, icc=icc)


def sizes_of(
    designs: tuple[DesignEstimate, ...], rows: ProgrammeRows, *, icc: float, level: float
) -> tuple[EffectSize, ...]:
    """Hedges' g of each design in pupil SD, with the same design's percentage points."""
    _, pupils, is_treated = _once(rows)
    sizes = GroupSizes(tuple(pupils[is_treated].tolist()), tuple(pupils[~is_treated].tolist()))
    by_scale = {(one.design, one.scale): one for one in designs}
    found = []
    for one in designs:
        if one.scale != "sd":
            continue
        pp = by_scale.get((one.design, "pp"))
        points = None if pp is None else Points(pp.estimate, pp.conf_low, pp.conf_high)
        found.append(effect_size(one, sizes=sizes, icc=icc, level=level, points=points))
    return tuple(found)


def grade_of(
    study: ProgrammeStudy,
    rows: ProgrammeRows,
    *,
    designs: tuple[DesignEstimate, ...],
    baseline: tuple[BaselineRow, ...],
    flow: tuple[FlowArm, ...],
    mdes: float | None,
    checks: Robustness,
    is_descriptive: bool,
) -> EvidenceGrade:
    """Grade the evidence from what was found."""
    by_design = {one.design: one for one in designs if one.scale == "sd"}
    ranked = checks.placebos if isinstance(checks.placebos, PlaceboRank) else None
    before, after = _years_around(study, rows)
    eligible, used = (
        sum(getattr(one, name) for one in flow) for name in ("schools_eligible", "schools_used")
    )
    facts = EvidenceFacts(
        is_descriptive=is_descriptive,
        n_treated=rows.n_treated,
        n_comparison=rows.n_comparison,
        years_before=before,
        years_after=after,
        mdes=mdes,
        lost_share=1.0 - used / eligible if eligible else 0.0,
        baseline=baseline,
        flagged_treated_n=_flagged(study, rows),
        has_break=study.options.has_break,
        placebo_rank=None if ranked is None else ranked.rank,
        placebos_n=0 if ranked is None else ranked.k,
        primary=_interval(by_design.get("ancova")),
        bracket=_interval(by_design.get("did")),
        pre_trend=checks.pre_trend if isinstance(checks.pre_trend, PreTrend) else None,
    )
    return grade_evidence(facts)


def _interval(design: DesignEstimate | None) -> Interval | None:
    return None if design is None else Interval(design.estimate, design.conf_low, design.conf_high)


def _once(rows: ProgrammeRows) -> tuple[Indices, Floats, Flags]:
    """Schools of the rows, the most results behind a row of each, and which are treated in some row."""
    schools, at = np.unique(rows.school, return_inverse=True)
    pupils = np.zeros(len(schools))
    np.maximum.at(pupils, at, rows.weight)
    is_treated = np.zeros(len(schools), dtype=bool)
    np.logical_or.at(is_treated, at, rows.treated)
    return schools, pupils, is_treated


def _school_means(rows: ProgrammeRows, values: Floats, schools: Indices, is_treated: Flags) -> Floats:
    """Mean of each school's rows: of a treated school only the row of its own cohort."""
    at = np.searchsorted(schools, rows.school)
    counted = (rows.treated | ~is_treated[at]).astype(np.float64)
    # cohorts with more schools say more of what the comparison schools stand beside
    counted *= np.bincount(rows.cohort[rows.treated] - rows.cohort.min(), minlength=np.ptp(rows.cohort) + 1)[
        rows.cohort - rows.cohort.min()
    ]
    total = np.bincount(at, counted)
    return np.asarray(np.bincount(at, counted * values) / total)


def _years_around(study: ProgrammeStudy, rows: ProgrammeRows) -> tuple[int, int]:
    """Years with results before the first analysed cohort, and from its first looked-at year on."""
    if not rows.cohort.size:
        return 0, 0
    first = int(rows.cohort.min())
    members = np.unique(rows.school[rows.treated & (rows.cohort == first)])
    with_results = [
        year for at, year in enumerate(study.years.years) if study.years.tested_n[members, at].any()
    ]
    return sum(year < first for year in with_results), sum(
        year >= first + study.windows.delay for year in with_results
    )


def _flagged(study: ProgrammeStudy, rows: ProgrammeRows) -> int:
    """Treated schools of the rows with signs of biased results in any year."""
    treated = np.unique(rows.school[rows.treated & (study.years.cohort[rows.school] != NEVER)])
    return int(np.isin(treated, study.panel.school[study.panel.is_flagged]).sum())
