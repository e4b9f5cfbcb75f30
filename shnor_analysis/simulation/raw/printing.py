"""From the columns of a table to the cells of a form, as its layout says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import pandas as pd

from shnor_analysis.glossary import terms
from shnor_analysis.reference.layouts import Layout, LayoutColumn
from shnor_analysis.simulation.raw.book import Cells

YES, NO = "да", "нет"


def percent(share: Any) -> float | None:
    """A share as the reports print it: percent with two decimals."""
    return None if pd.isna(share) else round(100 * float(share), 2)


def word(group: str, code: Any) -> str | None:
    """The Russian word of a code."""
    return None if pd.isna(code) else terms()[f"{group}.{code}"].ru


def columns_of(layout: Layout, fields: Iterable[str]) -> tuple[LayoutColumn, ...]:
    """The columns of a layout that a file has, in the layout's order."""
    wanted = set(fields)
    return tuple(column for column in layout.columns if column.field in wanted)


def headers(columns: Iterable[LayoutColumn]) -> Cells:
    """The lower header row."""
    return [column.header for column in columns]


def body(columns: Sequence[LayoutColumn], frame: pd.DataFrame) -> list[Cells]:
    """The rows of a frame, whose columns are called like the fields, as cells."""
    printed = [_cells(column, frame[column.field]) for column in columns]
    return [list(row) for row in zip(*printed, strict=True)]


def _cells(column: LayoutColumn, values: pd.Series) -> list[Any]:
    read = _READERS.get(column.kind)
    if column.kind in _WORDS:
        group = column.field if column.kind == "choice" else column.kind
        return [word(group, value) if f"{group}.{value}" in terms() else value for value in values]
    return [read(value) if read else _plain(value) for value in values]


_WORDS = frozenset({"subject", "kind", "season", "sex", "list", "alias_kind", "assessment", "choice"})


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, str | date):
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def _flag(value: Any) -> str | None:
    return None if pd.isna(value) else (YES if value else NO)


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


_READERS: dict[str, Callable[[Any], Any]] = {"percent": percent, "flag": _flag, "date": _day}
