"""The estimate asked in every other defensible way, and without each school."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from shnor_analysis.models.list_flow_rows import read_flow_rows
from shnor_analysis.models.programme_asked import MOST_SELECTION_YEARS
from shnor_analysis.models.programme_designs import ancova, did
from shnor_analysis.models.programme_outcomes import school_years
from shnor_analysis.models.programme_rows import NEVER, Flags, ProgrammeRows, ScaleRows, SchoolYears, Windows
from shnor_analysis.models.programme_stacks import stack_rows
from shnor_analysis.models.programme_study import FEWEST_COMPARISON, FEWEST_TREATED, ProgrammeStudy
from shnor_analysis.results.programme_parts import (
    SCALES,
    DesignEstimate,
    LeaveOneOut,
    Scale,
    Specification,
)
from shnor_analysis.results.values import NotEstimable

Design = Callable[..., DesignEstimate | NotEstimable]
# with more, leaving one out changes nothing that could be seen
MOST_COMPARISON_LEFT_OUT = 100


def leave_one_out(study: ProgrammeStudy) -> tuple[LeaveOneOut, ...]:
    """Repeat the headline's ANCOVA (pupil SD) without each school in turn.

    Args:
        study: Schools by year with their cohorts and windows.

    Returns:
        A value a treated school, and a comparison school where there are no more than 100; in the order of the panel.
        Schools without which nothing can be estimated are left out.
    """
    rows = study.rows()
    treated = np.unique(rows.school[rows.treated])
    rest = np.setdiff1d(rows.school, treated)
    left_out = np.union1d(treated, rest if rest.size <= MOST_COMPARISON_LEFT_OUT else rest[:0])
    found = []
    for school in left_out:
        one = ancova(rows_where(rows, rows.school != school), "sd", level=study.level)
        if isinstance(one, DesignEstimate):
            found.append(LeaveOneOut(rows.school_ids[school], one.estimate, one.conf_low, one.conf_high))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of one set of schools by year; codes as in `Specification`."""

    years: str
    subjects: str
    comparison: str
    with_flagged: bool
    windows: Windows
    weights: Literal["pupils", "equal"] = "pupils"


def specification_curve(study: ProgrammeStudy) -> tuple[Specification, ...]:
    """Estimate the effect in every other way that could be defended.

    Every combination of design (ANCOVA, difference in differences), years after the start (all, the first, later ones),
    comparison (schools not helped yet; never helped; the nearest to the treated in the selection years; those that the
    rule listed and nobody helped) and schools flagged for biased results (with, without), on both scales; each subject
    with all of these but the comparison; and one at a time: other numbers of selection years, rows that count alike,
    ANCOVA on the selection years alone. Schools near in the selection years are compared by ANCOVA only: a difference
    in differences after such a choice brings back the chance of the year it was made from.

    Args:
        study: Panel, schools by year with their cohorts, windows and rule.

    Returns:
        A value a way of asking and scale that has at least 4 treated and 10 comparison schools; the headline's own
        (ANCOVA, its windows, all schools) is marked.
    """
    return tuple(_specifications(study))


def _specifications(study: ProgrammeStudy) -> Iterator[Specification]:
    for subject, years in _by_subject(study):
        for with_flagged in (True, False):
            kept = years if with_flagged else _without_flagged(study, years)
            if kept is not None:
                yield from _combinations(study, kept, subject=subject, with_flagged=with_flagged)
    yield from _departures(study)


def _combinations(
    study: ProgrammeStudy, years: SchoolYears, *, subject: str, with_flagged: bool
) -> Iterator[Specification]:
    for code, windows in _years_after(study):
        for comparison in _comparisons(study) if subject == "all" else (study.windows.comparison,):
            question = _Question(code, subject, comparison, with_flagged, windows)
            rows = _rows(study, years, question)
            designs: dict[str, Design] = {"ancova": ancova}
            if comparison != "nearest":
                designs["did"] = did
            yield from _answers(study, rows, question, designs)


def _departures(study: ProgrammeStudy) -> Iterator[Specification]:
    """Changes of one thing at a time from the headline's way."""
    plain = _Question("all", "all", study.windows.comparison, with_flagged=True, windows=study.windows)
    both: dict[str, Design] = {"ancova": ancova, "did": did}
    for number in range(1, MOST_SELECTION_YEARS + 1):
        if number != study.windows.selection_years:
            question = replace(plain, windows=replace(study.windows, selection_years=number))
            yield from _answers(study, _rows(study, study.years, question), question, both)
    rows = study.rows()
    equal = replace(rows, weight=np.ones(rows.weight.shape))
    yield from _answers(study, equal, replace(plain, weights="equal"), both)
    if rows.has_earlier:
        yield from _answers(study, replace(rows, has_earlier=False), plain, {"ancova_one_lag": ancova})


def _answers(
    study: ProgrammeStudy, rows: ProgrammeRows, question: _Question, designs: dict[str, Design]
) -> Iterator[Specification]:
    if rows.n_treated < FEWEST_TREATED or rows.n_comparison < FEWEST_COMPARISON:
        return
    plain = _Question("all", "all", study.windows.comparison, with_flagged=True, windows=study.windows)
    for name, design in designs.items():
        for scale in SCALES:
            found = design(rows, scale, level=study.level)
            if isinstance(found, DesignEstimate):
                is_headline = name == "ancova" and scale == "sd" and question == plain
                yield _specification(name, scale, question, found, is_headline=is_headline)


def _specification(
    design: str, scale: Scale, question: _Question, found: DesignEstimate, *, is_headline: bool
) -> Specification:
    return Specification(
        design=design,
        years=question.years,
        subjects=question.subjects,
        comparison=question.comparison,
        with_flagged=question.with_flagged,
        scale=scale,
        estimate=found.estimate,
        conf_low=found.conf_low,
        conf_high=found.conf_high,
        is_headline=is_headline,
        selection_years=question.windows.selection_years,
        weights=question.weights,
    )


def _years_after(study: ProgrammeStudy) -> tuple[tuple[str, Windows], ...]:
    """All years after the start; the first and the later ones apart where any cohort has more than one."""
    windows = study.windows
    if study.years.years[-1] <= study.years.cohort_years[0] + windows.delay:
        return (("all", windows),)
    later = replace(windows, delay=windows.delay + 1)
    return (("all", windows), ("first", replace(windows, years_after=1)), ("later", later))


def _comparisons(study: ProgrammeStudy) -> tuple[str, ...]:
    codes = [study.windows.comparison]
    if len(study.years.cohort_years) > 1:
        codes.append("never" if study.windows.comparison == "not_yet" else "not_yet")
    return (*codes, "nearest", *(("listed",) if study.options.rule is not None else ()))


def _by_subject(study: ProgrammeStudy) -> Iterator[tuple[str, SchoolYears]]:
    """All subjects together, then each alone where there are several."""
    yield "all", study.years
    panel = study.panel
    codes = np.array([one.subject or one.assessment or "" for one in panel.procedures], dtype=object)
    named = sorted({str(one) for one in codes[panel.procedure]} - {""})
    treated = {
        name: int(first)
        for name, first in zip(study.years.school_ids, study.years.cohort, strict=True)
        if first != NEVER
    }
    for code in named if len(named) > 1 else ():
        alone = panel.where(np.asarray(codes[panel.procedure] == code))
        if set(treated) & {panel.school_ids[one] for one in np.unique(alone.school)}:
            yield code, school_years(alone, treated)


def _without_flagged(study: ProgrammeStudy, years: SchoolYears) -> SchoolYears | None:
    """Schools of which no result is flagged as biased; None where no school has one."""
    flagged = {study.panel.school_ids[one] for one in np.unique(study.panel.school[study.panel.is_flagged])}
    kept = np.array([one not in flagged for one in years.school_ids], dtype=bool)
    return None if kept.all() else years.where(kept)


def _rows(study: ProgrammeStudy, years: SchoolYears, question: _Question) -> ProgrammeRows:
    """Rows for a way of asking, with its comparison schools."""
    comparison = (
        question.comparison if question.comparison in {"never", "not_yet"} else study.windows.comparison
    )
    rows = stack_rows(years, replace(question.windows, comparison=comparison))
    if question.comparison == "nearest":
        return rows_where(rows, rows.treated | _nearest(rows))
    if question.comparison == "listed":
        return rows_where(rows, rows.treated | _listed(study, rows))
    return rows


def _nearest(rows: ProgrammeRows) -> Flags:
    """Comparison rows of each cohort nearest to its treated mean of the selection years: two a treated, at least ten."""
    picked = np.zeros(rows.treated.shape, dtype=bool)
    for cohort in np.unique(rows.cohort):
        own = rows.cohort == cohort
        helped = own & rows.treated
        others = np.flatnonzero(own & ~rows.treated)
        distance = np.abs(
            rows.sd.selection[others] - np.average(rows.sd.selection[helped], weights=rows.weight[helped])
        )
        wanted = max(FEWEST_COMPARISON, 2 * int(helped.sum()))
        picked[others[np.argsort(distance, kind="stable")[:wanted]]] = True
    return picked


def _listed(study: ProgrammeStudy, rows: ProgrammeRows) -> Flags:
    """Comparison rows of schools that the rule listed in the year before a cohort's start."""
    rule = study.options.rule
    if rule is None:
        return np.zeros(rows.treated.shape, dtype=bool)
    flow = read_flow_rows(study.panel, rule=rule, exclude={})
    found = np.zeros(rows.treated.shape, dtype=bool)
    for cohort in np.unique(rows.cohort):
        listed = {
            one for one, is_on in zip(flow.school_ids, flow.listed(int(cohort) - 1), strict=True) if is_on
        }
        is_listed = np.array([rows.school_ids[one] in listed for one in rows.school], dtype=bool)
        found |= (rows.cohort == cohort) & is_listed
    return found


def rows_where(rows: ProgrammeRows, kept: Flags) -> ProgrammeRows:
    """Some of the rows; cohorts that lose their treated or their comparison go with them."""
    both = np.intersect1d(rows.cohort[kept & rows.treated], rows.cohort[kept & ~rows.treated])
    used = kept & np.isin(rows.cohort, both)

    def scale(one: ScaleRows) -> ScaleRows:
        return ScaleRows(one.post[used], one.selection[used], one.earlier[used])

    return replace(
        rows,
        school=rows.school[used],
        cohort=rows.cohort[used],
        treated=rows.treated[used],
        sd=scale(rows.sd),
        pp=scale(rows.pp),
        weight=rows.weight[used],
        context=rows.context[used],
    )
