"""What may stand in a formula: a list of functions and of signs; everything else is refused before it is run.

formulaic evaluates the Python expressions of a formula; a formula is typed by people and read from files, so its
syntax tree is walked first. Names are columns, calls are calls of listed functions, and nothing else exists.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from formulaic.utils.code import sanitize_variable_names

from shnor_analysis.errors import Problem, UsageProblem

NUMBER_FUNCTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "log": np.log,
        "log2": np.log2,
        "log10": np.log10,
        "log1p": np.log1p,
        "exp": np.exp,
        "expm1": np.expm1,
        "sqrt": np.sqrt,
        "abs": np.abs,
        "floor": np.floor,
        "ceil": np.ceil,
        "sign": np.sign,
        "maximum": np.maximum,
        "minimum": np.minimum,
        "where": np.where,
        "sin": np.sin,
        "cos": np.cos,
        "tanh": np.tanh,
        "arctan": np.arctan,
    }
)
# what formulaic itself does not define and R has
CONTEXT: Mapping[str, Any] = MappingProxyType(
    {name: NUMBER_FUNCTIONS[name] for name in ("sqrt", "abs", "floor", "ceil", "log1p", "expm1", "sign")}
)
TRANSFORMS = frozenset(
    [
        "I",
        "C",
        "center",
        "scale",
        "standardize",
        "poly",
        "bs",
        "cr",
        "cs",
        "cc",
        "hashed",
        "Q",
        "Treatment",
        "Poly",
        "Sum",
        "Helmert",
        "Diff",
        "exp10",
        "exp2",
        "log",
        "log2",
        "log10",
        "exp",
    ]
)
CONTRASTS = frozenset(["treatment", "sum", "helmert", "diff", "poly", "custom", "sas", "SAS"])
ALLOWED = tuple(sorted((TRANSFORMS - {"Q"}) | set(CONTEXT) | {f"contr.{name}" for name in CONTRASTS}))
MOST_POWER = 20
MOST_WHOLE = 1000
SIGNS = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.UAdd, ast.USub, ast.Invert),
    *(ast.BitAnd, ast.BitOr, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Load),
)
PARTS = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.keyword, ast.List, ast.Tuple, ast.Dict)


def parse_expression(text: str) -> tuple[ast.expr, Mapping[str, str]]:
    """The syntax tree of one factor, and the columns behind the names that stand for ``quoted`` ones.

    Raises:
        UsageProblem: ``formula_syntax`` when it is no expression.
    """
    aliases: dict[str, str] = {}
    try:
        tree = ast.parse(sanitize_variable_names(text, {}, aliases), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageProblem(Problem("formula_expression", found=text)) from None
    return tree.body, aliases


def check_expression(text: str) -> tuple[str, ...]:
    """Refuse a factor that does more than compute with columns; return the columns that it names.

    Raises:
        UsageProblem: ``formula_function`` for an unlisted function, ``formula_order`` for ``lag``,
            ``formula_forbidden`` for any other thing that a formula has no use for.
    """
    tree, aliases = parse_expression(text)
    columns = dict.fromkeys(aliases.get(name, name) for name in _checked(tree, text))
    return tuple(columns)


def _checked(node: ast.AST, text: str) -> Iterator[str]:
    """Walk the tree, yield the names of columns."""
    if isinstance(node, ast.Name):
        if node.id.startswith("__"):
            raise _forbidden(text)
        yield node.id
    elif isinstance(node, ast.Call):
        yield from _checked_call(node, text)
    elif isinstance(node, ast.Attribute):
        _check_attribute(node, text)
    elif isinstance(node, ast.Constant):
        _check_constant(node, text)
    elif isinstance(node, (*PARTS, *SIGNS)):
        _check_power(node, text)
        for child in ast.iter_child_nodes(node):
            yield from _checked(child, text)
    else:
        raise _forbidden(text)


def _checked_call(node: ast.Call, text: str) -> Iterator[str]:
    _check_function(node.func, text)
    if any(isinstance(one, ast.Starred) for one in node.args) or any(
        one.arg is None for one in node.keywords
    ):
        raise _forbidden(text)
    values = [*node.args, *(one.value for one in node.keywords)]
    if isinstance(node.func, ast.Name) and node.func.id == "Q":
        yield from _quoted_by_q(values, text)
        return
    for value in values:
        if _is_large(value):
            raise _forbidden(text)
        yield from _checked(value, text)


def _check_function(function: ast.expr, text: str) -> None:
    """Only listed functions are called."""
    if isinstance(function, ast.Attribute):
        _check_attribute(function, text)
    elif not isinstance(function, ast.Name):
        raise _forbidden(text)
    elif function.id == "lag":
        raise UsageProblem(Problem("formula_order", found=text))
    elif function.id not in TRANSFORMS and function.id not in CONTEXT:
        raise UsageProblem(Problem("formula_function", found=function.id, allowed=", ".join(ALLOWED)))


def _quoted_by_q(values: list[ast.expr], text: str) -> Iterator[str]:
    """``Q("name")`` of patsy names a column."""
    if len(values) != 1 or not isinstance(values[0], ast.Constant) or not isinstance(values[0].value, str):
        raise _forbidden(text)
    yield values[0].value


def _check_attribute(node: ast.Attribute, text: str) -> None:
    """Only ``np.function`` and ``contr.name`` have a dot."""
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    if not (
        (owner == "np" and node.attr in NUMBER_FUNCTIONS) or (owner == "contr" and node.attr in CONTRASTS)
    ):
        found = f"{owner}.{node.attr}" if owner in ("np", "contr") else text
        raise UsageProblem(Problem("formula_function", found=found, allowed=", ".join(ALLOWED)))


def _check_constant(node: ast.Constant, text: str) -> None:
    if not (node.value is None or isinstance(node.value, (bool, int, float, str))):
        raise _forbidden(text)


def _check_power(node: ast.AST, text: str) -> None:
    """A power of numbers alone can fill the memory; a column to a small power cannot."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
        raise UsageProblem(Problem("formula_power", found=text))
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
        return
    if not any(isinstance(one, ast.Name) for one in ast.walk(node.left)):
        raise _forbidden(text)
    for one in ast.walk(node.right):
        if isinstance(one, ast.Constant) and isinstance(one.value, int) and abs(one.value) > MOST_POWER:
            raise _forbidden(text)


def _is_large(node: ast.expr) -> bool:
    """Whole numbers given to a transform are degrees and sizes."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and abs(node.value) > MOST_WHOLE


def _forbidden(text: str) -> UsageProblem:
    return UsageProblem(Problem("formula_forbidden", found=text, allowed=", ".join(ALLOWED)))
