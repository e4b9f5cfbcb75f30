"""States of transforms that look at a whole column before they compute: `center`, `scale`, `poly`, splines.

A state is taken from every row in which the column itself is present, before rows are left out for other columns: so
do formulaic and R, whose `scale` runs inside the model frame.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from formulaic import ModelSpec, SimpleFormula
from formulaic.materializers import PandasMaterializer
from formulaic.parser.types import Factor, Term

from shnor_analysis.warehouse.formulas import CONTEXT
from shnor_analysis.warehouse.formulas.allowed import check_expression, parse_expression
from shnor_analysis.warehouse.moments.columns import refusing
from shnor_analysis.warehouse.moments.numbers import NotInSql, Standard, Writer, stateful_calls
from shnor_analysis.warehouse.moments.source import Rows, quoted

# transforms whose state formulaic must find itself
WHOLE_COLUMN = ("poly", "bs", "cr", "cs", "cc", *("center", "scale", "standardize"))


def standards(rows: Rows, expressions: Iterable[str]) -> dict[str, Standard]:
    """States of `center`, `scale` and `standardize` by the text of the call; what SQL cannot write is left out."""
    found: dict[str, Standard] = {}
    for expression in expressions:
        _, aliases = parse_expression(expression)
        for call in stateful_calls(expression):
            text = ast.unparse(call)
            if text in found:
                continue
            try:
                value = Writer(rows.kinds, found, aliases).number(call.args[0])
                found[text] = _standard(rows, call, value)
            except (NotInSql, KeyError, IndexError):
                continue
    return found


def _standard(rows: Rows, call: ast.Call, value: str) -> Standard:
    options = _options(call)
    finite = f"SELECT favg(v) AS mean, var_samp(v) AS variance, count(v) AS n FROM (SELECT ({value})::DOUBLE AS v FROM {rows.table}) WHERE isfinite(v)"
    row = rows.row(finite)
    mean, variance, n = row[0] or 0.0, row[1] or 0.0, int(row[2])
    center = options["center"]
    taken = mean if center is True else 0.0 if center is False else float(center)
    scale = options["scale"]
    spread: float | None = None
    if scale is True:
        squares = variance * max(n - 1, 0) + n * (mean - taken) ** 2
        spread = math.sqrt(squares / (n - options["ddof"])) if n > options["ddof"] else math.nan
    elif scale is not False:
        spread = float(scale)
    return Standard(None if center is False else taken, spread)


def _options(call: ast.Call) -> dict[str, Any]:
    """Arguments of a call, by formulaic's names and defaults."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    options: dict[str, Any] = {
        "center": True,
        "scale": name != "center",
        "ddof": 0 if name == "standardize" else 1,
    }
    order = ("center", "scale", "ddof") if name != "center" else ()
    given = dict(zip(order, call.args[1:], strict=False))
    given |= {("scale" if one.arg == "rescale" else str(one.arg)): one.value for one in call.keywords}
    for key, node in given.items():
        if key not in options or not isinstance(node, ast.Constant):
            raise NotInSql
        options[key] = node.value
    return options


def formulaic_states(found: Mapping[str, Standard]) -> dict[str, dict[str, Any]]:
    """The same states as formulaic keeps them."""
    states: dict[str, dict[str, Any]] = {}
    for text, one in found.items():
        center = None if one.center is None else np.float64(one.center)
        scale = None if one.scale is None else np.float64(one.scale)
        states[text] = {"ddof": 1, "center": center, "scale": scale}
    return states


def whole_column_states(rows: Rows, expressions: Iterable[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """States that only formulaic can find: it is given the columns of one factor at a time, without empty cells."""
    states: dict[str, Any] = dict(known)
    for expression in expressions:
        if not any(f"{name}(" in expression for name in WHOLE_COLUMN):
            continue
        columns = check_expression(expression)
        listed = ", ".join(quoted(one) for one in columns)
        frame = rows.fetch(f"SELECT {listed} FROM {rows.table} WHERE {rows.complete(columns)}").to_pandas()
        term = Term([Factor(expression, eval_method=Factor.EvalMethod.PYTHON)])
        spec = ModelSpec(
            formula=SimpleFormula([term], _ordering="none"),
            na_action="ignore",
            output="numpy",
            transform_state=dict(states),
        )
        with np.errstate(all="ignore"), refusing(expression):
            made = PandasMaterializer(frame, context=dict(CONTEXT)).get_model_matrix(spec)
        states |= made.model_spec.transform_state
    return states
