"""Research workbench for «500+»: what influences results, which school needs what, and whether help helped.

The names below are all that a notebook needs; each is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shnor_analysis.disclosure import release
    from shnor_analysis.errors import ShnorError
    from shnor_analysis.exhibits import describe, draw, make_table
    from shnor_analysis.models.comparison import compare_models
    from shnor_analysis.models.factor_influence import fit_factor_influence
    from shnor_analysis.models.linear import fit_linear
    from shnor_analysis.models.list_flow import predict_list_flow
    from shnor_analysis.models.list_rules import LowestShare, ShareOfLow
    from shnor_analysis.models.logistic import fit_multilevel_logistic
    from shnor_analysis.models.multilevel import fit_multilevel, scan_model
    from shnor_analysis.models.planning import plan_power
    from shnor_analysis.models.plausible import fit_plausible_values
    from shnor_analysis.models.programme_effect import estimate_programme_effect
    from shnor_analysis.models.school_effects import fit_school_effects
    from shnor_analysis.results import FittedModel, NotEstimable
    from shnor_analysis.results.stored_fit import load_fit
    from shnor_analysis.workspace import Workspace, open_workspace
    from shnor_analysis.workspace.analysis_plan import freeze_plan

_ROOMS = {
    "FittedModel": "results",
    "LowestShare": "models.list_rules",
    "NotEstimable": "results",
    "ShareOfLow": "models.list_rules",
    "ShnorError": "errors",
    "Workspace": "workspace",
    "compare_models": "models.comparison",
    "describe": "exhibits",
    "draw": "exhibits",
    "estimate_programme_effect": "models.programme_effect",
    "fit_factor_influence": "models.factor_influence",
    "fit_linear": "models.linear",
    "fit_multilevel": "models.multilevel",
    "fit_multilevel_logistic": "models.logistic",
    "fit_plausible_values": "models.plausible",
    "fit_school_effects": "models.school_effects",
    "freeze_plan": "workspace.analysis_plan",
    "load_fit": "results.stored_fit",
    "make_table": "exhibits",
    "open_workspace": "workspace",
    "plan_power": "models.planning",
    "predict_list_flow": "models.list_flow",
    "release": "disclosure",
    "scan_model": "models.multilevel",
}

__all__ = [
    "FittedModel",
    "LowestShare",
    "NotEstimable",
    "ShareOfLow",
    "ShnorError",
    "Workspace",
    "compare_models",
    "describe",
    "draw",
    "estimate_programme_effect",
    "fit_factor_influence",
    "fit_linear",
    "fit_multilevel",
    "fit_multilevel_logistic",
    "fit_plausible_values",
    "fit_school_effects",
    "freeze_plan",
    "load_fit",
    "make_table",
    "open_workspace",
    "plan_power",
    "predict_list_flow",
    "release",
    "scan_model",
]


def __getattr__(name: str) -> Any:
    """Load a name of the front door from its room."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    """The names of the front door."""
    return list(__all__)
