"""The pandera model of a table, made from its columns when a frame is first checked.

Apart from the tables themselves: importing pandera takes longer than reading a table, and only checking needs it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.engines.pandas_engine import DateTime
from pandera.errors import SchemaErrors

from shnor_analysis.schemas.columns import LONGEST_TEXT, Column
from shnor_analysis.schemas.table import DTYPES, Table


def find_failures(table: Table, frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Check a typed frame against its table; every failure with its check, column, index and failure_case."""
    try:
        model_of(table).validate(frame, lazy=True)
    except SchemaErrors as error:
        failures: list[dict[Any, Any]] = error.failure_cases.to_dict("records")
        return failures
    return []


@cache
def model_of(table: Table) -> pa.DataFrameSchema:
    """The model: all columns in order and no others."""
    columns = {name: _column(one) for name, one in table.definitions.items()}
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=None, name=table.name)


def _column(one: Column) -> pa.Column:
    dtype: Any = DateTime(unit="us") if one.kind == "date" else DTYPES[one.kind]  # type: ignore[call-arg]
    return pa.Column(dtype, _checks(one), nullable=not one.is_required)


def _checks(one: Column) -> list[pa.Check]:
    checks = []
    if one.kind == "text":
        checks.append(pa.Check.str_length(min_value=1, max_value=LONGEST_TEXT))
    if one.pattern:
        checks.append(pa.Check.str_matches(one.pattern))
    if one.choices:
        checks.append(pa.Check.isin(list(one.choices)))
    if one.low is not None:
        checks.append(pa.Check.in_range(one.low, one.high))
    return checks
