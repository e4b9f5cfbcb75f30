"""The two designs of the bracket: ANCOVA on results before, and difference in differences without the selection years."""

from __future__ import annotations

import numpy as np

from shnor_analysis.kernels.stacked_regression import fit_stacked
from shnor_analysis.models.programme_rows import Floats, ProgrammeRows
from shnor_analysis.results.frames import lower_tail, quantile
from shnor_analysis.results.programme_parts import DesignEstimate, Scale
from shnor_analysis.results.values import NotEstimable

# differences and errors below this, in pupil SD or percentage points, are what rounding leaves of none
ROUNDING = 1e-9


def ancova(rows: ProgrammeRows, scale: Scale = "sd", *, level: float = 0.95) -> DesignEstimate | NotEstimable:
    """Regress the mean after the start on treatment, the selection years and the mean of earlier years.

    y = a_cohort + d·treated + b₁·selection + b₂·earlier + c'context, weighted by the results behind y; slopes are the
    same in all cohorts. Without any year before the selection years `earlier` is left out. Errors are CR2, clustered
    by school, with Satterthwaite degrees of freedom.

    Returns:
        d with its interval; NotEstimable ``no_comparison_rows`` without treated or comparison rows,
        ``programme_same_after`` and ``programme_same_before`` where all schools of a cohort's rows have one result,
        ``programme_collinear`` where a column follows from others, ``programme_no_error`` where no error can be worked
        out.

    Limits: right where schools were chosen by results that are in the model; too low where they were chosen by
        something lasting that is not.
    Source: docs/method/programme_effect.md.
    """
    outcomes = rows.scale(scale)
    before = [outcomes.selection, outcomes.earlier] if rows.has_earlier else [outcomes.selection]
    if not _varies(rows, outcomes.post):
        return NotEstimable("programme_same_after")
    if not all(_varies(rows, one) for one in before):
        return NotEstimable("programme_same_before")
    return _estimate(
        "ancova", rows, scale, outcome=outcomes.post, controls=(*before, *rows.context.T), level=level
    )


def did(rows: ProgrammeRows, scale: Scale = "sd", *, level: float = 0.95) -> DesignEstimate | NotEstimable:
    """Compare how treated and comparison schools changed from the years before the selection years.

    y − earlier = a_cohort + d·treated, weights and errors as in `ancova`; covariates do not enter.

    Returns:
        d with its interval; NotEstimable as in `ancova`, ``programme_same_change`` where all schools changed alike, and
        ``no_earlier_years``.

    Limits: right where treated schools would have changed like others; too high where they were chosen in a bad year
        that lingers, too low where they were declining.
    """
    if not rows.has_earlier:
        return NotEstimable("no_earlier_years")
    outcomes = rows.scale(scale)
    change = outcomes.post - outcomes.earlier
    if not _varies(rows, change):
        return NotEstimable("programme_same_change")
    return _estimate("did", rows, scale, outcome=change, controls=(), level=level)


def _varies(rows: ProgrammeRows, values: Floats) -> bool:
    """Whether schools of a cohort's rows differ in something; where a group is missing that is another matter."""
    if not rows.treated.any() or rows.treated.all():
        return True
    found = [np.ptp(values[rows.cohort == cohort]) for cohort in np.unique(rows.cohort)]
    return bool(max(found) > ROUNDING)


def _estimate(
    design: str,
    rows: ProgrammeRows,
    scale: Scale,
    *,
    outcome: Floats,
    controls: tuple[Floats, ...],
    level: float,
) -> DesignEstimate | NotEstimable:
    if not rows.treated.any() or rows.treated.all():
        return NotEstimable("no_comparison_rows")
    cohorts = np.unique(rows.cohort)
    intercepts = [(rows.cohort == cohort).astype(np.float64) for cohort in cohorts]
    columns = np.column_stack([*intercepts, *controls, rows.treated.astype(np.float64)])
    y, x, w = _by_school(rows, outcome, columns, cohorts)
    fit = fit_stacked(y, x, w)
    estimate, error, df = float(fit.estimate[0]), float(fit.std_error[0]), float(fit.df[0])
    if not np.isfinite(estimate):
        return NotEstimable("programme_collinear")
    if not (np.isfinite(df) and error > ROUNDING):
        return NotEstimable("programme_no_error")
    statistic = estimate / error
    half = float(quantile(0.5 + level / 2, np.array(df))) * error
    return DesignEstimate(
        design=design,
        scale=scale,
        estimate=estimate,
        std_error=error,
        df=df,
        statistic=statistic,
        p_value=float(2 * lower_tail(np.array(-abs(statistic)), np.array(df))),
        conf_low=estimate - half,
        conf_high=estimate + half,
        permutation_p=None,
        n_treated=rows.n_treated,
        n_comparison=rows.n_comparison,
    )


def _by_school(
    rows: ProgrammeRows, outcome: Floats, columns: Floats, cohorts: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[Floats, Floats, Floats]:
    """Rows as one regression of clusters × stacks: outcome and weights (1, S, C), columns (1, S, C, p)."""
    schools, school = np.unique(rows.school, return_inverse=True)
    stack = np.searchsorted(cohorts, rows.cohort)
    y, w = np.zeros((1, len(schools), len(cohorts))), np.zeros((1, len(schools), len(cohorts)))
    x = np.zeros((1, len(schools), len(cohorts), columns.shape[1]))
    y[0, school, stack], w[0, school, stack], x[0, school, stack] = outcome, rows.weight, columns
    return y, x, w
