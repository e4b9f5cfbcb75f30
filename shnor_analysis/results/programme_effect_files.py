"""A stored evaluation of a programme: one JSON file, and back without loss."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from shnor_analysis.accounting import Accounting, Reason, Step
from shnor_analysis.files import write_text
from shnor_analysis.results import evidence, programme_parts
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.values import NotEstimable

KIND = "programme_effect"
FILE = "effect.json"
TYPE = "type"
# what may stand in the file, by the name that stands there; nothing else is made from it
KINDS: dict[str, type] = {
    one.__name__: one
    for one in (
        ProgrammeEffect,
        NotEstimable,
        Accounting,
        Step,
        Reason,
        evidence.BaselineRow,
        evidence.EffectSize,
        evidence.EvidenceGrade,
        evidence.GradeStep,
        evidence.HedgesG,
        evidence.MonthsOfProgress,
        evidence.PreTrend,
        programme_parts.CohortEffect,
        programme_parts.DesignEstimate,
        programme_parts.Discontinuity,
        programme_parts.EventYear,
        programme_parts.FlowArm,
        programme_parts.GroupYear,
        programme_parts.LeaveOneOut,
        programme_parts.Note,
        programme_parts.Placebo,
        programme_parts.PlaceboRank,
        programme_parts.Specification,
        programme_parts.StaggeredEffect,
    )
}


def store_programme_effect(result: ProgrammeEffect, folder: Path) -> None:
    """Write a result into a folder."""
    told = {"kind": KIND, "effect": _plain(result)}
    write_text(folder / FILE, json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def load_programme_effect(folder: Path) -> ProgrammeEffect:
    """Read a stored result.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: The file holds another kind of result.
    """
    stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
    told = stored.get("effect") if isinstance(stored, dict) and stored.get("kind") == KIND else None
    found = _value(told)
    if not isinstance(found, ProgrammeEffect):
        raise ValueError(  # noqa: TRY004
            f"{folder / FILE} is no stored {KIND}"
        )
    return found


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        told = {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
        return {TYPE: type(value).__name__, **told}
    if isinstance(value, Mapping):
        return {TYPE: "Mapping", "items": [[name, _plain(one)] for name, one in value.items()]}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {TYPE: "float", "value": str(value)}
    return value.item() if hasattr(value, "item") else value


def _value(stored: Any) -> Any:
    if isinstance(stored, list):
        return tuple(_value(one) for one in stored)
    if not isinstance(stored, dict):
        return stored
    name = stored.get(TYPE)
    if name == "float":
        return float(stored["value"])
    if name == "Mapping":
        return {key: _value(one) for key, one in stored["items"]}
    if name not in KINDS:
        raise ValueError(f"unknown kind of value: {name}")
    return KINDS[name](**{key: _value(one) for key, one in stored.items() if key != TYPE})
