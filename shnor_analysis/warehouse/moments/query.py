"""The pass over the rows: one query that leaves sums by group and sums by cell of the factors.

The rows are read once and their numbers kept for the time of the query; one branch sums by the innermost group what
random effects need, the other sums products of numbers by joint level of the factors. From the cells every product of
coded factors follows without being summed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shnor_analysis.warehouse.engine import text
from shnor_analysis.warehouse.moments.polynomials import ONE, Atom, Atoms, Monomial
from shnor_analysis.warehouse.moments.source import is_number, quoted


@dataclass(frozen=True, slots=True)
class Plan:
    """What one pass must leave.

    Attributes:
        table: What stands after FROM.
        atoms: The numbers of each row.
        levels: Levels of each factor; the joint levels are the cells.
        groups: Columns whose joint values make the innermost groups; none for models without groups.
        by_group: Monomials summed by group.
        by_cell: Products of atoms summed by cell; None when the sums by group already hold everything.
        weights: Column of precision weights.
        present: Columns that must not be empty.
        keys_with_nan: Groups and factors in which a cell can hold "not a number".
        is_strict: Whether rows with a number that is not a number are looked for.
    """

    table: str
    atoms: tuple[Atom, ...]
    levels: Mapping[str, tuple[Any, ...]]
    groups: tuple[str, ...]
    by_group: tuple[Monomial, ...]
    by_cell: tuple[Atoms, ...] | None
    weights: str | None
    present: tuple[str, ...]
    keys_with_nan: tuple[str, ...] = ()
    is_strict: bool = False

    @property
    def sql(self) -> str:
        """The query."""
        rows = self._rows()
        names = _Names(self)
        branches = []
        if self.groups or self.by_cell is None:
            branches.append(self._branch(0, names, [self._monomial(one, names) for one in self.by_group]))
        if self.by_cell is not None:
            branches.append(
                self._branch(1, names, [self._monomial(((), one), names) for one in self.by_cell])
            )
        kept = "AS MATERIALIZED" if len(branches) == 2 else "AS NOT MATERIALIZED"
        return f"WITH kept {kept} ({rows})\n" + "\nUNION ALL\n".join(branches)

    def _rows(self) -> str:
        """The complete rows, only what is summed."""
        names = _Names(self)
        chosen = [f"{quoted(one)} AS {names.group[one]}" for one in self.groups]
        chosen += [f"{quoted(one)} AS {names.factor[one]}" for one in self.levels]
        chosen += [f"{_shifted(atom)} AS a{at}" for at, atom in enumerate(self.atoms)]
        if self.weights is not None:
            chosen.append(f"{quoted(self.weights)}::DOUBLE AS w")
        return f"SELECT {', '.join(chosen) or '1 AS one'} FROM {self.table} WHERE {self.condition}"

    @property
    def condition(self) -> str:
        """Which rows are complete."""
        tests = [f"{quoted(one)} IS NOT NULL" for one in self.present]
        tests += [f"({atom.sql}) IS NOT NULL" for atom in self.atoms if not _is_column(atom.sql)]
        if self.weights is not None:
            tests.append(f"{quoted(self.weights)} <> 0")
        tests += [is_number(quoted(one)) for one in self.keys_with_nan]
        if self.is_strict:
            tests += [is_number(atom.sql) for atom in self.atoms]
            tests += [is_number(f"{quoted(self.weights)}::DOUBLE")] if self.weights is not None else []
        return " AND ".join(tests) or "true"

    def _branch(self, part: int, names: _Names, sums: Sequence[str]) -> str:
        keys = self.groups if part == 0 else tuple(self.levels)
        chosen = [f"{part} AS part"]
        chosen += [_key(alias, part == 0, f"g{at}") for at, alias in enumerate(names.group.values())]
        chosen += [_key(alias, part == 1, f"f{at}") for at, alias in enumerate(names.factor.values())]
        chosen.append("count(*) AS n")
        if self.weights is not None:
            chosen += ["min(w) AS least_weight", "sum(ln(abs(w))) AS log_weights"]
        width = max(len(self.by_group) if self.groups or self.by_cell is None else 0, len(self.by_cell or ()))
        filled = [*sums, *(["NULL::DOUBLE"] * (width - len(sums)))]
        chosen += [f"{one} AS s{at}" for at, one in enumerate(filled)]
        aliases = [names.group[one] if part == 0 else names.factor[one] for one in keys]
        grouped = f" GROUP BY {', '.join(aliases)}" if aliases else ""
        return f"SELECT {', '.join(chosen)} FROM kept{grouped}"

    def _monomial(self, monomial: Monomial, names: _Names) -> str:
        """The sum of one monomial."""
        indicators, atoms = monomial
        factors = [] if self.weights is None else ["w"]
        factors += [
            f"({names.factor[factor]} = {literal(self.levels[factor][level])})::DOUBLE"
            for factor, level in indicators
        ]
        factors += [f"a{atom}" for atom in atoms]
        return f"sum({' * '.join(factors)})" if factors else "count(*)::DOUBLE"


class _Names:
    """Short names inside the query, so that no name of the data stands in a sum."""

    def __init__(self, plan: Plan) -> None:
        self.group = {name: f"g{at}" for at, name in enumerate(plan.groups)}
        self.factor = {name: f"f{at}" for at, name in enumerate(plan.levels)}


def _key(alias: str, is_key: bool, name: str) -> str:
    return f"{alias if is_key else 'NULL'} AS {name}"


def _shifted(atom: Atom) -> str:
    return f"({atom.sql}) - ({atom.shift!r}::DOUBLE)" if atom.shift else f"({atom.sql})::DOUBLE"


def _is_column(sql: str) -> bool:
    """Whether a number is a bare column, which is tested already."""
    return sql.startswith('"') and sql.removesuffix("::DOUBLE").endswith('"') and sql.count('"') == 2


def literal(value: Any) -> str:
    """A level as SQL."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value!r}::DOUBLE" if isinstance(value, float) else repr(value)


def group_monomials(products: Iterable[Iterable[Monomial]]) -> tuple[Monomial, ...]:
    """The different monomials of some products; the count comes first."""
    found = dict.fromkeys([ONE])
    for one in products:
        found |= dict.fromkeys(one)
    return tuple(found)
