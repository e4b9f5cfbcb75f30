"""Keeps a list-flow prediction as JSON, and reads it again, equal to what was kept."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from shnor_analysis.results.list_flow import (
    CalibrationYear,
    FlowComponents,
    ListFlowPrediction,
    SchoolChance,
)
from shnor_analysis.warehouse.records import accounting_from, accounting_to

APART = ("components", "schools", "calibration", "patterns", "accounting")


def list_flow_to(prediction: ListFlowPrediction) -> dict[str, Any]:
    """The prediction as JSON can write it; the draws of who stays as text."""
    plain = {one.name: getattr(prediction, one.name) for one in fields(prediction) if one.name not in APART}
    return {
        **plain,
        "components": asdict(prediction.components),
        "schools": [chance_to(one) for one in prediction.schools],
        "calibration": [asdict(one) for one in prediction.calibration],
        "patterns": [b64encode(one).decode("ascii") for one in prediction.patterns],
        "accounting": accounting_to(prediction.accounting),
    }


def list_flow_from(told: Mapping[str, Any]) -> ListFlowPrediction:
    """What `list_flow_to` gave, put together again."""
    return ListFlowPrediction(
        **{
            **told,
            "rule_parameters": tuple((name, value) for name, value in told["rule_parameters"]),
            "components": FlowComponents(**told["components"]),
            "schools": tuple(chance_from(one) for one in told["schools"]),
            "calibration": tuple(CalibrationYear(**one) for one in told["calibration"]),
            "leavers_distribution": tuple(told["leavers_distribution"]),
            "patterns": tuple(b64decode(one) for one in told["patterns"]),
            "notes": tuple(told["notes"]),
            "accounting": accounting_from(told["accounting"]),
        }
    )


def chance_to(chance: SchoolChance) -> list[Any]:
    """One school's chance, without the names of its fields: there are many."""
    return [getattr(chance, one.name) for one in fields(chance)]


def chance_from(told: list[Any]) -> SchoolChance:
    """What `chance_to` gave."""
    return SchoolChance(*told)
