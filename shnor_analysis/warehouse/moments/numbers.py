"""Numbers of a formula as SQL: what formulaic would compute from a column, written for DuckDB."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shnor_analysis.warehouse.formulas.allowed import parse_expression
from shnor_analysis.warehouse.moments.source import quoted

STATEFUL = ("center", "scale", "standardize")
INFINITE = "'infinity'::DOUBLE"


class NotInSql(Exception):
    """An expression that only formulaic itself can compute."""


@dataclass(frozen=True, slots=True)
class Standard:
    """What `center`, `scale` and `standardize` know of a column: its mean and its standard deviation."""

    center: float | None
    scale: float | None


def _guarded(function: str) -> Callable[[str], str]:
    """A logarithm: none of negative numbers, minus infinity at 0, as in numpy."""
    return lambda x: f"CASE WHEN {x} > 0 THEN {function}({x}) WHEN {x} = 0 THEN -{INFINITE} END"


FUNCTIONS: Mapping[str, Callable[[str], str]] = {
    "I": lambda x: x,
    "log": _guarded("ln"),
    "log2": _guarded("log2"),
    "log10": _guarded("log10"),
    "exp": lambda x: f"exp({x})",
    "exp2": lambda x: f"pow(2.0, {x})",
    "exp10": lambda x: f"pow(10.0, {x})",
    "sqrt": lambda x: f"CASE WHEN {x} >= 0 THEN sqrt({x}) END",
    "abs": lambda x: f"abs({x})",
    "floor": lambda x: f"floor({x})",
    "ceil": lambda x: f"ceil({x})",
    "sign": lambda x: f"sign({x})::DOUBLE",
}
OPERATORS: Mapping[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
COMPARISONS: Mapping[type, str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one factor as SQL.

    Attributes:
        kinds: Kind of each column.
        standards: States of the stateful transforms by their text; a missing one raises KeyError.
        aliases: Columns behind the names of quoted ones.
    """

    kinds: Mapping[str, str]
    standards: Mapping[str, Standard]
    aliases: Mapping[str, str]

    def number(self, node: ast.expr) -> str:
        """SQL of an expression as a DOUBLE.

        Raises:
            NotInSql: DuckDB has no such thing, or computes it otherwise than numpy.
        """
        if isinstance(node, ast.Name):
            return write_column(self.aliases.get(node.id, node.id), self.kinds)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return f"({float(node.value)!r}::DOUBLE)"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return f"({'-' if isinstance(node.op, ast.USub) else ''}{self.number(node.operand)})"
        if isinstance(node, ast.BinOp):
            return self._binary(node)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        raise NotInSql

    def _binary(self, node: ast.BinOp) -> str:
        left, right = self.number(node.left), self.number(node.right)
        if type(node.op) in OPERATORS:
            return f"({left} {OPERATORS[type(node.op)]} {right})"
        if isinstance(node.op, ast.Div):
            return f"(CASE WHEN {right} <> 0 THEN {left} / {right} WHEN {left} <> 0 THEN {INFINITE} END)"
        if isinstance(node.op, ast.Pow):
            return self._power(node, left)
        raise NotInSql

    def _power(self, node: ast.BinOp, base: str) -> str:
        """Whole powers: other ones differ from numpy where the base is not positive."""
        power = node.right.value if isinstance(node.right, ast.Constant) else None
        if not isinstance(power, (int, float)) or power != int(power) or not 1 <= power <= 10:
            raise NotInSql
        return f"({' * '.join([base] * int(power))})" if power <= 3 else f"pow({base}, {float(power)!r})"

    def _comparison(self, node: ast.Compare) -> str:
        """One comparison of numbers, as 0 or 1."""
        if len(node.ops) != 1 or type(node.ops[0]) not in COMPARISONS:
            raise NotInSql
        sign = COMPARISONS[type(node.ops[0])]
        left, right = node.left, node.comparators[0]
        if isinstance(left, ast.Name) and isinstance(right, ast.Constant) and isinstance(right.value, str):
            name = self.aliases.get(left.id, left.id)
            if self.kinds.get(name) != "text" or sign not in ("=", "<>"):
                raise NotInSql
            value = right.value.replace("'", "''")
            return f"({quoted(name)}::VARCHAR {sign} '{value}')::DOUBLE"
        return f"({self.number(left)} {sign} {self.number(right)})::DOUBLE"

    def _call(self, node: ast.Call) -> str:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in STATEFUL:
            return self._standardised(node)
        if name not in FUNCTIONS or len(node.args) != 1 or node.keywords:
            raise NotInSql
        return f"({FUNCTIONS[name](self.number(node.args[0]))})"

    def _standardised(self, node: ast.Call) -> str:
        state = self.standards[ast.unparse(node)]
        value = self.number(node.args[0])
        if state.center is not None:
            value = f"({value} - ({state.center!r}::DOUBLE))"
        return value if state.scale is None else f"({value} / ({state.scale!r}::DOUBLE))"


def write_column(name: str, kinds: Mapping[str, str]) -> str:
    """SQL of a column as it is, whatever its name.

    Raises:
        NotInSql: It holds no numbers.
    """
    if kinds.get(name) not in ("whole", "number", "flag"):
        raise NotInSql
    return f"{quoted(name)}::DOUBLE"


def stateful_calls(text: str) -> list[ast.Call]:
    """The calls of `center`, `scale` and `standardize` in a factor, innermost first."""
    tree, _ = parse_expression(text)
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in STATEFUL
    ]
    return calls[::-1]


def write_number(text: str, kinds: Mapping[str, str], standards: Mapping[str, Standard]) -> str:
    """SQL of one factor of a formula.

    Raises:
        NotInSql: Only formulaic can compute it.
    """
    tree, aliases = parse_expression(text)
    return Writer(kinds, standards, aliases).number(tree)
