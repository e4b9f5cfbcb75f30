"""A fitted model on disk: tables as Parquet, all else in `spec.json`, and back without loss."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.files import atomic_path, write_text
from shnor_analysis.results.fitted_model import FitFacts, FittedModel, GroupEffects, VarianceComponent

KIND = "fitted_model"
VERSION = 1
SPEC = "spec.json"
_PLAIN = ("model", "formula", "outcome", "method", "errors", "level")


def store_fit(fit: FittedModel, folder: Path) -> None:
    """Write a model into a folder, replacing the one that was there in one step.

    `spec.json` names the tables and is replaced last, so that it always tells of one whole model; tables of the
    model before are then removed.
    """
    folder = Path(folder)
    mark = uuid4().hex[:12]
    names = {"coefficients": f"coefficients-{mark}.parquet"}
    _write(folder / names["coefficients"], _coefficients(fit))
    for place, effects in enumerate(fit.effects):
        names[f"effects_{place}"] = f"effects_{place}-{mark}.parquet"
        _write(folder / names[f"effects_{place}"], _effects(effects))
    spec = {
        "kind": KIND,
        "version": VERSION,
        **{name: getattr(fit, name) for name in _PLAIN},
        "facts": asdict(fit.facts),
        "components": [asdict(one) for one in fit.components],
        "effects": [{"group": one.group, "terms": one.terms} for one in fit.effects],
        "recipe": None if fit.predictor is None else fit.predictor.plain(),
        "tables": names,
    }
    write_text(folder / SPEC, json.dumps(spec, ensure_ascii=False, indent=1) + "\n")
    for path in folder.glob("*-*.parquet"):
        if path.name not in names.values():
            path.unlink(missing_ok=True)


def load_fit(folder: Path) -> FittedModel:
    """Read a stored model; it predicts for rows given to it, as it does not know the data of its fit.

    Raises:
        InputRefused: ``stored_model_unreadable``: no `spec.json`, another kind or version, or a table is missing.
    """
    folder = Path(folder)
    try:
        spec = json.loads((folder / SPEC).read_text(encoding="utf-8"))
        return _fit(spec, folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputRefused(Problem("stored_model_unreadable", file=str(folder / SPEC))) from error


def _fit(spec: Mapping[str, Any], folder: Path) -> FittedModel:
    if (spec["kind"], spec["version"]) != (KIND, VERSION):
        raise ValueError("another kind of result")
    table = pd.read_parquet(folder / spec["tables"]["coefficients"])
    covariance = table[[name for name in table.columns if name.startswith("covariance_")]]
    effects = [
        _effects_of(one, pd.read_parquet(folder / spec["tables"][f"effects_{place}"]))
        for place, one in enumerate(spec["effects"])
    ]
    facts = {**spec["facts"], "groups": tuple((str(name), int(n)) for name, n in spec["facts"]["groups"])}
    return FittedModel(
        **{name: spec[name] for name in _PLAIN},
        terms=tuple(table["term"]),
        estimates=table["estimate"].to_numpy(),
        covariance=covariance.to_numpy(),
        df=table["df"].to_numpy(),
        components=tuple(VarianceComponent(**one) for one in spec["components"]),
        effects=tuple(effects),
        facts=FitFacts(**facts),
        predictor=_recipe(spec["recipe"]),
    )


def _recipe(plain: Mapping[str, Any] | None) -> Any:
    """How new rows become the terms; reading formulas is loaded only where a model can use it."""
    if plain is None:
        return None
    from shnor_analysis.results.recipe import recipe_of

    return recipe_of(plain)


def _coefficients(fit: FittedModel) -> pd.DataFrame:
    covariance = {f"covariance_{at}": column for at, column in enumerate(fit.covariance.T)}
    terms = pd.Series(list(fit.terms), dtype="str")
    return pd.DataFrame({"term": terms, "estimate": fit.estimates, "df": fit.df, **covariance})


def _effects(effects: GroupEffects) -> pd.DataFrame:
    estimates = {f"estimate_{at}": column for at, column in enumerate(effects.estimates.T)}
    errors = {f"std_error_{at}": column for at, column in enumerate(effects.std_errors.T)}
    return pd.DataFrame({"level": list(effects.labels), **estimates, **errors})


def _effects_of(spec: Mapping[str, Any], table: pd.DataFrame) -> GroupEffects:
    return GroupEffects(
        group=spec["group"],
        labels=tuple(table["level"].tolist()),
        terms=tuple(spec["terms"]),
        estimates=_columns(table, "estimate_", spec["terms"]),
        std_errors=_columns(table, "std_error_", spec["terms"]),
    )


def _columns(table: pd.DataFrame, prefix: str, terms: Sequence[str]) -> Any:
    return np.column_stack([table[f"{prefix}{at}"] for at in range(len(terms))])


def _write(path: Path, table: pd.DataFrame) -> None:
    with atomic_path(path) as part:
        table.to_parquet(part, index=False)
