"""Check a frame against its table: every wrong cell at once, each as a `Problem` with its place."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.schemas.screening import keeps_to
from shnor_analysis.schemas.table import Table

MOST_PROBLEMS_SHOWN = 200


def conform(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every column of the table in its order and type; absent optional columns are empty.

    Raises InputRefused `value_wrong_type` for values that cannot take the column's type.
    """
    problems: list[Problem] = []
    columns: dict[str, Any] = {}
    for name in table.columns:
        if name not in frame.columns:
            columns[name] = pd.Series(None, index=frame.index, dtype=table.dtype(name))
            continue
        try:
            columns[name] = _cast(frame[name], table.dtype(name))
        except (ValueError, TypeError):
            problems.extend(_wrong_types(table, frame, name))
    if problems:
        raise InputRefused(problems[:MOST_PROBLEMS_SHOWN])
    extra = [name for name in frame.columns if name not in table.columns]
    return pd.DataFrame({**columns, **{name: frame[name] for name in extra}})


def validate(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame in the table's types, or raise InputRefused with all problems.

    Checked: columns (no missing, none too many), types, limits, lists of values, and the key, which may not repeat.
    """
    typed = conform(table, frame).reset_index(drop=True)
    if not keeps_to(table, typed):
        from shnor_analysis.schemas.model import find_failures  # loads pandera, which valid tables do without

        raise InputRefused(_problems(table, typed, find_failures(table, typed)))
    repeated = typed.duplicated(list(table.key), keep=False)
    if repeated.any():
        raise InputRefused(
            Problem(
                "key_repeated",
                sheet=_place(typed, row, "source_sheet"),
                cell=_place(typed, row, "source_cells"),
                found=_shown_key(table, typed.loc[row]),
                fields={"table": table.name},
            )
            for row in typed.index[repeated][:MOST_PROBLEMS_SHOWN]
        )
    return typed


def _cast(column: Any, dtype: str) -> Any:
    if column.dtype == dtype:
        return column
    if dtype == "str":
        return column.astype("object").where(column.notna(), None).astype("str")
    if dtype in {"Int64", "float64"}:
        filled = column.astype("object").where(column.notna(), None)
        return pd.to_numeric(filled).astype("float64").astype(dtype)
    if dtype.startswith("datetime64"):
        return pd.to_datetime(column.astype("object").where(column.notna(), None)).astype("datetime64[us]")
    return column.astype("boolean")


def _wrong_types(table: Table, frame: pd.DataFrame, name: str) -> list[Problem]:
    found = []
    for row, value in frame[name].items():
        try:
            _cast(pd.Series([value]), table.dtype(name))
        except (ValueError, TypeError):
            found.append(
                Problem(
                    "value_wrong_type",
                    sheet=_place(frame, row, "source_sheet"),
                    cell=_place(frame, row, "source_cells"),
                    found=str(value)[:80],
                    fields={"column": name, "kind": table.kind(name)},
                )
            )
    return found


def _problems(table: Table, frame: pd.DataFrame, failures: list[dict[Any, Any]]) -> list[Problem]:
    problems = []
    for failure in failures[:MOST_PROBLEMS_SHOWN]:
        check, column = str(failure["check"]), failure["column"]
        if check in {"column_in_schema", "column_in_dataframe"}:
            code = "column_unknown" if check == "column_in_schema" else "column_missing"
            problems.append(Problem(code, found=str(failure["failure_case"]), fields={"table": table.name}))
            continue
        row = failure["index"]
        code = "value_missing" if check == "not_nullable" else "value_not_allowed"
        problems.append(
            Problem(
                code,
                sheet=_place(frame, row, "source_sheet"),
                cell=_place(frame, row, "source_cells"),
                found=None if code == "value_missing" else str(failure["failure_case"])[:80],
                allowed=None if code == "value_missing" else describe_limits(table, str(column)),
                fields={"column": str(column), "table": table.name},
            )
        )
    return problems


def describe_limits(table: Table, column: str) -> str | None:
    """What a column allows, without words: `2–5`, `f, m`, or nothing."""
    facts = table.facts(column)
    if "values" in facts:
        return ", ".join(str(value) for value in facts["values"])  # type: ignore[attr-defined]
    if "low" in facts:
        return f"{facts['low']:.15g}–{facts['high']:.15g}"
    return None


def _place(frame: pd.DataFrame, row: Any, column: str) -> str | None:
    if column not in frame.columns or row is None or pd.isna(row):
        return None
    value = frame.loc[row, column]
    return None if pd.isna(value) else str(value)


def _shown_key(table: Table, row: pd.Series) -> str:
    shown = [str(row[name]) for name in table.key if name != "pupil_id" and not pd.isna(row[name])]
    return " · ".join(shown)
