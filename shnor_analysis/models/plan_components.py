"""How results of schools vary, estimated from a panel for planning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from shnor_analysis.kernels.series_components import series_components
from shnor_analysis.models.school_panel import SchoolPanel, read_panel
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.planning import PlanComponents

Floats = npt.NDArray[np.float64]
LEAST_SCHOOLS = 10


@dataclass(frozen=True, slots=True)
class PanelFacts:
    """Components of a panel, the share of low results over all of it (0–1), and a school's usual results in a year."""

    components: PlanComponents
    low_share: float
    pupils: int


def components_of_panel(panel: pd.DataFrame) -> PanelFacts | NotEstimable:
    """Estimate how results vary from a panel of school results without a programme in it.

    A row's result is the normal quantile of its share above the lowest mark, (low + ½) / (tested + 1), beside the other
    schools of the same procedure and year; a school's year is the mean of its rows, weighted by the number tested.
    `within_sd` is what the chance of the pupils comes to for one result, so that a school's noise is within² / tested.

    Returns:
        NotEstimable `plan_few_years` below ten schools, or where fewer than two of them have two years.

    Raises:
        UsageProblem: What `read_panel` refuses.

    Limits: two categories say less than marks; results of one pupil in several subjects count as independent, what
    they share goes into the yearly part. For planning, not for estimates.
    """
    return _facts(read_panel(panel))


def _facts(panel: SchoolPanel) -> PanelFacts | NotEstimable:
    values, noise, tested = _school_years(panel)
    schools = int(np.isfinite(values).any(axis=1).sum())
    found = series_components(values, noise) if schools >= LEAST_SCHOOLS else None
    if found is None:
        return NotEstimable("plan_few_years", {"schools": schools, "needed": LEAST_SCHOOLS})
    within = float(np.sqrt(np.nanmedian(noise * tested)))
    # quantiles are in units of pupils within schools; all pupils spread a little wider
    unit = float(np.sqrt(1.0 + found.permanent + found.yearly))
    components = PlanComponents(
        permanent_sd=float(np.sqrt(found.permanent)) / unit,
        yearly_sd=float(np.sqrt(found.yearly)) / unit,
        autocorrelation=found.autocorrelation,
        within_sd=within / unit,
        source="panel",
        schools_n=schools,
        years_n=found.years_n,
    )
    return PanelFacts(
        components, float(panel.low.sum() / panel.tested.sum()), round(float(np.nanmedian(tested)))
    )


def _school_years(panel: SchoolPanel) -> tuple[Floats, Floats, Floats]:
    """Result, its variance by chance and the number tested of each school and year; NaN where there is none."""
    share = (panel.low + 0.5) / (panel.tested + 1.0)
    result = -ndtri(share)
    density = np.exp(-(result**2) / 2.0) / np.sqrt(2.0 * np.pi)
    chance = share * (1.0 - share) / (panel.tested * density**2)
    years = np.array(panel.years, dtype=np.int64)
    at_year = np.searchsorted(years, panel.year)
    apart = pd.Series(result * panel.tested).groupby([panel.procedure, panel.year])
    total = pd.Series(panel.tested).groupby([panel.procedure, panel.year]).transform("sum")
    beside = result - (apart.transform("sum") / total).to_numpy()
    shape = (len(panel.school_ids), years.size)
    sums = np.zeros((3, *shape))
    for into, values in zip(
        sums, (panel.tested, panel.tested * beside, panel.tested**2 * chance), strict=True
    ):
        np.add.at(into, (panel.school, at_year), values)
    tested = np.where(sums[0] > 0, sums[0], np.nan)
    return sums[1] / tested, sums[2] / tested**2, tested
