"""Who was looked at: schools of each arm from "named" to "analysed", and every group's results by year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from shnor_analysis.accounting import Reason
from shnor_analysis.models.programme_rows import NEVER, Flags, ProgrammeRows, SchoolYears, Windows
from shnor_analysis.models.programme_stacks import StackTables, labels_of, stack_tables
from shnor_analysis.results.programme_parts import FlowArm, GroupYear

# in the order in which a school is asked for them; the last takes what is left
REASONS = (
    "programme_no_selection_year",
    "programme_no_earlier_years",
    "programme_no_result_after",
    "programme_no_context",
    "programme_cohort_without_comparison",
)


def flow_arms(
    years: SchoolYears, windows: Windows, rows: ProgrammeRows, *, treated: Mapping[str, int]
) -> tuple[FlowArm, FlowArm]:
    """Count schools of both arms: named, with any result, analysed; each that is not, by the first thing it lacks."""
    is_treated = years.cohort != NEVER
    used = np.isin(np.arange(len(years.school_ids)), rows.school)
    lacking = _lacking(stack_tables(years, windows), years, has_earlier=rows.has_earlier)
    absent = len(set(treated) - set(years.school_ids))
    weight = np.zeros(len(years.school_ids))
    np.maximum.at(weight, rows.school, rows.weight)
    arms = []
    for arm, members, missing in (("treated", is_treated, absent), ("comparison", ~is_treated, 0)):
        reasons = [Reason("programme_not_in_panel", missing)] if missing else []
        for at, code in enumerate(REASONS):
            n = int((members & ~used & (lacking == at)).sum())
            reasons += [Reason(code, n)] if n else []
        own = members & used
        arms.append(
            FlowArm(
                arm="treated" if arm == "treated" else "comparison",
                schools_eligible=int(members.sum()) + missing,
                schools_with_data=int(members.sum()),
                schools_used=int(own.sum()),
                pupils=round(float(weight[own].sum())),
                excluded=tuple(reasons),
            )
        )
    return arms[0], arms[1]


def _lacking(
    tables: StackTables, years: SchoolYears, *, has_earlier: bool
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Place in `REASONS` of the first thing that a school lacks in the stack where it comes furthest, shape (S,)."""
    labels = labels_of(years)
    schools = np.arange(len(labels))
    stacks = []
    for at in range(len(tables.cohort_years)):
        has_result = tables.weight[at, labels, schools] > 0
        checks = (
            np.isfinite(tables.selection[0, at]),
            np.isfinite(tables.earlier[0, at]) | (not has_earlier),
            has_result,
            np.isfinite(tables.context[at]).all(axis=1),
        )
        found = np.where(labels >= at, _first_false(checks), -1)
        # a later cohort's own stack tells why the school itself is not there
        stacks.append(np.where((labels < len(tables.cohort_years)) & (labels != at), -1, found))
    return np.asarray(np.maximum.reduce(stacks))


def _first_false(checks: tuple[Flags, ...]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    table = np.stack([*checks, np.zeros_like(checks[0])])
    return np.asarray(np.argmin(table, axis=0))


def groups_by_year(years: SchoolYears) -> tuple[GroupYear, ...]:
    """Results of comparison schools and of each cohort in every year with any."""
    found = []
    for at, year in enumerate(years.years):
        for cohort in (NEVER, *years.cohort_years):
            members = (years.cohort == cohort) & (years.tested_n[:, at] > 0)
            tested = years.tested_n[members, at]
            if not tested.size:
                continue
            found.append(
                GroupYear(
                    school_year=year,
                    group="comparison" if cohort == NEVER else str(cohort),
                    share_low=float(years.low_n[members, at].sum() / tested.sum()),
                    mean_sd=float(np.average(years.sd[members, at], weights=tested)),
                    schools_n=int(members.sum()),
                    tested_n=round(float(tested.sum())),
                )
            )
    return tuple(found)
