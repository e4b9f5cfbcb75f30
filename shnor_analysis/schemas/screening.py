"""A fast look at a frame: whether anything in it may be against its table; what it is, and where, is asked of the model."""

from __future__ import annotations

import pandas as pd

from shnor_analysis.schemas.columns import LONGEST_TEXT, Column
from shnor_analysis.schemas.table import Table


def keeps_to(table: Table, frame: pd.DataFrame) -> bool:
    """Tell whether a typed frame keeps to its table: columns and their order, types, empty cells, limits.

    The same checks as `model.find_failures`, which finds nothing where this is true; each different text is looked at
    once. The key is not checked.
    """
    return list(frame.columns) == list(table.columns) and all(
        frame[name].dtype == table.dtype(name) and _is_allowed(one, frame[name])
        for name, one in table.definitions.items()
    )


def _is_allowed(one: Column, cells: pd.Series) -> bool:
    filled = cells.dropna()
    if one.is_required and len(filled) < len(cells):
        return False
    if filled.empty:
        return True
    if one.low is not None and one.high is not None:
        return bool(filled.min() >= one.low and filled.max() <= one.high)
    if one.kind not in {"text", "identifier", "choice"}:
        return True
    return _are_texts_allowed(one, pd.Series(filled.unique(), dtype="str"))


def _are_texts_allowed(one: Column, texts: pd.Series) -> bool:
    if one.choices and not texts.isin(one.choices).all():
        return False
    if one.kind == "text" and not texts.str.len().between(1, LONGEST_TEXT).all():
        return False
    return not one.pattern or bool(texts.str.match(one.pattern).all())
