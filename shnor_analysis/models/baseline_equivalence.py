"""Were the two groups alike before the programme: one row a result, over the schools that are analysed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shnor_analysis.kernels.hedges import cluster_sums, small_sample_factor
from shnor_analysis.reference.evidence_scales import evidence_scales
from shnor_analysis.results.evidence import ADJUST, NOT_EQUIVALENT, SATISFIED, BaselineRow

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BaselineMeasure:
    """A result before the programme, a value a school, in standard deviations of all pupils; NaN where there is none.

    Shapes: `values`, `pupils`, `is_treated` (schools,). `outcome`: ``selection_year``, ``earlier_mean`` or ``year``.
    """

    outcome: str
    values: Floats
    pupils: Floats
    is_treated: npt.NDArray[np.bool_]
    school_year: int | None = None


def baseline_rows(measures: Iterable[BaselineMeasure], *, icc: float) -> tuple[BaselineRow, ...]:
    """Compare the groups on each result: g = J · (mean of treated − mean of comparison), means weighted by pupils.

    Args:
        measures: Results before the programme of the schools that are analysed, and of no others.
        icc: Share of the pupils' variance between schools, for the correction of small samples.

    Returns:
        A row a measure, in their order. A group without a value: no g, verdict "not_equivalent".

    Source: What Works Clearinghouse, standards 4.1; docs/method/evidence_grade.md.
    """
    return tuple(_row(one, icc) for one in measures)


def verdict_of(g: float | None) -> str:
    """Satisfied (|g| ≤ 0.05), adjust (≤ 0.25), not_equivalent (above, or unknown)."""
    scales = evidence_scales()
    if g is None or abs(g) > scales.adjust_at_most:
        return NOT_EQUIVALENT
    return SATISFIED if abs(g) <= scales.satisfied_at_most else ADJUST


def _row(measure: BaselineMeasure, icc: float) -> BaselineRow:
    known = np.isfinite(measure.values) & (measure.pupils > 0)
    arms = [known & measure.is_treated, known & ~measure.is_treated]
    treated, comparison = (_mean(measure, arm) for arm in arms)
    g = None
    if treated is not None and comparison is not None:
        sums = cluster_sums(measure.pupils[arms[0]], measure.pupils[arms[1]], icc=icc)
        g = small_sample_factor(sums.sd_df) * (treated - comparison)
    return BaselineRow(
        outcome=measure.outcome,
        g=g,
        verdict=verdict_of(g),
        treated_mean=treated,
        comparison_mean=comparison,
        school_year=measure.school_year,
        treated_n=int(arms[0].sum()),
        comparison_n=int(arms[1].sum()),
    )


def _mean(measure: BaselineMeasure, arm: npt.NDArray[np.bool_]) -> float | None:
    return float(np.average(measure.values[arm], weights=measure.pupils[arm])) if arm.any() else None
