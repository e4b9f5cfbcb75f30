"""Every check of a programme's estimate in one place."""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.models.programme_discontinuity import discontinuity
from shnor_analysis.models.programme_event_study import event_study
from shnor_analysis.models.programme_placebos import rank_among_placebos
from shnor_analysis.models.programme_pre_trend import pre_trend
from shnor_analysis.models.programme_specifications import leave_one_out, specification_curve
from shnor_analysis.models.programme_staggered import staggered_effect
from shnor_analysis.models.programme_study import ProgrammeStudy
from shnor_analysis.results.evidence import PreTrend
from shnor_analysis.results.programme_parts import (
    DesignEstimate,
    Discontinuity,
    EventYear,
    LeaveOneOut,
    PlaceboRank,
    Specification,
    StaggeredEffect,
)
from shnor_analysis.results.values import NotEstimable

NOT_ASKED = NotEstimable("design_not_asked")
NO_PRIMARY = NotEstimable("no_primary_estimate")


@dataclass(frozen=True, slots=True)
class Robustness:
    """What the checks say; empty where they were not asked for."""

    event_study: tuple[EventYear, ...] = ()
    pre_trend: PreTrend | NotEstimable = NOT_ASKED
    staggered: StaggeredEffect | NotEstimable = NOT_ASKED
    placebos: PlaceboRank | NotEstimable = NOT_ASKED
    leave_one_out: tuple[LeaveOneOut, ...] = ()
    specifications: tuple[Specification, ...] = ()
    discontinuity: Discontinuity | NotEstimable = NOT_ASKED


def robustness_of(study: ProgrammeStudy, primary: DesignEstimate | None) -> Robustness:
    """Work out event study, course before, staggered design, placebos, leave-one-out, specification curve and discontinuity."""
    return Robustness(
        event_study=event_study(study),
        pre_trend=pre_trend(study),
        staggered=staggered_effect(study),
        placebos=NO_PRIMARY if primary is None else rank_among_placebos(study, primary),
        leave_one_out=leave_one_out(study),
        specifications=specification_curve(study),
        discontinuity=discontinuity(study),
    )
