"""A table of the workbench: its key, what it refers to, and what each of its columns allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from shnor_analysis.schemas.columns import LINEAGE_COLUMNS, Column, lineage

DTYPES = {
    "text": "str",
    "identifier": "str",
    "choice": "str",
    "whole": "Int64",
    "number": "float64",
    "flag": "boolean",
    "date": "datetime64[us]",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns of this table that must exist as the key of another."""

    columns: tuple[str, ...]
    table: str


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Name, key, columns and references; `scope` names what a corrected file replaces as a whole."""

    name: str
    key: tuple[str, ...]
    scope: tuple[str, ...]
    definitions: Mapping[str, Column]
    references: tuple[Reference, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column in order, lineage last."""
        return tuple(self.definitions)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Columns that a source has to give: all but the lineage."""
        return tuple(name for name in self.columns if name not in LINEAGE_COLUMNS)

    def is_required(self, column: str) -> bool:
        """Tell whether a cell of the column may not be empty."""
        return self.definitions[column].is_required

    def kind(self, column: str) -> str:
        """text, identifier, choice, whole, number, flag or date."""
        return self.definitions[column].kind

    def facts(self, column: str) -> Mapping[str, object]:
        """What the column allows: kind, low, high, values."""
        return self.definitions[column].facts

    def dtype(self, column: str) -> str:
        """The pandas type of the column."""
        return DTYPES[self.kind(column)]

    def empty(self) -> pd.DataFrame:
        """A frame without rows, with every column in its type."""
        return pd.DataFrame({name: pd.Series(dtype=self.dtype(name)) for name in self.columns})


def define_table(
    name: str,
    *,
    key: tuple[str, ...],
    scope: tuple[str, ...],
    columns: Mapping[str, Column],
    references: tuple[Reference, ...] = (),
) -> Table:
    """Put a table together; the lineage columns are added, columns that are not named are refused."""
    definitions = MappingProxyType({**columns, **lineage()})
    return Table(name=name, key=key, scope=scope, definitions=definitions, references=references)
